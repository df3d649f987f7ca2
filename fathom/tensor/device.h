// Where and with how many threads libtorch works.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <c10/core/Device.h>

namespace fathom::tensor {

// "cpu", "cuda", "cuda:1". Errors: an unknown word (nearest named), or CUDA asked of a libtorch built without it or
// on a machine without a GPU.
c10::Device device(std::string_view name);

// Sets the threads of ATen and of OpenMP. 0: OMP_NUM_THREADS when set, else the number of cores. Returns the number
// used.
std::int64_t set_threads(std::int64_t threads);

// Seeds libtorch's generators (CPU, and CUDA where present).
void seed(std::uint64_t value);

// Refuse operations whose result can differ between runs (at::globalContext's deterministic algorithms).
void set_deterministic(bool on);

std::string libtorch_version();  // "1.13.1"

}  // namespace fathom::tensor
