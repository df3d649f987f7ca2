#include "fathom/report/axis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "fathom/report/number_text.h"
#include "fathom/report/text_size.h"

namespace fathom::report {

namespace {

constexpr double kGreatest = 1e300;  // room for a range twice as wide, and for one decade more on a log axis
constexpr double kFlat = 1e-6;       // relative width below which values are taken as equal
constexpr double kRounding = 1e-9;   // of a step: ticks are computed, not read
constexpr int kFewest = 4;           // intervals asked of a step: fewer could leave a tight axis with a single tick

struct Range {
  double low, high;
};

double linear_value(double value) {
  return std::abs(value) < 1 / kGreatest ? 0 : std::clamp(value, -kGreatest, kGreatest);
}

// The least and greatest usable value; [1, 0] if there is none.
Range range_of(const std::vector<double>& values, Scale scale) {
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const double value : values) {
    if (!std::isfinite(value) || (scale == Scale::log && value <= 0)) continue;
    const double usable = scale == Scale::log ? std::clamp(value, 1 / kGreatest, kGreatest) : linear_value(value);
    range = {std::min(range.low, usable), std::max(range.high, usable)};
  }
  return range.low <= range.high ? range : Range{1, 0};
}

double power(int exponent) { return std::pow(10.0, exponent); }

int decade_below(double value) { return static_cast<int>(std::floor(std::log10(value) + kRounding)); }

// ---- linear

// The smallest of 1, 2, 5 times a power of ten that is at least `least`.
double round_step(double least) {
  const int exponent = decade_below(least);
  for (const double mantissa : {1.0, 2.0, 5.0}) {
    const double step = mantissa * power(exponent);
    if (step >= least * (1 - kRounding)) return step;
  }
  return power(exponent + 1);
}

Range linear_range(Range range, const AxisOptions& options) {
  if (range.low > range.high) return {0, 1};
  if (options.from_zero) range = {std::min(range.low, 0.0), std::max(range.high, 0.0)};
  const double magnitude = std::max(std::abs(range.low), std::abs(range.high));
  if (range.high - range.low <= kFlat * magnitude) {
    const double half = magnitude == 0 ? 1 : magnitude / 10;
    range = {range.low - half, range.high + half};
  }
  return options.integer ? Range{std::floor(range.low), std::ceil(range.high)} : range;
}

// Decimals of a step of 1, 2 or 5 times a power of ten.
int decimals_of(double step) { return std::max(0, -decade_below(step)); }

std::string linear_label(double value, double step, double magnitude) {
  if (magnitude >= 1e6 || step < 1e-4) {
    const int digits = value == 0 ? 1 : std::max(1, decade_below(std::abs(value)) - decade_below(step) + 1);
    return significant(value, digits);
  }
  return fmt::format("{:.{}f}", value, decimals_of(step));
}

Axis linear_axis(Range range, int count, const AxisOptions& options) {
  double step = round_step((range.high - range.low) / count);
  if (options.integer) step = std::max(step, 1.0);
  double first = std::floor(range.low / step + kRounding), last = std::ceil(range.high / step - kRounding);
  if (options.tight) {
    first = std::ceil(range.low / step - kRounding);
    last = std::floor(range.high / step + kRounding);
  } else {
    range = {first * step, last * step};
  }
  Axis axis{Scale::linear, range.low, range.high, {}};
  const double magnitude = std::max(std::abs(range.low), std::abs(range.high));
  for (int i = 0; i <= static_cast<int>(last - first); ++i) {
    const double value = std::clamp((first + i) * step, range.low, range.high);
    axis.ticks.push_back({value, linear_label(value, step, magnitude)});
  }
  return axis;
}

// ---- log

Range log_range(Range range, const AxisOptions& options) {
  if (range.low > range.high) return {0.1, 10};
  if (range.high > (1 + kFlat) * range.low) return range;
  if (options.tight) return {range.low / 2, range.high * 2};
  return {range.low / 1.001, range.high * 1.001};
}

// The nearest 1, 2 or 5 times a power of ten at or outside `value`.
double round_down(double value) {
  const int exponent = decade_below(value);
  for (const double mantissa : {5.0, 2.0}) {
    if (mantissa * power(exponent) <= value * (1 + kRounding)) return mantissa * power(exponent);
  }
  return power(exponent);
}

double round_up(double value) {
  const int exponent = decade_below(value);
  for (const double mantissa : {1.0, 2.0, 5.0}) {
    if (mantissa * power(exponent) >= value * (1 - kRounding)) return mantissa * power(exponent);
  }
  return power(exponent + 1);
}

std::string log_label(int mantissa, int exponent, bool plain) {
  if (plain) return fmt::format("{:.{}f}", mantissa * power(exponent), std::max(0, -exponent));
  if (mantissa == 1) return power_of_ten(exponent);
  return fmt::format("{}×{}", mantissa, power_of_ten(exponent));
}

// How densely a log axis is marked.
struct LogGrid {
  bool halves;  // 2 and 5 are labelled too
  bool minor;   // 2 to 9 have ticks
  int every;    // of the powers of ten, each so-manieth is labelled
  bool plain;   // 0.01 and not 10⁻²
};

LogGrid log_grid(const Range& range, int count) {
  const double decades = std::log10(range.high) - std::log10(range.low);  // the quotient may overflow
  return {.halves = decades <= 1 || (decades <= 2 && 3 * decades <= count),
          .minor = decades <= 8,
          .every = std::max(1, static_cast<int>(std::ceil(decades / count))),
          .plain = decade_below(range.low) >= -3 && decade_below(range.high) <= 3};
}

std::vector<Tick> log_ticks(const Range& range, const LogGrid& grid) {
  std::vector<Tick> ticks;
  for (int exponent = decade_below(range.low); exponent <= decade_below(range.high); ++exponent) {
    for (int mantissa = 1; mantissa <= (grid.minor ? 9 : 1); ++mantissa) {
      const double value = mantissa * power(exponent);
      if (value < range.low * (1 - kRounding) || value > range.high * (1 + kRounding)) continue;
      const bool half = grid.halves && (mantissa == 2 || mantissa == 5);
      const bool labelled = half || (mantissa == 1 && exponent % grid.every == 0);
      const double inside = std::clamp(value, range.low, range.high);
      ticks.push_back({inside, labelled ? log_label(mantissa, exponent, grid.plain) : ""});
    }
  }
  return ticks;
}

std::size_t labelled(const std::vector<Tick>& ticks) {
  return static_cast<std::size_t>(
      std::count_if(ticks.begin(), ticks.end(), [](const Tick& t) { return !t.label.empty(); }));
}

Axis log_axis(Range range, int count, const AxisOptions& options) {
  if (!options.tight) range = {round_down(range.low), round_up(range.high)};
  Axis axis{Scale::log, range.low, range.high, log_ticks(range, log_grid(range, count))};
  // Between two powers of ten, away from 2 and 5, the round numbers are those of a linear axis.
  if (labelled(axis.ticks) < 2) axis.ticks = linear_axis(range, count, {.tight = true}).ticks;
  return axis;
}

// ---- fitting

// True if neighbouring labels keep a gap of one character (or half a line) at this length.
bool labels_fit(const Axis& axis, const AxisOptions& options) {
  double end = -std::numeric_limits<double>::infinity();
  for (const Tick& tick : axis.ticks) {
    if (tick.label.empty()) continue;
    const double size = options.horizontal ? text_width(tick.label, options.font_size) : options.font_size;
    const double centre = axis.fraction(tick.value) * options.length;
    if (centre - size / 2 < end + options.font_size / 2) return false;
    end = centre + size / 2;
  }
  return true;
}

}  // namespace

double Axis::fraction(double value) const {
  if (!std::isfinite(value) || (scale == Scale::log && value <= 0)) return std::numeric_limits<double>::quiet_NaN();
  const double clamped = std::clamp(value, low, high);
  if (scale == Scale::log) return (std::log(clamped) - std::log(low)) / (std::log(high) - std::log(low));
  return (clamped - low) / (high - low);
}

Axis make_axis(const std::vector<double>& values, const AxisOptions& options) {
  const bool log = options.scale == Scale::log;
  const Range data = range_of(values, options.scale);
  const Range range = log ? log_range(data, options) : linear_range(data, options);
  int count = std::max(kFewest, options.most_ticks - 1);
  Axis axis = log ? log_axis(range, count, options) : linear_axis(range, count, options);
  while (count > 1 && !labels_fit(axis, options)) {
    --count;
    Axis sparser = log ? log_axis(range, count, options) : linear_axis(range, count, options);
    if (labelled(sparser.ticks) < 2) break;
    axis = std::move(sparser);
  }
  return axis;
}

}  // namespace fathom::report
