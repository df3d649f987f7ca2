#include "fathom/train/tensor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
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

TEST(TensorFile, MappedTensorsAreTheFilesWithoutACopy) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("fathom-mapped-" + std::to_string(::getpid()) + ".safetensors");
  const Tensor a = at::randn({3, 5});
  io::write_safetensors(path, {{to_record("a", a), to_record("none", at::empty({0, 2}))}, {}});
  auto files = std::make_shared<const io::WeightFiles>(io::WeightFiles::open(path));
  std::filesystem::remove(path);
  const Tensor mapped = mapped_tensor(files, "a");
  EXPECT_EQ(mapped.data_ptr(), static_cast<const void*>(files->at("a").bytes.data()));
  EXPECT_EQ(mapped_tensor(files, "none").sizes(), (std::vector<std::int64_t>{0, 2}));
  EXPECT_THROW(mapped_tensor(files, "c"), Error);
  files.reset();  // the tensors keep it
  EXPECT_EQ(tensor::to_doubles(mapped), tensor::to_doubles(a));
}

// The data begin at an odd byte.
TEST(TensorFile, AMappedTensorThatIsNotAlignedIsCopied) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("fathom-odd-" + std::to_string(::getpid()) + ".safetensors");
  const std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})" + std::string(7, ' ');
  const std::uint64_t length = header.size();
  const float values[2] = {1.5f, -2};
  std::string bytes(reinterpret_cast<const char*>(&length), 8);
  bytes += header + std::string(reinterpret_cast<const char*>(values), 8);
  ASSERT_NE((8 + header.size()) % 4, 0u);
  base::write_atomically(path, bytes);
  const auto files = std::make_shared<const io::WeightFiles>(io::WeightFiles::open(path));
  std::filesystem::remove(path);
  const Tensor copy = mapped_tensor(files, "a");
  EXPECT_NE(copy.data_ptr(), static_cast<const void*>(files->at("a").bytes.data()));
  EXPECT_EQ(tensor::to_doubles(copy), (std::vector<double>{1.5, -2}));
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
