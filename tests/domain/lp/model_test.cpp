#include "fathom/domain/lp/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/tensor/convert.h"

namespace fathom::lp {
namespace {

using ::testing::HasSubstr;

Instance small_instance(std::uint64_t seed, std::int64_t m = 3, std::int64_t n = 5) {
  base::Random random(seed);
  Instance instance{.m = m, .n = n};
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = i % 2; j < n; j += 2) {
      instance.row.push_back(i);
      instance.column.push_back(j);
      instance.value.push_back(random.normal());
    }
    instance.b.push_back(random.normal());
    instance.equality.push_back(i == 0);
  }
  for (std::int64_t j = 0; j < n; ++j) {
    instance.c.push_back(random.normal());
    instance.l.push_back(-1 - random.uniform());
    instance.u.push_back(1 + random.uniform());
  }
  return instance;
}

TEST(LpModel, ParameterCountsAreThePapers) {
  const std::int64_t embedding[] = {4, 8, 16, 32}, implicit[] = {722, 2350, 8390, 31606},
                     explicit_[] = {580, 2088, 7888, 30624};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(parameter_count(ImplicitGnn({.embedding = embedding[i]})), implicit[i]);
    EXPECT_EQ(parameter_count(ExplicitGnn({.embedding = embedding[i]})), explicit_[i]);
  }
}

TEST(LpModel, JointIsTheMapWithItsDataAsAnArgument) {
  at::manual_seed(1);  // of four units, all may be off where b comes in: a network that does not see its data
  const std::vector<Instance> all = {small_instance(1), small_instance(2)};
  ImplicitGnn model({.embedding = 4});
  model.to(at::kDouble);
  const Batch batch = make_batch(all, {}, {.dtype = at::kDouble});
  const State y = model.start(batch), data = ImplicitGnn::data(batch);
  EXPECT_EQ(tensor::to_doubles(data[0])[3], all[1].b[0]);
  EXPECT_EQ(tensor::to_doubles(data[1])[2], all[0].u[0]);
  EXPECT_EQ(tensor::to_doubles(model.joint(batch)(y, data).only()),
            tensor::to_doubles(model.map(batch, model.embed(batch))(y).only()));
  // The data matter, those of one program to it alone.
  std::vector<Instance> moved = all;
  moved[1].b[0] += 1;
  const State other = ImplicitGnn::data(make_batch(moved, {}, {.dtype = at::kDouble}));
  const std::vector<double> before = tensor::to_doubles(model.joint(batch)(y, data).only()),
                            after = tensor::to_doubles(model.joint(batch)(y, other).only());
  for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(before[j], after[j]);
  EXPECT_NE(std::vector<double>(before.begin() + 5, before.end()), std::vector<double>(after.begin() + 5, after.end()));
}

TEST(LpModel, ProgramsInABatchDoNotSeeEachOther) {
  const std::vector<Instance> all = {small_instance(1), small_instance(2), small_instance(3)};
  ImplicitGnn model({.embedding = 4});
  model.to(at::kDouble);
  const BatchOptions options{.dtype = at::kDouble};
  const std::vector<double> together = tensor::to_doubles(model.forward(make_batch(all, {}, options), 5));
  for (std::size_t k = 0; k < all.size(); ++k) {
    const std::vector<double> alone =
        tensor::to_doubles(model.forward(make_batch(std::span(&all[k], 1), {}, options), 5));
    for (std::size_t j = 0; j < alone.size(); ++j) {
      EXPECT_NEAR(together[k * alone.size() + j], alone[j], 1e-12 * (1 + std::abs(alone[j]))) << "program " << k;
    }
  }
}

TEST(LpModel, PermutingVariablesPermutesTheAnswer) {
  const Instance original = small_instance(4);
  const std::vector<std::int64_t> to = {3, 0, 4, 1, 2};  // variable j becomes to[j]
  Instance permuted = original;
  for (std::size_t e = 0; e < original.column.size(); ++e) permuted.column[e] = to[original.column[e]];
  for (std::size_t j = 0; j < to.size(); ++j) {
    permuted.c[to[j]] = original.c[j];
    permuted.l[to[j]] = original.l[j];
    permuted.u[to[j]] = original.u[j];
  }
  ImplicitGnn model({.embedding = 4});
  model.to(at::kDouble);
  const BatchOptions options{.dtype = at::kDouble};
  const std::vector<double> a = tensor::to_doubles(model.forward(make_batch(std::span(&original, 1), {}, options), 4));
  const std::vector<double> b = tensor::to_doubles(model.forward(make_batch(std::span(&permuted, 1), {}, options), 4));
  for (std::size_t j = 0; j < to.size(); ++j) EXPECT_NEAR(a[j], b[to[j]], 1e-12 * (1 + std::abs(a[j])));
}

TEST(LpBatch, HoldsFeaturesAndFlags) {
  Instance instance = small_instance(5);
  instance.l[1] = -std::numeric_limits<double>::infinity();
  instance.u[2] = std::numeric_limits<double>::infinity();
  const Batch batch = make_batch(std::span(&instance, 1), {}, {.bound_flags = true, .dtype = at::kDouble});
  EXPECT_EQ(batch.variables.sizes(), at::IntArrayRef({5, 5}));
  const std::vector<double> features = tensor::to_doubles(batch.variables);
  EXPECT_EQ(features[1 * 5 + 1], 0);  // the infinite bound itself is not a feature
  EXPECT_EQ(features[1 * 5 + 3], 1);  // its flag is
  EXPECT_EQ(features[2 * 5 + 4], 1);
  EXPECT_EQ(features[0 * 5 + 3] + features[0 * 5 + 4], 0);
}

TEST(LpBatch, RefusesWhatItCannotHold) {
  const auto message = [](auto call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::vector<Instance> unequal = {small_instance(1, 3, 5), small_instance(1, 2, 5)};
  EXPECT_THAT(message([&] { make_batch(unequal); }), HasSubstr("programs of 3 x 5 and 2 x 5"));
  EXPECT_THAT(message([&] { make_batch({}); }), HasSubstr("at least one"));
  Instance infinite = small_instance(6);
  infinite.u[0] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(message([&] { make_batch(std::span(&infinite, 1)); }), HasSubstr("bound flags"));
  const std::vector<std::vector<double>> solutions(2, std::vector<double>(5));
  EXPECT_THAT(message([&] { make_batch(std::span(&infinite, 1), solutions); }),
              HasSubstr("2 solutions for 1 programs"));
}

}  // namespace
}  // namespace fathom::lp
