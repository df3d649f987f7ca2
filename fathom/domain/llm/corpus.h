// A text as bytes, and which parts of it a model is not shown: it is cut into blocks of equal size, and a share of
// them, drawn from the seed, is held out. Windows for training or testing lie in blocks of one kind; none reaches into
// the other's.
//   b_0 b_1 b_2 ...   ->  ids  BOS b_i b_{i+1} ... b_{i+S-2},   labels  b_i ... b_{i+S-1}
// A model of bytes has 257 tokens: a byte is its own id, 256 begins a text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::llm {

inline constexpr std::int64_t kBeginOfText = 256;
inline constexpr std::int64_t kByteVocabulary = 257;

// Bytes begin .. begin+size-1 of the text, all of one kind.
struct Stretch {
  std::int64_t begin = 0, size = 0;
};

struct Corpus {
  std::string text;
  std::int64_t block = 0;
  std::vector<std::uint8_t> held_out;  // per block
  std::string draw;                    // what the split was drawn with
  std::string sha256;                  // of text and split

  std::vector<Stretch> stretches(bool held) const;  // longest runs of blocks of one kind, in their order
  std::int64_t bytes(bool held) const;
};

// Errors (fathom::Error): a share that leaves no block on one side.
Corpus split(std::string text, std::int64_t block, double held_out, std::uint64_t seed);

// `count` begins of windows of `size` bytes: those of training are drawn with (seed, step) uniformly from all that fit;
// those of testing lie one beside the other, evenly chosen. Errors: no window fits.
std::vector<std::int64_t> training_windows(const Corpus& corpus, std::int64_t size, std::int64_t count,
                                           std::uint64_t seed, std::uint64_t step);
std::vector<std::int64_t> test_windows(const Corpus& corpus, std::int64_t size, std::int64_t count);

// Files of a split: text, block flags, `draw`. Loading checks the hash.
void save_corpus(const std::filesystem::path& path, const Corpus& corpus);
Corpus load_corpus(const std::filesystem::path& path);

}  // namespace fathom::llm
