#include "fathom/io/torch_save.h"

#include <random>

#include "fathom/base/file.h"
#include "fathom/io/npz.h"
#include "fathom/io/pickle.h"
#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(FATHOM_SOURCE_DIR) / "tests" / "golden" / "train" / name;
}

std::string refusal_of(const std::string& name) {
  return refusal([&] { read_torch_save(golden(name)); });
}

std::vector<std::string> names_of(const std::vector<TensorRecord>& tensors) {
  std::vector<std::string> names;
  for (const TensorRecord& tensor : tensors) names.push_back(tensor.name);
  return names;
}

const TensorRecord& at(const std::vector<TensorRecord>& tensors, const std::string& name) {
  for (const TensorRecord& tensor : tensors) {
    if (tensor.name == name) return tensor;
  }
  throw std::out_of_range(name);
}

TEST(TorchSave, ReadsTheStateOfAModuleInItsOrder) {
  const std::vector<TensorRecord> tensors = read_torch_save(golden("module.pt"));
  EXPECT_THAT(names_of(tensors), ElementsAre("first.weight", "first.bias", "norm.weight", "norm.bias",
                                             "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"));
  EXPECT_THAT(tensors[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(tensors[0].dtype, DType::f32);
  EXPECT_THAT(to_doubles(tensors[0]), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(to_doubles(tensors[1]), ElementsAre(10, 11));
  EXPECT_EQ(tensors[6].dtype, DType::i64);
  EXPECT_THAT(to_int64s(tensors[6]), ElementsAre(7));
}

TEST(TorchSave, ViewsOfOneStorageComeOutDense) {
  const std::vector<TensorRecord> tensors = read_torch_save(golden("views.pt"));
  const auto values = [&](const std::string& name) { return to_doubles(at(tensors, name)); };
  EXPECT_THAT(values("all"), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  EXPECT_THAT(at(tensors, "transposed").shape, ElementsAre(4, 3));
  EXPECT_THAT(values("transposed"), ElementsAre(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11));
  EXPECT_THAT(values("part"), ElementsAre(5, 7));
  EXPECT_THAT(values("scalar"), ElementsAre(2.5));
  EXPECT_TRUE(at(tensors, "scalar").shape.empty());
  EXPECT_THAT(at(tensors, "empty").shape, ElementsAre(0, 3));
  EXPECT_THAT(values("expanded"), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(values("half"), ElementsAre(0.5, -2));
  EXPECT_THAT(values("bfloat"), ElementsAre(1.5));
  EXPECT_THAT(values("flags"), ElementsAre(1, 0));
  EXPECT_THAT(values("bytes"), ElementsAre(3, 200));
  EXPECT_THAT(values("parameter"), ElementsAre(1, 2));
}

TEST(TorchSave, WhatIsNoStateDictIsNamed) {
  EXPECT_THAT(refusal_of("checkpoint.pt"), AllOf(HasSubstr("'epoch' is no tensor"), HasSubstr("module.state_dict()")));
  EXPECT_THAT(refusal_of("evil.pt"), HasSubstr("'weight' is made by __builtin__.print, not a dense tensor"));
  EXPECT_THAT(refusal_of("sparse.pt"), HasSubstr("'weight' is made by torch._utils._rebuild_sparse_tensor"));
  EXPECT_THAT(refusal_of("tensor.pt"), HasSubstr("holds no dictionary of tensors"));
  EXPECT_THAT(refusal_of("legacy.pt"), HasSubstr("from before torch 1.6"));
  EXPECT_THAT(refusal_of("make.py"), HasSubstr("not a sound zip archive"));
  EXPECT_THAT(refusal([] { parse_torch_save("", "a.pt"); }), HasSubstr("a.pt: not a sound zip archive"));
  const std::filesystem::path npz = std::filesystem::path(testing::TempDir()) / "fathom_torch_save_test.npz";
  write_npz(npz, {from_doubles("a", {1}, {1})});
  EXPECT_THAT(refusal([&] { read_torch_save(npz); }), HasSubstr("no data.pkl inside"));
  std::filesystem::remove(npz);
}

TEST(TorchSave, LimitsHold) {
  EXPECT_THAT(refusal([] { read_torch_save(golden("views.pt"), 300); }), HasSubstr("limit of 300 bytes"));
}

// Every file with some of its bytes changed, cut or doubled: an Error or tensors, nothing else.
TEST(TorchSave, DamagedFilesAreRefusedOrRead) {
  std::mt19937 random(1);
  int refused = 0, read = 0;
  for (const char* name : {"module.pt", "views.pt", "sparse.pt"}) {
    const std::string whole = base::read_file(golden(name));
    for (int round = 0; round < 400; ++round) {
      std::string bytes = whole;
      for (int hit = 0; hit < 1 + round % 3; ++hit) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (round % 10 == 0) bytes.resize(random() % bytes.size());
      ++(refusal([&] { parse_torch_save(bytes, "input"); }) == "no error" ? read : refused);
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(read, 0);  // the padding of the archive may change
}

std::string pickled(const std::string& program) {
  return refusal([&] { Pickle::parse(program, "p"); });
}

TEST(Pickle, ReadsValues) {
  using Kind = PickleNode::Kind;
  using namespace std::string_literals;
  const std::string program =
      "\x80\x02(NX\x02\x00\x00\x00hiJ\xff\xff\xff\xffK\x07M\x01\x02\x8a\x02\x00\xff"
      "G\x3f\xf8\x00\x00\x00\x00\x00\x00\x88]q\x00(K\x01K\x02"
      "eh\x00t."s;
  const Pickle pickle = Pickle::parse(program, "p");
  const std::vector<const PickleNode*>& items = pickle.root().children;
  ASSERT_EQ(items.size(), 10u);
  EXPECT_TRUE(items[0]->is(Kind::none));
  EXPECT_EQ(items[1]->text, "hi");
  EXPECT_EQ(items[2]->integer, -1);
  EXPECT_EQ(items[3]->integer, 7);
  EXPECT_EQ(items[4]->integer, 513);
  EXPECT_EQ(items[5]->integer, -256);
  EXPECT_EQ(items[6]->real, 1.5);
  EXPECT_TRUE(items[7]->is(Kind::boolean));
  EXPECT_EQ(items[8]->children.size(), 2u);
  EXPECT_EQ(items[8], items[9]) << "the memo gives the same object";
}

TEST(Pickle, RefusesWhatItCannotFollow) {
  using namespace std::string_literals;
  EXPECT_THAT(pickled(""), HasSubstr("ends too early"));
  EXPECT_THAT(pickled("N"), HasSubstr("ends too early"));
  EXPECT_THAT(pickled("."), HasSubstr("does not end with one value"));
  EXPECT_THAT(pickled("NN."), HasSubstr("does not end with one value"));
  EXPECT_THAT(pickled("N.N"), HasSubstr("goes on after its end"));
  EXPECT_THAT(pickled("R."), HasSubstr("empty stack"));
  EXPECT_THAT(pickled("N(R."), HasSubstr("empty stack")) << "a call must not reach below its mark";
  EXPECT_THAT(pickled("t."), HasSubstr("closes what it has not opened"));
  EXPECT_THAT(pickled("h\x01."), HasSubstr("has not stored"));
  EXPECT_THAT(pickled("NN\x61."), HasSubstr("appends to what is no list"));
  EXPECT_THAT(pickled("NNNs."), HasSubstr("no dictionary"));
  EXPECT_THAT(pickled("}(Nu."), HasSubstr("key without a value"));
  EXPECT_THAT(pickled("X\xff\xff\xff\xffhi"), HasSubstr("ends too early"));
  EXPECT_THAT(pickled("\x8a\x09"), HasSubstr("more than 8 bytes"));
  EXPECT_THAT(pickled("\x80\x04N."), HasSubstr("newer protocol"));
  EXPECT_THAT(pickled("cos\nsystem"), HasSubstr("ends too early"));
  EXPECT_THAT(pickled("i"), HasSubstr("uses the instruction 0x69"));
  EXPECT_EQ(pickled("}q\x01(X\x01\x00\x00\x00kh\x01u."s), "no error") << "a dictionary may hold itself";
}

}  // namespace
}  // namespace fathom::io
