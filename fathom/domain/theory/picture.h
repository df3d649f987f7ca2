// Pieces of the study's pictures: lines over the drawn points of a target, with gaps at its poles.
#pragma once

#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/domain/theory/probed.h"

namespace fathom::theory {

// Values of the drawn points, at most about 240 of them; six digits are kept.
base::Figure::Line drawn_line(const std::string& name, const Probed& probed, const std::vector<double>& values);

// The norm of each drawn row of y (N, n); for n = 1 the value itself.
std::vector<double> drawn_values(const Probed& probed, const Tensor& y);

base::Figure::Line line(const std::string& name, std::vector<double> x, std::vector<double> y);

// Whether an axis should be logarithmic: all values positive, the greatest 20 times the least or more.
bool spans_decades(const std::vector<double>& values);

// Four significant digits: "2.5e+03", "0.0312".
std::string short_number(double value);

}  // namespace fathom::theory
