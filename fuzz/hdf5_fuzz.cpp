#include "fuzz/target.h"

// What the library forgets to free of a damaged file is not ours to find.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fathom::fuzz::run(fathom::fuzz::check_hdf5, data, size);
}
