#include "fathom/train/tensor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <ATen/ops/randn.h>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"

namespace fathom::train {
namespace {

TEST(TensorFile, EveryDtypeComesBackAsItWas) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort,
                                    at::kChar, at::kByte, at::kBool}) {
    const Tensor tensor = at::randn({2, 3, 0 + 4}).mul(3).abs().to(type);
    const Tensor back = from_record(to_record("t", tensor));
    EXPECT_EQ(back.scalar_type(), type);
    EXPECT_EQ(back.sizes(), tensor.sizes());
    EXPECT_EQ(tensor::to_doubles(back), tensor::to_doubles(tensor));
  }
}

TEST(TensorFile, ModelsKeepNamesShapesAndMetadata) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("fathom-model-" + std::to_string(::getpid()));
  const NamedTensors saved = {
      {"a.weight", at::randn({2, 3})}, {"a.bias", at::randn({3}).t()}, {"empty", at::randn({0, 4})}};
  save_model(path, saved, {{"note", "é \"quoted\""}});
  const NamedTensors loaded = {
      {"a.weight", at::randn({2, 3})}, {"a.bias", at::randn({3})}, {"empty", at::randn({0, 4})}};
  EXPECT_EQ(load_model(path, loaded).at("note"), "é \"quoted\"");
  for (std::size_t i = 0; i < saved.size(); ++i)
    EXPECT_EQ(tensor::to_doubles(loaded[i].second), tensor::to_doubles(saved[i].second));

  const NamedTensors fewer = {{"a.weight", at::randn({2, 3})}};
  try {
    load_model(path, fewer);
    FAIL() << "a file with more tensors than the model was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("which the model does not have"));
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace fathom::train
