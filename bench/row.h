// What a benchmark reports, so that `fathom bench` can print any of them in one table. bench/README.md has the counters
// and how to write an entry.
#pragma once

#include <string>

#include <benchmark/benchmark.h>

#include "bench/clock.h"

namespace fathom::bench {

// Seconds of one call; 0: not measured.
struct Times {
  double ours = 0;
  double libtorch = 0;  // the same as libtorch does it when nobody thinks about it
  double limit = 0;     // what the arithmetic, the memory or one bare f must take
};

inline void report(benchmark::State& state, const Times& times) {
  const auto set = [&state](const char* name, double seconds) {
    if (seconds > 0) state.counters[name] = 1e6 * seconds;
  };
  set("ours_us", times.ours);
  set("libtorch_us", times.libtorch);
  set("limit_us", times.limit);
}

enum class Wanted { at_least, at_most };

// The number that is judged. `of` says what it is: "ours / limit". A bound of 0: none.
inline void report_ratio(benchmark::State& state, double ratio, const std::string& of, Wanted wanted, double bound) {
  state.counters["ratio"] = ratio;
  state.SetLabel(of);
  if (bound > 0) state.counters[wanted == Wanted::at_least ? "target" : "at_most"] = bound;
}

inline void report_over_limit(benchmark::State& state, const Times& times, double at_most = 0) {
  report(state, times);
  report_ratio(state, times.ours / times.limit, "ours / limit", Wanted::at_most, at_most);
}

inline void report_of_limit(benchmark::State& state, const Times& times, double at_least = 0) {
  report(state, times);
  report_ratio(state, times.limit / times.ours, "limit / ours", Wanted::at_least, at_least);
}

inline void report_times_faster(benchmark::State& state, const Times& times, double at_least = 0) {
  report(state, times);
  report_ratio(state, times.libtorch / times.ours, "libtorch / ours", Wanted::at_least, at_least);
}

}  // namespace fathom::bench
