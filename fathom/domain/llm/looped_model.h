// A looped language model as decoding sees it, whatever its architecture and whatever computes it:
//
//   context = prelude(ids)          once a token
//   x <- core(x; context)           t = 0, 1, ...: one map iterated, keys and values of every recurrence in the cache
//   logits  = head(coda(x))
//
// A chunk is a list of pieces, each some new tokens of one sequence with its own cache; the rows of all pieces lie one
// below the other. A batch of sequences of any lengths is so one matrix without padding, and nothing of one sequence
// can reach another. Rows see the cached positions of their own sequence up to their own.
//
// Hidden states are float32 rows of config().width numbers on the CPU, whatever the model computes in.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "fathom/domain/llm/cache_slots.h"
#include "fathom/domain/llm/model_config.h"
#include "fathom/tensor/tensor.h"

namespace fathom::llm {

// Keys and values of one sequence, allocated once: (slots.stored(), capacity, width) each.
struct Cache {
  CacheSlots slots;
  Tensor keys, values;
};

struct CacheOptions {
  CacheStrategy strategy;
  std::int64_t recurrences = 0;  // at most
  std::int64_t capacity = 0;     // positions
  std::uint64_t seed = 0;        // of the randomized lookup
};

// New tokens first .. first+rows-1 of the sequence whose cache this is. In a core pass they may be `ahead` recurrences
// of the t that the others are at: sequences at different depths then share the reading of the weights.
struct Piece {
  Cache* cache = nullptr;
  std::int64_t first = 0, rows = 0;
  std::int64_t ahead = 0;

  std::int64_t own_slot(std::int64_t slot) const { return slot + ahead * cache->slots.layout().core; }
};
using Chunk = std::span<const Piece>;

class LoopedModel {
 public:
  virtual ~LoopedModel() = default;

  virtual const ModelConfig& config() const = 0;
  virtual Cache make_cache(const CacheOptions& options) const = 0;

  // context (rows, E) of the chunk's ids (rows).
  virtual void prelude(Chunk chunk, const std::int64_t* ids, float* context) = 0;
  // Recurrence t in place, of a piece that is ahead t + ahead: x (rows, E).
  virtual void core(Chunk chunk, std::int64_t t, const float* context, float* x) = 0;
  // Runs the coda of all rows and gives the logits (wanted.size(), V) of the wanted ones, ascending.
  virtual void coda(Chunk chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) = 0;
  // What the coda begins with: out (rows, E) from x (rows, E).
  virtual void latent(std::int64_t rows, const float* x, float* out) = 0;

  // Whether x_0 is the context itself, and not a state of the caller's choice.
  virtual bool starts_at_context() const { return false; }
  // The probability to stop at x (E), for a model that has learned one. Throws Error otherwise.
  virtual double stop_probability(const float* x);
};

SlotLayout layout_of(const ModelConfig& config);

}  // namespace fathom::llm
