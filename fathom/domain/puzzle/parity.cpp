#include "fathom/domain/puzzle/parity.h"

#include <cctype>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::puzzle {

namespace {

void append(Instances& to, const std::vector<std::uint8_t>& bits) {
  const std::vector<std::uint8_t> answer = prefix_parity(bits);
  to.input.insert(to.input.end(), bits.begin(), bits.end());
  to.target.insert(to.target.end(), answer.begin(), answer.end());
}

}  // namespace

std::vector<std::uint8_t> prefix_parity(const std::vector<std::uint8_t>& bits) {
  std::vector<std::uint8_t> answer;
  answer.reserve(bits.size());
  std::uint8_t sum = 0;
  for (const std::uint8_t bit : bits) answer.push_back(sum = static_cast<std::uint8_t>(sum ^ (bit & 1)));
  return answer;
}

Instances parity(std::int64_t count, std::int64_t length, std::uint64_t seed) {
  base::require(length >= 1, "puzzle::parity", "length", length, ">= 1", "a bit string has a bit");
  Instances all{.count = count, .width = length};
  std::vector<std::uint8_t> bits(static_cast<std::size_t>(length));
  for (std::int64_t i = 0; i < count; ++i) {
    base::Random random(base::stream_seed(seed, "parity", static_cast<std::uint64_t>(i)));
    std::uint64_t word = 0;
    for (std::size_t j = 0; j < bits.size(); ++j, word >>= 1) {
      if (j % 64 == 0) word = random.bits();
      bits[j] = word & 1;
    }
    append(all, bits);
  }
  return all;
}

Instances parity_of_text(std::string_view text) {
  std::vector<std::uint8_t> bits;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    base::require(c == '0' || c == '1', "puzzle::parity_of_text", fmt::format("letter {}", bits.size() + 1),
                  fmt::format("'{}'", c), "0|1", "give bits such as 0110");
    bits.push_back(c == '1');
  }
  base::require(!bits.empty(), "puzzle::parity_of_text", "bits", 0, ">= 1", "give bits such as 0110");
  Instances one{.count = 1, .width = static_cast<std::int64_t>(bits.size())};
  append(one, bits);
  return one;
}

}  // namespace fathom::puzzle
