// Parity with the original SpectralConv2d of the paper's PDE case study. Tolerance of the fixture set's README.json:
// 1e-4 relative with 1e-5 of the tensor's largest entry.
#include "fathom/tensor/spectral_op.h"

#include <cmath>
#include <string>
#include <vector>

#include <ATen/ops/view_as_complex.h>

#include <gtest/gtest.h>

#include "fathom/io/safetensors.h"
#include "fathom/tensor/convert.h"
#include "tests/support/golden.h"

namespace fathom::tensor {
namespace {

Tensor tensor_of(const io::Safetensors& file, const std::string& name) {
  const io::TensorRecord& record = file.at(name);
  return from_doubles(io::to_doubles(record), record.shape, at::kFloat);
}

void expect_parity(const Tensor& ours, const Tensor& theirs) {
  ASSERT_EQ(ours.sizes(), theirs.sizes());
  const double scale = theirs.abs().max().item<double>();
  const std::vector<double> a = to_doubles(ours), b = to_doubles(theirs);
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4 * std::abs(b[i]) + 1e-5 * scale) << i;
}

TEST(GoldenSpectral, EqualsTheOriginalLayer) {
  int cases = 0;
  for (const test::GoldenFile& golden : test::golden_files("pde")) {
    if (!golden.has("sc.in")) continue;
    SCOPED_TRACE(golden.path.string());
    const io::Safetensors file = io::read_safetensors(golden.path);
    const Tensor x = tensor_of(file, "sc.in"), want = tensor_of(file, "sc.out");
    const Tensor w1 = at::view_as_complex(tensor_of(file, "w.conv.weights1"));
    const Tensor w2 = at::view_as_complex(tensor_of(file, "w.conv.weights2"));
    expect_parity(spectral_conv2d(x, w1, w2), want);
    expect_parity(spectral_conv2d_fft(x, w1, w2), want);
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace fathom::tensor
