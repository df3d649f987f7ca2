#include "fathom/domain/llm/corpus.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/sha256.h"

namespace fathom::llm {

namespace {

constexpr const char* kFormat = "fathom-llm-corpus-1";

std::string hash_of(const Corpus& corpus) {
  return io::Sha256()
      .update(corpus.text)
      .update({reinterpret_cast<const char*>(corpus.held_out.data()), corpus.held_out.size()})
      .hex();
}

io::TensorRecord bytes_record(const std::string& name, std::string_view bytes) {
  return {name, io::DType::u8, {static_cast<std::int64_t>(bytes.size())}, std::string(bytes)};
}

// How many windows can begin in a stretch.
std::int64_t begins(const Stretch& stretch, std::int64_t size) {
  return std::max<std::int64_t>(0, stretch.size - size + 1);
}

[[noreturn]] void refuse_size(const char* kind, std::int64_t size, const Corpus& corpus) {
  base::fail("llm::corpus",
             "window = {} violates <= the longest run of {} blocks of {} bytes; shorten it or the text is "
             "too short",
             size, kind, corpus.block);
}

}  // namespace

std::vector<Stretch> Corpus::stretches(bool held) const {
  std::vector<Stretch> list;
  const auto length = static_cast<std::int64_t>(text.size());
  for (std::size_t b = 0; b < held_out.size(); ++b) {
    if ((held_out[b] != 0) != held) continue;
    const std::int64_t begin = static_cast<std::int64_t>(b) * block, end = std::min(begin + block, length);
    if (!list.empty() && list.back().begin + list.back().size == begin) {
      list.back().size += end - begin;
    } else {
      list.push_back({begin, end - begin});
    }
  }
  return list;
}

std::int64_t Corpus::bytes(bool held) const {
  std::int64_t sum = 0;
  for (const Stretch& stretch : stretches(held)) sum += stretch.size;
  return sum;
}

Corpus split(std::string text, std::int64_t block, double held_out, std::uint64_t seed) {
  Corpus corpus{.text = std::move(text), .block = block, .held_out = {}, .draw = {}, .sha256 = {}};
  const auto blocks = (static_cast<std::int64_t>(corpus.text.size()) + block - 1) / block;
  const auto held = static_cast<std::int64_t>(std::llround(held_out * static_cast<double>(blocks)));
  base::require(held >= 1 && held < blocks, "llm::split", "held-out blocks", held, fmt::format("1 .. {}", blocks - 1),
                "the text is too short for these blocks and this share");
  std::vector<std::size_t> order(static_cast<std::size_t>(blocks));
  std::iota(order.begin(), order.end(), 0);
  base::Random random(base::stream_seed(seed, "held-out blocks"));
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  corpus.held_out.assign(order.size(), 0);
  for (std::int64_t i = 0; i < held; ++i) corpus.held_out[order[static_cast<std::size_t>(i)]] = 1;
  corpus.sha256 = hash_of(corpus);
  return corpus;
}

std::vector<std::int64_t> training_windows(const Corpus& corpus, std::int64_t size, std::int64_t count,
                                           std::uint64_t seed, std::uint64_t step) {
  const std::vector<Stretch> stretches = corpus.stretches(false);
  std::int64_t all = 0;
  for (const Stretch& stretch : stretches) all += begins(stretch, size);
  if (all == 0) refuse_size("training", size, corpus);
  base::Random random(base::stream_seed(seed, "windows", step));
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i) {
    auto at = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(all)));
    auto stretch = stretches.begin();
    for (; at >= begins(*stretch, size); ++stretch) at -= begins(*stretch, size);
    chosen.push_back(stretch->begin + at);
  }
  return chosen;
}

std::vector<std::int64_t> test_windows(const Corpus& corpus, std::int64_t size, std::int64_t count) {
  std::vector<std::int64_t> all, chosen;
  for (const Stretch& stretch : corpus.stretches(true)) {
    for (std::int64_t at = 0; at + size <= stretch.size; at += size) all.push_back(stretch.begin + at);
  }
  if (all.empty()) refuse_size("held-out", size, corpus);
  const auto available = static_cast<std::int64_t>(all.size());
  count = std::min(count, available);
  for (std::int64_t i = 0; i < count; ++i) chosen.push_back(all[static_cast<std::size_t>(i * available / count)]);
  return chosen;
}

void save_corpus(const std::filesystem::path& path, const Corpus& corpus) {
  const std::string flags(corpus.held_out.begin(), corpus.held_out.end());
  io::Safetensors file;
  file.tensors = {bytes_record("text", corpus.text), bytes_record("held_out", flags)};
  file.metadata = {{"format", kFormat},
                   {"block", fmt::format("{}", corpus.block)},
                   {"draw", corpus.draw},
                   {"sha256", corpus.sha256}};
  io::write_safetensors(path, file);
}

Corpus load_corpus(const std::filesystem::path& path) {
  io::Safetensors file = io::read_safetensors(path);
  if (file.metadata["format"] != kFormat)
    base::fail("llm::load_corpus", "{} holds no text of this version; make the data again", path.string());
  Corpus corpus;
  corpus.text = file.at("text").bytes;
  const std::string& flags = file.at("held_out").bytes;
  corpus.held_out.assign(flags.begin(), flags.end());
  corpus.block = std::strtoll(file.metadata["block"].c_str(), nullptr, 10);
  corpus.draw = file.metadata["draw"];
  corpus.sha256 = hash_of(corpus);
  const auto length = static_cast<std::int64_t>(corpus.text.size());
  const bool whole = corpus.block >= 1 &&
                     (length + corpus.block - 1) / corpus.block == static_cast<std::int64_t>(corpus.held_out.size());
  if (!whole || corpus.sha256 != file.metadata["sha256"])
    base::fail("llm::load_corpus", "the text in {} does not match its hash; make the data again", path.string());
  return corpus;
}

}  // namespace fathom::llm
