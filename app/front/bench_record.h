// What bench_fathom and bench/peers/run.py write, and the tables made of it. bench/README.md names the counters.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/base/record.h"

namespace fathom::app {

inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

// One entry that reports a ratio.
struct BenchRow {
  std::string name;  // "solve_anderson/64/512", without how it was timed
  double ours_us = kNotMeasured, libtorch_us = kNotMeasured, limit_us = kNotMeasured;
  double ratio = kNotMeasured;
  std::string ratio_of;  // "ours / limit"
  double target = kNotMeasured, at_most = kNotMeasured;
  std::string error;  // the entry ended with it; the numbers are then missing

  std::string wanted() const;   // ">= 10", "<= 1.3", ""
  std::string verdict() const;  // "yes", "no", "" without a bound
};

// Of Google Benchmark's JSON. Entries without a ratio are left out, failed ones are not. Throws Error when `json` is
// not such a report.
std::vector<BenchRow> read_bench_rows(std::string_view json);

// A line of the record of bench/peers/run.py.
struct PeerRow {
  std::string problem, asked, unit;
  std::string entry;  // the BenchRow that measures the same; "" if none does
  double ours = kNotMeasured;
  std::vector<std::pair<std::string, double>> peers;
};

struct PeerRecord {
  std::string date, cpu;
  bool busy = false;
  std::vector<std::string> peers;  // in the record's order
  std::vector<PeerRow> rows;
};
PeerRecord read_peer_record(std::string_view json);

// ours | libtorch | limit | ratio | of | wanted | met, and a column per peer where one measured the same ratio.
base::Table bench_table(const std::vector<BenchRow>& rows, const PeerRecord& peers);

// Problem by problem what Fathom and its peers reached in the record's own run.
base::Table peer_table(const PeerRecord& record);

}  // namespace fathom::app
