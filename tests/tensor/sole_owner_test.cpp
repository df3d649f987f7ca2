#include "fathom/tensor/sole_owner.h"

#include <vector>

#include <ATen/ATen.h>

#include <gtest/gtest.h>

namespace fathom::tensor {
namespace {

TEST(SoleOwner, OfAFreshTensorOnly) {
  Tensor x = at::zeros({2, 3});
  EXPECT_TRUE(sole_owner(x));
  {
    const Tensor other = x;
    EXPECT_FALSE(sole_owner(x)) << "two references";
  }
  EXPECT_TRUE(sole_owner(x));
  const Tensor view = x.narrow(1, 0, 2);
  EXPECT_FALSE(sole_owner(x)) << "a view shares the memory";
  EXPECT_FALSE(sole_owner(view));
  EXPECT_FALSE(sole_owner(Tensor()));
}

TEST(SoleOwner, NotOfMemoryThatIsLent) {
  std::vector<float> lent(6);
  EXPECT_FALSE(sole_owner(at::from_blob(lent.data(), {2, 3})));
}

}  // namespace
}  // namespace fathom::tensor
