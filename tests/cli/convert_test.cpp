// fathom convert through the program: the model that ships, a torch.save file, refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/torch_save.h"
#include "tests/cli/program.h"

namespace fathom::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string kSource = FATHOM_SOURCE_DIR;
const std::string kModel = kSource + "/models/imaging.safetensors";

TEST(Convert, TheModelThatShipsSurvivesBeingWidened) {
  const Scratch scratch;
  const Outcome wide = run_program({"convert", kModel, "-o", "wide.safetensors", "--dtype", "f32"}, scratch.path());
  ASSERT_EQ(wide.code, 0) << wide.err;
  EXPECT_THAT(wide.out, AllOf(HasSubstr("wide.safetensors: "), HasSubstr("in f32, largest rounding error 0;")));
  const Outcome back = run_program({"convert", "wide.safetensors", "-o", "back.safetensors"}, scratch.path());
  ASSERT_EQ(back.code, 0) << back.err;
  EXPECT_EQ(base::read_file(scratch.path() / "back.safetensors"), base::read_file(kModel));
  EXPECT_GT(std::filesystem::file_size(scratch.path() / "wide.safetensors"), 1.9 * std::filesystem::file_size(kModel));
}

TEST(Convert, ReadsTorchSave) {
  const Scratch scratch;
  const std::string path = kSource + "/tests/golden/train/views.pt";
  const Outcome outcome = run_program({"convert", path, "-o", "v.safetensors", "--dtype", "f32"}, scratch.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const io::Safetensors file = io::read_safetensors(scratch.path() / "v.safetensors");
  const std::vector<io::TensorRecord> original = io::read_torch_save(path);
  ASSERT_EQ(file.tensors.size(), original.size());
  for (const io::TensorRecord& tensor : original) EXPECT_EQ(file.at(tensor.name).shape, tensor.shape);
}

TEST(Convert, RefusesWhatItCannotDo) {
  struct Misuse {
    std::vector<std::string> arguments;
    int code;
    const char* says;
  };
  const std::vector<Misuse> misuses = {
      {{"convert"}, 2, "convert: model is needed (FILE)"},
      {{"convert", "absent.safetensors", "-o", "x"}, 2, "convert: no file at absent.safetensors"},
      {{"convert", kModel}, 2, "convert: --output is needed"},
      {{"convert", kModel, "-o", "x", "--dtype", "f8"}, 2, "dtype = 'f8' violates f16|bf16|f32"},
      {{"convert", kSource + "/README.md", "-o", "x"}, 1, "README.md"},
      {{"convert", kSource + "/tests/golden/train/legacy.pt", "-o", "x"}, 1, "torch 1.6"},
  };
  const Scratch scratch;
  for (const Misuse& misuse : misuses) {
    const Outcome outcome = run_program(misuse.arguments, scratch.path());
    EXPECT_EQ(outcome.code, misuse.code) << misuse.says;
    EXPECT_THAT(outcome.err, HasSubstr(misuse.says));
  }
  EXPECT_TRUE(scratch.is_empty());
}

}  // namespace
}  // namespace fathom::cli
