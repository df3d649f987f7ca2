#include "fathom/io/csv.h"

#include "fathom/base/file.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::HasSubstr;

TEST(CsvTest, ReadsTheExamplesOfTheStandard) {
  const CsvRows rows = {{"aaa", "b,b"}, {"zz\nz", "y\"y"}};
  EXPECT_EQ(parse_csv("aaa,\"b,b\"\r\n\"zz\nz\",\"y\"\"y\"\r\n", "x"), rows);
  EXPECT_EQ(parse_csv("aaa,\"b,b\"\n\"zz\nz\",\"y\"\"y\"", "x"), rows);
}

TEST(CsvTest, EmptyFieldsAndLines) {
  EXPECT_EQ(parse_csv("", "x"), CsvRows{});
  EXPECT_EQ(parse_csv(",\n", "x"), (CsvRows{{"", ""}}));
  EXPECT_EQ(parse_csv("a\n\n\"\"\n", "x"), (CsvRows{{"a"}, {""}, {""}}));
  EXPECT_EQ(parse_csv(" a ,b", "x"), (CsvRows{{" a ", "b"}}));  // blanks belong to the field
}

TEST(CsvTest, RefusesWithLineNumbers) {
  const auto parse = [](std::string_view text) { return refusal([&] { parse_csv(text, "t.csv"); }); };
  EXPECT_THAT(parse("a,b\nc\n"), HasSubstr("t.csv:2: 1 fields, the first line has 2"));
  EXPECT_THAT(parse("a\n\"x\ny\"\nb\"c\n"), HasSubstr("t.csv:4: a quote inside an unquoted field"));
  EXPECT_THAT(parse("a\n\"b\nc\n"), HasSubstr("t.csv:2: a quote that is never closed"));
  EXPECT_THAT(parse("\"a\"b\n"), HasSubstr("t.csv:1: text after a closing quote"));
}

TEST(CsvTest, WritesQuotesWhereNeeded) {
  EXPECT_EQ(to_csv(CsvRows{{"a", "b,c"}, {"d\"e", ""}}), "a,\"b,c\"\r\n\"d\"\"e\",\r\n");
  EXPECT_EQ(to_csv(CsvRows{{""}}), "\"\"\r\n");
  EXPECT_EQ(to_csv(base::Table{"title", {"model", "error"}, {{"implicit", "0.2"}}}), "model,error\r\nimplicit,0.2\r\n");
  EXPECT_THAT(refusal([] { to_csv(CsvRows{{"a"}, {"b", "c"}}); }), HasSubstr("2 fields where the first has 1"));
  EXPECT_THAT(refusal([] { to_csv(CsvRows{{}}); }), HasSubstr("a row of 0 fields"));
}

TEST(CsvTest, WritesAndReadsAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "fathom_csv_test.csv";
  write_csv(path, {{"a", "b"}});
  EXPECT_EQ(read_csv(path), (CsvRows{{"a", "b"}}));
  std::filesystem::remove(path);
}

RC_GTEST_PROP(CsvProperty, WritingThenReadingGivesTheSame, ()) {
  const auto field = rc::gen::container<std::string>(rc::gen::element('a', ',', '"', '\n', '\r', ' '));
  const auto columns = *rc::gen::inRange<std::size_t>(1, 4);
  const auto rows = *rc::gen::container<CsvRows>(rc::gen::container<std::vector<std::string>>(columns, field));
  RC_ASSERT(parse_csv(to_csv(rows), "memory") == rows);
}

}  // namespace
}  // namespace fathom::io
