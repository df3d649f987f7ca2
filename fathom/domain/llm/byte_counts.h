// Predictors of the next byte that count: what a model must beat to have learned anything.
//   unigram   p(b)     = (n_b + 1) / (N + 256)
//   bigram    p(b | a) = (n_ab + 16 p(b)) / (n_a + 16)
// from the training stretches of a corpus. At the beginning of a window the bigram knows no byte before and is the
// unigram.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "fathom/domain/llm/corpus.h"

namespace fathom::llm {

class ByteCounts {
 public:
  explicit ByteCounts(const Corpus& corpus);

  // Mean -ln p over a window.
  double unigram_loss(std::string_view window) const;
  double bigram_loss(std::string_view window) const;

 private:
  double unigram(unsigned char b) const;
  double bigram(unsigned char a, unsigned char b) const;

  std::vector<double> single_, before_, pairs_;  // n_b; n_a = sum over b of n_ab; n_ab
  double total_ = 0;
};

}  // namespace fathom::llm
