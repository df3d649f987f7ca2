// The study of prompt pairs [Liu2025]: two prompts that differ in a word or two are answered with k recurrences each,
// and the answers' distance in words over the prompts' says how finely the model tells them apart:
//   lipschitz_k = mean over pairs with d_in > 0 of  d_k / d_in,    d in words (measure/word_distance.h).
// Files are CSV as the study's own scripts write them:
//   pairs     index, input 1, input 2
//   answers   index, then output1_k, output2_k, distance_k for every k
// Errors: an index that is not an integer >= 1 or is there twice, a column that is missing or is not known, a distance
// that is not an integer >= 0; each names the file and the row.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/io/csv.h"

namespace fathom::llm {

struct PromptPair {
  std::int64_t index = 0;
  std::string first, second;

  bool operator==(const PromptPair&) const = default;
};

std::vector<PromptPair> parse_prompt_pairs(std::string_view csv, std::string_view origin);
std::vector<PromptPair> read_prompt_pairs(const std::filesystem::path& path);

// The part of the pairs that one of several runs works on: (index - 1) mod parts = part.
std::vector<PromptPair> part_of(const std::vector<PromptPair>& pairs, std::int64_t part, std::int64_t parts);

struct PairAnswer {
  std::string first, second;
  std::int64_t distance = 0;

  bool operator==(const PairAnswer&) const = default;
};

struct PairAnswers {
  std::vector<std::int64_t> steps;  // k of every column group
  struct Row {
    std::int64_t index = 0;
    std::vector<PairAnswer> by_steps;  // as `steps`

    bool operator==(const Row&) const = default;
  };
  std::vector<Row> rows;

  bool operator==(const PairAnswers&) const = default;
};

// Distances as measured here.
PairAnswer answer(std::string first, std::string second);

PairAnswers parse_pair_answers(std::string_view csv, std::string_view origin);
io::CsvRows to_csv_rows(const PairAnswers& answers);

// The rows of all parts by index. Errors: parts of other steps, an index in two parts.
PairAnswers merged(const std::vector<PairAnswers>& parts);

// lipschitz_k for every k of the answers. Errors: an answer whose pair is not there; no pair with d_in > 0.
std::vector<double> pair_lipschitz(const std::vector<PromptPair>& pairs, const PairAnswers& answers);

}  // namespace fathom::llm
