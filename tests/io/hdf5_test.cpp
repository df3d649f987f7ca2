#include "fathom/io/hdf5.h"

#include <filesystem>

#include "fathom/base/file.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kFile = fs::path(testing::TempDir()) / "fathom_hdf5_test.h5";

std::vector<TensorRecord> two() {
  return {from_doubles("forcing", {2, 3}, {1, 2, 3, 4, 5, 6}, DType::f32),
          from_doubles("vorticity", {2}, {0.1, -1e300})};
}

std::string refusal_of(const std::vector<TensorRecord>& tensors) {
  return refusal([&] { write_hdf5(kFile, tensors); });
}

TEST(Hdf5Test, GivesBackWhatWasWritten) {
  write_hdf5(kFile, two());
  EXPECT_EQ(read_hdf5(kFile), two());
  EXPECT_EQ(parse_hdf5(base::read_file(kFile), "memory"), two());
  EXPECT_EQ(hdf5_names(kFile), (std::vector<std::string>{"forcing", "vorticity"}));
  EXPECT_EQ(read_hdf5(kFile, {"vorticity"}), std::vector<TensorRecord>{two()[1]});
  fs::remove(kFile);
}

RC_GTEST_PROP(Hdf5Test, AnyFloatsComeBackInAnyShape, ()) {
  std::vector<TensorRecord> tensors;
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    std::vector<std::int64_t> shape(*rc::gen::inRange<std::size_t>(0, 4));
    for (std::int64_t& size : shape) size = *rc::gen::inRange(0, 4);
    std::int64_t elements = 1;
    for (const std::int64_t size : shape) elements *= size;
    const auto values =
        *rc::gen::container<std::vector<double>>(static_cast<std::size_t>(elements), rc::gen::arbitrary<double>());
    tensors.push_back(from_doubles("t" + std::to_string(i), shape, values, *rc::gen::element(DType::f32, DType::f64)));
  }
  write_hdf5(kFile, tensors);
  RC_ASSERT(read_hdf5(kFile) == tensors);
  fs::remove(kFile);
}

TEST(Hdf5Test, TheSameTensorsGiveTheSameBytes) {
  write_hdf5(kFile, two());
  const std::string bytes = base::read_file(kFile);
  write_hdf5(kFile, two());
  EXPECT_EQ(base::read_file(kFile), bytes);
  fs::remove(kFile);
}

TEST(Hdf5Test, NamesWhatIsMissingAndTheNearest) {
  write_hdf5(kFile, two());
  EXPECT_THAT(refusal([] { read_hdf5(kFile, {"vortcity"}); }),
              AllOf(HasSubstr("[io::read_hdf5]"), HasSubstr("'vortcity' is not there; did you mean 'vorticity'?")));
  EXPECT_THAT(refusal([] { read_hdf5(kFile, {"elsewhere"}); }), HasSubstr("'elsewhere' is not there"));
  EXPECT_THAT(refusal([] { read_hdf5("no/such.h5"); }), HasSubstr("no file at no/such.h5"));
  fs::remove(kFile);
}

TEST(Hdf5Test, ReadsNoMoreThanTheLimit) {
  write_hdf5(kFile, two());
  EXPECT_EQ(read_hdf5(kFile, {}, 6 * 4 + 2 * 8), two());
  EXPECT_THAT(refusal([] { read_hdf5(kFile, {}, 6 * 4 + 2 * 8 - 1); }), HasSubstr("goes beyond 39 bytes in all"));
  fs::remove(kFile);
}

TEST(Hdf5Test, SaysWhatIsWrongWithAFile) {
  const fs::path corpus = fs::path(FATHOM_SOURCE_DIR) / "fuzz" / "corpus" / "hdf5";
  const auto told = [&](const char* name) { return refusal([&] { read_hdf5(corpus / name); }); };
  EXPECT_THAT(told("bad-magic"), HasSubstr("cannot be opened as HDF5: "));
  EXPECT_THAT(told("bad-integers"), HasSubstr("dataset 'a' is neither float32 nor float64"));
  EXPECT_THAT(told("bad-external"), HasSubstr("has its data in other files"));
  EXPECT_THAT(told("bad-lzf"), HasSubstr("is packed by filter 32000"));
  EXPECT_THAT(told("bad-null-space"), HasSubstr("has no shape"));
  EXPECT_THAT(told("bad-huge"), HasSubstr("goes beyond"));
  EXPECT_THAT(told("bad-chunk-size"), HasSubstr("stores 15 bytes in a chunk of 16"));
}

TEST(Hdf5Test, ReadsTheFilesOfOthers) {
  const fs::path corpus = fs::path(FATHOM_SOURCE_DIR) / "fuzz" / "corpus" / "hdf5";
  const TensorRecord expected = from_doubles("a", {2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(read_hdf5(corpus / "good-big-endian"), std::vector<TensorRecord>{expected});
  EXPECT_EQ(to_doubles(read_hdf5(corpus / "good-packed", {"a"})[0]), to_doubles(expected));
  EXPECT_EQ(read_hdf5(corpus / "good-two", {"b"})[0], from_doubles("b", {}, {5}));
  EXPECT_TRUE(read_hdf5(corpus / "good-soft-link").empty()) << "links are not followed";
}

// A file on which the library reads from address 0 (found by fuzzing): an error, and the program goes on.
TEST(Hdf5Test, WhatBreaksTheLibraryIsAnErrorHere) {
  const fs::path corpus = fs::path(FATHOM_SOURCE_DIR) / "fuzz" / "corpus" / "hdf5";
  EXPECT_THAT(refusal([&] { read_hdf5(corpus / "bad-crashes-the-library"); }), HasSubstr("[io::read_hdf5]"));
  write_hdf5(kFile, two());
  EXPECT_EQ(read_hdf5(kFile), two());
  fs::remove(kFile);
}

TEST(Hdf5Test, RefusesNamesAndTypesItCannotWrite) {
  TensorRecord tensor = two()[0];
  for (const char* name : {"", ".", "a/b"}) {
    tensor.name = name;
    EXPECT_THAT(refusal_of({tensor}), HasSubstr("cannot be the name of a dataset")) << name;
  }
  EXPECT_THAT(refusal_of({two()[0], two()[0]}), HasSubstr("'forcing' is taken twice"));
  EXPECT_THAT(refusal_of({from_int64s("a", {1}, {1})}), HasSubstr("only f32 and f64"));
  EXPECT_FALSE(fs::exists(kFile));
}

}  // namespace
}  // namespace fathom::io
