#include "fathom/io/mps.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <tuple>

#include "fathom/base/file.h"
#include "fathom/io/json_parse.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::string_view kSmall = R"(* a comment
NAME          SMALL
OBJSENSE
    MAX
ROWS
 N  COST
 L  LIM1
 G  LIM2
 E  MYEQN
 N  OTHER
COLUMNS
    X         COST              1.   LIM1              1.
    X         LIM2              1.   OTHER             9.
    MARKER    'MARKER'                 'INTORG'
    Y         COST              2.   LIM1              1.
    Y         MYEQN            -1.
    MARKER    'MARKER'                 'INTEND'
    Z         MYEQN             1.
RHS
    RHS       COST            -7.5   LIM1              4.
    RHS       LIM2              1.   MYEQN             7.
    RHS2      LIM1            100.
RANGES
    RNG       LIM1             2.5   MYEQN            -3.
BOUNDS
 UP BND       X                 4.
 LO BND       Y                -1.
 UP BND       Y                 1.
 FX OTHERSET  Z                 1.
ENDATA
)";

TEST(MpsTest, ReadsEverySection) {
  const MpsModel m = parse_mps(kSmall, "small.mps");
  EXPECT_EQ(m.name, "SMALL");
  EXPECT_TRUE(m.maximize);
  EXPECT_EQ(m.objective_name, "COST");
  EXPECT_EQ(m.objective_constant, 7.5);
  EXPECT_THAT(m.row_names, ElementsAre("LIM1", "LIM2", "MYEQN"));
  EXPECT_THAT(m.column_names, ElementsAre("X", "Y", "Z"));
  EXPECT_THAT(m.row_sense, ElementsAre('L', 'G', 'E'));
  EXPECT_THAT(m.row_lower, ElementsAre(1.5, 1, 4));
  EXPECT_THAT(m.row_upper, ElementsAre(4, kInfinity, 7));
  EXPECT_THAT(m.objective, ElementsAre(1, 2, 0));
  EXPECT_THAT(m.entry_row, ElementsAre(0, 1, 0, 2, 2));
  EXPECT_THAT(m.entry_column, ElementsAre(0, 0, 1, 1, 2));
  EXPECT_THAT(m.entry_value, ElementsAre(1, 1, 1, -1, 1));
  EXPECT_THAT(m.lower, ElementsAre(0, -1, 0));
  EXPECT_THAT(m.upper, ElementsAre(4, 1, kInfinity));
  EXPECT_THAT(m.integer, ElementsAre(false, true, false));
}

// A model of one N row, rows R1 (L), R2 (E), R3 (G) and columns x, y; `tail` follows COLUMNS.
std::string with_tail(std::string_view tail) {
  return "NAME t\nROWS\n N obj\n L R1\n E R2\n G R3\nCOLUMNS\n x obj 1 R1 1\n y R2 1 R3 2\n" + std::string(tail) +
         "ENDATA\n";
}

MpsModel model_of(std::string_view tail) { return parse_mps(with_tail(tail), "t.mps"); }
std::string refusal_of(std::string_view text) {
  return refusal([&] { parse_mps(text, "t.mps"); });
}

TEST(MpsTest, RangesByRowTypeAndSign) {
  const MpsModel up = model_of("RHS\n RHS R1 10 R2 10\n RHS R3 10\nRANGES\n RNG R1 -4 R2 4\n RNG R3 -4\n");
  EXPECT_THAT(up.row_lower, ElementsAre(6, 10, 10));
  EXPECT_THAT(up.row_upper, ElementsAre(10, 14, 14));
  const MpsModel down = model_of("RANGES\n R2 -4\nRHS\n R2 10\n");  // sets unnamed, RANGES first
  EXPECT_EQ(down.row_lower[1], 6);
  EXPECT_EQ(down.row_upper[1], 10);
}

TEST(MpsTest, BoundsOfEveryKind) {
  const auto bounds = [](std::string_view lines) {
    const MpsModel m = model_of("BOUNDS\n" + std::string(lines));
    return std::tuple(m.lower[0], m.upper[0], static_cast<bool>(m.integer[0]));
  };
  EXPECT_EQ(bounds(""), std::tuple(0, kInfinity, false));
  EXPECT_EQ(bounds(" UP b x 3\n"), std::tuple(0, 3, false));
  EXPECT_EQ(bounds(" UP b x 0\n"), std::tuple(0, 0, false));
  EXPECT_EQ(bounds(" UP b x -3\n"), std::tuple(-kInfinity, -3, false));
  EXPECT_EQ(bounds(" UP b x -3\n LO b x -5\n"), std::tuple(-5, -3, false));
  EXPECT_EQ(bounds(" LO b x 2\n"), std::tuple(2, kInfinity, false));
  EXPECT_EQ(bounds(" FX b x 2\n"), std::tuple(2, 2, false));
  EXPECT_EQ(bounds(" FR b x\n"), std::tuple(-kInfinity, kInfinity, false));
  EXPECT_EQ(bounds(" MI b x\n UP b x 5\n"), std::tuple(-kInfinity, 5, false));
  EXPECT_EQ(bounds(" PL b x\n"), std::tuple(0, kInfinity, false));
  EXPECT_EQ(bounds(" BV b x\n"), std::tuple(0, 1, true));
  EXPECT_EQ(bounds(" LI b x -2\n UI b x 6\n"), std::tuple(-2, 6, true));
  EXPECT_EQ(bounds(" UP b x 1e30\n LO b x -inf\n"), std::tuple(-kInfinity, kInfinity, false));
  EXPECT_EQ(bounds(" UP x 3\n"), std::tuple(0, 3, false));  // no set name
  EXPECT_EQ(bounds(" FR x\n"), std::tuple(-kInfinity, kInfinity, false));
  EXPECT_EQ(bounds(" LO b x 5\n UP b x 3\n"), std::tuple(5, 3, false));  // infeasible, not malformed
}

TEST(MpsTest, ObjectiveSenseInlineAndOnTheNextLine) {
  EXPECT_TRUE(parse_mps("OBJSENSE MAX\n" + with_tail(""), "t").maximize);
  EXPECT_TRUE(parse_mps("OBJSENSE\n MAXIMIZE\n" + with_tail(""), "t").maximize);
  EXPECT_TRUE(parse_mps("OBJSENSE\n  max\n" + with_tail(""), "t").maximize);
  EXPECT_FALSE(parse_mps("OBJSENSE Minimize\n" + with_tail(""), "t").maximize);
  EXPECT_FALSE(parse_mps("OBJSENSE MINIMIZE\n" + with_tail(""), "t").maximize);
  EXPECT_THAT(refusal_of("OBJSENSE DOWN\n" + with_tail("")), HasSubstr("t.mps:1 (OBJSENSE): 'DOWN' is neither"));
  EXPECT_THAT(refusal_of("OBJSENSE MAX\n MIN\n" + with_tail("")), HasSubstr("second objective sense"));
}

TEST(MpsTest, ExponentsAsFortranWritesThem) {
  const MpsModel m = model_of("RHS\n R1 1.5D+01 R2 -2d-1\n");
  EXPECT_EQ(m.row_upper[0], 15);
  EXPECT_EQ(m.row_lower[1], -0.2);
}

TEST(MpsTest, FixedFormatNamesMayHoldBlanks) {
  const MpsModel m = parse_mps(
      "NAME          MY MODEL\n"
      "ROWS\n"
      " N  THE COST\n"
      " L  ROW 1\n"
      "COLUMNS\n"
      "    COL ONE   THE COST            1.   ROW 1               2.\n"
      "    COL 2     ROW 1               3.\n"
      "RHS\n"
      "              ROW 1               4.\n"
      "BOUNDS\n"
      " UP MY BND    COL ONE             5.\n"
      " FR MY BND    COL 2\n"
      "ENDATA\n",
      "fixed");
  EXPECT_EQ(m.name, "MY MODEL");
  EXPECT_EQ(m.objective_name, "THE COST");
  EXPECT_THAT(m.column_names, ElementsAre("COL ONE", "COL 2"));
  EXPECT_THAT(m.entry_value, ElementsAre(2, 3));
  EXPECT_THAT(m.row_upper, ElementsAre(4));
  EXPECT_THAT(m.upper, ElementsAre(5, kInfinity));
  EXPECT_THAT(m.lower, ElementsAre(0, -kInfinity));
}

TEST(MpsTest, LineEndingsTabsAndComments) {
  std::string text = with_tail("RHS\n\tRHS\tR1\t+1.5e1\n\n   \n* note\n");
  const MpsModel unix_model = parse_mps(text, "t");
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 2)) text.insert(at, "\r");
  EXPECT_EQ(parse_mps(text, "t"), unix_model);
  EXPECT_EQ(unix_model.row_upper[0], 15);
  EXPECT_EQ(parse_mps(with_tail("") + "ROWS after the end is ignored", "t").row_names.size(), 3u);
}

TEST(MpsTest, RefusesABrokenFrame) {
  EXPECT_THAT(refusal_of(""), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal_of("* only a comment\n"), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal_of("NAME t\nROWS\n N obj\nCOLUMNS\n x obj 1\n"),
              HasSubstr("t.mps:5 (COLUMNS): the file ends without ENDATA"));
  EXPECT_THAT(refusal_of("NAME t\nQUADOBJ\n"), HasSubstr("t.mps:2 (NAME): unknown section 'QUADOBJ'"));
  EXPECT_THAT(refusal_of(" x obj 1\n"), HasSubstr("a data line where a section must begin"));
  EXPECT_THAT(refusal_of("NAME t\nCOLUMNS\n"), HasSubstr("COLUMNS before ROWS"));
  EXPECT_THAT(refusal_of("ROWS\n N o\nRHS\n"), HasSubstr("RHS before COLUMNS"));
  EXPECT_THAT(refusal_of("ROWS\n N o\nROWS\n"), HasSubstr("ROWS appears twice"));
  EXPECT_THAT(refusal_of("ROWS\n L r\nCOLUMNS\n"), HasSubstr("no N row"));
  EXPECT_THAT(refusal_of("ROWS x\n"), HasSubstr("'x' after the section's name"));
}

TEST(MpsTest, RefusesBrokenRowsAndColumns) {
  EXPECT_THAT(refusal_of("ROWS\n N o\n X r\n"), HasSubstr("t.mps:3 (ROWS): row type 'X'"));
  EXPECT_THAT(refusal_of("ROWS\n N o\n L r\n L r\n"), HasSubstr("row 'r' appears twice"));
  EXPECT_THAT(refusal_of("ROWS\n N o more\n"), HasSubstr("3 fields, a row has 2"));
  EXPECT_THAT(refusal_of("ROWS\n N " + std::string(300, 'n') + "\n"), HasSubstr("a name of 300 characters"));
  const std::string rows = "ROWS\n N o\n L limit\nCOLUMNS\n";
  EXPECT_THAT(refusal_of(rows + " x limt 1\n"), HasSubstr("unknown row 'limt'; did you mean 'limit'?"));
  EXPECT_THAT(refusal_of(rows + " x limit one\n"), HasSubstr("t.mps:5 (COLUMNS): 'one' is not a number"));
  EXPECT_THAT(refusal_of(rows + " x limit 1.5z\n"), HasSubstr("'1.5z' is not a number"));
  EXPECT_THAT(refusal_of(rows + " x limit 1d\n"), HasSubstr("'1d' is not a number"));
  EXPECT_THAT(refusal_of(rows + " x limit 1D2D3\n"), HasSubstr("'1D2D3' is not a number"));
  EXPECT_THAT(refusal_of(rows + " x limit +-1\n"), HasSubstr("'+-1' is not a number"));
  EXPECT_THAT(refusal_of(rows + " x limit nan\n"), HasSubstr("'nan' is not a number"));
  EXPECT_THAT(refusal_of(rows + " x limit inf\n"), HasSubstr("'inf' is infinite; only bounds may be"));
  EXPECT_THAT(refusal_of(rows + " x limit 1e999\n"), HasSubstr("outside the range of a double"));
  EXPECT_THAT(refusal_of(rows + " x limit\n"), HasSubstr("2 fields"));
  EXPECT_THAT(refusal_of(rows + " x limit 1 limit 2\n"), HasSubstr("second entry of column 'x' in row 'limit'"));
  EXPECT_THAT(refusal_of(rows + " x limit 1\n x limit 1\n"), HasSubstr("second entry"));
  EXPECT_THAT(refusal_of(rows + " x o 1\n y o 1\n x limit 1\n"), HasSubstr("column 'x' appears again"));
  EXPECT_THAT(refusal_of(rows + " m 'MARKER' 'SOS'\n"), HasSubstr("marker 'SOS'"));
}

TEST(MpsTest, RefusesBrokenRightHandSidesRangesAndBounds) {
  const auto tail = [](std::string_view text) { return refusal_of(with_tail(text)); };
  EXPECT_THAT(tail("RHS\n RHS nope 1\n"), HasSubstr("t.mps:11 (RHS): unknown row 'nope'"));
  EXPECT_THAT(tail("RHS\n RHS R1 1\n RHS R1 2\n"), HasSubstr("second right-hand side of row 'R1'"));
  EXPECT_THAT(tail("RHS\n RHS R1 1e31 R2 inf\n"), HasSubstr("'inf' is infinite"));
  EXPECT_THAT(tail("RANGES\n RNG R1 1\n RNG R1 2\n"), HasSubstr("second range of row 'R1'"));
  EXPECT_THAT(tail("RANGES\n RNG obj 1\n"), HasSubstr("a range on 'obj', which is an N row"));
  EXPECT_THAT(tail("BOUNDS\n UP b z 1\n"), HasSubstr("unknown column 'z'"));
  EXPECT_THAT(tail("BOUNDS\n XX b x 1\n"), HasSubstr("bound type 'XX'"));
  EXPECT_THAT(tail("BOUNDS\n UP b x 1\n UP b x 2\n"), HasSubstr("second upper bound of column 'x'"));
  EXPECT_THAT(tail("BOUNDS\n MI b x\n LO b x 2\n"), HasSubstr("second lower bound of column 'x'"));
  EXPECT_THAT(tail("BOUNDS\n LO b x 1e30\n"), HasSubstr("lower bound of column 'x' is +infinity"));
  EXPECT_THAT(tail("BOUNDS\n UP b x -inf\n"), HasSubstr("upper bound of column 'x' is -infinity"));
  EXPECT_THAT(tail("BOUNDS\n UP b x nan\n"), HasSubstr("'nan' is not a number"));
  EXPECT_THAT(tail("BOUNDS\n UP b x 1 2\n"), HasSubstr("5 fields, a bound has"));
}

TEST(MpsTest, WriterRefusesWhatTheFormatCannotHold) {
  const auto write = [](auto change) {
    MpsModel model = parse_mps(kSmall, "small");
    change(model);
    return refusal([&] { to_mps(model); });
  };
  EXPECT_THAT(write([](MpsModel& m) { m.row_names[0] = "two words"; }), HasSubstr("'two words' cannot stand"));
  EXPECT_THAT(write([](MpsModel& m) { m.column_names[0] = ""; }), HasSubstr("cannot stand in free format"));
  EXPECT_THAT(write([](MpsModel& m) { m.lower.pop_back(); }), HasSubstr("differ in length"));
  EXPECT_THAT(write([](MpsModel& m) { m.row_upper[0] = kInfinity; }), HasSubstr("row 'LIM1' of type L"));
  EXPECT_THAT(write([](MpsModel& m) { m.entry_row[0] = 3; }), HasSubstr("violates [0, 3)"));
  EXPECT_THAT(write([](MpsModel& m) { m.entry_column[0] = 2; }), HasSubstr("not in column order"));
  EXPECT_THAT(write([](MpsModel& m) { m.objective[0] = kInfinity; }), HasSubstr("objective = inf violates finite"));
  EXPECT_THAT(write([](MpsModel& m) { m.lower[0] = kInfinity; }), HasSubstr("column 'X' cannot have bounds"));
}

// The eight Netlib models against the list made with other readers.
class MpsNetlibTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("FATHOM_DATA");
    if (data != nullptr) folder_ = std::filesystem::path(data) / "netlib";
    if (folder_.empty() || !std::filesystem::exists(folder_ / "index.json")) {
      GTEST_SKIP() << "FATHOM_DATA does not name a folder with netlib/index.json; the Netlib models are not checked";
    }
  }
  std::filesystem::path folder_;
};

TEST_F(MpsNetlibTest, CountsMatchTheIndex) {
  const auto index = parse_json(base::read_file(folder_ / "index.json"), "test", "index.json");
  ASSERT_EQ(index.size(), 8u);
  for (const auto& [name, facts] : index.items()) {
    SCOPED_TRACE(name);
    const MpsModel m = read_mps(folder_ / (name + ".mps"));
    for (const char sense : {'L', 'G', 'E'}) {
      const auto rows = std::count(m.row_sense.begin(), m.row_sense.end(), sense);
      EXPECT_EQ(rows, facts["rows"].value(std::string(1, sense), 0));
    }
    EXPECT_EQ(m.column_names.size(), facts["cols"].get<std::size_t>());
    EXPECT_EQ(m.entry_value.size(), facts["nnz_excl_obj"].get<std::size_t>());
    const auto bounded = std::count_if(m.upper.begin(), m.upper.end(), [](double u) { return u < kInfinity; });
    EXPECT_EQ(bounded, facts["bounds"].value("UP", 0));
    EXPECT_EQ(std::count(m.lower.begin(), m.lower.end(), 0.0), static_cast<std::ptrdiff_t>(m.lower.size()));
    const auto ranged = [&](std::size_t i) {
      const double width = m.row_upper[i] - m.row_lower[i];
      return std::isfinite(width) && width > 0;
    };
    std::int64_t ranges = 0;
    for (std::size_t i = 0; i < m.row_names.size(); ++i) ranges += ranged(i);
    EXPECT_EQ(ranges, facts["ranges"].get<std::int64_t>());
    EXPECT_EQ(parse_mps(to_mps(m), name), m);
  }
}

TEST_F(MpsNetlibTest, AfiroHasItsKnownNumbers) {
  const MpsModel m = read_mps(folder_ / "afiro.mps");
  EXPECT_EQ(m.name, "AFIRO");
  EXPECT_EQ(m.objective_name, "COST");
  EXPECT_EQ(m.column_names.front(), "X01");
  EXPECT_EQ(m.column_names.back(), "X39");
  EXPECT_FALSE(m.maximize);
}

double small_value() { return *rc::gen::inRange(-64, 65) / 8.0; }  // exact under addition and subtraction

MpsModel arbitrary_model() {
  MpsModel m{.name = "two words", .maximize = *rc::gen::arbitrary<bool>()};
  m.objective_name = "obj";
  m.objective_constant = small_value();
  const int rows = *rc::gen::inRange(0, 6), columns = *rc::gen::inRange(0, 6);
  for (int i = 0; i < rows; ++i) {
    const char sense = *rc::gen::element('L', 'G', 'E');
    const double low = small_value(), high = low + std::abs(small_value());
    const bool ranged = *rc::gen::arbitrary<bool>();
    m.row_names.push_back(fmt::format("r{}", i));
    m.row_sense.push_back(sense);
    m.row_lower.push_back(sense == 'L' && !ranged ? -kInfinity : low);
    m.row_upper.push_back(sense == 'G' && !ranged ? kInfinity : sense == 'E' && !ranged ? low : high);
  }
  for (int j = 0; j < columns; ++j) {
    const double low = *rc::gen::element(-kInfinity, 0.0, small_value());
    m.column_names.push_back(fmt::format("*c{}", j));
    m.objective.push_back(small_value());
    m.lower.push_back(low);
    m.upper.push_back(*rc::gen::element(kInfinity, 0.0, small_value()));
    m.integer.push_back(*rc::gen::arbitrary<bool>());
    for (int i = 0; i < rows; ++i) {
      if (*rc::gen::arbitrary<bool>()) continue;
      m.entry_row.push_back(i);
      m.entry_column.push_back(j);
      m.entry_value.push_back(*rc::gen::arbitrary<double>());
    }
  }
  return m;
}

RC_GTEST_PROP(MpsProperty, WritingThenReadingGivesTheSame, ()) {
  const MpsModel model = arbitrary_model();
  RC_ASSERT(parse_mps(to_mps(model), "memory") == model);
}

RC_GTEST_PROP(MpsProperty, NoTruncationIsTakenForAModel, ()) {
  const std::string text = to_mps(arbitrary_model());
  const auto cut = *rc::gen::inRange<std::size_t>(0, text.size() - 1);  // the last line break may go
  RC_ASSERT_THROWS_AS(parse_mps(text.substr(0, cut), "cut"), Error);
}

}  // namespace
}  // namespace fathom::io
