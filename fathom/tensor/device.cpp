#include "fathom/tensor/device.h"

#include <cstdlib>
#include <thread>

#include <omp.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include "fathom/base/error.h"
#include "fathom/tensor/tensor.h"

namespace fathom::tensor {

c10::Device device(std::string_view name) {
  const std::string text(name);
  if (text != "cpu" && !text.starts_with("cuda")) {
    throw UsageError(fmt::format("[tensor::device] device = '{}' violates cpu|cuda|cuda:N; name one of these", text));
  }
  if (text.starts_with("cuda") && !at::globalContext().hasCUDA()) {
    throw UsageError(
        fmt::format("[tensor::device] device = '{}' violates what this libtorch {} offers (CPU only, or no GPU found); "
                    "configure with -DTorch_DIR of a CUDA libtorch, or use --device cpu",
                    text, libtorch_version()));
  }
  try {
    return c10::Device(text);
  } catch (const c10::Error&) {
    throw UsageError(fmt::format("[tensor::device] device = '{}' violates cpu|cuda|cuda:N; N is a number", text));
  }
}

std::int64_t set_threads(std::int64_t threads) {
  if (threads <= 0) {
    const char* asked = std::getenv("OMP_NUM_THREADS");
    const long from_environment = asked ? std::strtol(asked, nullptr, 10) : 0;
    threads = from_environment > 0 ? from_environment : std::max(1u, std::thread::hardware_concurrency());
  }
  at::set_num_threads(static_cast<int>(threads));
  omp_set_num_threads(static_cast<int>(threads));
  return threads;
}

void seed(std::uint64_t value) { at::manual_seed(value); }

void set_deterministic(bool on) { at::globalContext().setDeterministicAlgorithms(on, /*warn_only=*/false); }

std::string libtorch_version() {
  return fmt::format("{}.{}.{}", TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, TORCH_VERSION_PATCH);
}

}  // namespace fathom::tensor
