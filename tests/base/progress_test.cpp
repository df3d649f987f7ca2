#include "fathom/base/progress.h"

#include <cmath>
#include <cstdio>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/log.h"

namespace fathom::base {
namespace {

using testing::HasSubstr;
using testing::Not;

// A stream whose text can be read.
class Capture {
 public:
  Capture() : stream_(std::tmpfile()) {}
  ~Capture() { std::fclose(stream_); }
  std::FILE* stream() const { return stream_; }
  std::string text() const {
    std::rewind(stream_);
    std::string out;
    for (int c = std::fgetc(stream_); c != EOF; c = std::fgetc(stream_)) out += static_cast<char>(c);
    return out;
  }

 private:
  std::FILE* stream_;
};

class ProgressLine : public testing::Test {
 protected:
  void SetUp() override { level_ = level(); }
  void TearDown() override { set_level(level_); }

  ProgressOptions options(bool terminal, double interval) const {
    return {.stream = capture_.stream(), .terminal = terminal, .redraw_seconds = interval, .line_seconds = interval};
  }

  Capture capture_;
  Level level_{};
};

TEST_F(ProgressLine, TellsCountRateAndTimeLeft) {
  const Progress progress("train", 1000, 0, options(false, 1e9));
  EXPECT_EQ(progress.line(120, 4, "loss 0.31"), "train  120/1000  12%  30/s  ETA 0:29  loss 0.31");
  EXPECT_EQ(progress.line(1000, 40, ""), "train  1000/1000  100%  25/s  in 0:40");
  EXPECT_EQ(progress.line(999, 40, ""), "train  999/1000  99%  25/s  ETA 0:00") << "not 100% before the end";
  EXPECT_EQ(progress.line(0, 0, ""), "train  0/1000  0%  0/s  in 0:00");
}

TEST_F(ProgressLine, AResumedJobCountsTheRateFromWhereItBegan) {
  const Progress progress("train", 100, 50, options(false, 1e9));
  EXPECT_EQ(progress.line(60, 5, ""), "train  60/100  60%  2/s  ETA 0:20");
}

TEST_F(ProgressLine, AnUnknownTotalHasNoTimeLeft) {
  const Progress progress("read", 0, 0, options(false, 1e9));
  EXPECT_EQ(progress.line(7, 2, ""), "read  7  3.5/s  in 0:02");
}

TEST_F(ProgressLine, ATerminalHasABar) {
  const Progress progress("x", 4, 0, options(true, 1e9));
  EXPECT_THAT(progress.line(1, 1, ""), HasSubstr("[======                  ]"));
  EXPECT_THAT(progress.line(9, 1, ""), HasSubstr("[========================]")) << "more than the total fills it";
}

TEST_F(ProgressLine, ALogHasWholeLinesAndFewOfThem) {
  {
    Progress progress("x", 1000, 0, options(false, 1e9));
    for (int i = 1; i <= 1000; ++i) progress.update(i, "note");
  }
  const std::string text = capture_.text();
  EXPECT_THAT(text, testing::StartsWith("x  1000/1000  100%"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << "the last line only, from the destructor";
  EXPECT_THAT(text, HasSubstr("note"));
}

TEST_F(ProgressLine, FinishIsSaidOnce) {
  {
    Progress progress("x", 2, 0, options(false, 0));
    progress.update(1);
    progress.update(2);
    progress.finish("done");
  }
  const std::string text = capture_.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, testing::EndsWith("done\n"));
}

TEST_F(ProgressLine, ATerminalIsRedrawnInPlace) {
  Progress progress("x", 2, 0, options(true, 0));
  progress.update(1);
  const std::string text = capture_.text();
  EXPECT_THAT(text, testing::StartsWith("\r\033[K"));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST_F(ProgressLine, QuietMeansSilent) {
  set_level(Level::warning);
  {
    Progress progress("x", 2, 0, options(false, 0));
    progress.update(1);
  }
  EXPECT_EQ(capture_.text(), "");
}

TEST_F(ProgressLine, AFileIsNoTerminal) { EXPECT_FALSE(is_terminal(capture_.stream())); }

TEST(ClockText, ReadsLikeAClock) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(7.4), "0:07");
  EXPECT_EQ(clock_text(59.6), "1:00");
  EXPECT_EQ(clock_text(750), "12:30");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  for (const double odd : {-1.0, 1e300, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    EXPECT_EQ(clock_text(odd), "-");
}

}  // namespace
}  // namespace fathom::base
