// A field as a panel of a figure.
#pragma once

#include <string>

#include "fathom/base/record.h"
#include "fathom/tensor/tensor.h"

namespace fathom::pde {

// field (H, W), its axis 0, x, to the right and y upwards; colours from -range to range, what lies beyond cut off.
base::FieldFigure::Panel panel_of(const std::string& title, const Tensor& field, double range);

double range_of(const Tensor& field);  // the largest magnitude, above 0

}  // namespace fathom::pde
