#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/domain/llm/run.h"
#include "fathom/domain/llm/run_files.h"
#include "fathom/io/sha256.h"

namespace fathom::llm {

namespace {

constexpr std::uintmax_t kLargestText = std::uintmax_t{1} << 32;

// What the split depends on, and nothing else.
std::string draw_text(const CorpusConfig& data, std::uint64_t seed, const std::string& text) {
  return fmt::format("text = {}\nblock = {}\nheld_out = {}\nseed = {}\n", io::sha256_hex(text), data.block,
                     data.held_out, seed);
}

}  // namespace

Corpus make_corpus(const Config& config, const Run& run) {
  const RunFiles files(run.folder);
  std::string text = base::read_file(config.data.corpus, kLargestText);
  const std::string draw = draw_text(config.data, run.seed, text);
  if (std::filesystem::exists(files.data())) {
    Corpus corpus = load_corpus(files.data());
    if (corpus.draw == draw) return corpus;
    base::info("the text in {} is another one or was split otherwise; splitting anew", files.data().string());
  }
  Corpus corpus = split(std::move(text), config.data.block, config.data.held_out, run.seed);
  corpus.draw = draw;
  save_corpus(files.data(), corpus);
  base::info("{}: {} bytes to train on, {} held out", config.data.corpus, corpus.bytes(false), corpus.bytes(true));
  return corpus;
}

}  // namespace fathom::llm
