// Heat maps side by side: each a small picture inside the SVG, with its title and the range of its colours.
#pragma once

#include <string>

#include "fathom/base/record.h"

namespace fathom::report {

// Signed fields (low = -high) in the diverging colours, others in the sequential ones; a bar of the colours below.
// Errors (fathom::Error): a panel of another number of points.
std::string to_svg(const base::FieldFigure& figure);

}  // namespace fathom::report
