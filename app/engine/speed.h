// How fast libtorch is here: half a second of measuring that shows a wrong BLAS or a fight over the cores.
#pragma once

#include <cstdint>
#include <string>

namespace fathom::app {

// Best of several runs on `threads` threads; leaves the process with that many.
struct Speed {
  std::int64_t threads = 1;
  double gemm_gflops = 0;     // float32 product of two 1024 x 1024 matrices: 2 * 1024^3 operations
  double tanh_gelements = 0;  // tanh of 2^20 floats: a loop of libtorch itself, 1e9 elements a second
};

Speed measure_speed(std::int64_t threads);

// The instruction set that libtorch's own loops use: "AVX2", "AVX512", "NO AVX"; "" when it does not say.
std::string libtorch_capability();

}  // namespace fathom::app
