#include "fathom/io/study_record.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "fathom/base/file.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::HasSubstr;

base::StudyRecord small_record() {
  base::StudyRecord r;
  r.domain = "lp";
  r.protocol = "paper";
  r.preset = "quick";
  r.seed = 18446744073709551615u;
  r.git = "abc";
  r.libtorch = "1.13.1";
  r.threads = 2;
  r.seconds = 1.5;
  r.train_samples = 100;
  r.test_samples = 10;
  r.data_sha256 = "00ff";
  r.statistics = {{"feasible", 0.9}};
  r.models = {{.name = "implicit",
               .kind = "implicit",
               .parameters = 2350,
               .metric = "rel_l2",
               .train = 0.25,
               .extra = {{"memory_mb", 12}},
               .extra_std = {{"memory_mb", 0.5}}}};
  r.curves = {{"implicit", "error", "all", {0, 1}, {1, 0.5}, {0.25, 0}, {2, std::numeric_limits<double>::infinity()}}};
  r.checks = {{"below explicit", 0.25, 0.5, true}};
  r.config = "[solver]\ntol = 1e-3\n";
  return r;
}

TEST(StudyRecordTest, HasTheKeysOfTheDesignInOrder) {
  const auto json = nlohmann::ordered_json::parse(to_json(small_record()));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_THAT(
      keys, testing::ElementsAre("schema", "domain", "protocol", "preset", "seed", "git", "libtorch", "command", "date",
                                 "machine", "threads", "seconds", "data", "models", "curves", "checks", "config"));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["seed"], 18446744073709551615u);
  EXPECT_EQ(json["data"]["train"], 100);
  EXPECT_EQ(json["data"]["statistics"]["feasible"], 0.9);
  EXPECT_EQ(json["models"][0]["parameters"], 2350);
  EXPECT_TRUE(json["models"][0]["test"].is_null());  // NaN: not measured
  EXPECT_EQ(json["curves"][0]["mean"][1], 0.5);
  EXPECT_EQ(json["curves"][0]["max"][1], "inf");
  EXPECT_EQ(json["checks"][0]["ok"], true);
}

TEST(StudyRecordTest, ReadsBackWhatItWrote) {
  const auto path = std::filesystem::path(testing::TempDir()) / "fathom_study_test.json";
  write_study_record(path, small_record());
  const base::StudyRecord back = read_study_record(path);
  std::filesystem::remove(path);
  EXPECT_EQ(back.seed, small_record().seed);
  EXPECT_EQ(back.models[0].parameters, 2350);
  EXPECT_TRUE(std::isnan(back.models[0].test));
  EXPECT_EQ(back.models[0].extra.at("memory_mb"), 12);
  EXPECT_EQ(back.models[0].extra_std.at("memory_mb"), 0.5);
  EXPECT_EQ(back.curves[0].max[1], std::numeric_limits<double>::infinity());
  EXPECT_EQ(back.checks[0].bound, 0.5);
  EXPECT_EQ(back.config, small_record().config);
  EXPECT_EQ(to_json(back), to_json(small_record()));
}

TEST(StudyRecordTest, FiguresOfAStudyComeBackWithTheirGaps) {
  base::StudyRecord record = small_record();
  base::Figure::Panel panel{"map", "y_t over F", "x", "output", true, false};
  panel.lines = {{"F", {0.1, 1}, {10, std::numeric_limits<double>::quiet_NaN()}}};
  panel.marks = {{0.5, "pole"}};
  panel.levels = {{3, "bound"}};
  record.figures = {{"Constructed", "predicted and measured", {panel}}};
  const base::StudyRecord back = parse_study_record(to_json(record), "text");
  ASSERT_EQ(back.figures.size(), 1u);
  EXPECT_EQ(back.figures[0].caption, "predicted and measured");
  const base::Figure::Panel& same = back.figures[0].panels.at(0);
  EXPECT_TRUE(same.log_x && !same.log_y);
  EXPECT_EQ(same.lines.at(0).y[0], 10);
  EXPECT_TRUE(std::isnan(same.lines[0].y[1]));
  EXPECT_EQ(same.marks.at(0).label, "pole");
  EXPECT_EQ(same.levels.at(0).at, 3);
  EXPECT_EQ(to_json(back), to_json(record));
  std::string uneven = to_json(record);
  uneven.replace(uneven.find("\"x\":[0.1,1.0]"), 13, "\"x\":[0.1]");
  EXPECT_THAT(refusal([&] { parse_study_record(uneven, "text"); }), HasSubstr("x and y of different lengths"));
}

TEST(StudyRecordTest, ColourPicturesComeBackSampleBySample) {
  base::StudyRecord record = small_record();
  base::FieldFigure::Panel panel{"t = 3", 0, 1, {}};
  panel.rgb = {0, 1, 2, 253, 254, 255};
  panel.note = "24.1 dB";
  record.fields = {{.name = "strip", .height = 1, .width = 2, .columns = 1, .panels = {panel}}};
  const base::StudyRecord back = parse_study_record(to_json(record), "text");
  ASSERT_EQ(back.fields.at(0).panels.size(), 1u);
  EXPECT_EQ(back.fields[0].panels[0].rgb, panel.rgb);
  EXPECT_EQ(back.fields[0].panels[0].note, "24.1 dB");
  EXPECT_EQ(to_json(back), to_json(record));
  record.fields[0].panels[0].rgb.pop_back();
  EXPECT_THAT(refusal([&] { parse_study_record(to_json(record), "text"); }), HasSubstr("5 colour samples"));
  record.fields[0].panels[0].rgb = {1, 2, 3};
  EXPECT_THAT(refusal([&] { parse_study_record(to_json(record), "text"); }), HasSubstr("not those of 1 x 2 points"));
}

TEST(StudyRecordTest, FieldsComeBackLevelByLevel) {
  base::StudyRecord record = small_record();
  record.fields = {{.name = "flow",
                    .section = "A flow",
                    .caption = "w",
                    .height = 1,
                    .width = 4,
                    .columns = 2,
                    .panels = {{"w", -1.5, 1.5, {0, 255, 7, 128}}, {}}}};
  const base::StudyRecord back = parse_study_record(to_json(record), "text");
  ASSERT_EQ(back.fields.size(), 1u);
  EXPECT_EQ(back.fields[0].columns, 2);
  ASSERT_EQ(back.fields[0].panels.size(), 2u);
  EXPECT_EQ(back.fields[0].panels[0].level, (std::vector<std::uint8_t>{0, 255, 7, 128}));
  EXPECT_EQ(back.fields[0].panels[0].low, -1.5);
  EXPECT_EQ(to_json(back), to_json(record));
  std::string text = to_json(record);
  text.replace(text.find("\"width\":4"), 9, "\"width\":3");
  EXPECT_THAT(refusal([&] { parse_study_record(text, "text"); }), HasSubstr("has 4 levels, not those of 1 x 3 points"));
  text = to_json(record);
  text.replace(text.find("AP8HgA=="), 8, "AP8HgA=!");
  EXPECT_THAT(refusal([&] { parse_study_record(text, "text"); }), HasSubstr("level is not base64"));
}

// The record's JSON with one change.
template <class Change>
std::string refusal_after(Change change) {
  auto json = nlohmann::ordered_json::parse(to_json(small_record()));
  change(json);
  return refusal([&] { parse_study_record(json.dump(), "study.json"); });
}

TEST(StudyRecordTest, LaterFieldsMayBeAbsentAndOthersAreIgnored) {
  EXPECT_EQ(refusal_after([](auto& j) {
              for (const char* key : {"command", "date", "machine", "config"}) j.erase(key);
              for (const char* key : {"train_std", "test_std", "seeds", "extra", "extra_std"})
                j["models"][0].erase(key);
              j["data"].erase("statistics");
              j["a later key"] = 1;
            }),
            "no error");
}

TEST(StudyRecordTest, RefusesWithThePlace) {
  EXPECT_THAT(refusal_after([](auto& j) { j["schema"] = 2; }), HasSubstr("study.json: schema = 2 violates = 1"));
  EXPECT_THAT(refusal_after([](auto& j) { j = 3; }), HasSubstr("study.json: the record is not an object"));
  EXPECT_THAT(refusal_after([](auto& j) { j.erase("domain"); }), HasSubstr("the record has no key 'domain'"));
  EXPECT_THAT(refusal_after([](auto& j) { j["seed"] = -1; }), HasSubstr("seed is not an integer >= 0"));
  EXPECT_THAT(refusal_after([](auto& j) { j["threads"] = 0.5; }), HasSubstr("threads is not an integer of 64 bits"));
  EXPECT_THAT(refusal_after([](auto& j) { j["threads"] = 18446744073709551615u; }), HasSubstr("not an integer of 64"));
  EXPECT_THAT(refusal_after([](auto& j) { j["git"] = 1; }), HasSubstr("git is not a text"));
  EXPECT_THAT(refusal_after([](auto& j) { j["data"] = 1; }), HasSubstr("data is not an object"));
  EXPECT_THAT(refusal_after([](auto& j) { j["data"]["statistics"] = 1; }), HasSubstr("data.statistics is not"));
  EXPECT_THAT(refusal_after([](auto& j) { j["models"] = 1; }), HasSubstr("models is not a list"));
  EXPECT_THAT(refusal_after([](auto& j) { j["models"][0]["train"] = "x"; }), HasSubstr("models[0].train is not"));
  EXPECT_THAT(refusal_after([](auto& j) { j["curves"][0].erase("t"); }), HasSubstr("curves[0] has no key 't'"));
  EXPECT_THAT(refusal_after([](auto& j) { j["curves"][0]["t"][1] = "x"; }), HasSubstr("curves[0].t[1] is not"));
  EXPECT_THAT(refusal_after([](auto& j) { j["curves"][0]["t"].push_back(2); }), HasSubstr("of different lengths"));
  EXPECT_THAT(refusal_after([](auto& j) { j["checks"][0]["ok"] = 1; }), HasSubstr("checks[0].ok is neither true nor"));
  EXPECT_THAT(refusal([] { parse_study_record("{", "study.json"); }), HasSubstr("bad JSON"));
}

TEST(StudyRecordTest, WriterRefusesABrokenRecord) {
  const auto write = [](auto change) {
    base::StudyRecord record = small_record();
    change(record);
    return refusal([&] { to_json(record); });
  };
  EXPECT_THAT(write([](auto& r) { r.schema = 2; }), HasSubstr("schema = 2 violates = 1"));
  EXPECT_THAT(write([](auto& r) { r.curves[0].max.pop_back(); }), HasSubstr("curve implicit/error/all"));
  EXPECT_THAT(write([](auto& r) { r.git = "\xff"; }), HasSubstr("not UTF-8"));
}

std::string text() { return *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127)); }
double number() {
  return *rc::gen::weightedOneOf<double>({{8, rc::gen::arbitrary<double>()}, {1, rc::gen::just(std::nan(""))}});
}
std::vector<double> numbers(std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) value = number();
  return values;
}

base::StudyRecord arbitrary_record() {
  base::StudyRecord r;
  for (std::string* field : {&r.domain, &r.protocol, &r.preset, &r.git, &r.libtorch, &r.command, &r.date, &r.machine,
                             &r.data_sha256, &r.config}) {
    *field = text();
  }
  r.seed = *rc::gen::arbitrary<std::uint64_t>();
  r.threads = *rc::gen::arbitrary<std::int64_t>();
  r.seconds = number();
  r.statistics[text()] = number();
  r.models.resize(*rc::gen::inRange<std::size_t>(0, 3));
  for (auto& m : r.models) m = {.name = text(), .train = number(), .test = number(), .extra = {{text(), number()}}};
  r.curves.resize(*rc::gen::inRange<std::size_t>(0, 3));
  for (auto& c : r.curves) {
    const auto size = *rc::gen::inRange<std::size_t>(0, 4);
    c = {text(), text(), text(), numbers(size), numbers(size), numbers(size), numbers(size)};
  }
  r.checks.resize(*rc::gen::inRange<std::size_t>(0, 3));
  for (auto& c : r.checks) c = {text(), number(), number(), *rc::gen::arbitrary<bool>()};
  return r;
}

// NaN equals NaN.
bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

RC_GTEST_PROP(StudyRecordProperty, WritingThenReadingGivesTheSame, ()) {
  const base::StudyRecord record = arbitrary_record();
  const base::StudyRecord back = parse_study_record(to_json(record), "memory");
  RC_ASSERT(to_json(back) == to_json(record));
  RC_ASSERT(back.seed == record.seed && back.threads == record.threads && back.config == record.config);
  RC_ASSERT(back.curves.size() == record.curves.size());
  for (std::size_t i = 0; i < record.curves.size(); ++i) {
    RC_ASSERT(back.curves[i].group == record.curves[i].group);
    RC_ASSERT(same(back.curves[i].t, record.curves[i].t) && same(back.curves[i].max, record.curves[i].max));
  }
}

}  // namespace
}  // namespace fathom::io
