#include "fathom/report/table_text.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fathom::report {
namespace {

using testing::ElementsAre;

const base::Table kTable{
    "Results", {"model", "error", "time"}, {{"implicit-8", "0.171", "1 min 2 s"}, {"zero", "0.6", "–"}}};

TEST(TableText, FindsNumericColumns) {
  EXPECT_THAT(numeric_columns(kTable), ElementsAre(false, true, true));
  EXPECT_THAT(numeric_columns({"", {"a", "b", "c"}, {{"-1", "", "–"}, {"+.5 ± 1", "", "x"}}}),
              ElementsAre(true, false, false));
  EXPECT_THAT(numeric_columns({"", {"a"}, {}}), ElementsAre(false));
}

TEST(TableText, WritesMarkdown) {
  EXPECT_EQ(to_markdown(kTable),
            "**Results**\n\n| model | error | time |\n| --- | ---: | ---: |\n| implicit-8 | 0.171 "
            "| 1 min 2 s |\n| zero | 0.6 | – |\n");
}

TEST(TableText, CellsCannotBreakMarkdown) {
  EXPECT_EQ(to_markdown({"", {"a|b"}, {{"x\ny"}, {"c\\|d"}}}), "| a\\|b |\n| --- |\n| x y |\n| c\\\\\\|d |\n");
}

TEST(TableText, AlignsColumnsForATerminal) {
  EXPECT_EQ(to_text(kTable),
            "Results\n\n"
            "model       error       time\n"
            "──────────  ─────  ─────────\n"
            "implicit-8  0.171  1 min 2 s\n"
            "zero          0.6          –\n");
}

TEST(TableText, ShortRowsAreFilledAndLongOnesCut) {
  EXPECT_EQ(to_markdown({"", {"a", "b"}, {{"1"}, {"1", "2", "3"}}}),
            "| a | b |\n| ---: | ---: |\n| 1 |  |\n| 1 | 2 |\n");
  EXPECT_EQ(to_text({"", {"a", "b"}, {{"x"}}}), "a  b\n─  ─\nx\n");
}

TEST(TableText, AnEmptyTableIsEmpty) {
  EXPECT_EQ(to_text({}), "\n\n");
  EXPECT_EQ(to_markdown({}), "|\n|\n");
}

}  // namespace
}  // namespace fathom::report
