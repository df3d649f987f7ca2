#include "fathom/domain/llm/prompt_pairs.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/measure/word_distance.h"

namespace fathom::llm {
namespace {

constexpr std::string_view kIndex = "index", kInput1 = "input 1", kInput2 = "input 2";
constexpr std::string_view kOutput1 = "output1_", kOutput2 = "output2_", kDistance = "distance_";

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Rows of a CSV file by the names of their columns.
class Columns {
 public:
  Columns(std::string_view csv, std::string_view origin, const char* place)
      : rows_(io::parse_csv(csv, origin)), origin_(origin), place_(place) {
    if (rows_.empty()) base::fail(place_, "{}: there is no header", origin_);
    for (std::size_t c = 0; c < rows_[0].size(); ++c) {
      if (!columns_.emplace(rows_[0][c], c).second)
        base::fail(place_, "{}: column '{}' is there twice", origin_, rows_[0][c]);
    }
  }

  std::size_t rows() const { return rows_.size() - 1; }
  const std::vector<std::string>& names() const { return rows_[0]; }

  const std::string& text(std::size_t row, const std::string& column) const {
    const auto found = columns_.find(column);
    if (found == columns_.end()) base::fail(place_, "{}: there is no column '{}'", origin_, column);
    return rows_[row + 1][found->second];
  }

  std::int64_t at_least(std::int64_t least, std::size_t row, const std::string& column) const {
    const auto value = integer(text(row, column));
    if (value.value_or(least - 1) >= least) return *value;
    base::fail(place_, "{}: {} = '{}' in row {} violates an integer >= {}", origin_, column, text(row, column), row + 1,
               least);
  }

  // The indices of all rows, each once.
  std::vector<std::int64_t> indices() const {
    std::set<std::int64_t> seen;
    std::vector<std::int64_t> list;
    for (std::size_t row = 0; row < rows(); ++row) {
      list.push_back(at_least(1, row, std::string(kIndex)));
      if (!seen.insert(list.back()).second) base::fail(place_, "{}: index {} is there twice", origin_, list.back());
    }
    return list;
  }

 private:
  io::CsvRows rows_;
  std::map<std::string, std::size_t> columns_;
  std::string_view origin_;
  const char* place_;
};

std::string column(std::string_view name, std::int64_t steps) { return fmt::format("{}{}", name, steps); }

// k of every column "output1_k"; no other columns than the three of each k.
std::vector<std::int64_t> steps_of(const Columns& columns, std::string_view origin) {
  std::vector<std::int64_t> steps;
  for (const std::string& name : columns.names()) {
    if (!name.starts_with(kOutput1)) continue;
    const auto k = integer(std::string_view(name).substr(kOutput1.size()));
    if (k) steps.push_back(*k);
  }
  std::set<std::string> known = {std::string(kIndex)};
  for (const std::int64_t k : steps) known.insert({column(kOutput1, k), column(kOutput2, k), column(kDistance, k)});
  for (const std::string& name : columns.names()) {
    if (!known.contains(name)) base::fail("llm::parse_pair_answers", "{}: column '{}' is not known", origin, name);
  }
  return steps;
}

std::map<std::int64_t, std::int64_t> distances_of(const std::vector<PromptPair>& pairs) {
  std::map<std::int64_t, std::int64_t> distances;
  for (const PromptPair& pair : pairs) distances[pair.index] = measure::word_levenshtein(pair.first, pair.second);
  return distances;
}

bool by_index(const PairAnswers::Row& a, const PairAnswers::Row& b) { return a.index < b.index; }

}  // namespace

std::vector<PromptPair> parse_prompt_pairs(std::string_view csv, std::string_view origin) {
  const Columns columns(csv, origin, "llm::parse_prompt_pairs");
  const std::vector<std::int64_t> indices = columns.indices();
  std::vector<PromptPair> pairs;
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    pairs.push_back({indices[row], columns.text(row, std::string(kInput1)), columns.text(row, std::string(kInput2))});
  }
  return pairs;
}

std::vector<PromptPair> read_prompt_pairs(const std::filesystem::path& path) {
  return parse_prompt_pairs(base::read_file(path), path.string());
}

std::vector<PromptPair> part_of(const std::vector<PromptPair>& pairs, std::int64_t part, std::int64_t parts) {
  base::require(parts >= 1, "llm::part_of", "parts", parts, ">= 1", "1 is all of them");
  base::require(part >= 0 && part < parts, "llm::part_of", "part", part, fmt::format("0 .. {}", parts - 1),
                "count from 0");
  std::vector<PromptPair> chosen;
  for (const PromptPair& pair : pairs) {
    if ((pair.index - 1) % parts == part) chosen.push_back(pair);
  }
  return chosen;
}

PairAnswer answer(std::string first, std::string second) {
  const std::int64_t distance = measure::word_levenshtein(first, second);
  return {std::move(first), std::move(second), distance};
}

PairAnswers parse_pair_answers(std::string_view csv, std::string_view origin) {
  const Columns columns(csv, origin, "llm::parse_pair_answers");
  const std::vector<std::int64_t> indices = columns.indices();
  PairAnswers answers{steps_of(columns, origin), {}};
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    PairAnswers::Row& to = answers.rows.emplace_back(PairAnswers::Row{indices[row], {}});
    for (const std::int64_t k : answers.steps) {
      to.by_steps.push_back({columns.text(row, column(kOutput1, k)), columns.text(row, column(kOutput2, k)),
                             columns.at_least(0, row, column(kDistance, k))});
    }
  }
  return answers;
}

io::CsvRows to_csv_rows(const PairAnswers& answers) {
  io::CsvRows rows = {{std::string(kIndex)}};
  for (const std::int64_t k : answers.steps) {
    rows[0].insert(rows[0].end(), {column(kOutput1, k), column(kOutput2, k), column(kDistance, k)});
  }
  for (const PairAnswers::Row& row : answers.rows) {
    std::vector<std::string>& fields = rows.emplace_back(1, fmt::format("{}", row.index));
    for (const PairAnswer& each : row.by_steps) {
      fields.insert(fields.end(), {each.first, each.second, fmt::format("{}", each.distance)});
    }
  }
  return rows;
}

PairAnswers merged(const std::vector<PairAnswers>& parts) {
  PairAnswers all;
  for (const PairAnswers& part : parts) {
    if (&part != &parts.front() && part.steps != all.steps) base::fail("llm::merged", "the parts have other steps");
    all.steps = part.steps;
    all.rows.insert(all.rows.end(), part.rows.begin(), part.rows.end());
  }
  std::sort(all.rows.begin(), all.rows.end(), by_index);
  const auto twice = std::adjacent_find(all.rows.begin(), all.rows.end(),
                                        [](const auto& a, const auto& b) { return a.index == b.index; });
  if (twice != all.rows.end()) base::fail("llm::merged", "index {} is in two parts", twice->index);
  return all;
}

std::vector<double> pair_lipschitz(const std::vector<PromptPair>& pairs, const PairAnswers& answers) {
  const std::map<std::int64_t, std::int64_t> inputs = distances_of(pairs);
  std::vector<double> sums(answers.steps.size());
  std::int64_t count = 0;
  for (const PairAnswers::Row& row : answers.rows) {
    const auto input = inputs.find(row.index);
    if (input == inputs.end()) base::fail("llm::pair_lipschitz", "index {} is none of the pairs", row.index);
    if (input->second == 0) continue;
    ++count;
    for (std::size_t k = 0; k < sums.size(); ++k) {
      sums[k] += static_cast<double>(row.by_steps[k].distance) / static_cast<double>(input->second);
    }
  }
  if (count == 0) base::fail("llm::pair_lipschitz", "pairs that differ = 0 violates >= 1; no ratio can be formed");
  for (double& sum : sums) sum /= static_cast<double>(count);
  return sums;
}

}  // namespace fathom::llm
