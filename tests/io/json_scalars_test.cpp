#include "fathom/io/json_scalars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::io {
namespace {

using testing::HasSubstr;

template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(JsonScalars, NamesMembersByTheirPath) {
  const JsonScalars json = parse_json_scalars(
      R"({"a": 1, "b": {"c": 2.5, "d": [true, "x"]}, "none": null, "big": 9007199254740993,
          "huge": 18446744073709551615})",
      "test");
  EXPECT_EQ(json.integer("a"), 1);
  EXPECT_EQ(json.number("a"), 1.0);
  EXPECT_EQ(json.number("b.c"), 2.5);
  EXPECT_TRUE(json.flag("b.d.0"));
  EXPECT_EQ(json.text("b.d.1"), "x");
  EXPECT_FALSE(json.has("none"));
  EXPECT_FALSE(json.has("b"));
  EXPECT_EQ(json.integer("big"), 9007199254740993);
  EXPECT_EQ(json.number("huge"), 0x1p64) << "no int64: a number";
}

TEST(JsonScalars, SaysWhatIsMissingOrOfAnotherType) {
  const JsonScalars json = parse_json_scalars(R"({"a": 1.5, "t": "x"})", "here.json");
  EXPECT_THAT(error_of([&] { json.integer("z"); }), HasSubstr("here.json: 'z' is missing"));
  EXPECT_THAT(error_of([&] { json.integer("a"); }), HasSubstr("here.json: 'a' is not a whole number"));
  EXPECT_THAT(error_of([&] { json.number("t"); }), HasSubstr("'t' is not a number"));
  EXPECT_THAT(error_of([&] { json.flag("t"); }), HasSubstr("'t' is not true or false"));
  EXPECT_THAT(error_of([&] { json.text("a"); }), HasSubstr("'a' is not text"));
}

TEST(JsonScalars, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[1]", "3", "{\"a\": }", "{\"a\": 1, \"a\": 2}"})
    EXPECT_NE(error_of([&] { parse_json_scalars(text, "test"); }), "") << text;
}

}  // namespace
}  // namespace fathom::io
