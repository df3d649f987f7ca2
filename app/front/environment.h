// What must be true of the process before libtorch, libgomp and a BLAS are loaded into it.
#pragma once

#include <cstdint>

namespace fathom::app {

// Sets, where the user has not:
//   OMP_WAIT_POLICY=PASSIVE        two spinning OpenMP threads beside another busy process run 10 times slower than one
//   ATEN_CPU_CAPABILITY=avx512     on a CPU that has it; unset, libtorch 1.13 stops at AVX2
// and OMP_NUM_THREADS to `threads` when it is not 0 (a flag wins over the environment).
void prepare_environment(std::int64_t threads);

// Loads the OpenMP build of OpenBLAS, where Debian has it, ahead of the one that the system's alternatives name:
// libtorch then finds its BLAS already there. The pthread build fights libgomp over the cores. Does nothing where it is
// absent.
void prefer_openmp_blas();

}  // namespace fathom::app
