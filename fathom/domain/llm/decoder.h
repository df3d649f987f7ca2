// One pass over new tokens of some sequences: prelude, the loop with its exits, coda. All sequences run together, each
// with its own number of recurrences; a sequence that is done leaves the loop and the others go on.
//
// Nothing is allocated once the buffers have grown to a pass's size.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fathom/domain/llm/exit_rule.h"
#include "fathom/domain/llm/looped_model.h"

namespace fathom::llm {

// A sequence's part of a pass.
struct Work {
  Cache* cache = nullptr;
  std::int64_t first = 0;             // position of the first new token
  std::span<const std::int64_t> ids;  // new tokens
  const float* start = nullptr;       // x_0 (rows, E); null for a model that starts at its context
  std::int64_t steps = 0;             // recurrences, at most
  bool every_row = false;             // logits of every row, not only of the last
};

// What came out; the spans hold until the next pass.
struct Thought {
  std::int64_t steps = -1;         // recurrences that ran
  bool exited = false;             // by the rule
  std::span<const double> values;  // of the rule at its checks
  std::span<const float> logits;   // (rows or 1, V)
  std::span<const float> state;    // x of the last row (E), as it left the loop
};

class Decoder {
 public:
  explicit Decoder(LoopedModel& model) : model_(model) {}

  LoopedModel& model() { return model_; }
  const std::vector<Thought>& run(std::span<const Work> works, const ExitRule& rule);

 private:
  struct Active {
    std::size_t work;
    std::int64_t row;  // where its rows stand among those that still run
  };

  void begin(std::span<const Work> works, const ExitRule& rule);
  void retire(std::span<const Work> works, std::int64_t t);
  void check(std::span<const Work> works, const ExitRule& rule, std::int64_t t);
  void leave(std::span<const Work> works);
  void read_out(std::span<const Work> works, std::size_t first, std::size_t last);
  void finish(std::span<const Work> works);
  Chunk active_chunk(std::span<const Work> works);

  LoopedModel& model_;
  std::int64_t width_ = 0;
  std::vector<std::int64_t> ids_, offset_, output_, wanted_;
  std::vector<float> context_, x_, done_, logits_, check_logits_;
  std::vector<Piece> pieces_;
  std::vector<Active> active_;
  std::vector<char> leaving_, known_;
  std::vector<ExitChecks> checks_;
  std::vector<Thought> thoughts_;
};

}  // namespace fathom::llm
