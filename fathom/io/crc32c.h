// CRC-32C (Castagnoli polynomial, reflected 0x82f63b78), the checksum of TFRecord files.
#pragma once

#include <cstdint>
#include <string_view>

namespace fathom::io {

std::uint32_t crc32c(std::string_view bytes);

// As stored in TFRecord: rotated and offset, so that a checksum of data that holds checksums stays good.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace fathom::io
