#include "fathom/domain/llm/initial_state.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/llm/tensor_rows.h"
#include "fathom/tensor/device.h"

namespace fathom::llm {

namespace {

constexpr double kCut = 3;  // deviations

// A normal number within kCut; the acceptance is 99.7%.
double truncated_normal(std::uint64_t key) {
  base::Random random(key);
  double z = random.normal();
  while (std::abs(z) > kCut) z = random.normal();
  return z;
}

double normal_below(double z) { return (1 + std::erf(z / std::sqrt(2.0))) / 2; }

}  // namespace

InitialState zero_state(const ModelConfig& config) {
  return [width = config.width](std::int64_t, std::int64_t rows, float* x) { std::fill_n(x, rows * width, 0.0f); };
}

InitialState random_state(const ModelConfig& config, std::uint64_t seed) {
  return [width = config.width, deviation = config.embedding_scale * config.init_std, seed](
             std::int64_t first, std::int64_t rows, float* x) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::uint64_t key = base::stream_seed(seed, "state", static_cast<std::uint64_t>(first + r));
      for (std::int64_t c = 0; c < width; ++c) {
        const auto channel = base::mix(key + static_cast<std::uint64_t>(c));
        x[r * width + c] = static_cast<float>(deviation * truncated_normal(channel));
      }
    }
  };
}

InitialState torch_state(const ModelConfig& config) {
  return [c = config](std::int64_t, std::int64_t rows, float* x) {
    at::randn({1, rows, c.width});  // the reference draws these numbers and does not use them
    // Uniform between the cut tails, then the normal quantile function: torch.nn.init.trunc_normal_.
    const double low = normal_below(-kCut), high = normal_below(kCut);
    Tensor state = at::empty({1, rows, c.width}).uniform_(2 * low - 1, 2 * high - 1).erfinv_();
    state.mul_(c.init_std * std::sqrt(2.0)).clamp_(-kCut * c.init_std, kCut * c.init_std);
    rows_to(state * c.embedding_scale, x);
  };
}

InitialState initial_state(std::string_view name, const ModelConfig& config, std::uint64_t seed) {
  if (name == "zero") return zero_state(config);
  if (name == "random") return random_state(config, seed);
  if (name != "torch")
    throw UsageError(
        fmt::format("[llm::initial_state] init = {} violates zero|random|torch; random is what the model "
                    "was trained with",
                    name));
  tensor::seed(seed);
  return torch_state(config);
}

}  // namespace fathom::llm
