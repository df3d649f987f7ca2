#include "fathom/io/npy.h"

#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::HasSubstr;

// A file of format version 1 with this header and so many bytes 0, 1, 2, ... of data.
std::string file_of(std::string_view header, std::size_t data_bytes) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  for (std::size_t i = 0; i < data_bytes; ++i) bytes += static_cast<char>(i);
  return bytes;
}

std::string refusal_of(std::string_view bytes) {
  return refusal([&] { parse_npy(bytes, "a.npy"); });
}

TEST(NpyTest, ReadsAHandMadeFile) {
  const TensorRecord t = parse_npy(file_of("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }   \n", 6), "x");
  EXPECT_EQ(t.dtype, DType::u8);
  EXPECT_EQ(t.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(to_int64s(t), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}));
}

TEST(NpyTest, ReadsScalarsVectorsAndOtherSpellings) {
  EXPECT_TRUE(parse_npy(file_of("{\"shape\":(),\"descr\":\"<f8\",\"fortran_order\":True}", 8), "x").shape.empty());
  EXPECT_EQ(parse_npy(file_of("{'descr':'<i2','fortran_order':False,'shape':(2,)}", 4), "x").shape.size(), 1u);
  EXPECT_EQ(parse_npy(file_of("{'descr':'<b1','fortran_order':False,'shape':(0,9)}", 0), "x").dtype, DType::boolean);
}

TEST(NpyTest, ReadsVersionTwo) {
  const std::string header = "{'descr':'|i1','fortran_order':False,'shape':(1,)}";
  std::string bytes("\x93NUMPY\x02\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += std::string(3, '\0') + header + "\x05";
  EXPECT_EQ(to_int64s(parse_npy(bytes, "x")), std::vector<std::int64_t>{5});
}

TEST(NpyTest, FortranOrderBecomesRowMajor) {
  const TensorRecord t = parse_npy(file_of("{'descr':'|u1','fortran_order':True,'shape':(2,3)}", 6), "x");
  EXPECT_EQ(to_int64s(t), (std::vector<std::int64_t>{0, 2, 4, 1, 3, 5}));
  const TensorRecord cube = parse_npy(file_of("{'descr':'|u1','fortran_order':True,'shape':(2,2,2)}", 8), "x");
  EXPECT_EQ(to_int64s(cube), (std::vector<std::int64_t>{0, 4, 2, 6, 1, 5, 3, 7}));
}

TEST(NpyTest, RefusesABrokenFrame) {
  EXPECT_THAT(refusal_of(""), HasSubstr("a.npy: the magic number is missing"));
  EXPECT_THAT(refusal_of("\x93NUMPY\x01"), HasSubstr("too short"));
  EXPECT_THAT(refusal_of(std::string("\x93NUMPY\x04\0\0\0\0\0", 12)), HasSubstr("format version 4"));
  EXPECT_THAT(refusal_of(std::string("\x93NUMPY\x01\0\x09\0{", 11)), HasSubstr("a header of 9 bytes in a file of 11"));
  EXPECT_THAT(refusal_of(file_of("{'descr':'<f8','fortran_order':False,'shape':(2,)}", 15)),
              HasSubstr("shape [2] of f64 needs 16 bytes, the file holds 15"));
}

TEST(NpyTest, RefusesABrokenHeader) {
  const auto header = [](std::string_view text) { return refusal_of(file_of(text, 0)); };
  EXPECT_THAT(header(""), HasSubstr("expected '{'"));
  EXPECT_THAT(header("{"), HasSubstr("expected a text"));
  EXPECT_THAT(header("{}"), HasSubstr("descr, fortran_order or shape is missing"));
  EXPECT_THAT(header("{'descr"), HasSubstr("a text without its end"));
  EXPECT_THAT(header("{'descr':'<f8' 'shape':(0,)}"), HasSubstr("expected ',' or '}'"));
  EXPECT_THAT(header("{'descr':'<f8','descr':'<f8'}"), HasSubstr("key 'descr' appears twice"));
  EXPECT_THAT(header("{'color':'red'}"), HasSubstr("unknown key 'color'"));
  EXPECT_THAT(header("{'descr':'>f8'}"), HasSubstr("'>f8' is big-endian"));
  EXPECT_THAT(header("{'descr':'<c16'}"), HasSubstr("'<c16' is not one of <f8"));
  EXPECT_THAT(header("{'descr':[('a','<f8')]}"), HasSubstr("a structured type"));
  EXPECT_THAT(header("{'fortran_order':1}"), HasSubstr("expected True or False"));
  EXPECT_THAT(header("{'shape':(-1,)}"), HasSubstr("expected a dimension >= 0"));
  EXPECT_THAT(header("{'shape':(3)}"), HasSubstr("expected ',' in the shape"));
  EXPECT_THAT(header("{'shape':(3 4)}"), HasSubstr("expected ',' in the shape"));
  EXPECT_THAT(header("{'shape':(99999999999999999999,)}"), HasSubstr("expected a dimension"));
  std::string ones;
  for (int i = 0; i < 33; ++i) ones += "1,";
  EXPECT_THAT(header("{'shape':(" + ones + ")}"), HasSubstr("more than 32 dimensions"));
  EXPECT_THAT(header("{'descr':'<f8','fortran_order':False,'shape':(4294967296,4294967296)}"), HasSubstr("overflows"));
  EXPECT_THAT(header("{'descr':'<f8','fortran_order':False,'shape':(0,)} x"), HasSubstr("text after the dictionary"));
}

TEST(NpyTest, WriterAlignsTheDataAndRefusesBfloat16) {
  const std::string bytes = to_npy(from_doubles("x", {2}, {1, 2}));
  EXPECT_EQ((bytes.size() - 16) % 64, 0u);
  EXPECT_THAT(bytes, HasSubstr("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"));
  EXPECT_THAT(refusal([] { to_npy(from_doubles("x", {1}, {1}, DType::bf16)); }), HasSubstr("which NumPy has not"));
}

TEST(NpyTest, WritesAndReadsAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "fathom_npy_test.npy";
  write_npy(path, from_doubles("", {2}, {1, 2}));
  EXPECT_EQ(read_npy(path), from_doubles("", {2}, {1, 2}));
  std::filesystem::remove(path);
}

RC_GTEST_PROP(NpyProperty, WritingThenReadingGivesTheSame, ()) {
  TensorRecord t;
  t.dtype = *rc::gen::element(DType::f64, DType::f32, DType::f16, DType::i64, DType::i32, DType::i16, DType::i8,
                              DType::u8, DType::boolean);
  const auto dimension = rc::gen::inRange<std::int64_t>(0, 4);
  t.shape = *rc::gen::container<std::vector<std::int64_t>>(*rc::gen::inRange(0, 5), dimension);
  t.bytes = *rc::gen::container<std::string>(*byte_count(t.shape, t.dtype), rc::gen::arbitrary<char>());
  RC_ASSERT(parse_npy(to_npy(t), "memory") == t);
}

}  // namespace
}  // namespace fathom::io
