// A case of the imaging parity set, and closeness as the set's README.json allows it: 1e-4 relative with 1e-5 of the
// tensor's largest entry, gradients against the file's largest gradient, weights after Adam steps 5e-4.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>

#include "fathom/io/safetensors.h"
#include "fathom/nn/drunet.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/tensor_file.h"
#include "tests/support/golden.h"

namespace fathom::imaging {

struct GoldenCase {
  std::string name;
  std::map<std::string, std::string> metadata;
  io::Safetensors file;

  Tensor at(const std::string& tensor) const { return train::from_record(file.at(tensor)); }
  double number(const std::string& tensor) const { return at(tensor).item<double>(); }
  double setting(const std::string& key) const { return std::stod(metadata.at(key)); }

  // cfg: C, blocks, four widths, ...
  nn::DrunetOptions network() const {
    const std::vector<std::int64_t> cfg = io::to_int64s(file.at("cfg"));
    return {.channels = cfg[0], .widths = {cfg[2], cfg[3], cfg[4], cfg[5]}, .blocks = cfg[1]};
  }
};

inline std::vector<GoldenCase> golden_cases_with(const std::string& tensor) {
  std::vector<GoldenCase> cases;
  for (const test::GoldenFile& file : test::golden_files("imaging")) {
    if (file.has(tensor))
      cases.push_back({file.path.filename().string(), file.metadata, io::read_safetensors(file.path)});
  }
  return cases;
}

// |ours - theirs| <= rtol |theirs| + atol, elementwise.
inline void expect_close(const Tensor& ours, const Tensor& theirs, double rtol, double atol, const std::string& what) {
  ASSERT_EQ(ours.sizes(), theirs.sizes()) << what;
  const std::vector<double> a = tensor::to_doubles(ours), b = tensor::to_doubles(theirs);
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], rtol * std::abs(b[i]) + atol) << what << " " << i;
}

inline void expect_parity(const Tensor& ours, const Tensor& theirs, const std::string& what) {
  expect_close(ours, theirs, 1e-4, 1e-5 * theirs.abs().max().item<double>(), what);
}

// The largest entry of the file's tensors under that prefix.
inline double largest_entry(const GoldenCase& c, const std::string& prefix) {
  double largest = 0;
  for (const io::TensorRecord& record : c.file.tensors) {
    if (!record.name.starts_with(prefix)) continue;
    for (const double g : io::to_doubles(record)) largest = std::max(largest, std::abs(g));
  }
  return largest;
}

}  // namespace fathom::imaging
