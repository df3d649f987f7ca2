// Forcings with their steady flows as batched tensors, and the stage of a run that draws them.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "fathom/domain/pde/data_options.h"
#include "fathom/tensor/tensor.h"

namespace fathom::pde {

struct FlowSet {
  Tensor forcing;    // [N, 2, H, W] float32: f1 along axis 0 (x), f2 along axis 1 (y)
  Tensor vorticity;  // [N, H, W] float32
  Tensor residual;   // [N] float64, ||u.grad w - nu lap w - curl f|| / ||curl f||, before the rounding to float32
  Tensor draw;       // [N] int64, the number of the draw (Generator::draw) or of the sample in its file

  std::int64_t size() const { return vorticity.size(0); }
  std::int64_t grid() const { return vorticity.size(1); }
};

struct FlowData {
  FlowSet train, test;
  double viscosity = 0;
  std::string sha256;                        // of the numbers of both parts
  std::map<std::string, double> statistics;  // facts about the draw: solved share, seconds, residuals, ...
  std::string draw;                          // what it was drawn with (seed and options), to recognise it
};

// Draws the flows, or reads them back when the folder holds the same draw. Pairs whose solve failed are counted in the
// statistics and left out; others take their place. Writes DIR/data.safetensors; an interrupted draw leaves its parts
// in DIR/data.parts and goes on from them. Nothing: interrupted by `stop`. Errors (fathom::Error): options out of their
// bounds, a file that holds no flows of this form, hardly any pair solved.
std::optional<FlowData> make_data(const DataConfig& config, const std::filesystem::path& folder, std::uint64_t seed,
                                  const std::atomic<bool>* stop = nullptr);

std::string hash_of(const FlowData& data);
void save_data(const std::filesystem::path& path, const FlowData& data);
FlowData load_data(const std::filesystem::path& path);  // Errors: not such a file, or changed since (hash)

}  // namespace fathom::pde
