#include "fathom/domain/lp/generate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/lp/label.h"

namespace fathom::lp {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// nnz distinct positions of m*n, sorted (a partial Fisher-Yates shuffle).
std::vector<std::int64_t> distinct_positions(const GenerateOptions& options, base::Random& random) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(options.m * options.n));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  for (std::int64_t k = 0; k < options.nnz; ++k) {
    std::swap(all[k], all[k + static_cast<std::int64_t>(random.below(all.size() - static_cast<std::size_t>(k)))]);
  }
  all.resize(static_cast<std::size_t>(options.nnz));
  std::sort(all.begin(), all.end());
  return all;
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
  if (protocol == Protocol::paper) round_numbers(instance);
  drawn.data.instances.push_back(std::move(instance));
  drawn.data.solutions.push_back(std::move(label.x));
}

void sort_in(Drawn& drawn, Instance instance, Label label, Protocol protocol) {
  ++drawn.draws;
  switch (label.status) {
    case LabelStatus::optimal: return keep(drawn, std::move(instance), std::move(label), protocol);
    case LabelStatus::infeasible: ++drawn.infeasible; return;
    case LabelStatus::unbounded: ++drawn.unbounded; return;
    case LabelStatus::failed: ++drawn.failed; return;
  }
}

}  // namespace

Instance draw(const GenerateOptions& options, std::uint64_t seed, std::string_view stream, std::uint64_t index) {
  base::require(options.nnz <= options.m * options.n, "lp::draw", "nnz", options.nnz, fmt::format("<= m*n = {}", options.m * options.n), "ask for fewer nonzeros");
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

Drawn generate(const GenerateOptions& options, std::int64_t count, std::uint64_t seed, std::string_view stream, Protocol protocol) {
  Drawn drawn;
  std::uint64_t next = 0;
  while (static_cast<std::int64_t>(drawn.data.instances.size()) < count) {
    // A block of draws is labelled in parallel and then sorted in by index, so that threads do not matter.
    const std::int64_t missing = count - static_cast<std::int64_t>(drawn.data.instances.size());
    const std::int64_t block = std::clamp<std::int64_t>(2 * missing, 64, 4096);
    std::vector<Instance> instances(static_cast<std::size_t>(block));
    std::vector<Label> labels(static_cast<std::size_t>(block));
    for (std::int64_t k = 0; k < block; ++k) instances[k] = draw(options, seed, stream, next + static_cast<std::uint64_t>(k));
#pragma omp parallel for schedule(dynamic, 16)
    for (std::int64_t k = 0; k < block; ++k) {
      labels[k] = protocol == Protocol::exact ? minimum_norm_label(instances[k]) : vertex_label(instances[k]);
    }
    for (std::int64_t k = 0; k < block && static_cast<std::int64_t>(drawn.data.instances.size()) < count; ++k) {
      sort_in(drawn, std::move(instances[k]), std::move(labels[k]), protocol);
    }
    next += static_cast<std::uint64_t>(block);
    if (drawn.draws > 20000 && drawn.draws > 1000 * static_cast<std::int64_t>(drawn.data.instances.size() + 1)) {
      base::fail("lp::generate", "only {} of {} draws have a solution; use fewer equalities or more variables", drawn.data.instances.size(), drawn.draws);
    }
  }
  return drawn;
}

}  // namespace fathom::lp
