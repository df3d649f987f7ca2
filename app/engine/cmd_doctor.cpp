// fathom doctor: what this machine gives, and in a sentence each what is wrong with it.
#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "app/engine/blas.h"
#include "app/engine/cmd.h"
#include <fmt/ranges.h>

#include "app/engine/machine.h"
#include "app/engine/openmp.h"
#include "app/engine/speed.h"
#include "fathom/base/error.h"
#include "fathom/tensor/caching_allocator.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

struct Findings {
  Machine machine;
  Blas blas;
  std::string capability;    // of libtorch's loops
  std::int64_t threads = 1;  // a run would use
  Speed one, all;            // on one thread, on `threads` or, where they are fewer, the cores: more would only wait
  std::string wait_policy, omp_threads, data;
  std::vector<std::string> openmp;  // runtimes loaded
  bool caching_allocator = false;

  bool has_avx512() const { return machine.features.find("avx512f") != std::string::npos; }
  double gemm_scaling() const { return all.gemm_gflops / one.gemm_gflops; }
  double tanh_scaling() const { return all.tanh_gelements / one.tanh_gelements; }
};

Findings examine(const Request& request) {
  Findings f;
  f.machine = read_machine();
  f.threads = tensor::set_threads(request.run.threads);
  const std::int64_t measured = std::min(f.threads, f.machine.usable_cores());
  f.one = measure_speed(1);
  f.all = measured == 1 ? f.one : measure_speed(measured);
  f.blas = find_blas();
  f.capability = libtorch_capability();
  f.wait_policy = environment("OMP_WAIT_POLICY");
  f.omp_threads = environment("OMP_NUM_THREADS");
  f.data = environment("FATHOM_DATA");
  f.openmp = openmp_runtimes();
  f.caching_allocator = tensor::caching_allocator_in_use();
  return f;
}

using Advice = std::vector<std::string>;

void advise_on_blas(const Findings& f, Advice& advice) {
  constexpr double kSlowGflops = 10;  // a core with AVX2 gives 40 and more
  if (!f.blas.is_openblas() && f.one.gemm_gflops < kSlowGflops) {
    advice.push_back(
        fmt::format("The BLAS is wrong: {} gives {:.1f} GF/s; install libopenblas-openmp-dev (scripts/setup.sh does).",
                    f.blas.library, f.one.gemm_gflops));
  }
  if (f.blas.threads == BlasThreads::pthread) {
    advice.push_back(
        "The BLAS is wrong: OpenBLAS with its own threads fights libtorch's over the cores; install "
        "libopenblas-openmp-dev and choose it with update-alternatives (scripts/setup.sh does).");
  }
  if (f.blas.threads == BlasThreads::none) {
    advice.push_back("The BLAS is wrong: this OpenBLAS has one thread only; install libopenblas-openmp-dev.");
  }
}

// OpenBLAS kernels that know no AVX-512, by the names OPENBLAS_CORETYPE takes.
bool lacks_avx512(const std::string& kernels) {
  return kernels == "Haswell" || kernels == "Zen" || kernels == "Excavator" || kernels == "Sandybridge" ||
         kernels == "Nehalem";
}

void advise_on_kernels(const Findings& f, Advice& advice) {
  const std::string forced = environment("OPENBLAS_CORETYPE");
  if (!f.has_avx512() || !lacks_avx512(f.blas.kernels)) return;
  advice.push_back(forced.empty()
                       ? fmt::format("OpenBLAS chose its {} kernels on a CPU with AVX-512; OPENBLAS_CORETYPE=SkylakeX "
                                     "may double the speed of matrix products.",
                                     f.blas.kernels)
                       : fmt::format("OPENBLAS_CORETYPE={} keeps OpenBLAS from AVX-512; unset, matrix products may be "
                                     "twice as fast.",
                                     forced));
}

void advise_on_threads(const Findings& f, Advice& advice) {
  const std::int64_t threads = f.threads, cores = f.machine.usable_cores();
  constexpr double kPoorScaling = 0.6;  // of the ideal
  if (threads > cores) {
    advice.push_back(fmt::format("The thread count is wrong: {} threads on {} usable cores; set OMP_NUM_THREADS={}.",
                                 threads, cores, cores));
  } else if (threads < cores) {
    advice.push_back(
        fmt::format("The thread count leaves cores idle: {} of {}; raise OMP_NUM_THREADS or --threads unless "
                    "something else needs them.",
                    threads, cores));
  }
  if (f.all.threads > 1 && f.gemm_scaling() < kPoorScaling * static_cast<double>(f.all.threads)) {
    advice.push_back(
        fmt::format("{} threads are only {:.2f} times as fast as one at matrix products: another process is using "
                    "the cores, or they are not real cores; --threads 1 may be faster.",
                    f.all.threads, f.gemm_scaling()));
  }
  if (f.openmp.size() > 1) {
    advice.push_back(
        fmt::format("{} OpenMP runtimes are loaded ({}): each keeps threads of its own, and they fight over "
                    "the cores; build every library against one.",
                    f.openmp.size(), fmt::join(f.openmp, ", ")));
  }
  if (f.wait_policy == "ACTIVE" || f.wait_policy == "active") {
    advice.push_back(
        "OMP_WAIT_POLICY=ACTIVE makes waiting threads spin: beside another busy process a run becomes many times "
        "slower; unset it.");
  }
}

void advise_on_the_rest(const Findings& f, Advice& advice) {
  if (f.has_avx512() && !f.capability.empty() && f.capability != "AVX512") {
    advice.push_back(
        fmt::format("libtorch's loops use {} on a CPU with AVX-512; set ATEN_CPU_CAPABILITY=avx512.", f.capability));
  }
  if (f.machine.huge_pages == "never") {
    advice.push_back(
        "Transparent huge pages are off; large tensors cost more page faults "
        "(/sys/kernel/mm/transparent_hugepage/enabled).");
  }
  if (!f.data.empty() && !std::filesystem::is_directory(f.data)) {
    advice.push_back(
        fmt::format("FATHOM_DATA={} is no folder; commands that read data from outside will not find it.", f.data));
  }
}

Advice advice_on(const Findings& findings) {
  Advice advice;
  advise_on_blas(findings, advice);
  advise_on_kernels(findings, advice);
  advise_on_threads(findings, advice);
  advise_on_the_rest(findings, advice);
  return advice;
}

std::string or_unset(const std::string& value) { return value.empty() ? "(unset)" : value; }

std::string cores_text(const Machine& machine) {
  std::string text = fmt::format("{} cores", machine.cores);
  if (machine.quota > 0) text += fmt::format(" ({:g} by quota)", machine.quota);
  return text;
}

void print_text(const Request& request, const Findings& f, const Advice& advice) {
  const auto line = [](std::string_view name, const std::string& value) { fmt::print("{:<13}{}\n", name, value); };
  line("fathom", fmt::format("{} ({})", request.version, request.git));
  line("libtorch", fmt::format("{}, loops use {}", tensor::libtorch_version(), or_unset(f.capability)));
  line("cpu", fmt::format("{}, {}, {}", f.machine.cpu, cores_text(f.machine), f.machine.features));
  line("memory",
       fmt::format("{:.1f} GB available, huge pages: {}", f.machine.memory_gb, or_unset(f.machine.huge_pages)));
  line("threads", fmt::format("{}; OMP_NUM_THREADS {}, OMP_WAIT_POLICY {}", f.threads, or_unset(f.omp_threads),
                              or_unset(f.wait_policy)));
  line("OpenMP", f.openmp.empty() ? "(none loaded)" : fmt::format("{}", fmt::join(f.openmp, ", ")));
  line("allocator", f.caching_allocator ? "caching: large freed blocks are kept, in huge pages"
                                        : "libtorch's; FATHOM_ALLOCATOR=caching spares tensors of 32 MB and more their "
                                          "page faults");
  line("BLAS", fmt::format("{}, {}", or_unset(f.blas.library), to_text(f.blas.threads)));
  if (f.blas.is_openblas()) line("", fmt::format("{}; {} kernels", f.blas.description, f.blas.kernels));
  line("sgemm 1024", fmt::format("{:.0f} GF/s on one thread, {:.0f} on {} ({:.2f}x)", f.one.gemm_gflops,
                                 f.all.gemm_gflops, f.all.threads, f.gemm_scaling()));
  line("tanh", fmt::format("{:.2f} G/s on one thread, {:.2f} on {} ({:.2f}x)", f.one.tanh_gelements,
                           f.all.tanh_gelements, f.all.threads, f.tanh_scaling()));
  line("FATHOM_DATA", or_unset(f.data));
  fmt::print("\n{}", advice.empty() ? "Nothing is wrong.\n" : "");
  for (const std::string& sentence : advice) fmt::print("- {}\n", sentence);
}

nlohmann::ordered_json as_json(const Speed& speed) {
  return {{"threads", speed.threads}, {"sgemm_gflops", speed.gemm_gflops}, {"tanh_gelements", speed.tanh_gelements}};
}

void print_json(const Request& request, const Findings& f, const Advice& advice) {
  const nlohmann::ordered_json json = {
      {"fathom", request.version},
      {"git", request.git},
      {"libtorch", tensor::libtorch_version()},
      {"capability", f.capability},
      {"cpu", f.machine.cpu},
      {"features", f.machine.features},
      {"cores", f.machine.cores},
      {"usable_cores", f.machine.usable_cores()},
      {"memory_gb", f.machine.memory_gb},
      {"huge_pages", f.machine.huge_pages},
      {"threads", f.threads},
      {"wait_policy", f.wait_policy},
      {"openmp", f.openmp},
      {"allocator", f.caching_allocator ? "caching" : "default"},
      {"blas",
       {{"library", f.blas.library},
        {"description", f.blas.description},
        {"kernels", f.blas.kernels},
        {"threads", to_text(f.blas.threads)},
        {"loaded", f.blas.loaded}}},
      {"one_thread", as_json(f.one)},
      {"all_threads", as_json(f.all)},
      {"data", f.data},
      {"advice", advice},
  };
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

int cmd_doctor(const Request& request) {
  const Findings findings = examine(request);
  const Advice advice = advice_on(findings);
  request.json ? print_json(request, findings, advice) : print_text(request, findings, advice);
  return 0;
}

}  // namespace fathom::app
