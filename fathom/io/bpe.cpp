#include "fathom/io/bpe.h"

#include <algorithm>
#include <limits>
#include <queue>

#include "fathom/base/error.h"

namespace fathom::io {
namespace {

// A token of the piece in progress; the pieces' tokens are a doubly linked list. A token that was joined to its left
// neighbour has id -1.
struct Symbol {
  std::int32_t id;
  std::int32_t previous, next;  // -1: none
};

// A merge that waits its turn.
struct Candidate {
  std::int32_t rank, at, joined;
  bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
};

// Takes the candidates of one piece in order.
class Merger {
 public:
  Merger(const PairTable& merges, std::vector<Symbol> symbols) : merges_(merges), symbols_(std::move(symbols)) {
    for (std::int32_t at = 0; at + 1 < static_cast<std::int32_t>(symbols_.size()); ++at) offer(at);
  }

  const std::vector<Symbol>& run() {
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      if (still_holds(best)) join(best);
    }
    return symbols_;
  }

 private:
  Symbol& symbol(std::int32_t at) { return symbols_[static_cast<std::size_t>(at)]; }

  const RankedMerge* merge_at(std::int32_t at) {
    const Symbol& left = symbol(at);
    if (left.id < 0 || left.next < 0) return nullptr;
    return merges_.find(left.id, symbol(left.next).id);
  }

  void offer(std::int32_t at) {
    if (const RankedMerge* merge = merge_at(at)) queue_.push({merge->rank, at, merge->joined});
  }

  bool still_holds(const Candidate& candidate) {
    const RankedMerge* merge = merge_at(candidate.at);
    return merge && merge->rank == candidate.rank;
  }

  void join(const Candidate& merge) {
    Symbol& left = symbol(merge.at);
    Symbol& right = symbol(left.next);
    left.id = merge.joined;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) symbol(left.next).previous = merge.at;
    offer(merge.at);
    if (left.previous >= 0) offer(left.previous);
  }

  const PairTable& merges_;
  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue_;
};

}  // namespace

Bpe::Bpe(std::vector<BpeToken> tokens, const std::vector<BpeMerge>& merges, const BpeOptions& options)
    : merges_(merges.size()) {
  std::fill(std::begin(byte_ids_), std::end(byte_ids_), options.unknown);
  for (const BpeToken& token : tokens) {
    if (token.bytes.size() == 1) byte_ids_[static_cast<unsigned char>(token.bytes.front())] = token.id;
  }
  std::int32_t rank = 0;
  for (const BpeMerge& merge : merges) merges_.set(merge.left, merge.right, {rank++, merge.joined});
  if (!options.ignore_merges) std::erase_if(tokens, [this](const BpeToken& token) { return !is_reachable(token); });
  for (BpeToken& token : tokens) whole_.emplace(std::move(token.bytes), token.id);
}

bool Bpe::is_reachable(const BpeToken& token) const {
  const auto is_token = [this](char byte) { return byte_ids_[static_cast<unsigned char>(byte)] >= 0; };
  if (!std::all_of(token.bytes.begin(), token.bytes.end(), is_token)) return false;
  std::vector<std::int64_t> ids;
  merge(token.bytes, ids);
  return ids.size() == 1 && ids.front() == token.id;
}

std::int32_t Bpe::id_of(unsigned char byte) const {
  if (byte_ids_[byte] < 0) base::fail("io::Bpe::encode", "the vocabulary has no token for byte 0x{:02x}", byte);
  return byte_ids_[byte];
}

void Bpe::encode(std::string_view piece, std::vector<std::int64_t>& ids) const {
  const auto found = whole_.find(piece);
  if (found != whole_.end())
    ids.push_back(found->second);
  else
    merge(piece, ids);
}

void Bpe::merge(std::string_view piece, std::vector<std::int64_t>& ids) const {
  if (piece.size() > std::numeric_limits<std::int32_t>::max()) {
    base::fail("io::Bpe::encode", "a piece of {} bytes violates < 2^31; encode the text in parts", piece.size());
  }
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  for (const char byte : piece) {
    const auto at = static_cast<std::int32_t>(symbols.size());
    symbols.push_back({id_of(static_cast<unsigned char>(byte)), at - 1, at + 1});
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;
  Merger merger(merges_, std::move(symbols));
  for (const Symbol& symbol : merger.run()) {
    if (symbol.id >= 0) ids.push_back(symbol.id);
  }
}

}  // namespace fathom::io
