// Heat maps side by side: each a small picture inside the SVG, with its title and the range of its colours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/base/record.h"

namespace fathom::report {

// Signed fields (low = -high) in the diverging colours, others in the sequential ones; a bar of the colours below.
// Colour pictures as they are, with their note in place of a range, and no bar.
// Errors (fathom::Error): a panel of another number of points.
std::string to_svg(const base::FieldFigure& figure);

// The panels alone as a PNG picture, without titles: `scale` x `scale` pixels a point, a narrow gap between panels.
// Errors: as above, signed and other fields in one figure, a colour picture, scale < 1.
std::vector<std::uint8_t> to_png(const base::FieldFigure& figure, std::int64_t scale = 1);

}  // namespace fathom::report
