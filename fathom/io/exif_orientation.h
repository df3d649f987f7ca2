// How a camera was held: the Exif tag 0x0112, and a picture turned accordingly.
#pragma once

#include <string_view>

#include "fathom/io/image.h"

namespace fathom::io {

// 1 ... 8 from the data of an APP1 segment ("Exif\0\0" and a TIFF structure); 1 when it says nothing or is damaged.
int exif_orientation(std::string_view app1);

// 1 as it is; 2 mirrored; 3 half a turn; 4 upside down; 5 transposed; 6 a quarter turn clockwise; 7 transposed across;
// 8 a quarter turn back. Other numbers count as 1.
Image oriented(const Image& image, int orientation);

}  // namespace fathom::io
