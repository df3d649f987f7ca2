// How the next token is chosen (sampler.h).
#pragma once

#include <cstdint>

#include "fathom/base/fields.h"

namespace fathom::llm {

struct SamplerOptions {
  double temperature = 0;
  double repetition = 1;
  std::int64_t top_k = 0;  // 0: all
  double top_p = 1;        // 1: all
  double min_p = 0;        // 0: all

  void fields(base::Fields& f) {
    f.add("temperature", temperature, {.at_least = 0, .at_most = 100}, "0: the most probable token; 0.7 is usual");
    f.add("repetition", repetition, {.above = 0, .at_most = 100}, "penalty of tokens that have been seen; 1: none");
    f.add("top-k", top_k, {.at_least = 0}, "only the k most probable tokens; 0: all");
    f.add("top-p", top_p, {.above = 0, .at_most = 1}, "only the most probable tokens of this much probability");
    f.add("min-p", min_p, {.at_least = 0, .at_most = 1}, "only tokens of this share of the largest probability");
  }
};

}  // namespace fathom::llm
