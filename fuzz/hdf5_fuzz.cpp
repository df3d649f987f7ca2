// The library reads in a process of its own (io/own_process.h). Where it breaks there, that process reports and leaves
// a crash-* file, and the run goes on: only what ends the run is ours.
#include "fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fathom::fuzz::run(fathom::fuzz::check_hdf5, data, size);
}
