#include "fathom/report/html_page.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/report/check_table.h"
#include "tests/report/well_formed.h"

namespace fathom::report {
namespace {

using testing::HasSubstr;

TEST(HtmlPage, IsWellFormedWithEveryPart) {
  HtmlPage page("Title", "sub");
  page.heading("heading");
  page.lead("lead");
  page.paragraph("text");
  page.table({"caption", {"name", "value"}, {{"a", "1"}, {"b"}}}, 1);
  page.figure({"<svg/>"}, "one");
  page.figure({"<svg/>", "<svg/>"}, "two");
  page.checks({{"claim", 1, 2, true}});
  page.open_details("more");
  page.code("a = 1");
  page.close_details();
  const std::string html = page.take();
  EXPECT_EQ(WellFormed::check(html), "");
  EXPECT_THAT(html, testing::StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(html, HasSubstr("<meta charset=\"utf-8\"/>"));
  EXPECT_THAT(html, HasSubstr("<tr class=\"best\"><th scope=\"row\">b</th>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"n\">1</td>"));
}

TEST(HtmlPage, EscapesText) {
  const std::string nasty = "<script>&\"";
  HtmlPage page(nasty, nasty);
  page.heading(nasty);
  page.paragraph(nasty);
  page.table({nasty, {nasty}, {{nasty}}});
  page.figure({}, nasty);
  page.checks({{nasty, 0, 0, false}});
  page.open_details(nasty);
  page.code(nasty);
  const std::string html = page.take();
  EXPECT_EQ(WellFormed::check(html), "");
  EXPECT_THAT(html, testing::Not(HasSubstr("<script")));
}

TEST(HtmlPage, ChecksSayInWordsWhatHolds) {
  HtmlPage page("t", "");
  page.checks({{"good", 0.17, 0.4, true}, {"bad", 9, 10, false}});
  const std::string html = page.take();
  EXPECT_THAT(html, HasSubstr(">good</th><td class=\"holds\">holds</td><td class=\"n\">0.17</td><td "
                              "class=\"n\">≤ 0.4</td>"));
  EXPECT_THAT(html, HasSubstr(">bad</th><td class=\"fails\">FAILS</td><td class=\"n\">9</td><td "
                              "class=\"n\">≥ 10</td>"));
}

TEST(CheckTable, TellsTheSideOfTheBound) {
  EXPECT_EQ(required({"", 1, 2, true}), "≤ 2");
  EXPECT_EQ(required({"", 3, 2, true}), "≥ 2");
  EXPECT_EQ(required({"", 3, 2, false}), "≤ 2");
  EXPECT_EQ(required({"", 1, 2, false}), "≥ 2");
  EXPECT_EQ(required({"", 2, 2, true}), "2");
  EXPECT_EQ(required({"", std::numeric_limits<double>::quiet_NaN(), 2, false}), "2");
}

}  // namespace
}  // namespace fathom::report
