#include "fathom/train/state_dict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ops/zeros.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/tensor_file.h"

namespace fathom::train {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(FATHOM_SOURCE_DIR) / "tests" / "golden" / "train" / name;
}

torch::nn::Sequential module_of(std::int64_t in) {
  torch::nn::Sequential net;
  net->push_back("first", torch::nn::Linear(in, 2));
  net->push_back("norm", torch::nn::BatchNorm1d(2));
  return net;
}

template <class Act>
std::string refusal(Act act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(StateDict, OfAPythonModuleFillsTheSameModuleHere) {
  const torch::nn::Sequential net = module_of(3);
  load_state_dict(golden("module.pt"), named_state(*net));
  EXPECT_THAT(tensor::to_doubles(net->named_parameters()["first.weight"]), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(tensor::to_doubles(net->named_parameters()["norm.bias"]), ElementsAre(30, 31));
  EXPECT_EQ(net->named_buffers()["norm.num_batches_tracked"].item<std::int64_t>(), 7);
  EXPECT_TRUE(net->named_parameters()["first.weight"].requires_grad());
}

TEST(StateDict, SafetensorsDoTheSameAndDtypesAreKept) {
  const torch::nn::Sequential from = module_of(3), to = module_of(3);
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "fathom_state_dict_test.safetensors";
  NamedTensors halves;
  for (const auto& [name, tensor] : named_state(*from)) {
    halves.emplace_back(name, tensor.is_floating_point() ? tensor.to(at::kHalf) : tensor);
  }
  save_model(path, halves, {});
  load_state_dict(path, named_state(*to));
  std::filesystem::remove(path);
  const Tensor weight = to->named_parameters()["first.weight"];
  EXPECT_EQ(weight.scalar_type(), at::kFloat);
  EXPECT_EQ(tensor::to_doubles(weight), tensor::to_doubles(halves[0].second));
}

TEST(StateDict, EverythingThatDoesNotFitIsSaidAtOnceAndNothingIsChanged) {
  const NamedTensors state{{"first.wieght", at::zeros({2, 3})},
                           {"first.bias", at::zeros({3})},
                           {"norm.weight", at::zeros({2})},
                           {"norm.bias", at::zeros({2}, at::kLong)}};
  const std::string text = refusal([&] { load_state_dict(golden("module.pt"), state); });
  EXPECT_THAT(text, AllOf(HasSubstr("missing 'first.wieght' (the file has 'first.weight')"),
                          HasSubstr("unexpected 'first.weight' (the model has 'first.wieght')"),
                          HasSubstr("unexpected 'norm.running_mean'; "),
                          HasSubstr("'first.bias' has shape [2], the model needs [3]"),
                          HasSubstr("'norm.bias' is of f32, the model needs integers")));
  for (const auto& [name, tensor] : state) EXPECT_EQ(tensor.abs().sum().item<double>(), 0) << name;
}

TEST(StateDict, ALongListIsCut) {
  NamedTensors state;
  for (int i = 0; i < 40; ++i) state.emplace_back("layer" + std::to_string(i), at::zeros({1}));
  const std::string text = refusal([&] { load_state_dict(golden("module.pt"), state); });
  EXPECT_THAT(text, HasSubstr("and 39 more"));
  EXPECT_THAT(text, Not(HasSubstr("layer9'")));
}

}  // namespace
}  // namespace fathom::train
