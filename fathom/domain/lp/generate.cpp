#include "fathom/domain/lp/generate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/lp/label.h"

namespace fathom::lp {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::int64_t kNumbersAtOnce = std::int64_t{1} << 24;  // of the programs that are in memory but not yet kept

constexpr std::int64_t kPatience = 1000;  // draws per program kept
constexpr std::int64_t kLeastBlock = 64;  // draws labelled in parallel

struct Stream {
  std::uint64_t seed;
  std::string_view name;
  Protocol protocol;
};

// nnz distinct positions of m*n, every such set with equal probability, sorted: the start of a Fisher-Yates shuffle
// of 0..m*n-1 in which only the entries that moved are stored. Memory O(nnz).
std::vector<std::int64_t> distinct_positions(const GenerateOptions& options, base::Random& random) {
  std::unordered_map<std::int64_t, std::int64_t> moved;
  const auto entry = [&](std::int64_t i) {
    const auto found = moved.find(i);
    return found == moved.end() ? i : found->second;
  };
  std::vector<std::int64_t> chosen;
  for (std::int64_t k = 0; k < options.nnz; ++k) {
    const std::int64_t j =
        k + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(options.m * options.n - k)));
    chosen.push_back(entry(j));
    moved[j] = entry(k);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void draw_bounds(const GenerateOptions& options, base::Random& random, Instance& instance) {
  for (std::int64_t j = 0; j < options.n; ++j) {
    const double one = options.bound_scale * random.normal(), other = options.bound_scale * random.normal();
    const bool open_low = random.uniform() < options.p_infinite, open_high = random.uniform() < options.p_infinite;
    instance.l.push_back(open_low ? -kInfinity : std::min(one, other));
    instance.u.push_back(open_high ? kInfinity : std::max(one, other));
  }
}

double rounded(double value) { return std::isfinite(value) ? std::round(value * 1e5) / 1e5 : value; }

void round_numbers(Instance& instance) {
  for (std::vector<double>* part : {&instance.value, &instance.b, &instance.c, &instance.l, &instance.u}) {
    std::transform(part->begin(), part->end(), part->begin(), rounded);
  }
}

void keep(Drawn& drawn, Instance instance, Label label, Protocol protocol) {
  if (!label.unique) ++drawn.several;
  if (!label.least_norm) ++drawn.vertices;
  if (protocol == Protocol::paper) round_numbers(instance);
  drawn.data.instances.push_back(std::move(instance));
  drawn.data.solutions.push_back(std::move(label.x));
}

bool within(const std::vector<double>& x, double largest) {
  return std::all_of(x.begin(), x.end(), [&](double value) { return std::abs(value) <= largest; });
}

void sort_in(Drawn& drawn, Instance instance, Label label, Protocol protocol, double largest_x) {
  ++drawn.draws;
  if (label.outcome == Outcome::optimal && !within(label.x, largest_x)) {
    ++drawn.large;
    return;
  }
  switch (label.outcome) {
    case Outcome::optimal:
      return keep(drawn, std::move(instance), std::move(label), protocol);
    case Outcome::infeasible:
      ++drawn.infeasible;
      return;
    case Outcome::unbounded:
      ++drawn.unbounded;
      return;
    case Outcome::failed:
      ++drawn.failed;
      return;
  }
}

void check(const GenerateOptions& options) {
  GenerateOptions copy = options;
  base::validate(base::fields_of(copy));
  base::require(options.nnz <= options.m * options.n, "lp::draw", "nnz", options.nnz,
                fmt::format("<= m*n = {}", options.m * options.n), "ask for fewer nonzeros");
}

// The next programs of the stream, labelled in parallel; put in order by index, so that threads do not matter.
void draw_block(Drawn& drawn, const GenerateOptions& options, const Stream& stream, std::int64_t block,
                std::int64_t count) {
  std::vector<Instance> instances(static_cast<std::size_t>(block));
  std::vector<Label> labels(static_cast<std::size_t>(block));
  const auto first = static_cast<std::uint64_t>(drawn.draws);
#pragma omp parallel for schedule(dynamic, 16)
  for (std::int64_t k = 0; k < block; ++k) {
    instances[k] = draw(options, stream.seed, stream.name, first + static_cast<std::uint64_t>(k));
    labels[k] = stream.protocol == Protocol::exact ? minimum_norm_label(instances[k]) : vertex_label(instances[k]);
  }
  for (std::int64_t k = 0; k < block && drawn.kept() < count; ++k) {
    sort_in(drawn, std::move(instances[k]), std::move(labels[k]), stream.protocol, options.largest_x);
  }
}

}  // namespace

Instance draw(const GenerateOptions& options, std::uint64_t seed, std::string_view stream, std::uint64_t index) {
  check(options);
  base::Random random(base::stream_seed(seed, stream, index));
  Instance instance{.m = options.m, .n = options.n};
  for (const std::int64_t position : distinct_positions(options, random)) {
    instance.row.push_back(position / options.n);
    instance.column.push_back(position % options.n);
    instance.value.push_back(random.normal());
  }
  for (std::int64_t j = 0; j < options.n; ++j) instance.c.push_back(options.cost_scale * random.uniform(-1, 1));
  for (std::int64_t i = 0; i < options.m; ++i) instance.b.push_back(random.uniform(-1, 1));
  draw_bounds(options, random, instance);
  for (std::int64_t i = 0; i < options.m; ++i) instance.equality.push_back(random.uniform() < options.p_equality);
  return instance;
}

Drawn generate(const GenerateOptions& options, std::int64_t count, std::uint64_t seed, std::string_view name,
               Protocol protocol) {
  check(options);
  base::require(count >= 0, "lp::generate", "count", count, ">= 0", "ask for no program or more");
  const std::int64_t most = std::clamp<std::int64_t>(kNumbersAtOnce / (options.nnz + options.n + options.m), 1, 4096);
  Drawn drawn;
  while (drawn.kept() < count) {
    draw_block(drawn, options, {seed, name, protocol},
               std::min(std::max(kLeastBlock, 2 * (count - drawn.kept())), most), count);
    if (drawn.draws > kPatience * (drawn.kept() + 1)) {
      base::fail("lp::generate", "only {} of {} draws have a solution; use fewer equalities or more variables",
                 drawn.kept(), drawn.draws);
    }
  }
  return drawn;
}

std::map<std::string, double> statistics(const Drawn& drawn) {
  const auto draws = static_cast<double>(drawn.draws), kept = static_cast<double>(drawn.kept());
  return {{"draws", draws},
          {"infeasible", static_cast<double>(drawn.infeasible)},
          {"unbounded", static_cast<double>(drawn.unbounded)},
          {"solution too large", static_cast<double>(drawn.large)},
          {"not solved", static_cast<double>(drawn.failed)},
          {"several solutions", static_cast<double>(drawn.several)},
          {"labelled by a vertex", static_cast<double>(drawn.vertices)},
          {"feasible fraction", draws > 0 ? kept / draws : 0}};
}

}  // namespace fathom::lp
