// Which BLAS this process really uses, found in its own memory rather than in what was configured.
#pragma once

#include <string>
#include <vector>

namespace fathom::app {

enum class BlasThreads { none, pthread, openmp, unknown };

struct Blas {
  std::string library;      // the file that holds sgemm_; "" when no such symbol is loaded
  std::string description;  // OpenBLAS's own: "OpenBLAS 0.3.21 ... USE_OPENMP ..."; "" when sgemm_ is another's
  std::string kernels;      // which of its kernels OpenBLAS chose: "SkylakeX"
  BlasThreads threads = BlasThreads::unknown;
  std::vector<std::string> loaded;  // every loaded library that looks like a BLAS or LAPACK

  bool is_openblas() const { return !description.empty(); }
};

Blas find_blas();

std::string to_text(BlasThreads threads);  // "OpenMP", "pthread", ...

}  // namespace fathom::app
