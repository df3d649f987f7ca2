#include "fathom/io/jsonl.h"

#include <cmath>
#include <limits>

#include "fathom/base/file.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::HasSubstr;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(JsonlTest, WritesOneLineInOrder) {
  const FlatRecord record = {{"step", std::int64_t{3}}, {"loss", 0.5}, {"best", true}, {"note", std::string("a\nb")}};
  EXPECT_EQ(to_jsonl(record), "{\"step\":3,\"loss\":0.5,\"best\":true,\"note\":\"a\\nb\"}\n");
  EXPECT_EQ(to_jsonl({{"x", 3.0}}), "{\"x\":3.0}\n");
  EXPECT_EQ(to_jsonl({{"x", std::nan("")}, {"y", -kInfinity}}), "{\"x\":null,\"y\":\"-inf\"}\n");
}

TEST(JsonlTest, ReadsEveryKindOfValue) {
  const Jsonl file = parse_jsonl(
      "{\"z\":1,\"a\":2.0}\r\n"
      "\n"
      "{\"b\":false,\"s\":\"t\",\"n\":null,\"i\":\"inf\"}\n"
      "{}\n",
      "x");
  EXPECT_FALSE(file.truncated);
  ASSERT_EQ(file.records.size(), 3u);
  EXPECT_EQ(file.records[0], (FlatRecord{{"z", std::int64_t{1}}, {"a", 2.0}}));
  EXPECT_EQ(file.records[1][0].second, FlatValue(false));
  EXPECT_EQ(file.records[1][1].second, FlatValue(std::string("t")));
  EXPECT_TRUE(std::isnan(std::get<double>(file.records[1][2].second)));
  EXPECT_EQ(file.records[1][3].second, FlatValue(kInfinity));
  EXPECT_TRUE(file.records[2].empty());
}

TEST(JsonlTest, IntegersBeyond64BitsBecomeDoubles) {
  const Jsonl file = parse_jsonl("{\"a\":18446744073709551615,\"b\":-9223372036854775808}\n", "x");
  EXPECT_EQ(file.records[0][0].second, FlatValue(18446744073709551615.0));
  EXPECT_EQ(file.records[0][1].second, FlatValue(std::numeric_limits<std::int64_t>::min()));
}

TEST(JsonlTest, NumberAtWidensAndFallsBack) {
  const FlatRecord record = {{"step", std::int64_t{3}}, {"loss", 0.5}, {"note", std::string("a")}};
  EXPECT_EQ(number_at(record, "step", -1), 3);
  EXPECT_EQ(number_at(record, "loss", -1), 0.5);
  EXPECT_EQ(number_at(record, "note", -1), -1);
  EXPECT_EQ(number_at(record, "absent", -1), -1);
}

TEST(JsonlTest, RefusesWithLineNumbers) {
  const auto parse = [](std::string_view text) { return refusal([&] { parse_jsonl(text, "log.jsonl"); }); };
  EXPECT_THAT(parse("{}\n[1]\n"), HasSubstr("log.jsonl:2: the line is not a JSON object"));
  EXPECT_THAT(parse("7\n"), HasSubstr("not a JSON object"));
  EXPECT_THAT(parse("{\"a\":[1]}\n"), HasSubstr("'a' holds a list; records are flat"));
  EXPECT_THAT(parse("{\"a\":{}}\n"), HasSubstr("'a' holds an object; records are flat"));
  EXPECT_THAT(parse("{\"a\":1,\"a\":2}\n"), HasSubstr("key 'a' appears twice"));
  EXPECT_THAT(parse("{\"a\":\n"), HasSubstr("bad JSON"));
  EXPECT_THAT(parse("{\"a\":1} 2\n"), HasSubstr("bad JSON"));
  EXPECT_THAT(parse("{\"a\":1e999}\n"), HasSubstr("bad JSON"));
  EXPECT_THAT(parse(std::string(100'000, '{') + "\n"), HasSubstr("bad JSON"));
  EXPECT_THAT(refusal([] { to_jsonl({{"a", 1.0}, {"a", 2.0}}); }), HasSubstr("key 'a' appears twice"));
  EXPECT_THAT(refusal([] { to_jsonl({{"a", std::string("\xff")}}); }), HasSubstr("not UTF-8"));
}

TEST(JsonlTest, ACutLastLineIsReportedAndRepaired) {
  const auto path = std::filesystem::path(testing::TempDir()) / "fathom_jsonl_test" / "train.jsonl";
  std::filesystem::remove_all(path.parent_path());
  JsonlWriter(path).write({{"step", std::int64_t{1}}});
  base::write_atomically(path, base::read_file(path) + "{\"step\":2,\"lo");
  const Jsonl cut = read_jsonl(path);
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.records.size(), 1u);
  JsonlWriter(path).write({{"step", std::int64_t{2}}});
  EXPECT_EQ(base::read_file(path), "{\"step\":1}\n{\"step\":2}\n");
  EXPECT_THAT(refusal([&] { JsonlWriter writer(path.parent_path()); }), HasSubstr("is a folder"));
  std::filesystem::remove_all(path.parent_path());
}

rc::Gen<FlatValue> arbitrary_value() {
  const auto text = rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127)),
                                 [](std::string t) { return FlatValue("t" + t); });
  return rc::gen::oneOf(rc::gen::cast<FlatValue>(rc::gen::arbitrary<bool>()),
                        rc::gen::cast<FlatValue>(rc::gen::arbitrary<std::int64_t>()),
                        rc::gen::cast<FlatValue>(rc::gen::arbitrary<double>()), text);
}

RC_GTEST_PROP(JsonlProperty, WritingThenReadingGivesTheSame, ()) {
  std::string text;
  std::vector<FlatRecord> records(*rc::gen::inRange<std::size_t>(0, 5));
  for (FlatRecord& record : records) {
    const auto fields = *rc::gen::inRange(0, 5);
    for (int i = 0; i < fields; ++i) record.emplace_back(fmt::format("key {}", 7 - i), *arbitrary_value());
    text += to_jsonl(record);
  }
  const Jsonl file = parse_jsonl(text, "memory");
  RC_ASSERT(file.records == records);
  RC_ASSERT(!file.truncated);
}

}  // namespace
}  // namespace fathom::io
