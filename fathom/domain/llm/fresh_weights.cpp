#include "fathom/domain/llm/fresh_weights.h"

#include <cmath>
#include <string_view>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "fathom/base/seed.h"
#include "fathom/tensor/convert.h"

namespace fathom::llm {

namespace {

constexpr double kCut = 3;  // deviations

double truncated_normal(base::Random& random) {
  double z = random.normal();
  while (std::abs(z) > kCut) z = random.normal();
  return z;
}

double branch_deviation(const ModelConfig& c) {
  return c.init_std / std::sqrt(2.0 * static_cast<double>(c.prelude + c.core * c.recurrences + c.coda));
}

bool ends_branch(std::string_view name) { return name.ends_with(".proj.weight"); }
bool is_norm(std::string_view name) {
  return name.find(".norm_") != std::string_view::npos || name.ends_with("ln_f.weight");
}
bool is_bias(std::string_view name) { return name.ends_with("bias"); }

}  // namespace

void initialise(Raven& model, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const double inner = model.config().init_std, outer = branch_deviation(model.config());
  for (const auto& item : model.named_parameters()) {
    Tensor parameter = item.value();
    const std::string& name = item.key();
    if (is_norm(name) || is_bias(name)) {
      parameter.fill_(is_norm(name) ? 1 : 0);
      continue;
    }
    base::Random random(base::stream_seed(seed, name));
    std::vector<double> values(static_cast<std::size_t>(parameter.numel()));
    const std::size_t gate = name.ends_with(".fc.weight") ? values.size() / 2 : values.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = (ends_branch(name) || i >= gate ? outer : inner) * truncated_normal(random);
    }
    parameter.copy_(tensor::from_doubles(values, parameter.sizes().vec()));
  }
}

}  // namespace fathom::llm
