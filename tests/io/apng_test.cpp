// Animated pictures taken apart again: every frame, made a picture of its own, is the one that was given.
#include "fathom/io/apng.h"

#include "fathom/base/seed.h"
#include "fathom/io/png.h"
#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

using ::testing::HasSubstr;

std::uint32_t number(std::string_view bytes, std::size_t at, int size = 4) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

// ISO 3309, bit by bit.
std::uint32_t crc_of(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

std::string text_of(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

std::string chunk(const std::string& type, const std::string& data) {
  return text_of(static_cast<std::uint32_t>(data.size())) + type + data + text_of(crc_of(type + data));
}

struct Parts {
  std::string header;  // the IHDR chunk's data
  std::uint32_t frames = 0, repeats = 0;
  std::vector<std::string> control;  // fcTL
  std::vector<std::string> data;     // the compressed rows of each frame
};

Parts take_apart(std::string_view bytes) {
  Parts parts;
  std::uint32_t sequence = 0;
  for (bytes.remove_prefix(8); !bytes.empty();) {
    const std::uint32_t length = number(bytes, 0);
    const std::string type(bytes.substr(4, 4)), data(bytes.substr(8, length));
    EXPECT_EQ(number(bytes, 8 + length), crc_of(bytes.substr(4, 4 + length))) << type;
    if (type == "IHDR") parts.header = data;
    if (type == "acTL") parts.frames = number(data, 0), parts.repeats = number(data, 4);
    if (type == "fcTL" || type == "fdAT") {
      EXPECT_EQ(number(data, 0), sequence++) << type;
    }
    if (type == "fcTL") parts.control.push_back(data), parts.data.emplace_back();
    if (type == "IDAT") parts.data.back() += data;
    if (type == "fdAT") parts.data.back() += data.substr(4);
    bytes.remove_prefix(12 + length);
  }
  return parts;
}

std::vector<Frame> noise(int frames, std::int64_t side) {
  std::vector<Frame> all;
  base::Random random(5);
  for (int i = 0; i < frames; ++i) {
    Frame frame{{side, side + 1, 3, 8, {}}, 40 + i};
    for (std::int64_t k = 0; k < frame.image.samples(); ++k)
      frame.image.pixels.push_back(static_cast<std::uint16_t>(random.below(256)));
    all.push_back(frame);
  }
  return all;
}

TEST(Apng, EveryFrameIsTheOneThatWasGiven) {
  const std::vector<Frame> frames = noise(3, 80);  // large enough for several IDAT chunks a frame
  const std::string bytes = to_apng(frames, 7);
  const Parts parts = take_apart(bytes);
  EXPECT_EQ(parts.frames, 3u);
  EXPECT_EQ(parts.repeats, 7u);
  ASSERT_EQ(parts.data.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string alone =
        "\x89PNG\r\n\x1a\n" + chunk("IHDR", parts.header) + chunk("IDAT", parts.data[i]) + chunk("IEND", "");
    EXPECT_EQ(parse_png(alone, "frame"), frames[i].image);
    EXPECT_EQ(number(parts.control[i], 4), 80u);
    EXPECT_EQ(number(parts.control[i], 8), 81u);
    EXPECT_EQ(number(parts.control[i], 20, 2), 40 + i) << "the time's numerator";
    EXPECT_EQ(number(parts.control[i], 22, 2), 1000u);
  }
}

TEST(Apng, AReaderOfPlainPicturesSeesTheFirstFrame) {
  const std::vector<Frame> frames = noise(4, 5);
  EXPECT_EQ(parse_png(to_apng(frames), "f"), frames.front().image);
  EXPECT_EQ(parse_png(to_apng({frames[1]}), "f"), frames[1].image);
}

TEST(Apng, FramesThatDoNotFitAreNamed) {
  std::vector<Frame> frames = noise(2, 4);
  EXPECT_THAT(refusal([] { to_apng({}); }), HasSubstr("frames = 0 violates >= 1"));
  frames[1].milliseconds = 70000;
  EXPECT_THAT(refusal([&] { to_apng(frames); }), HasSubstr("milliseconds of frame 1 = 70000 violates 0 ... 65535"));
  frames[1] = noise(1, 5)[0];
  EXPECT_THAT(refusal([&] { to_apng(frames); }), HasSubstr("frame 1 = 5 x 6 x 3, 8 bits violates = 4 x 5 x 3, 8 bits"));
}

}  // namespace
}  // namespace fathom::io
