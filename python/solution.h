// A Solution that remembers whether its state came as a tensor or as a tuple.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fathom/solve/solution.h"

namespace fathom::python {

struct Found : solve::Solution {
  Found(solve::Solution solution, bool as_tuple) : solve::Solution(std::move(solution)), tuple(as_tuple) {}
  bool tuple;
};

inline std::vector<std::string> status_words(const std::vector<solve::Status>& status) {
  std::vector<std::string> list;
  for (const solve::Status s : status) list.emplace_back(to_string(s));
  return list;
}

}  // namespace fathom::python
