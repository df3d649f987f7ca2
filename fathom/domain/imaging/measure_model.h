// What one trained model does on the test crops: its figures and its curves over t.
#pragma once

#include <string>
#include <vector>

#include "fathom/domain/imaging/config.h"
#include "fathom/domain/imaging/data.h"
#include "fathom/domain/imaging/run_files.h"
#include "fathom/study/average.h"

namespace fathom::imaging {

// The test crops, some of them with their data perturbed along singular vectors of the blur.
struct TestCrops {
  struct Group {
    std::string name;  // "q = 0.3 (u 12, v 9)": share of the frequencies, place in the half spectrum
    Tensor change;     // dy = A dx, dx = perturbation * singular vector, (1, 3, h, h)
  };
  ImageSet set;
  Blur blur;
  Tensor clean;  // the data that are perturbed
  std::vector<Group> groups;
};

TestCrops test_crops(const Config& config, const ImageData& data);

// psnr, residual ||x_t - x_{t-1}|| / ||x_t||, lipschitz ||x_t(y + dy) - x_t(y)|| / ||dy|| of each group (mean, spread
// and maximum over the crops), and the largest of all groups. The training figure is that of the first crops, as many
// as are tested. protocol = paper: the psnr at t is that of x_{t-1}.
study::Measured measure(const Config& config, const Trained& trained, const ImageData& data, const TestCrops& test);

// An update's memory after `iterations` training iterations over that after one.
double memory_growth(const Config& config, const Trained& trained, const TestCrops& test, std::int64_t iterations);

}  // namespace fathom::imaging
