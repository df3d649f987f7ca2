#include "fathom/domain/llm/byte_counts.h"

#include <cmath>

namespace fathom::llm {

namespace {

constexpr double kBytes = 256;
constexpr double kTrust = 16;  // pairs seen, as which the unigram counts

std::size_t cell(unsigned char a, unsigned char b) { return std::size_t{256} * a + b; }

}  // namespace

ByteCounts::ByteCounts(const Corpus& corpus) : single_(256), before_(256), pairs_(256 * 256) {
  for (const Stretch& stretch : corpus.stretches(false)) {
    const std::string_view text =
        std::string_view(corpus.text)
            .substr(static_cast<std::size_t>(stretch.begin), static_cast<std::size_t>(stretch.size));
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto b = static_cast<unsigned char>(text[i]);
      single_[b] += 1;
      total_ += 1;
      if (i == 0) continue;
      const auto a = static_cast<unsigned char>(text[i - 1]);
      before_[a] += 1;
      pairs_[cell(a, b)] += 1;
    }
  }
}

double ByteCounts::unigram(unsigned char b) const { return (single_[b] + 1) / (total_ + kBytes); }

double ByteCounts::bigram(unsigned char a, unsigned char b) const {
  return (pairs_[cell(a, b)] + kTrust * unigram(b)) / (before_[a] + kTrust);
}

double ByteCounts::unigram_loss(std::string_view window) const {
  double sum = 0;
  for (const char c : window) sum -= std::log(unigram(static_cast<unsigned char>(c)));
  return sum / static_cast<double>(window.size());
}

double ByteCounts::bigram_loss(std::string_view window) const {
  double sum = -std::log(unigram(static_cast<unsigned char>(window[0])));
  for (std::size_t i = 1; i < window.size(); ++i)
    sum -= std::log(bigram(static_cast<unsigned char>(window[i - 1]), static_cast<unsigned char>(window[i])));
  return sum / static_cast<double>(window.size());
}

}  // namespace fathom::llm
