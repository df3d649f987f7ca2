#include "fathom/kernel/conv_net.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <list>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::kernel {
namespace {

using testing::HasSubstr;
using Kind = ConvLayer::Kind;

std::vector<float> normals(std::int64_t count, std::uint64_t seed, double scale = 1) {
  base::Random random(seed);
  std::vector<float> x(count);
  for (float& value : x) value = static_cast<float>(scale * random.normal());
  return x;
}

// A net with the weights it points to.
struct Net {
  ConvNetShape input;
  std::vector<ConvLayer> layers;
  std::list<std::vector<float>> weights;
  std::vector<ConvNetShape> values;

  explicit Net(const ConvNetShape& shape) : input(shape), values{shape} {}

  std::int64_t add(Kind kind, std::int64_t from, std::int64_t out, std::vector<std::int64_t> plus = {},
                   bool relu = false, std::int64_t size = 0) {
    if (size == 0) size = kind == Kind::same ? 3 : 2;
    const ConvNetShape x = values[from];
    const double scale = 1 / std::sqrt(static_cast<double>(size * size * x.channels));
    weights.push_back(normals(out * x.channels * size * size, 7 + layers.size(), scale));
    layers.push_back({kind, from, out, size, weights.back().data(), std::move(plus), relu});
    if (kind == Kind::same) values.push_back({out, x.height, x.width});
    if (kind == Kind::halving) values.push_back({out, x.height / 2, x.width / 2});
    if (kind == Kind::doubling) values.push_back({out, 2 * x.height, 2 * x.width});
    return static_cast<std::int64_t>(layers.size());
  }
  std::int64_t block(std::int64_t x, std::vector<std::int64_t> also = {}) {
    also.insert(also.begin(), x);
    const std::int64_t hidden = add(Kind::same, x, values[x].channels, {}, true);
    return add(Kind::same, hidden, values[x].channels, also);
  }
  ConvNet packed(std::size_t count, bool precise) const {
    return {input, {layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(count)}, precise};
  }
};

// Two scales, blocks, skips by addition, one of them read to the end.
Net u_net(std::int64_t width, std::int64_t height_and_width) {
  Net net({3, height_and_width, height_and_width + 4});
  const std::int64_t head = net.add(Kind::same, 0, width);
  const std::int64_t fine = net.add(Kind::halving, net.block(head), 2 * width);
  const std::int64_t body = net.block(net.block(fine), {fine});
  const std::int64_t up = net.add(Kind::doubling, body, width);
  net.add(Kind::same, net.block(up, {head}), 3, {0});
  return net;
}

struct Bounded {
  double value = 0, magnitude = 0;
  void add(double term) {
    value += term;
    magnitude += std::abs(term);
  }
};

double at(const std::vector<float>& x, const ConvNetShape& s, std::int64_t c, std::int64_t p, std::int64_t q) {
  if (p < 0 || p >= s.height || q < 0 || q >= s.width) return 0;
  return x[(c * s.height + p) * s.width + q];
}

Bounded convolution(const ConvLayer& layer, const ConvNetShape& s, const std::vector<float>& x, std::int64_t o,
                    std::int64_t p, std::int64_t q) {
  Bounded sum;
  for (std::int64_t i = 0; i < s.channels; ++i) {
    if (layer.kind == Kind::doubling) {
      const std::int64_t k = ((i * layer.out + o) * 2 + p % 2) * 2 + q % 2;
      sum.add(layer.weight[k] * at(x, s, i, p / 2, q / 2));
      continue;
    }
    for (std::int64_t a = 0; a < layer.size; ++a) {
      for (std::int64_t b = 0; b < layer.size; ++b) {
        const std::int64_t k = ((o * s.channels + i) * layer.size + a) * layer.size + b;
        const bool same = layer.kind == Kind::same;
        const std::int64_t y = same ? p + a - layer.size / 2 : 2 * p + a, z = same ? q + b - layer.size / 2 : 2 * q + b;
        sum.add(layer.weight[k] * at(x, s, i, y, z));
      }
    }
  }
  return sum;
}

// Layer by layer, each from the numbers that the net itself made before: the bound of one layer holds for each.
void expect_every_layer(const Net& net, bool precise) {
  std::vector<std::vector<float>> values{normals(net.input.numbers(), 3)};
  const double u = std::numeric_limits<float>::epsilon() / 2;
  for (std::size_t k = 1; k <= net.layers.size(); ++k) {
    const ConvLayer& layer = net.layers[k - 1];
    const ConvNetShape& s = net.values[k];
    const ConvNet upto = net.packed(k, precise);
    const bool winograd = upto.winograd() > (k > 1 ? net.packed(k - 1, precise).winograd() : 0);
    ASSERT_EQ(upto.output(), s);
    std::vector<float> y(s.numbers() + 2, -77);
    upto.forward(1, values[0].data(), &y[1]);
    EXPECT_EQ(y.front(), -77);
    EXPECT_EQ(y.back(), -77) << "wrote beyond the end";
    y.pop_back();
    y.erase(y.begin());
    std::vector<Bounded> want;
    double largest = 0;
    for (std::int64_t i = 0; i < s.numbers(); ++i) {
      const std::int64_t q = i % s.width, p = i / s.width % s.height, o = i / (s.width * s.height);
      Bounded sum = convolution(layer, net.values[layer.from], values[layer.from], o, p, q);
      for (const std::int64_t value : layer.plus) sum.add(values[value][i]);
      largest = std::max(largest, sum.magnitude);
      want.push_back(sum);
    }
    const auto terms = static_cast<double>(layer.size * layer.size * net.values[layer.from].channels + 4);
    for (std::int64_t i = 0; i < s.numbers(); ++i) {
      const double value = layer.relu ? std::max(want[i].value, 0.0) : want[i].value;
      ASSERT_LE(std::abs(y[i] - value), winograd ? 64 * u * largest : terms * u * want[i].magnitude)
          << "layer " << k << " number " << i << " winograd " << winograd;
    }
    values.push_back(std::move(y));
  }
}

TEST(ConvNet, EveryLayerIsThePlainSum) {
  for (const bool precise : {true, false}) {
    expect_every_layer(u_net(16, 12), precise);
    expect_every_layer(u_net(5, 8), precise);
  }
}

TEST(ConvNet, AddsAnyValuesInAnyOrder) {
  Net net({16, 6, 10});
  const std::int64_t a = net.add(Kind::same, 0, 16, {0});              // reads what it adds
  const std::int64_t b = net.add(Kind::same, a, 16, {a, 0, a}, true);  // one of them twice
  const std::int64_t c = net.add(Kind::same, b, 16, {b}, false, 1);
  net.add(Kind::same, c, 16, {a, 0, b}, true, 5);
  for (const bool precise : {true, false}) expect_every_layer(net, precise);
}

TEST(ConvNet, PreciseUsesNoWinograd) { EXPECT_EQ(u_net(32, 16).packed(9, true).winograd(), 0); }

TEST(ConvNet, CountsOperations) {
  Net net({3, 8, 8});
  net.add(Kind::same, 0, 4);      // 2 9 3 4 64
  net.add(Kind::halving, 1, 6);   // 2 4 4 6 16
  net.add(Kind::doubling, 2, 5);  // 2 4 6 5 16
  EXPECT_EQ(net.packed(3, true).flops(), 2 * (9 * 3 * 4 * 64 + 4 * 4 * 6 * 16 + 4 * 6 * 5 * 16));
}

// Values that are read no more leave their place to others: a chain of any length needs two of its widest values.
TEST(ConvNet, AChainOfAnyLengthNeedsTheMemoryOfAShortOne) {
  Net net({16, 16, 16});
  std::int64_t value = net.add(Kind::same, 0, 16);
  value = net.block(value);
  value = net.block(value);
  const std::int64_t few = net.packed(net.layers.size(), true).workspace();
  for (int i = 0; i < 10; ++i) value = net.block(value);
  EXPECT_EQ(net.packed(net.layers.size(), true).workspace(), few);
  EXPECT_LT(few, 4 * net.values.back().numbers());
}

TEST(ConvNet, ASampleHasTheSameBitsAloneAndInABatchOnAnyNumberOfThreads) {
  const Net net = u_net(16, 16);
  constexpr std::int64_t kSamples = 5;
  const std::vector<float> x = normals(kSamples * net.input.numbers(), 4);
  const int threads = omp_get_max_threads();
  for (const bool precise : {true, false}) {
    const ConvNet packed = net.packed(net.layers.size(), precise);
    const std::int64_t size = packed.output().numbers();
    std::vector<float> y(kSamples * size), one(size);
    for (const int count : {1, 3, 8}) {
      omp_set_num_threads(count);
      packed.forward(kSamples, x.data(), y.data());
      omp_set_num_threads(1);
      for (std::int64_t i = 0; i < kSamples; ++i) {
        packed.forward(1, &x[i * net.input.numbers()], one.data());
        EXPECT_TRUE(std::equal(one.begin(), one.end(), y.begin() + i * size))
            << "sample " << i << " of " << count << " threads";
      }
    }
  }
  omp_set_num_threads(threads);
}

template <class Call>
void expect_error(const char* text, const Call& call) {
  try {
    call();
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(ConvNet, RefusesWhatCannotBe) {
  const float weight[9 * 16] = {};
  const auto make = [&](std::vector<ConvLayer> layers) { ConvNet({1, 5, 6}, layers); };
  expect_error("[kernel::ConvNet] layers = 0 violates >= 1", [&] { make({}); });
  expect_error("layer 1's from = 1 violates in 0 ... 0", [&] { make({{.from = 1, .weight = weight}}); });
  expect_error("layer 1's plus = 2 violates", [&] { make({{.weight = weight, .plus = {2}}}); });
  expect_error("layer 1's plus = 0 violates a value of its own shape",
               [&] { make({{.out = 2, .weight = weight, .plus = {0}}}); });
  expect_error("layer 1's size = 2 violates odd", [&] { make({{.size = 2, .weight = weight}}); });
  expect_error("layer 1's size = 3 violates == 2", [&] { make({{.kind = Kind::doubling, .weight = weight}}); });
  expect_error("layer 1's input = 5 x 6 violates even sides",
               [&] { make({{.kind = Kind::halving, .size = 2, .weight = weight}}); });
  expect_error("height = 0 violates >= 1", [&] { ConvNet({1, 0, 6}, {{.weight = weight}}); });
}

}  // namespace
}  // namespace fathom::kernel
