#include "fathom/kernel/channel_affine.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "fathom/base/seed.h"
#include "tests/kernel/instruction_sets.h"

namespace fathom::kernel {
namespace {

template <class T>
std::vector<T> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<T> x(count);
  for (T& value : x) value = static_cast<T>(random.normal());
  return x;
}

// Fields one number late, so that no pointer is aligned to a vector.
template <class T>
struct Case {
  std::int64_t in, out, pixels;
  bool bias, first, second;
  std::vector<T> w, b, x, f, s;

  Case(std::int64_t inputs, std::int64_t outputs, std::int64_t count, int terms)
      : in(inputs),
        out(outputs),
        pixels(count),
        bias(terms & 1),
        first(terms & 2),
        second(terms & 4),
        w(normals<T>(in * out + 1, 1)),
        b(normals<T>(out + 1, 2)),
        x(normals<T>(in * pixels + 1, 3)),
        f(normals<T>(out * pixels + 1, 4)),
        s(normals<T>(out * pixels + 1, 5)) {}

  ChannelAffine<T> map(Activation act) const { return {in, out, &w[1], bias ? &b[1] : nullptr, act}; }
  std::vector<T> run(Activation act) const {
    std::vector<T> y(out * pixels + 2, T{-77});
    channel_affine(map(act), pixels, &x[1], first ? &f[1] : nullptr, second ? &s[1] : nullptr, &y[1]);
    return y;
  }
};

template <class T>
void expect_reference(const Case<T>& c) {
  SCOPED_TRACE(testing::Message() << c.in << " -> " << c.out << ", " << c.pixels << " pixels, bias " << c.bias
                                  << ", first " << c.first << ", second " << c.second);
  const std::vector<T> y = c.run(Activation::identity);
  for (std::int64_t o = 0; o < c.out; ++o) {
    for (std::int64_t p = 0; p < c.pixels; ++p) {
      double sum = 0, magnitude = 0;
      const auto add = [&](double term) {
        sum += term;
        magnitude += std::abs(term);
      };
      for (std::int64_t i = 0; i < c.in; ++i) add(double{c.w[1 + o * c.in + i]} * double{c.x[1 + i * c.pixels + p]});
      if (c.bias) add(c.b[1 + o]);
      if (c.first) add(c.f[1 + o * c.pixels + p]);
      if (c.second) add(c.s[1 + o * c.pixels + p]);
      const double bound = static_cast<double>(c.in + 4) * std::numeric_limits<T>::epsilon() / 2 * magnitude;
      ASSERT_LE(std::abs(double{y[1 + o * c.pixels + p]} - sum), bound) << "channel " << o << " pixel " << p;
    }
  }
  EXPECT_EQ(y.front(), T{-77});
  EXPECT_EQ(y.back(), T{-77}) << "wrote beyond the end";
}

template <class T>
class ChannelAffineTest : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(ChannelAffineTest, Reals);

template <class T>
void expect_every_size() {
  for (std::int64_t pixels = 0; pixels <= 100; ++pixels) expect_reference(Case<T>(3, 5, pixels, pixels % 8));
  for (std::int64_t channels = 1; channels <= 20; ++channels) {
    for (int terms = 0; terms < 8; ++terms) expect_reference(Case<T>(channels, 21 - channels, 19, terms));
  }
}

TYPED_TEST(ChannelAffineTest, EqualsThePlainSumAtEverySize) { on_every_instruction_set(expect_every_size<TypeParam>); }

// The activation is applied to the very sum that identity gives: the bits of activate().
TYPED_TEST(ChannelAffineTest, AppliesTheActivationOfItsArgument) {
  for (const Activation act : {Activation::relu, Activation::tanh, Activation::sigmoid, Activation::exp,
                               Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    const Case<TypeParam> c(4, 6, 53, 7);
    std::vector<TypeParam> want = c.run(Activation::identity);
    activate<TypeParam>(act, std::span<const TypeParam>(want).subspan(1, c.out * c.pixels), &want[1]);
    EXPECT_EQ(c.run(act), want);
  }
}

TYPED_TEST(ChannelAffineTest, TheResultMayOverwriteWhatIsAdded) {
  const Case<TypeParam> c(4, 6, 53, 7);
  const std::vector<TypeParam> want = c.run(Activation::tanh);
  for (const bool over_first : {true, false}) {
    std::vector<TypeParam> f = c.f, s = c.s;
    std::vector<TypeParam>& target = over_first ? f : s;
    channel_affine(c.map(Activation::tanh), c.pixels, &c.x[1], &f[1], &s[1], &target[1]);
    EXPECT_TRUE(std::equal(target.begin() + 1, target.end(), want.begin() + 1));
  }
}

// Where a pixel stands decides nothing: shifted by a few, it has the same bits.
TYPED_TEST(ChannelAffineTest, APixelHasTheSameBitsAnywhere) {
  const std::int64_t pixels = 60;
  const Case<TypeParam> c(5, 3, pixels, 1);
  const std::vector<TypeParam> whole = c.run(Activation::tanh);
  for (std::int64_t shift = 1; shift < pixels; ++shift) {
    const std::int64_t rest = pixels - shift;
    std::vector<TypeParam> x, y(3 * rest);
    for (std::int64_t i = 0; i < 5; ++i) {
      x.insert(x.end(), c.x.begin() + 1 + i * pixels + shift, c.x.begin() + 1 + (i + 1) * pixels);
    }
    channel_affine<TypeParam>(c.map(Activation::tanh), rest, x.data(), nullptr, nullptr, y.data());
    for (std::int64_t o = 0; o < 3; ++o) {
      EXPECT_TRUE(std::equal(y.begin() + o * rest, y.begin() + (o + 1) * rest, whole.begin() + 1 + o * pixels + shift));
    }
  }
}

}  // namespace
}  // namespace fathom::kernel
