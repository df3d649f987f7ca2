// The body of every fuzz target: a refusal is an answer, anything else that escapes is a crash for libFuzzer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fathom/base/error.h"
#include "fuzz/round_trip.h"

namespace fathom::fuzz {

inline int run(void (*check)(std::string_view), const std::uint8_t* data, std::size_t size) {
  try {
    check({reinterpret_cast<const char*>(data), size});
  } catch (const Error&) {
    return 0;
  }
  return 0;
}

}  // namespace fathom::fuzz
