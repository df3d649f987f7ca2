// The problems of problems.py on the C++ side, and the measures that a peer answers with, as JSON on stdout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "fathom/base/error.h"
#include "fathom/io/npz.h"

namespace fathom::bench {

constexpr double kRtol = 1e-4, kTightRtol = 1e-6, kSmallLoss = 1e-7;
constexpr std::int64_t kCostIterations = 50, kMaxIterations = 2000, kDepth = 5;

class Problem {
 public:
  Problem(const std::filesystem::path& folder, const std::string& name) : records_(read(folder, name)) {}

  const io::TensorRecord& at(const std::string& array) const {
    for (const io::TensorRecord& record : records_) {
      if (record.name == array) return record;
    }
    base::fail("bench::Problem", "no array '{}'", array);
  }
  std::int64_t batch() const { return at("inj").shape.at(0); }
  std::int64_t width() const { return at("inj").shape.at(1); }

 private:
  static std::vector<io::TensorRecord> read(const std::filesystem::path& folder, const std::string& name) {
    return io::read_npz(folder / (name + ".npz"));
  }
  std::vector<io::TensorRecord> records_;
};

// Everything a peer found, in the order of measuring.
class Answers {
 public:
  Answers(std::string peer, std::string version) : json_{{"peer", std::move(peer)}, {"version", std::move(version)}} {}

  void add(const std::string& problem, const std::string& asked, const std::string& unit, double value) {
    json_["measures"].push_back({{"problem", problem}, {"case", asked}, {"unit", unit}, {"value", value}});
  }
  void print() const { fmt::print("{}\n", json_.dump(1)); }

 private:
  nlohmann::ordered_json json_;
};

}  // namespace fathom::bench
