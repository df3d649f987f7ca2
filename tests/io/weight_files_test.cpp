#include "fathom/io/weight_files.h"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "fathom/base/file.h"
#include "fathom/base/seed.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/safetensors_index.h"
#include "fathom/io/weight_rows.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A folder of its own, removed at the end.
class WeightFilesTest : public testing::Test {
 public:
  ~WeightFilesTest() override { fs::remove_all(folder); }

 protected:
  fs::path folder = fs::path(testing::TempDir()) / fmt::format("fathom_weights_{}", ::getpid());

  WeightFilesTest() {
    fs::remove_all(folder);
    fs::create_directories(folder);
    write_safetensors(folder / "a.safetensors",
                      {{from_doubles("x", {2, 2}, {1, 2, 3, 4}, DType::f32)}, {{"format", "pt"}}});
    write_safetensors(folder / "b.safetensors",
                      {{from_doubles("y", {3}, {5, 6, 7}, DType::bf16), from_doubles("z", {}, {8}, DType::f32)}, {}});
    index(
        R"({"metadata":{"total_size":26},"weight_map":{"x":"a.safetensors","y":"b.safetensors","z":"b.safetensors"}})");
  }

  void index(std::string_view text) { base::write_atomically(folder / "model.safetensors.index.json", text); }
  std::string refusal_of_folder() {
    return refusal([&] { WeightFiles::open(folder); });
  }
};

std::vector<float> floats(const WeightView& tensor) {
  std::vector<float> out(static_cast<std::size_t>(tensor.elements()));
  read_rows(tensor, {0, row_count(tensor)}, std::span<float>(out));
  return out;
}

TEST_F(WeightFilesTest, ShardsAreOneSetOfTensors) {
  for (const fs::path& path : {folder, folder / "model.safetensors.index.json"}) {
    const WeightFiles files = WeightFiles::open(path);
    ASSERT_EQ(files.tensors().size(), 3u);
    EXPECT_EQ(files.total_bytes(), 26u);
    EXPECT_EQ(files.metadata().at("format"), "pt");
    EXPECT_EQ(files.at("x").shape, (std::vector<std::int64_t>{2, 2}));
    EXPECT_EQ(floats(files.at("x")), (std::vector<float>{1, 2, 3, 4}));
    EXPECT_EQ(files.at("y").dtype, DType::bf16);
    EXPECT_EQ(floats(files.at("y")), (std::vector<float>{5, 6, 7}));
    EXPECT_EQ(floats(files.at("z")), std::vector<float>{8});
    EXPECT_EQ(files.find("w"), nullptr);
    EXPECT_THAT(refusal([&] { files.at("xx"); }), HasSubstr("no tensor 'xx' among 3; did you mean 'x'?"));
  }
}

TEST_F(WeightFilesTest, ASingleFileNeedsNoIndex) {
  EXPECT_EQ(WeightFiles::open(folder / "b.safetensors").tensors().size(), 2u);
  fs::remove(folder / "model.safetensors.index.json");
  EXPECT_THAT(refusal_of_folder(), HasSubstr("holds neither model.safetensors.index.json nor model.safetensors"));
  fs::rename(folder / "a.safetensors", folder / "model.safetensors");
  EXPECT_EQ(WeightFiles::open(folder).tensors().size(), 1u);
}

TEST_F(WeightFilesTest, RefusesShardsThatDoNotFitTheIndex) {
  index(R"({"weight_map":{"x":"a.safetensors","y":"c.safetensors"}})");
  EXPECT_THAT(refusal_of_folder(), HasSubstr("file c.safetensors is not there; download it"));
  index(R"({"weight_map":{"x":"a.safetensors","w":"a.safetensors"}})");
  EXPECT_THAT(refusal_of_folder(), HasSubstr("tensor 'w' is not in a.safetensors"));
  index(R"({"weight_map":{"y":"b.safetensors"}})");
  EXPECT_THAT(refusal_of_folder(), HasSubstr("tensor 'z' of b.safetensors is not in the index"));
  index(R"({"metadata":{"total_size":27},"weight_map":{"x":"a.safetensors","y":"b.safetensors","z":"b.safetensors"}})");
  EXPECT_THAT(refusal_of_folder(), HasSubstr("total_size = 27 violates = 26"));
  write_safetensors(folder / "c.safetensors", {{from_doubles("x", {}, {1})}, {}});
  index(R"({"weight_map":{"x":"a.safetensors","y":"c.safetensors"}})");
  EXPECT_THAT(refusal_of_folder(), HasSubstr("tensor 'x' is in c.safetensors, the index has it in a.safetensors"));
}

TEST_F(WeightFilesTest, RefusesABrokenShard) {
  fs::resize_file(folder / "b.safetensors", fs::file_size(folder / "b.safetensors") - 1);
  EXPECT_THAT(refusal_of_folder(), HasSubstr("b.safetensors: tensor"));
  fs::resize_file(folder / "b.safetensors", 0);
  EXPECT_THAT(refusal_of_folder(), HasSubstr("0 bytes are too short"));
  EXPECT_THAT(refusal([&] { MappedFile{folder}; }), HasSubstr("is not a file"));
}

TEST(SafetensorsIndexTest, AnIndexDoesNotLeadOutOfItsFolder) {
  const auto refused = [](std::string_view file) {
    return refusal([&] { parse_safetensors_index(fmt::format(R"({{"weight_map":{{"x":"{}"}}}})", file), "index"); });
  };
  for (const char* file : {"../a.safetensors", "/a.safetensors", "b/a.safetensors", "b\\\\a.safetensors", "..", "",
                           ".safetensors", "a.bin", "a\\u0000.safetensors"}) {
    EXPECT_THAT(refused(file), HasSubstr("is not a plain name")) << file;
  }
  EXPECT_EQ(refused("a.safetensors"), "no error");
}

TEST(SafetensorsIndexTest, RefusesOtherDocuments) {
  const auto parse = [](std::string_view text) { return refusal([&] { parse_safetensors_index(text, "index"); }); };
  EXPECT_THAT(parse("{"), HasSubstr("bad JSON"));
  EXPECT_THAT(parse("[]"), HasSubstr("no object 'weight_map'"));
  EXPECT_THAT(parse("{}"), HasSubstr("no object 'weight_map'"));
  EXPECT_THAT(parse(R"({"weight_map":{}})"), HasSubstr("names no tensor"));
  EXPECT_THAT(parse(R"({"weight_map":{"x":1}})"), HasSubstr("the file of tensor 'x' is not a text"));
  EXPECT_THAT(parse(R"({"weight_map":{"x":"a.safetensors","x":"a.safetensors"}})"), HasSubstr("appears twice"));
  EXPECT_THAT(parse(R"({"metadata":{"total_size":-1},"weight_map":{"x":"a.safetensors"}})"),
              HasSubstr("total_size = -1"));
}

// The real index of Huginn-0125: 5 tensors of the model and 9 for each of 8 blocks, float32, 3,911,400,096 numbers.
TEST(SafetensorsIndexTest, ReadsTheIndexOfHuginn) {
  const char* data = std::getenv("FATHOM_DATA");
  const fs::path given = data && *data ? fs::path(data) / "huginn/model.safetensors.index.json" : fs::path();
  const fs::path shipped = fs::path(FATHOM_SOURCE_DIR) / "tests/golden/huginn/model.safetensors.index.json";
  for (const fs::path& path : {shipped, fs::exists(given) ? given : shipped}) {
    const SafetensorsIndex index = parse_safetensors_index(base::read_file(path), path.string());
    EXPECT_EQ(index.total_bytes, std::uint64_t{4} * 3'911'400'096);
    EXPECT_EQ(index.file_of.size(), 5u + 8u * 9u);
    EXPECT_EQ(index.files().size(), 4u);
    EXPECT_EQ(index.file_of.at("lm_head.weight"), "model-00004-of-00004.safetensors");
  }
}

TEST_F(WeightFilesTest, TiedTensorsAreFoundByTheirContent) {
  std::vector<double> values(300'000);
  base::Random random(3);
  for (double& value : values) value = static_cast<float>(random.normal());
  const auto record = [&](const char* name, double last) {
    values.back() = last;
    return from_doubles(name, {300, 1000}, values, DType::f32);
  };
  write_safetensors(folder / "tied.safetensors", {{record("a", 1), record("b", 1), record("c", 2)}, {}});
  const WeightFiles files = WeightFiles::open(folder / "tied.safetensors");
  EXPECT_TRUE(likely_same(files.at("a"), files.at("b")));
  EXPECT_TRUE(same(files.at("a"), files.at("b")));
  EXPECT_FALSE(likely_same(files.at("a"), files.at("c")));  // the last block is always compared
  EXPECT_FALSE(same(files.at("a"), files.at("c")));
  const WeightFiles shards = WeightFiles::open(folder);
  EXPECT_FALSE(same(shards.at("x"), shards.at("z")));
}

TEST_F(WeightFilesTest, RowsInEachFormat) {
  write_safetensors(folder / "w.safetensors",
                    {{from_doubles("w", {3, 3}, {1, -2, .5, 0, 0, 0, 254, -127, 3}, DType::f16)}, {}});
  const WeightFiles files = WeightFiles::open(folder / "w.safetensors");
  const WeightView& w = files.at("w");
  std::vector<float> row(3);
  read_rows(w, {0, 1}, std::span<float>(row));
  EXPECT_EQ(row, (std::vector<float>{1, -2, .5}));
  std::vector<std::uint16_t> bf16(6);
  read_rows(w, {0, 2}, std::span<std::uint16_t>(bf16));
  EXPECT_EQ(bf16, (std::vector<std::uint16_t>{0x3f80, 0xc000, 0x3f00, 0, 0, 0}));
  std::vector<std::int8_t> numbers(9);
  std::vector<float> scales(6);
  read_rows(w, {0, 3}, 2, {numbers, scales});
  EXPECT_EQ(numbers, (std::vector<std::int8_t>{64, -127, 127, 0, 0, 0, 127, -64, 127}));  // 63.5 and -63.5 to even
  EXPECT_EQ(scales, (std::vector<float>{2.f / 127, .5f / 127, 0, 0, 2, 3.f / 127}));
}

TEST_F(WeightFilesTest, RefusesWhatRowsCannotBe) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  write_safetensors(
      folder / "w.safetensors",
      {{from_doubles("i", {2}, {1, 2}, DType::i32), from_doubles("n", {1, 2}, {1, nan}, DType::f32)}, {}});
  const WeightFiles files = WeightFiles::open(folder / "w.safetensors");
  const WeightView& n = files.at("n");
  std::vector<float> out(2), scales(1);
  std::vector<std::int8_t> numbers(2);
  std::vector<std::uint16_t> bf16(2);
  EXPECT_THAT(refusal([&] {
                read_rows(files.at("i"), {0, 2}, std::span<float>(out));
              }),
              HasSubstr("type of 'i' = i32 violates"));
  EXPECT_THAT(refusal([&] {
                read_rows(n, {1, 1}, std::span<float>(out));
              }),
              HasSubstr("rows 1 .. 2 of 'n' violate its 1 rows"));
  EXPECT_THAT(refusal([&] { read_rows(n, {0, 0}, std::span<float>(out)); }), HasSubstr("output size = 2 violates = 0"));
  EXPECT_THAT(refusal([&] {
                read_rows(n, {0, 1}, 128, {numbers, scales});
              }),
              HasSubstr("'n' holds a number that is not finite"));
  EXPECT_THAT(refusal([&] { read_rows(n, {0, 1}, 0, {numbers, scales}); }), HasSubstr("group = 0 violates >= 1"));
  EXPECT_THAT(refusal([&] { read_rows(n, {0, 1}, 1, {numbers, scales}); }), HasSubstr("scales = 1 violates = 2"));
  read_rows(n, {0, 1}, std::span<std::uint16_t>(bf16));
  EXPECT_EQ(bf16[1] & 0x7fc0, 0x7fc0);
}

TEST_F(WeightFilesTest, BandsCoverEveryRowOnce) {
  const WeightFiles files = WeightFiles::open(folder);
  std::vector<std::int64_t> firsts;
  for_each_band(
      files.at("y"),
      [&](RowRange rows) {
        firsts.push_back(rows.first);
        EXPECT_LE(rows.count, 2);
      },
      4);
  EXPECT_EQ(firsts, (std::vector<std::int64_t>{0, 2}));
}

// Every format against the plain definition, bits and all.
RC_GTEST_PROP(WeightRowsProperty, Bf16AndInt8AreWhatTheirDefinitionsSay, ()) {
  const fs::path path = fs::path(testing::TempDir()) / fmt::format("fathom_rows_{}.safetensors", ::getpid());
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 4), length = *rc::gen::inRange<std::int64_t>(1, 300);
  std::vector<double> values;
  base::Random random(*rc::gen::arbitrary<std::uint64_t>());
  for (std::int64_t i = 0; i < rows * length; ++i) {
    values.push_back(static_cast<float>(std::ldexp(random.normal(), static_cast<int>(random.below(40)) - 20)));
  }
  write_safetensors(path, {{from_doubles("w", {rows, length}, values, DType::f32)}, {}});
  const WeightFiles files = WeightFiles::open(path);
  fs::remove(path);
  const WeightView& w = files.at("w");
  std::vector<std::uint16_t> bf16(values.size());
  read_rows(w, {0, rows}, std::span<std::uint16_t>(bf16));
  for (std::size_t i = 0; i < values.size(); ++i) RC_ASSERT(bf16[i] == encode_bf16(values[i]));
  const std::int64_t groups = (length + 127) / 128;
  std::vector<std::int8_t> q(values.size());
  std::vector<float> s(static_cast<std::size_t>(rows * groups));
  read_rows(w, {0, rows}, 128, {q, s});
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t k = 0; k < length; ++k) {
      const auto i = static_cast<std::size_t>(r * length + k);
      const double scale = s[static_cast<std::size_t>(r * groups + k / 128)];
      RC_ASSERT(std::abs(q[i] * scale - values[i]) <= (.5 + std::ldexp(1, -15)) * scale);
    }
  }
}

// Kilobytes of the line "VmHWM:" or the like.
std::int64_t status_kilobytes(std::string_view key) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key)) return std::atoll(line.c_str() + key.size());
  }
  return -1;
}

// Converts every tensor to bf16 as a loader does; the growth of the process's peak memory in kilobytes.
std::int64_t growth_of_conversion(const fs::path& path) {
  const std::int64_t before = status_kilobytes("VmRSS:");
  const WeightFiles files = WeightFiles::open(path);
  std::vector<std::vector<std::uint16_t>> converted;
  for (const WeightView& tensor : files.tensors()) {
    auto& out = converted.emplace_back(static_cast<std::size_t>(tensor.elements()));
    const std::int64_t length = row_length(tensor);
    for_each_band(
        tensor,
        [&](RowRange rows) {
          read_rows(tensor, rows,
                    std::span(out).subspan(static_cast<std::size_t>(rows.first * length),
                                           static_cast<std::size_t>(rows.count * length)));
        },
        1 << 20);
  }
  return status_kilobytes("VmHWM:") - before;
}

// 8 tensors of 16 MB become 64 MB. A child process begins with a peak of its own. (The system may map a file in pieces
// of 2 MB or more, whatever the size of a band.)
TEST_F(WeightFilesTest, ConversionNeedsTheTargetAndOneTensor) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory would be counted";
#endif
  constexpr std::int64_t kTensors = 8, kTensorBytes = 16 << 20;
  Safetensors file;
  for (std::int64_t t = 0; t < kTensors; ++t) {
    file.tensors.push_back(
        {fmt::format("t{}", t), DType::f32, {4096, 1024}, std::string(kTensorBytes, static_cast<char>(t))});
  }
  write_safetensors(folder / "many.safetensors", file);
  file.tensors.clear();
  ::malloc_trim(0);  // what was freed must not serve the conversion, nor count as its peak
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::int64_t growth = growth_of_conversion(folder / "many.safetensors");
    const bool written = ::write(ends[1], &growth, sizeof growth) == sizeof growth;
    ::_exit(written ? 0 : 1);
  }
  std::int64_t growth = 0;
  ASSERT_EQ(::read(ends[0], &growth, sizeof growth), static_cast<ssize_t>(sizeof growth));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::close(ends[0]);
  ::close(ends[1]);
  const std::int64_t target = kTensors * kTensorBytes / 2 / 1024, one_tensor = kTensorBytes / 1024;
  std::cout << "peak above the beginning: " << growth << " kB, target " << target << " kB" << std::endl;
  EXPECT_GE(growth, target / 10 * 9);  // or nothing was measured
  EXPECT_LE(growth, target + one_tensor);
}

}  // namespace
}  // namespace fathom::io
