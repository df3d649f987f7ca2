#include "fathom/io/safetensors.h"

#include <algorithm>
#include <cstring>

#include "fathom/base/file.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::HasSubstr;

std::string file_of(std::string_view header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + std::string(header) + std::string(data_bytes, 'x');
}

std::string refusal_of(std::string_view header, std::size_t data_bytes = 0) {
  return refusal([&] { parse_safetensors(file_of(header, data_bytes), "model.safetensors"); });
}

TEST(SafetensorsTest, ReadsAHandMadeFile) {
  const std::string bytes = file_of(R"({"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"__metadata__":{"k":"v"},)"
                                    R"("a":{"dtype":"I16","shape":[],"data_offsets":[3,5]}})",
                                    5);
  const Safetensors file = parse_safetensors(bytes, "hand");
  ASSERT_EQ(file.tensors.size(), 2u);
  EXPECT_EQ(file.tensors[0].name, "b");
  EXPECT_EQ(to_int64s(file.at("b")), std::vector<std::int64_t>(3, 'x'));
  EXPECT_EQ(to_int64s(file.at("a")), std::vector<std::int64_t>{'x' * 257});
  EXPECT_EQ(file.metadata.at("k"), "v");
}

TEST(SafetensorsTest, AcceptsEmptyTensorsAndNoTensors) {
  EXPECT_TRUE(parse_safetensors(file_of("{}", 0), "empty").tensors.empty());
  const Safetensors file = parse_safetensors(file_of(R"({"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},)"
                                                     R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                                                     4),
                                             "zero");
  EXPECT_EQ(element_count(file.at("a")), 0);
  EXPECT_EQ(element_count(file.at("b")), 1);
}

TEST(SafetensorsTest, RefusesABrokenFrame) {
  const auto parse = [](std::string_view bytes) {
    return refusal([&] { parse_safetensors(bytes, "model.safetensors"); });
  };
  EXPECT_THAT(parse(""), HasSubstr("model.safetensors: 0 bytes are too short"));
  EXPECT_THAT(parse("1234567"), HasSubstr("too short"));
  EXPECT_THAT(parse(std::string(8, '\xff')), HasSubstr("violates <= 100000000"));
  EXPECT_THAT(parse(std::string("\x10\0\0\0\0\0\0\0{}", 10)), HasSubstr("reaches beyond the 10 bytes"));
}

TEST(SafetensorsTest, RefusesABrokenHeader) {
  EXPECT_THAT(refusal_of("{"), HasSubstr("bad JSON"));
  EXPECT_THAT(refusal_of("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal_of("{\"\xff\":1}"), HasSubstr("bad JSON"));
  EXPECT_THAT(refusal_of(R"({"a":1,"a":1})"), HasSubstr("key 'a' appears twice"));
  EXPECT_THAT(refusal_of(std::string(100000, '[')), HasSubstr("nested 100000 deep"));
  EXPECT_THAT(refusal_of(R"({"a":1})"), HasSubstr("tensor 'a' is not described by an object"));
  EXPECT_THAT(refusal_of(R"({"a":{}})"), HasSubstr("has no dtype"));
  EXPECT_THAT(refusal_of(R"({"__metadata__":{"k":1}})"), HasSubstr("'k' is not a string"));
  EXPECT_THAT(refusal_of(R"({"__metadata__":[]})"), HasSubstr("__metadata__ is not an object"));
}

std::string entry(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return fmt::format(R"({{"a":{{"dtype":{},"shape":{},"data_offsets":{}}}}})", dtype, shape, offsets);
}

TEST(SafetensorsTest, RefusesABrokenEntry) {
  EXPECT_THAT(refusal_of(entry(R"("F128")", "[1]", "[0,16]"), 16), HasSubstr("\"F128\" is not one of F64"));
  EXPECT_THAT(refusal_of(entry("5", "[1]", "[0,4]"), 4), HasSubstr("dtype is not a string"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[-1]", "[0,4]"), 4), HasSubstr("shape holds -1, not an integer >= 0"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[1.5]", "[0,4]"), 4), HasSubstr("shape holds 1.5"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "7", "[0,4]"), 4), HasSubstr("shape is not a list"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[18446744073709551615]", "[0,4]"), 4), HasSubstr("shape overflows"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[4294967296,4294967296]", "[0,4]"), 4), HasSubstr("overflows"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[2]", "[0,4]"), 4), HasSubstr("needs 8 bytes, data_offsets give 4"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[1]", "[0,4,8]"), 4), HasSubstr("3 numbers, not 2"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[1]", "[4,0]"), 4), HasSubstr("[4, 0] are not in order"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[1]", "[4,8]"), 4), HasSubstr("end beyond the 4 data bytes"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[1]", "[0,4]"), 5), HasSubstr("1 data bytes after the last tensor"));
  EXPECT_THAT(refusal_of(entry(R"("F32")", "[1]", "[1,5]"), 5), HasSubstr("a hole of bytes 0 to 1"));
  EXPECT_THAT(refusal_of(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                         R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                         4),
              HasSubstr("tensor 'b' overlaps"));
}

TEST(SafetensorsTest, ErrorsQuoteLittleOfAHostileFile) {
  const std::string text = refusal_of(R"({"a":{"dtype":")" + std::string(1'000'000, 'z') + R"("}})");
  EXPECT_LT(text.size(), 500u);
}

TEST(SafetensorsTest, MissingTensorNamesTheNearest) {
  const Safetensors file{{from_doubles("layers.0.weight", {}, {1})}, {}};
  EXPECT_EQ(file.find("bias"), nullptr);
  EXPECT_THAT(refusal([&] { file.at("layers.0.weigth"); }), HasSubstr("did you mean 'layers.0.weight'"));
  EXPECT_THAT(refusal([&] { file.at("bias"); }), HasSubstr("no tensor 'bias' among 1"));
}

TEST(SafetensorsTest, WriterAlignsAndRefuses) {
  const Safetensors file{{from_doubles("a", {3}, {1, 2, 3}, DType::u8), from_doubles("b", {1}, {4})}, {{"k", "v"}}};
  const std::string bytes = to_bytes(file);
  std::uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(parse_safetensors(bytes, "x").tensors[0].name, "b");  // the wider element first
  EXPECT_EQ(to_bytes(file), bytes);
  const Safetensors twice{{from_doubles("a", {}, {1}), from_doubles("a", {}, {1})}, {}};
  EXPECT_THAT(refusal([&] { to_bytes(twice); }), HasSubstr("'a' is taken twice"));
  const Safetensors reserved{{from_doubles("__metadata__", {}, {1})}, {}};
  EXPECT_THAT(refusal([&] { to_bytes(reserved); }), HasSubstr("'__metadata__' is taken twice"));
  const Safetensors no_text{{}, {{"k", "\xff"}}};
  EXPECT_THAT(refusal([&] { to_bytes(no_text); }), HasSubstr("not UTF-8"));
}

TEST(SafetensorsTest, WritesAndReadsAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "fathom_safetensors_test.safetensors";
  const Safetensors file{{from_doubles("a", {2}, {1.5, -2}, DType::bf16)}, {{"config", "x = 1\n"}}};
  write_safetensors(path, file);
  const Safetensors back = read_safetensors(path);
  std::filesystem::remove(path);
  EXPECT_EQ(back.tensors, file.tensors);
  EXPECT_EQ(back.metadata, file.metadata);
  EXPECT_THAT(refusal([&] { read_safetensors(path); }), HasSubstr("no file at"));
}

TEST(SafetensorsTest, ReadsTheReferenceLibrarysFile) {
  const Safetensors file = read_safetensors(std::string(FATHOM_SOURCE_DIR) + "/tests/golden/lp/lp_labels.safetensors");
  EXPECT_EQ(file.metadata.at("seed"), "88");
  EXPECT_EQ(file.at("b").shape, (std::vector<std::int64_t>{60, 10}));
  EXPECT_EQ(file.at("ei").dtype, DType::i64);
  const auto circ = to_int64s(file.at("circ"));
  EXPECT_EQ(circ.size(), 600u);
}

// Any records with distinct names and arbitrary bytes.
rc::Gen<Safetensors> arbitrary_file() {
  return rc::gen::exec([] {
    Safetensors file;
    const auto count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
      TensorRecord t{fmt::format("t{} \"\\\u00e9\n", i), static_cast<DType>(*rc::gen::inRange(0, 10)), {}, {}};
      t.shape = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 4));
      if (t.shape.size() > 5) t.shape.resize(5);
      t.bytes = *rc::gen::container<std::string>(*byte_count(t.shape, t.dtype), rc::gen::arbitrary<char>());
      file.tensors.push_back(t);
    }
    file.metadata["key"] = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
    return file;
  });
}

RC_GTEST_PROP(SafetensorsProperty, WritingThenReadingGivesTheSame, ()) {
  const Safetensors file = *arbitrary_file();
  const Safetensors back = parse_safetensors(to_bytes(file), "memory");
  RC_ASSERT(back.tensors.size() == file.tensors.size());
  for (const TensorRecord& tensor : file.tensors) RC_ASSERT(back.at(tensor.name) == tensor);
  RC_ASSERT(back.metadata == file.metadata);
  RC_ASSERT(to_bytes(back) == to_bytes(file));
}

RC_GTEST_PROP(SafetensorsProperty, EveryTruncationIsRefused, ()) {
  const std::string bytes = to_bytes(*arbitrary_file());
  const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size());
  RC_ASSERT_THROWS_AS(parse_safetensors(bytes.substr(0, cut), "cut"), Error);
}

}  // namespace
}  // namespace fathom::io
