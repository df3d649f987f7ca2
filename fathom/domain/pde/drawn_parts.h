// The pairs of one split while they are drawn: block after block, each block a file, so that an interrupted draw goes
// on.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "fathom/domain/pde/data.h"
#include "fathom/domain/pde/generate.h"

namespace fathom::pde {

class DrawnParts {
 public:
  // `draw` names everything the pairs depend on: blocks in `folder` of another draw are drawn anew.
  DrawnParts(const Generator& generator, std::filesystem::path folder, std::string split, std::string draw);

  // Until `count` pairs are solved. False: interrupted by `stop`.
  bool reach(std::int64_t count, const std::atomic<bool>* stop);

  FlowSet first(std::int64_t count) const;  // the first `count` solved pairs
  // Facts about the draws up to the last pair of first(count): how many were drawn and solved, what they cost.
  std::map<std::string, double> statistics(std::int64_t count) const;

 private:
  bool read_block(std::int64_t block);
  void write_block(std::int64_t block, const std::vector<Pair>& pairs) const;
  void keep(const std::vector<Pair>& pairs);
  std::filesystem::path path(std::int64_t block) const;
  std::size_t draws_until(std::int64_t count) const;

  const Generator& generator_;
  std::filesystem::path folder_;
  std::string split_, draw_;
  std::vector<Tensor> forcing_, vorticity_;  // of the solved pairs
  // One entry a draw; vectors of plain numbers are what a block's file holds beside the fields.
  std::vector<double> solved_, residual_, amplitude_, products_, seconds_;
};

}  // namespace fathom::pde
