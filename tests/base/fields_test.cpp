#include "fathom/base/fields.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"

namespace fathom::base {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Stop {
  std::int64_t max_iter = 50;
  double rtol = 1e-4;
  void fields(Fields& f) {
    f.add("max_iter", max_iter, {.at_least = 1}, "iterations at most");
    f.add("rtol", rtol, {.at_least = 0}, "relative tolerance");
  }
};

struct Options {
  double damping = 1;
  bool verbose = false;
  std::string title = "a \"b\"";
  std::string method = "picard";
  std::vector<double> weights = {0.5, 1};
  std::vector<std::int64_t> sizes = {4, 8};
  Stop stop;
  void fields(Fields& f) {
    f.add("damping", damping, {.above = 0, .at_most = 1}, "tau | step");
    f.add("verbose", verbose, "say more");
    f.add("title", title, "name of the run");
    f.add_choice("method", method, {"picard", "anderson"}, "how to solve");
    f.add("weights", weights, {.at_least = 0}, "of the terms");
    f.add("sizes", sizes, {.at_least = 1}, "embeddings");
    f.group("stop", stop);
  }
};

std::string refusal(const Options& start, const std::string& name, const std::string& value) {
  Options options = start;
  try {
    fields_of(options).set(name, value);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusal(const std::string& name, const std::string& value) { return refusal({}, name, value); }

TEST(Fields, ListsNamesTypesBoundsAndDefaults) {
  Options options;
  const Fields fields = fields_of(options);
  std::vector<std::string> names, types, bounds, defaults;
  for (const Field& field : fields.all()) {
    names.push_back(field.name);
    types.push_back(field.type);
    bounds.push_back(field.bound);
    defaults.push_back(field.default_text);
  }
  EXPECT_THAT(names,
              ElementsAre("damping", "verbose", "title", "method", "weights", "sizes", "stop.max_iter", "stop.rtol"));
  EXPECT_THAT(types, ElementsAre("number", "bool", "text", "choice", "numbers", "integers", "integer", "number"));
  EXPECT_THAT(bounds,
              ElementsAre("(0, 1]", "true|false", "any", "picard|anderson", "each >= 0", "each >= 1", ">= 1", ">= 0"));
  EXPECT_THAT(defaults, ElementsAre("1", "false", "a \"b\"", "picard", "[0.5, 1]", "[4, 8]", "50", "0.0001"));
}

TEST(Fields, SetReachesEveryType) {
  Options options;
  const Fields fields = fields_of(options);
  fields.set("damping", " 0.25 ");
  fields.set("verbose", "yes");
  fields.set("title", "new");
  fields.set("method", "anderson");
  fields.set("weights", "[1e-3, 2,3]");
  fields.set("sizes", "16");
  fields.set("stop.max_iter", "+7");
  fields.set("stop.rtol", "inf");
  EXPECT_EQ(options.damping, 0.25);
  EXPECT_TRUE(options.verbose);
  EXPECT_EQ(options.title, "new");
  EXPECT_EQ(options.method, "anderson");
  EXPECT_THAT(options.weights, ElementsAre(1e-3, 2, 3));
  EXPECT_THAT(options.sizes, ElementsAre(16));
  EXPECT_EQ(options.stop.max_iter, 7);
  EXPECT_EQ(options.stop.rtol, std::numeric_limits<double>::infinity());
  EXPECT_EQ(fields.at("damping").default_text, "1") << "the default is that of the list's making";
  fields.set("weights", "[]");
  EXPECT_THAT(options.weights, IsEmpty());
}

TEST(Fields, RefusesValuesWithNameBoundAndHint) {
  EXPECT_EQ(refusal("damping", "0"), "[options] damping = 0 violates (0, 1]; choose a value inside the bound");
  EXPECT_EQ(refusal("damping", "fast"), "[options] damping = 'fast' violates type number; give one number");
  EXPECT_EQ(refusal("stop.max_iter", "0"),
            "[options] stop.max_iter = 0 violates >= 1; choose a value inside the bound");
  EXPECT_EQ(refusal("stop.max_iter", "1.5"), "[options] stop.max_iter = '1.5' violates type integer; give one integer");
  EXPECT_EQ(refusal("verbose", "maybe"), "[options] verbose = 'maybe' violates true|false; write true or false");
  EXPECT_EQ(refusal("method", "andersen"),
            "[options] method = 'andersen' violates picard|anderson; did you mean 'anderson'?");
  EXPECT_EQ(refusal("method", "gmres"), "[options] method = 'gmres' violates picard|anderson; choose one of these");
}

TEST(Fields, RefusesWhatIsNotOneWholeNumber) {
  for (const char* bad : {"", " ", "1x", "0x10", "1 2", "--1", "+-1", "nan", "1e999", "+"}) {
    EXPECT_THAT(refusal("stop.rtol", bad), HasSubstr("stop.rtol")) << bad;
  }
  for (const char* bad : {"", "9223372036854775808", "1e3", "0x1", "1,2"}) {
    EXPECT_THAT(refusal("stop.max_iter", bad), HasSubstr("type integer")) << bad;
  }
  for (const char* bad : {"1,,2", "[1", "1,x", "[-1]", ","}) {
    EXPECT_THAT(refusal("weights", bad), HasSubstr("[options] weights = ")) << bad;
  }
}

TEST(Fields, ARefusedValueChangesNothing) {
  Options options;
  EXPECT_THROW(fields_of(options).set("weights", "3, -1"), UsageError);
  EXPECT_THAT(options.weights, ElementsAre(0.5, 1));
}

TEST(Fields, UnknownNamesAreErrorsWithTheNearest) {
  EXPECT_EQ(refusal("dampng", "1"), "[options] unknown option 'dampng'; did you mean 'damping'?");
  EXPECT_EQ(refusal("stop.max_iters", "1"), "[options] unknown option 'stop.max_iters'; did you mean 'stop.max_iter'?");
  EXPECT_THAT(refusal("turbulence", "1"), HasSubstr("`fathom options` lists all"));
  EXPECT_THAT(refusal("", "1"), HasSubstr("unknown option ''"));
}

TEST(Fields, ValidateFindsWhatCodeSetWrong) {
  Options options;
  EXPECT_NO_THROW(validate(fields_of(options)));
  options.damping = std::nan("");
  EXPECT_THROW(validate(fields_of(options)), UsageError);
  options.damping = 1;
  options.method = "newton";
  EXPECT_THROW(validate(fields_of(options)), UsageError);
}

TEST(Fields, TellsWhatDiffersFromTheDefault) {
  Options options, fresh;
  EXPECT_THAT(changed_from_default(fields_of(options), fields_of(fresh)), IsEmpty());
  options.stop.rtol = 1e-6;
  options.sizes = {8};
  EXPECT_THAT(changed_from_default(fields_of(options), fields_of(fresh)),
              ElementsAre("sizes = [8] (default [4, 8])", "stop.rtol = 1e-06 (default 0.0001)"));
}

TEST(Fields, WritesToml) {
  Options options;
  EXPECT_EQ(to_toml(fields_of(options)),
            "damping = 1.0\nverbose = false\ntitle = \"a \\\"b\\\"\"\nmethod = \"picard\"\nweights "
            "= [0.5, 1]\nsizes = [4, 8]\n"
            "\n[stop]\nmax_iter = 50\nrtol = 0.0001\n");
}

TEST(Fields, TomlCommentsHoldHelpAndBound) {
  Stop stop;
  EXPECT_EQ(to_toml(fields_of(stop), true),
            "# iterations at most (>= 1)\nmax_iter = 50\n# relative tolerance (>= 0)\nrtol = 0.0001\n");
}

TEST(Fields, TomlHasNoControlCharactersInItsText) {
  Options options;
  options.title = "one\ntwo\x7f";
  EXPECT_THAT(to_toml(fields_of(options)), HasSubstr("title = \"one\\u000atwo\\u007f\"\n"));
}

struct Interleaved {
  double first = 1, last = 2;
  Stop stop;
  void fields(Fields& f) {
    f.add("first", first, {}, "before the group");
    f.group("stop", stop);
    f.add("last", last, {}, "after the group");
  }
};

TEST(Fields, TomlKeepsTheKeysOfATableTogether) {
  Interleaved options;
  EXPECT_EQ(to_toml(fields_of(options)), "first = 1.0\nlast = 2.0\n\n[stop]\nmax_iter = 50\nrtol = 0.0001\n");
}

struct Outer {
  Interleaved inner;
  void fields(Fields& f) { f.group("inner", inner); }
};

TEST(Fields, GroupsNest) {
  Outer options;
  fields_of(options).set("inner.stop.max_iter", "3");
  EXPECT_EQ(options.inner.stop.max_iter, 3);
  EXPECT_EQ(fields_of(options).all().back().name, "inner.last") << "the prefix ends with its group";
}

TEST(Fields, WritesMarkdown) {
  Options options;
  const std::string table = to_markdown(fields_of(options));
  EXPECT_THAT(table, testing::StartsWith("| option | default | bound | meaning |\n| --- | --- | --- | --- |\n"));
  EXPECT_THAT(table, HasSubstr("| `damping` | `1` | (0, 1] | tau \\| step |\n"));
  EXPECT_THAT(table, HasSubstr("| `method` | `picard` | picard\\|anderson | how to solve |\n"));
}

TEST(Bounds, SayThemselvesAndHold) {
  EXPECT_EQ((Bounds{}).text(), "any");
  EXPECT_EQ((Bounds{.at_least = 0, .below = 1}).text(), "[0, 1)");
  EXPECT_EQ((Bounds{.above = 0}).text(), "> 0");
  EXPECT_EQ((Bounds{.below = 5}).text(), "< 5");
  EXPECT_EQ((Bounds{.at_most = 5}).text(), "<= 5");
  EXPECT_FALSE((Bounds{.above = 0}).hold(0));
  EXPECT_TRUE((Bounds{.at_least = 0}).hold(0));
  EXPECT_FALSE((Bounds{.at_least = 0, .below = 1}).hold(1));
  EXPECT_TRUE((Bounds{.at_least = 0}).hold(INFINITY)) << "an end left open holds infinity";
  EXPECT_FALSE((Bounds{}).hold(NAN));
}

RC_GTEST_PROP(Fields, EveryNumberReadsBackExactly, (double number, std::int64_t integer)) {
  RC_PRE(!std::isnan(number));
  double a = number, b = 0;
  std::int64_t c = integer, d = 0;
  Fields fields;
  fields.add("a", a, {}, "");
  fields.add("b", b, {}, "");
  fields.add("c", c, {}, "");
  fields.add("d", d, {}, "");
  fields.set("b", fields.at("a").get());
  fields.set("d", fields.at("c").get());
  RC_ASSERT(a == b);
  RC_ASSERT(c == d);
}

RC_GTEST_PROP(Fields, AnyTextIsTakenOrRefusedWithoutHarm, (const std::string& name, const std::string& value)) {
  Options options;
  const Fields fields = fields_of(options);
  for (const Field& field : fields.all()) {
    try {
      field.set(value);
    } catch (const UsageError&) {
    }
  }
  RC_ASSERT(options.damping > 0 && options.damping <= 1);
  RC_ASSERT(options.stop.max_iter >= 1);
  try {
    fields.set(name, value);
  } catch (const UsageError&) {
  }
}

}  // namespace
}  // namespace fathom::base
