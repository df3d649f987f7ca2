#include "app/engine/speed.h"

#include <algorithm>
#include <limits>

#include <ATen/Version.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tanh.h>

#include "fathom/base/timer.h"
#include "fathom/tensor/device.h"
#include "fathom/tensor/tensor.h"

namespace fathom::app {

namespace {

constexpr double kBudgetSeconds = 0.25;

// Seconds of the fastest call: at least three, then as many as the budget holds.
template <class Work>
double best_seconds(const Work& work) {
  double best = std::numeric_limits<double>::infinity();
  const base::Timer total;
  for (int run = 0; run < 3 || total.seconds() < kBudgetSeconds; ++run) {
    const base::Timer timer;
    work();
    best = std::min(best, timer.seconds());
  }
  return best;
}

}  // namespace

Speed measure_speed(std::int64_t threads) {
  const std::int64_t n = 1024;
  Speed speed{.threads = tensor::set_threads(threads)};
  const Tensor a = at::rand({n, n}), b = at::rand({n, n}), x = at::rand({n * n});
  Tensor product = at::mm(a, b), y = at::tanh(x);
  speed.gemm_gflops = 2e-9 * static_cast<double>(n * n * n) / best_seconds([&] { at::mm_out(product, a, b); });
  speed.tanh_gelements = 1e-9 * static_cast<double>(n * n) / best_seconds([&] { at::tanh_out(y, x); });
  return speed;
}

std::string libtorch_capability() {
  const std::string config = at::show_config(), key = "CPU capability usage: ";
  const std::size_t at = config.find(key);
  if (at == std::string::npos) return "";
  const std::size_t start = at + key.size();
  return config.substr(start, config.find('\n', start) - start);
}

}  // namespace fathom::app
