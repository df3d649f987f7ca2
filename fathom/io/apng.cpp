#include "fathom/io/apng.h"

#include <string_view>

#include <zlib.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/png.h"

namespace fathom::io {

namespace {

constexpr std::size_t kSignature = 8;

std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xFF);
  return text;
}

// Length, type, data, CRC-32 of type and data.
std::string chunk(std::string_view type, std::string_view data) {
  std::string checked(type);
  checked += data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  return big_endian(data.size(), 4) + checked + big_endian(crc, 4);
}

struct Chunk {
  std::string_view type, data;
};

// Of a stream that libpng has just written.
std::vector<Chunk> chunks_of(std::string_view png) {
  std::vector<Chunk> chunks;
  for (png.remove_prefix(kSignature); !png.empty();) {
    std::size_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(png[static_cast<std::size_t>(i)]);
    chunks.push_back({png.substr(4, 4), png.substr(8, length)});
    png.remove_prefix(12 + length);
  }
  return chunks;
}

std::string frame_control(const Frame& frame, std::uint32_t sequence) {
  constexpr int kMilliseconds = 1000, kKeep = 0, kReplace = 0;
  const auto width = static_cast<std::uint64_t>(frame.image.width),
             height = static_cast<std::uint64_t>(frame.image.height);
  return chunk("fcTL", big_endian(sequence, 4) + big_endian(width, 4) + big_endian(height, 4) + big_endian(0, 4) +
                           big_endian(0, 4) + big_endian(static_cast<std::uint64_t>(frame.milliseconds), 2) +
                           big_endian(kMilliseconds, 2) + big_endian(kKeep, 1) + big_endian(kReplace, 1));
}

void check(const std::vector<Frame>& frames, std::int64_t repeats) {
  base::require(!frames.empty(), "io::to_apng", "frames", 0, ">= 1", "give one at least");
  base::require(repeats >= 0 && repeats <= 0x7FFFFFFF, "io::to_apng", "repeats", repeats, "0 ... 2^31 - 1",
                "0 repeats for ever");
  const Image& first = frames.front().image;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Image& image = frames[i].image;
    base::require(image.width == first.width && image.height == first.height && image.channels == first.channels &&
                      image.depth == first.depth,
                  "io::to_apng", fmt::format("frame {}", i),
                  fmt::format("{} x {} x {}, {} bits", image.width, image.height, image.channels, image.depth),
                  fmt::format("= {} x {} x {}, {} bits", first.width, first.height, first.channels, first.depth),
                  "draw all frames alike");
    base::require(frames[i].milliseconds >= 0 && frames[i].milliseconds <= 0xFFFF, "io::to_apng",
                  fmt::format("milliseconds of frame {}", i), frames[i].milliseconds, "0 ... 65535",
                  "repeat the frame to show it longer");
  }
}

}  // namespace

std::string to_apng(const std::vector<Frame>& frames, std::int64_t repeats) {
  check(frames, repeats);
  std::string bytes;
  std::uint32_t sequence = 0;
  for (const Frame& frame : frames) {
    const std::string png = to_png(frame.image);
    const bool first = bytes.empty();
    if (first) bytes = png.substr(0, kSignature);
    for (const Chunk& part : chunks_of(png)) {
      if (part.type == "IHDR" && first) {
        bytes += chunk("IHDR", part.data);
        bytes += chunk("acTL", big_endian(frames.size(), 4) + big_endian(static_cast<std::uint64_t>(repeats), 4));
      }
      if (part.type == "IHDR") bytes += frame_control(frame, sequence++);
      if (part.type != "IDAT") continue;
      bytes += first ? chunk("IDAT", part.data) : chunk("fdAT", big_endian(sequence++, 4) + std::string(part.data));
    }
  }
  return bytes + chunk("IEND", "");
}

void write_apng(const std::filesystem::path& path, const std::vector<Frame>& frames, std::int64_t repeats) {
  base::write_atomically(path, to_apng(frames, repeats));
}

}  // namespace fathom::io
