#include "fathom/tensor/device.h"

#include <cstdlib>
#include <thread>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/tensor/tensor.h"

namespace fathom::tensor {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::string refusal(std::string_view name) {
  try {
    device(name);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Device, ByName) {
  EXPECT_TRUE(device("cpu").is_cpu());
  EXPECT_THAT(refusal("gpu"), HasSubstr("device = 'gpu' violates cpu|cuda|cuda:N"));
  EXPECT_THAT(refusal(""), HasSubstr("device = ''"));
}

TEST(Device, CudaIsRefusedWhereThereIsNoneAndParsedWhereThereIs) {
  if (at::hasCUDA()) {
    EXPECT_EQ(device("cuda:0").index(), 0);
    EXPECT_THAT(refusal("cuda:x"), HasSubstr("N is a number"));
  } else {
    EXPECT_THAT(refusal("cuda"), HasSubstr("CPU only, or no GPU found"));
    EXPECT_THAT(refusal("cuda:0"), HasSubstr("--device cpu"));
  }
}

TEST(Threads, AreSetAndDefaultToTheEnvironment) {
  EXPECT_EQ(set_threads(2), 2);
  EXPECT_EQ(at::get_num_threads(), 2);
  const char* before = std::getenv("OMP_NUM_THREADS");
  const std::string saved = before ? before : "";
  setenv("OMP_NUM_THREADS", "1", 1);
  EXPECT_EQ(set_threads(0), 1);
  EXPECT_EQ(at::get_num_threads(), 1);
  setenv("OMP_NUM_THREADS", "not a number", 1);
  EXPECT_EQ(set_threads(0), std::max(1u, std::thread::hardware_concurrency()));
  setenv("OMP_NUM_THREADS", saved.c_str(), 1);
  set_threads(1);
}

TEST(Seed, RepeatsTheGenerator) {
  seed(7);
  const Tensor first = at::randn({5});
  seed(7);
  EXPECT_TRUE(at::equal(at::randn({5}), first));
  seed(8);
  EXPECT_FALSE(at::equal(at::randn({5}), first));
}

TEST(Libtorch, SaysItsVersionAndCanBeDeterministic) {
  EXPECT_THAT(libtorch_version(), MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  set_deterministic(true);
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  set_deterministic(false);
  EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
}

}  // namespace
}  // namespace fathom::tensor
