#include "fathom/io/tfevents.h"

#include "fathom/base/file.h"
#include "fathom/io/crc32c.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::HasSubstr;

TEST(Crc32cTest, KnownValues) {  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(masked_crc32c("123456789"), (0xe3069283u >> 15 | 0xe3069283u << 17) + 0xa282ead8u);
}

TEST(TfeventsTest, OneScalarIsTheseBytes) {
  const std::string record = to_tfrecord({1.0, 300, "a", 0.5f});
  const std::string payload(
      "\x09\0\0\0\0\0\0\xf0\x3f"  // 1: wall_time = 1.0
      "\x10\xac\x02"              // 2: step = 300
      "\x2a\x0a"                  // 5: summary of 10 bytes
      "\x0a\x08"                  // 1: value of 8 bytes
      "\x0a\x01\x61"              // 1: tag = "a"
      "\x15\0\0\0\x3f",
      24);  // 2: simple_value = 0.5
  EXPECT_EQ(record.substr(0, 8), std::string("\x18\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 24), payload);
  EXPECT_EQ(record.size(), 40u);
}

TEST(TfeventsTest, FilesBeginWithTheVersionAndContinueAfterACrash) {
  const auto path = std::filesystem::path(testing::TempDir()) / "fathom_tfevents_test" / "events.out.tfevents.1";
  std::filesystem::remove_all(path.parent_path());
  EventWriter(path).write({1, 1, "loss", 0.5f});
  const std::string whole = base::read_file(path);
  EXPECT_THAT(whole, HasSubstr("brain.Event:2"));
  base::write_atomically(path, whole + to_tfrecord({2, 2, "loss", 0.25f}).substr(0, 20));
  EXPECT_TRUE(read_events(path).truncated);
  EventWriter(path).write("loss", 2, 0.125);
  const EventFile file = read_events(path);
  EXPECT_FALSE(file.truncated);
  ASSERT_EQ(file.scalars.size(), 2u);
  EXPECT_EQ(file.scalars[0], (ScalarEvent{1, 1, "loss", 0.5f}));
  EXPECT_EQ(file.scalars[1].value, 0.125f);
  EXPECT_GT(file.scalars[1].wall_time, 1.6e9);
  EXPECT_EQ(base::read_file(path).substr(0, whole.size()), whole);
  std::filesystem::remove_all(path.parent_path());
}

TEST(TfeventsTest, DamageIsRefused) {
  std::string record = to_tfrecord({1, 1, "loss", 0.5f});
  const auto parse = [](const std::string& bytes) { return refusal([&] { parse_events(bytes, "run/events"); }); };
  std::string wrong_length = record, wrong_payload = record + record;
  wrong_length[0] ^= 1;
  wrong_payload[record.size() + 14] ^= 1;
  EXPECT_THAT(parse(wrong_length), HasSubstr("run/events: wrong checksum of the length at byte 0"));
  EXPECT_THAT(parse(wrong_payload), HasSubstr(fmt::format("wrong checksum of the event at byte {}", record.size())));
}

RC_GTEST_PROP(TfeventsProperty, WritingThenReadingGivesTheSame, (std::vector<std::string> tags, std::int64_t step)) {
  const float value = *rc::gen::arbitrary<float>();
  std::string bytes;
  for (const std::string& tag : tags) bytes += to_tfrecord({0.5, step, tag, value});
  const EventFile file = parse_events(bytes, "memory");
  RC_ASSERT(file.scalars.size() == tags.size());
  for (std::size_t i = 0; i < tags.size(); ++i) RC_ASSERT(file.scalars[i] == (ScalarEvent{0.5, step, tags[i], value}));
  RC_ASSERT(file.whole_bytes == bytes.size());
}

}  // namespace
}  // namespace fathom::io
