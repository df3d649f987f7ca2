#include "fathom/report/study_page.h"

#include <cmath>
#include <limits>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/report/curve_table.h"
#include "fathom/report/quantity.h"
#include "fathom/report/summary.h"
#include "tests/report/sample_record.h"
#include "tests/report/well_formed.h"

namespace fathom::report {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> figure_names(const base::StudyRecord& record) {
  std::vector<std::string> names;
  for (const NamedSvg& figure : study_figures(record)) names.push_back(figure.name);
  return names;
}

const NamedSvg& figure_named(const std::vector<NamedSvg>& figures, const std::string& name) {
  for (const NamedSvg& figure : figures) {
    if (figure.name == name) return figure;
  }
  throw std::runtime_error("no figure " + name);
}

void expect_sound(const base::StudyRecord& record) {
  const std::string page = study_page(record);
  EXPECT_EQ(WellFormed::check(page), "");
  EXPECT_EQ(page, study_page(record)) << "same record, same bytes";
  for (const NamedSvg& figure : study_figures(record)) EXPECT_EQ(WellFormed::check(figure.svg), "") << figure.name;
}

// ---- the page

TEST(StudyPage, DrawsAStudysOwnFiguresInPlaceOfItsCurves) {
  base::StudyRecord record = sample_record();
  base::Figure::Panel left{"map 1/x", "y_t over F", "x", "output", true, true};
  left.lines = {{"F", {0.1, 0.2, 0.3}, {10, NAN, 3}}};
  left.levels = {{5, "bound 5"}};
  base::Figure::Panel right = left;
  right.title = "Error of y_t";
  record.figures = {{"Constructed", "Predicted: this. Measured: that.", {left, right}}};
  const std::vector<NamedSvg> figures = study_figures(record);
  ASSERT_EQ(figures.size(), 2u);
  EXPECT_EQ(figures[0].name, "map-1-x");
  EXPECT_EQ(figures[1].name, "map-1-x-2");
  const std::string page = study_page(record);
  expect_sound(record);
  EXPECT_THAT(page, testing::AllOf(HasSubstr("<h2>Constructed</h2>"), HasSubstr("Predicted: this. Measured: that."),
                                   HasSubstr("bound 5"), Not(HasSubstr("Along the iterations"))));
}

TEST(StudyPage, IsWellFormedAndAlwaysTheSame) { expect_sound(sample_record()); }

TEST(StudyPage, LoadsNothingFromElsewhere) {
  const std::string page = study_page(sample_record());
  for (const char* load : {"src=", "href=", "url(", "@import", "<script", "<link", "<iframe", "<object", "https:"}) {
    EXPECT_THAT(page, Not(HasSubstr(load)));
  }
  // The one address is the name of the SVG language, which is not loaded.
  EXPECT_THAT(std::regex_replace(page, std::regex("xmlns=\"http://www.w3.org/2000/svg\""), ""),
              Not(HasSubstr("http:")));
}

TEST(StudyPage, HoldsAllFactsOfTheRecord) {
  const base::StudyRecord record = sample_record();
  const std::string page = study_page(record);
  for (const std::string& fact : {record.git, record.libtorch, record.command, record.machine, record.data_sha256,
                                  std::string("feasible fraction"), std::string("0.4132"), std::string("4 min 12 s"),
                                  std::string("[data]"), std::string("sign of c")}) {
    EXPECT_THAT(page, HasSubstr(fact));
  }
}

TEST(StudyPage, AnEmptyRecordIsStillAPage) { expect_sound({}); }

TEST(StudyPage, OtherDomainsNeedNothingNew) {
  base::StudyRecord record;
  record.domain = "imaging";
  record.models = {sample_model("unet <deq>", "implicit", 900, 31.2, 30.4),
                   sample_model("blurred", "baseline", 0, 24, 24.1)};
  for (base::ModelResult& model : record.models) model.metric = "psnr";
  record.curves = {sample_curve("unet <deq>", "psnr", "f=.1", 20, 30, 0.8),
                   sample_curve("unet <deq>", "psnr", "f=.2", 20, 29, 0.8)};
  expect_sound(record);
  const std::string page = study_page(record);
  EXPECT_THAT(page, Not(HasSubstr("linear program")));
  EXPECT_THAT(page, HasSubstr("higher is better"));
  EXPECT_THAT(figure_names(record), ElementsAre("test-psnr", "psnr"));
}

TEST(StudyPage, BrokenCurvesAreDrawnAsFarAsTheyGo) {
  base::StudyRecord record = sample_record();
  record.curves[0].mean[3] = NAN;
  record.curves[0].mean[4] = INFINITY;
  record.curves[1].std.clear();
  record.curves[2].mean.clear();
  record.curves[3].t.resize(2);
  record.curves.push_back({"nobody", "error", "all", {}, {}, {}, {}});
  record.curves.push_back({"", "", "", {1}, {NAN}, {NAN}, {NAN}});
  record.models[1].test = NAN;
  record.statistics["training_depth"] = NAN;
  record.checks.push_back({"nothing", NAN, NAN, false});
  expect_sound(record);
  EXPECT_THAT(study_page(record), HasSubstr("A gap in a line"));
}

TEST(StudyPage, EscapesEveryText) {
  const std::string nasty = "</title><script>&\"";
  base::StudyRecord record = sample_record();
  record.domain = record.protocol = record.preset = record.git = record.libtorch = nasty;
  record.command = record.date = record.machine = record.data_sha256 = record.config = nasty;
  record.statistics[nasty] = 1;
  for (base::ModelResult& model : record.models) {
    model.name = model.kind = model.metric = nasty;
    model.extra[nasty] = 1;
  }
  for (base::Curve& curve : record.curves) curve.model = curve.quantity = curve.group = nasty;
  for (base::Check& check : record.checks) check.name = nasty;
  expect_sound(record);
  EXPECT_THAT(study_page(record), Not(HasSubstr("<script")));
}

// ---- the figures

TEST(StudyFigures, OnePerQuantityAndOnePerModelWhereThereAreGroups) {
  EXPECT_THAT(figure_names(sample_record()),
              ElementsAre("test-rel-l2", "error", "residual", "lipschitz-implicit-8", "lipschitz-explicit-8",
                          "lipschitz-explicit-8x12", "training-loss"));
}

TEST(StudyFigures, NamesAreUniqueFileNames) {
  base::StudyRecord record = sample_record();
  record.curves.push_back(sample_curve("a", "Error!", "all", 1, 2, 0.5));
  record.curves.push_back(sample_curve("a", "../§", "all", 1, 2, 0.5));
  std::set<std::string> seen;
  for (const std::string& name : figure_names(record)) {
    EXPECT_TRUE(std::regex_match(name, std::regex("[a-z0-9]+(-[a-z0-9]+)*"))) << name;
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_THAT(seen, Contains("error-2"));
}

TEST(StudyFigures, MarkTheTrainingDepthOverIterationsOnly) {
  const std::vector<NamedSvg> figures = study_figures(sample_record());
  EXPECT_THAT(figure_named(figures, "error").svg, HasSubstr(">training depth 12<"));
  EXPECT_THAT(figure_named(figures, "residual").svg, HasSubstr(">training depth 12<"));
  EXPECT_THAT(figure_named(figures, "training-loss").svg, Not(HasSubstr("training depth")));
  EXPECT_THAT(figure_named(figures, "error").svg, HasSubstr(">baseline 0.62<")) << "the best baseline";
  EXPECT_THAT(figure_named(figures, "residual").svg, Not(HasSubstr(">baseline")));
}

TEST(StudyFigures, CaptionsTellWhatIsDrawn) {
  base::StudyRecord record = sample_record();
  EXPECT_THAT(figure_named(study_figures(record), "error").caption, HasSubstr("learns nothing: zero."));
  EXPECT_THAT(figure_named(study_figures(record), "residual").caption, Not(HasSubstr("exceeds the mean")));
  record.curves[3].std[5] = 2 * record.curves[3].mean[5];
  EXPECT_THAT(figure_named(study_figures(record), "residual").caption, HasSubstr("exceeds the mean"));
}

TEST(StudyFigures, ManyBandsThatReachZeroOnALogAxisAreLeftOut) {
  base::StudyRecord record = sample_record();
  EXPECT_THAT(figure_named(study_figures(record), "lipschitz-implicit-8").caption, HasSubstr("Shaded"));
  for (base::Curve& curve : record.curves) {
    if (curve.quantity == "lipschitz") curve.std[1] = 3 * curve.mean[1];
  }
  EXPECT_THAT(figure_named(study_figures(record), "lipschitz-implicit-8").caption, Not(HasSubstr("Shaded")));
}

TEST(StudyFigures, TheResidualIsLogarithmic) {
  const std::vector<NamedSvg> figures = study_figures(sample_record());
  EXPECT_THAT(figure_named(figures, "residual").svg, HasSubstr(">10⁻³<"));
}

TEST(StudyFigures, PanelsOfAQuantityShareTheirScale) {
  const std::vector<NamedSvg> figures = study_figures(sample_record());
  const auto y_labels = [&](const std::string& name) {
    const std::string& svg = figure_named(figures, name).svg;
    const std::regex label("text-anchor=\"end\">([^<]*)<");
    std::vector<std::string> texts;
    for (auto it = std::sregex_iterator(svg.begin(), svg.end(), label); it != std::sregex_iterator(); ++it)
      texts.push_back((*it)[1]);
    return texts;
  };
  EXPECT_EQ(y_labels("lipschitz-implicit-8"), y_labels("lipschitz-explicit-8"));
  EXPECT_GE(y_labels("lipschitz-implicit-8").size(), 2U);
}

TEST(CurveTable, GivesFirstBestDepthAndLast) {
  const base::StudyRecord record = sample_record();
  const base::Table table = curve_table(record, "residual");
  EXPECT_THAT(table.header,
              ElementsAre("model", "first", "best", "at", "at training depth 12", "last", "at", "std", "max"));
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0][0], "implicit-8");
  EXPECT_EQ(table.rows[0][1], "0.9");
  EXPECT_EQ(table.rows[0][3], "24");
  EXPECT_EQ(curve_table(record, "lipschitz").rows.size(), 15U);
  EXPECT_EQ(curve_table(record, "lipschitz").header[1], "group");
  EXPECT_TRUE(curve_table(record, "nothing").rows.empty());
}

// ---- the table

TEST(ResultTable, MarksTheBestAndShowsTheSpreadOfSeeds) {
  const base::Table table = result_table(sample_record());
  EXPECT_THAT(table.header, ElementsAre("model", "kind", "parameters", "test rel_l2", "± std", "train rel_l2", "± std",
                                        "seeds", "training time", "infeasibility", "objective gap"));
  EXPECT_THAT(table.rows[0], ElementsAre("implicit-8 (best)", "implicit", "2350", "0.171", "0.0042", "0.162", "0.0021",
                                         "3", "1 min 38 s", "0.0530", "0.0205"));
  EXPECT_THAT(table.rows[3],
              ElementsAre("zero", "baseline", "0", "0.620", "–", "0.617", "–", "1", "–", "0.1923", "0.0744"));
}

TEST(ResultTable, FurtherColumnsHaveTheirSpreadToo) {
  base::StudyRecord record = sample_record();
  record.models[0].extra_std["infeasibility"] = 0.0123;
  const base::Table table = result_table(record);
  EXPECT_THAT(table.header, ElementsAre("model", "kind", "parameters", "test rel_l2", "± std", "train rel_l2", "± std",
                                        "seeds", "training time", "infeasibility", "± std", "objective gap"));
  EXPECT_EQ(table.rows[0][10], "0.012");
  EXPECT_EQ(table.rows[1][10], "–");
}

TEST(ResultTable, OneSeedHasNoSpread) {
  base::StudyRecord record;
  record.models = {sample_model("a", "explicit", 1, 0.1, 0.2)};
  EXPECT_THAT(result_table(record).header, Not(Contains("± std")));
  EXPECT_THAT(result_table(record).header, Not(Contains("seeds")));
}

TEST(ResultTable, TheBestFollowsTheDirectionOfTheMetric) {
  base::StudyRecord record;
  record.models = {sample_model("low", "implicit", 1, 1, 20), sample_model("none", "implicit", 1, 1, NAN),
                   sample_model("high", "implicit", 1, 1, 30)};
  EXPECT_EQ(best_model(record, "rel_l2"), 0);
  EXPECT_EQ(best_model(record, "psnr"), -1);
  for (base::ModelResult& model : record.models) model.metric = "psnr";
  EXPECT_EQ(best_model(record, "psnr"), 2);
  for (base::ModelResult& model : record.models) model.metric = "unheard of";
  EXPECT_EQ(best_model(record, "unheard of"), -1);
}

TEST(ResultTable, SeveralMetricsHaveAColumnAndABestEach) {
  base::StudyRecord record;
  record.models = {sample_model("a", "implicit", 1, 1, 0.2), sample_model("b", "implicit", 1, 1, 31)};
  record.models[1].metric = "psnr";
  const base::Table table = result_table(record);
  EXPECT_THAT(table.header, Contains("metric"));
  EXPECT_EQ(table.rows[0][0], "a (best)");
  EXPECT_EQ(table.rows[1][0], "b (best)");
}

// ---- the words

TEST(Summary, SaysWhatWasRunAndWhatCameOut) {
  EXPECT_EQ(summary(sample_record()),
            "3 models were trained on 25\u202F000 samples and tested on 1000 others. implicit-8 "
            "(implicit, 2350 parameters) is best: its "
            "relative L2 error on the test samples is 0.171 ± 0.0042 over 3 seeds. The best "
            "explicit model, explicit-8x12, reaches "
            "0.252 ± 0.012 over 3 seeds, 47% more. The best predictor that learns nothing, zero, "
            "reaches 0.62, 3.6 times as much. Along "
            "its iterations the error of implicit-8 goes from 0.571 at t = 0 to 0.17 at t = 24. 3 "
            "of 4 checks hold; not: Lipschitz at "
            "the last t / at the first. It took 4 min 12 s on 2 threads.");
}

TEST(Summary, TellsWhereTheErrorIsLeast) {
  base::StudyRecord record;
  record.models = {sample_model("m", "implicit", 1, 0.2, 0.2)};
  record.curves = {{"m", "error", "all", {0, 5, 10}, {0.5, 0.1, 0.2}, {}, {}}};
  EXPECT_THAT(summary(record), HasSubstr("goes from 0.5 at t = 0 to 0.1, its least, at t = 5, and is 0.2 at t = 10."));
}

TEST(Summary, SaysOnlyWhatTheRecordHolds) {
  EXPECT_EQ(summary({}), "0 models were trained.");
  base::StudyRecord record;
  record.models = {sample_model("m", "implicit", 0, 0.2, NAN)};
  record.checks = {{"c", 1, 2, true}};
  EXPECT_EQ(summary(record), "1 model was trained. The check holds.");
}

// A curve over another axis than the iterations has no training depth to compare with, and its own heading.
TEST(StudyPage, OtherAxesHaveTheirNameAndNoTrainingDepth) {
  base::StudyRecord record = sample_record();
  record.curves = {{"implicit-8", "loss_by_steps", "fixed", {1, 4}, {2, 1}, {}, {}}};
  EXPECT_THAT(curve_table(record, "loss_by_steps").header, ElementsAre("model", "first", "best", "at", "last", "at"));
  const std::string page = study_page(record);
  EXPECT_THAT(page, HasSubstr("Adaptive exit"));
  EXPECT_THAT(page, HasSubstr("mean iterations of a byte"));
  EXPECT_THAT(page, Not(HasSubstr("training depth 12")));
}

TEST(Quantity, UnknownNamesAreTheirOwnTitle) {
  EXPECT_EQ(quantity_of("row_violation").title, "Row violation");
  EXPECT_EQ(quantity_of("row_violation").better, Better::neither);
  EXPECT_TRUE(quantity_of("training_lr").along_training);
  EXPECT_EQ(quantity_of("training_loss").title, "Training loss");
  EXPECT_EQ(metric_words("exact_match"), "exact match");
}

TEST(Quantity, WhatComesAfterByIsWhatItIsDrawnAlong) {
  const Quantity by_breadth = quantity_of("exact_match by breadth");
  EXPECT_EQ(by_breadth.title, "Exact match by breadth");
  EXPECT_EQ(by_breadth.x_label, "breadth");
  EXPECT_EQ(by_breadth.better, Better::higher);
  EXPECT_EQ(quantity_of("residual").x_label, "");
  base::StudyRecord record = sample_record();
  record.statistics["training_depth"] = 2;
  record.curves = {{"a", "exit iterations by size", "all", {1, 2, 4}, {3, 4, 5}, {0, 0, 0}, {3, 4, 5}}};
  const NamedSvg figure = figure_named(study_figures(record), "exit-iterations-by-size");
  EXPECT_THAT(figure.svg, HasSubstr(">size<"));
  EXPECT_THAT(figure.svg, Not(HasSubstr("training depth")));
  EXPECT_THAT(figure.svg, Not(HasSubstr("iteration t")));
}

}  // namespace
}  // namespace fathom::report
