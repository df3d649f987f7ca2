// One axis of a chart: its range, its ticks with labels, and where a value lies on it.
//   Steps are 1, 2 or 5 times a power of ten; a log axis is labelled at powers of ten, and at 2 and
//   5 when it is short. The number of ticks is the greatest whose labels do not touch at the given
//   length.
// Valid for every input: no values, one, all equal, NaN and infinities (ignored), magnitudes up to
// 1e300 (beyond: clamped).
#pragma once

#include <string>
#include <vector>

namespace fathom::report {

enum class Scale { linear, log };

struct AxisOptions {
  Scale scale = Scale::linear;  // log ignores values <= 0
  bool horizontal = true;       // labels need their width, else their height
  double length = 600;          // pixels
  double font_size = 12;        // pixels
  int most_ticks = 9;           // labelled ones, >= 5; rounding the range outwards may add one at each end
  bool integer = false;         // linear: ticks at whole numbers only
  bool tight = false;           // the range is that of the data; else it is widened to round numbers
  bool from_zero = false;       // linear: the range holds zero
};

struct Tick {
  double value = 0;
  std::string label;  // "" on a minor tick
};

struct Axis {
  Scale scale = Scale::linear;
  double low = 0, high = 1;  // low < high; both > 0 on a log axis
  std::vector<Tick> ticks;   // ascending, inside [low, high]; at least two have a label

  // 0 at low, 1 at high, clamped to [0, 1]; NaN for what has no place (NaN; <= 0 on a log axis;
  // infinities).
  double fraction(double value) const;
};

Axis make_axis(const std::vector<double>& values, const AxisOptions& options);

}  // namespace fathom::report
