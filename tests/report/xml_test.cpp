#include "fathom/report/xml.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/report/well_formed.h"

namespace fathom::report {
namespace {

TEST(WellFormedCheck, TellsGoodFromBad) {
  EXPECT_EQ(WellFormed::check("<a b=\"1\"><c/>x &amp; y</a>\n"), "");
  for (const char* bad : {"", "<a>", "<a></b>", "<a b=1/>", "<a b=\"1\" b=\"2\"/>", "<a>&nbsp;</a>", "<a>&</a>",
                          "x<a/>", "<a/><b/>", "<a>\x01</a>"}) {
    EXPECT_NE(WellFormed::check(bad), "") << bad;
  }
}

TEST(Xml, WritesNestedElementsAndClosesWhatIsOpen) {
  Xml xml;
  xml.open("svg", {{"width", 10}, {"class", "a"}, {"height", ""}});
  xml.leaf("rect", {{"x", 0.5}});
  xml.open("g");
  xml.text("text", {}, "1 < 2");
  EXPECT_EQ(xml.take(), "<svg width=\"10\" class=\"a\"><rect x=\"0.5\"/><g><text>1 &lt; 2</text></g></svg>");
  EXPECT_EQ(xml.take(), "");
}

TEST(Xml, EscapesMarkup) {
  EXPECT_EQ(escape("<a href=\"x\">&amp;</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;");
}

TEST(Xml, KeepsUtf8AndReplacesWhatXmlCannotHold) {
  EXPECT_EQ(escape("λ ≤ 10⁻³ 🐟\n"), "λ ≤ 10⁻³ 🐟\n");
  EXPECT_EQ(escape(std::string("a\0b\x1b", 4)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(escape("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(escape("\xc3"), "\xEF\xBF\xBD") << "a sequence cut short";
  EXPECT_EQ(escape("\xc0\xaf"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong /";
  EXPECT_EQ(escape("\xed\xa0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate";
  EXPECT_EQ(escape("\xEF\xBF\xBE"), "\xEF\xBF\xBD") << "a non-character";
}

RC_GTEST_PROP(Xml, AnyBytesBecomeWellFormedText, (const std::string& bytes)) {
  Xml xml;
  xml.text("a", {{"b", bytes}}, bytes);
  const std::string text = xml.take();
  RC_ASSERT(WellFormed::check(text) == "");
  RC_ASSERT(escape(text).find('<') == std::string::npos);
}

TEST(Xml, CoordinatesAreShortAndAlwaysNumbers) {
  EXPECT_EQ(coordinate(1), "1");
  EXPECT_EQ(coordinate(-12.250), "-12.25");
  EXPECT_EQ(coordinate(0.999), "1");
  EXPECT_EQ(coordinate(-0.001), "0");
  EXPECT_EQ(coordinate(100), "100");
  EXPECT_EQ(coordinate(std::numeric_limits<double>::quiet_NaN()), "0");
  EXPECT_EQ(coordinate(-std::numeric_limits<double>::infinity()), "0");
}

}  // namespace
}  // namespace fathom::report
