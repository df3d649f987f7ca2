// Self-speculative decoding: the model drafts with few recurrences and checks with many, so that several tokens share
// one reading of the weights.
//
// The prompt is read at full depth. Then: `lookahead` tokens are drafted with `draft_steps` recurrences; their cache
// entries are dropped; the last token and the drafts run as one pass of `steps` recurrences; the longest prefix of
// drafts is accepted that the pass agrees with: argmax equality (accept = 1), or p(draft) >= accept * max p (accept <
// 1); the pass's own token follows it, and the cache is cut back to what was accepted. With zero initial states and the
// cache "full", accept = 1 gives the tokens of plain greedy decoding.
#pragma once

#include "fathom/domain/llm/generate.h"

namespace fathom::llm {

struct SpeculateOptions {
  std::int64_t draft_steps = 4;
  std::int64_t lookahead = 8;
  double accept = 1;
};

struct Speculated {
  Generated text;
  std::vector<std::int64_t> accepted;  // drafts of each round
};

// One prompt, greedy. Of `options` the exit rule, the warm start and the sampler are not used.
Speculated speculate(LoopedModel& model, const std::vector<std::int64_t>& prompt, const GenerateOptions& options,
                     const SpeculateOptions& draft, const OnToken& on_token = nullptr);

}  // namespace fathom::llm
