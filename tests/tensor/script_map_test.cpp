#include "fathom/tensor/script_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/tensor/autograd.h"

namespace fathom::tensor {
namespace {

using testing::HasSubstr;
using testing::Not;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(FATHOM_SOURCE_DIR) / "tests" / "golden" / "map" / name;
}

template <class Act>
std::string refusal(Act act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("\n"))) << "one line";
    return error.what();
  }
  return "no error";
}

std::string refusal_of(const std::string& name) {
  return refusal([&] {
    ScriptMap(golden(name)).check(at::zeros({6, 4}), at::arange(24, at::kFloat).view({6, 4}) / 24);
  });
}

TEST(ScriptMap, ScriptedAndTracedGiveTheSameInEvaluationMode) {
  ScriptMap scripted(golden("cell.pt")), traced(golden("traced.pt"));
  EXPECT_EQ(scripted.name(), "cell");
  EXPECT_EQ(scripted.parameters(), 16);
  EXPECT_EQ(scripted.dtype(), at::kFloat);
  const Tensor y = at::arange(24, at::kFloat).view({6, 4}) / 24, x = at::ones({6, 4});
  const Tensor g = scripted(y, x).only();
  EXPECT_TRUE(at::equal(g, scripted(y, x).only())) << "dropout is off";
  EXPECT_TRUE(at::allclose(g, traced(y, x).only(), 1e-6, 1e-6));
  EXPECT_LT(g.abs().max().item<double>(), 1);
}

TEST(ScriptMap, IsAMapThatTakesRowsAndDifferentiates) {
  ScriptMap G(golden("cell.pt"));
  const Tensor y = at::arange(24, at::kFloat).view({6, 4}) / 24, x = at::arange(24, at::kFloat).view({6, 4}) / 12;
  EXPECT_FALSE(G.map(x).compactable()) << "not before check() has seen it";
  G.check(y, x);
  const Map map = G.map(x);
  EXPECT_TRUE(map.compactable());
  const Tensor index = at::arange(1, 5, 3);  // rows 1 and 4
  const Tensor some = map(y.index_select(0, index), Rows(index)).only();
  EXPECT_TRUE(at::allclose(some, map(y).only().index_select(0, index), 1e-6, 1e-7));
  const Linearization J(map, y);
  const Tensor u = at::ones({6, 4}), v = y.cos();
  EXPECT_NEAR((J.vjp(u) * v).sum().item<double>(), (J.jvp(v) * u).sum().item<double>(), 1e-4);
}

TEST(ScriptMap, AMapOfWholeBatchesIsNotAskedForLess) {
  ScriptMap G(golden("whole_batches.pt"));
  G.check(at::zeros({6, 4}), at::ones({6, 4}));
  EXPECT_FALSE(G.map(at::ones({6, 4})).compactable());
}

TEST(ScriptMap, WhatIsNoMapIsRefusedInOneLine) {
  EXPECT_THAT(refusal_of("one_argument.pt"), HasSubstr("forward takes (y); it must take the state and the input"));
  EXPECT_THAT(refusal_of("number_argument.pt"), HasSubstr("argument 'x' of forward is a float"));
  EXPECT_THAT(refusal_of("pair.pt"), HasSubstr("returned a Tuple; one tensor shaped like y is needed"));
  EXPECT_THAT(refusal_of("wider.pt"), HasSubstr("of shape [6, 8] for y of Float and shape [6, 4]"));
  EXPECT_THAT(refusal_of("mixing.pt"), HasSubstr("depends on the other rows"));
  EXPECT_THAT(refusal_of("absent.pt"), HasSubstr("absent.pt"));
  EXPECT_THAT(refusal_of("make.py"), HasSubstr("no TorchScript file"));
  EXPECT_THAT(refusal_of("samples.npz"), HasSubstr("no TorchScript file"));
}

TEST(ScriptMap, TruncatedFilesAreRefused) {
  const std::string whole = base::read_file(golden("cell.pt"));
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "fathom_script_map_test.pt";
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    base::write_atomically(path, whole.substr(0, length));
    EXPECT_THAT(refusal([&] { ScriptMap{path}; }), HasSubstr("no TorchScript file")) << length;
  }
  std::filesystem::remove(path);
}

TEST(ScriptMap, InputsThatDoNotFitAreToldWithTheirShapes) {
  ScriptMap G(golden("cell.pt"));
  EXPECT_THAT(refusal([&] {
                G.check(at::zeros({6, 4}), at::ones({5, 4}));
              }),
              HasSubstr("y0 of shape [6, 4] and x of shape [5, 4] are no batch"));
  EXPECT_THAT(refusal([&] {
                G.check(at::zeros({6, 3}), at::ones({6, 4}));
              }),
              HasSubstr("G(y, x) failed for y of shape [6, 3] and x of shape [6, 4]: "));
  EXPECT_THAT(refusal([&] { G.check(at::zeros({6, 4}, at::kDouble), at::ones({6, 4})); }), HasSubstr("cell.pt"));
}

}  // namespace
}  // namespace fathom::tensor
