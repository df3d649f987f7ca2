// Sequences at different depths in one loop. A step is one recurrence of everything that is in the loop, whichever
// recurrence of whichever token each sequence is at: the weights of the core are read once for all. A sequence that
// has thought enough takes its token and begins the next one; new sequences join between two recurrences; none waits
// for the depth of another.
//
// The tokens of a sequence are those that generate() gives for it alone, with the same options; on packed weights
// (packed_block.h) to the last bit, since no row's numbers depend on the others.
// Cost  of a step: one core pass, and prelude and coda of the sequences that begin or end a token in it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "fathom/domain/llm/generate.h"

namespace fathom::llm {

class DepthBatch {
 public:
  using Key = std::uint64_t;
  using OnToken = std::function<bool(const Token&)>;  // false ends the sequence

  struct Ended {
    Key key = 0;
    Generated text;
  };

  // Prompts begin while no more than `prompt_rows` of their tokens would be in the loop; one always may.
  DepthBatch(LoopedModel& model, std::int64_t prompt_rows);
  ~DepthBatch();

  // Errors (fathom::Error): a prompt without tokens, an id outside the vocabulary, prompt and new tokens beyond the
  // model's context.
  Key add(std::vector<std::int64_t> prompt, const GenerateOptions& options, OnToken on_token = nullptr);
  void remove(Key key);
  void clear();

  bool empty() const { return sequences_.empty(); }
  std::int64_t size() const { return static_cast<std::int64_t>(sequences_.size()); }

  // One recurrence. Returns the sequences that ended; they are no longer here.
  std::vector<Ended> step();

  // Of the last step: how many sequences, and rows of them, shared its core pass.
  std::int64_t sequences_in_core() const { return in_core_; }
  std::int64_t rows_in_core() const { return rows_in_core_; }

 private:
  struct Sequence;
  using Group = std::vector<Sequence*>;

  void begin();
  void begin_pass(Sequence& s, std::int64_t first, std::int64_t rows);
  void recur();
  void check();
  std::vector<Ended> finish();
  void take(Sequence& s, const float* logits);
  StopReason stops(const Sequence& s) const;
  Chunk gather(const Group& group, bool at_own_depth);
  void coda(const Group& group);

  LoopedModel& model_;
  std::int64_t prompt_rows_;
  Key next_key_ = 1;
  std::vector<std::unique_ptr<Sequence>> sequences_;  // in the order in which they came
  std::int64_t in_core_ = 0, rows_in_core_ = 0;
  Group group_;
  std::vector<Piece> pieces_;
  std::vector<std::int64_t> ids_, wanted_;
  std::vector<float> x_, context_, logits_;
};

}  // namespace fathom::llm
