// How much room text takes: an estimate, since the fonts of the reader are not known.
#pragma once

#include <string>

namespace fathom::report {

// Number of code points of UTF-8 text.
std::size_t code_points(const std::string& text);

// Estimated width in pixels of `text` in a sans-serif face of that size.
double text_width(const std::string& text, double font_size);

// `text` if it is estimated to fit into `width` pixels, else its beginning, an ellipsis and
// its end, where names that begin alike differ.
std::string shortened(const std::string& text, double font_size, double width);

}  // namespace fathom::report
