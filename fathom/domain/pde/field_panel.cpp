#include "fathom/domain/pde/field_panel.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>

#include "fathom/tensor/convert.h"

namespace fathom::pde {

double range_of(const Tensor& field) { return std::max(field.abs().max().item<double>(), 1e-300); }

base::FieldFigure::Panel panel_of(const std::string& title, const Tensor& field, double range) {
  base::FieldFigure::Panel panel{title, -range, range, {}};
  for (const double value : tensor::to_doubles(field.t().flip(0))) {
    const double level = std::isfinite(value) ? 127.5 * (1 + std::clamp(value / range, -1.0, 1.0)) : 127.5;
    panel.level.push_back(static_cast<std::uint8_t>(std::lround(level)));
  }
  return panel;
}

}  // namespace fathom::pde
