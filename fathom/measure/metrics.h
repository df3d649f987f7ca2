// How far a prediction is from its target, row by row. summarize() turns rows into mean, std and max.
//
//   a, b: (B, ...) of one shape, b the target. Sums are in double. A row with NaN gives NaN (infinity gives what the
//   formula gives) and touches no other.
// Errors (fathom::Error): shapes that differ, no batch dimension.
#pragma once

#include <vector>

#include "fathom/tensor/tensor.h"

namespace fathom::measure {

// ||a_k - b_k|| / (||b_k|| + offset). offset = 0: the usual relative error, 0 where both are 0. offset = 1: the error
// that the linear-program experiments report, mean_k ||a_k - b_k|| / (||b_k|| + 1).
std::vector<double> rel_l2(const Tensor& a, const Tensor& b, double offset = 0);

// mean over the row of (a - b)^2
std::vector<double> mse(const Tensor& a, const Tensor& b);

// 10 log10(range^2 / mse) in dB; infinity where a = b. `range` is what the data can span: 1 for images in [0, 1], 255
// for bytes. Errors: range not positive.
std::vector<double> psnr(const Tensor& a, const Tensor& b, double range);

}  // namespace fathom::measure
