// Which images a study trains and tests on, and how they are blurred. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"

namespace fathom::imaging {

struct DataConfig {
  std::string folder;     // with train/ and test/ full of PNG and JPEG files; "": they are drawn
  std::string test_file;  // instead of test/
  std::string kernel = "motion:13,35";
  std::int64_t crop = 64;
  std::int64_t test_crop = 0;
  std::int64_t train = 400;
  std::int64_t test = 20;
  double noise = 0.03;
  std::int64_t photos = 40;  // of each part, where they are drawn
  std::int64_t side = 192;   // of those, in pixels

  bool operator==(const DataConfig&) const = default;
  std::int64_t tested_crop() const { return test_crop == 0 ? crop : test_crop; }
  void fields(base::Fields& f) {
    f.add("folder", folder, "photos of your own: a folder with train/ and test/ of PNG or JPEG files; \"\": draw them");
    f.add("test_file", test_file,
          "test photos of one size instead of those of test/: a .npy file of uint8 (N, H, W, 3)");
    f.add("kernel", kernel, "the blur: a .npy or .png file, gaussian:SIGMA, motion:LENGTH,ANGLE or defocus:RADIUS");
    f.add("crop", crop, {.at_least = 32, .at_most = 4096}, "side of the crops, in pixels; a multiple of 8");
    f.add("test_crop", test_crop, {.at_least = 0, .at_most = 4096},
          "side of the crops to test on, at least 32 and a multiple of 8; 0: as those of training");
    f.add("train", train, {.at_least = 1}, "crops to train on, the photos taking turns");
    f.add("test", test, {.at_least = 1}, "crops to test on, one a photo before any photo has a second");
    f.add("noise", noise, {.at_least = 0, .at_most = 1}, "standard deviation of what is added to a blurred crop");
    f.add("photos", photos, {.at_least = 1, .at_most = 100000}, "photos of each part, where they are drawn");
    f.add("side", side, {.at_least = 32, .at_most = 4096}, "side of those, in pixels");
  }
};

}  // namespace fathom::imaging
