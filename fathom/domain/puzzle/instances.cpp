#include "fathom/domain/puzzle/instances.h"

#include <string_view>

#include <fmt/format.h>

#include "fathom/io/sha256.h"

namespace fathom::puzzle {

namespace {

std::string_view bytes_of(const std::vector<std::uint8_t>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size()};
}

}  // namespace

std::string sha256_of(const Instances& instances) {
  io::Sha256 hash;
  hash.update(fmt::format("{} {} {} {} {}\n", instances.count, instances.channels, instances.height, instances.width,
                          instances.classes));
  return hash.update(bytes_of(instances.input)).update(bytes_of(instances.target)).hex();
}

}  // namespace fathom::puzzle
