#include "fathom/io/npz.h"

#include <zip.h>

#include "fathom/base/file.h"
#include "fathom/io/npy.h"
#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

using testing::HasSubstr;

class NpzTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  // An archive with these members, made by libzip alone.
  void make_archive(const std::vector<std::pair<std::string, std::string>>& members) {
    zip_t* archive = zip_open(path_.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    for (const auto& [name, bytes] : members) {
      zip_file_add(archive, name.c_str(), zip_source_buffer(archive, bytes.data(), bytes.size(), 0), 0);
    }
    ASSERT_EQ(zip_close(archive), 0);
  }

  std::string refusal_of_file(std::uint64_t limit = kNpzLimit) {
    return refusal([&] { read_npz(path_, limit); });
  }

  const std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "fathom_npz_test.npz";
};

TEST_F(NpzTest, WritesAndReadsTheSame) {
  const std::vector<TensorRecord> tensors = {from_doubles("t", {3}, {0, 1, 2}),
                                             from_doubles("error/mean", {1, 2}, {0.5, 0.25}, DType::f32),
                                             from_doubles("none", {0}, {}, DType::u8)};
  write_npz(path_, tensors);
  EXPECT_EQ(read_npz(path_), tensors);
  const std::string first = base::read_file(path_);
  write_npz(path_, tensors);
  EXPECT_EQ(base::read_file(path_), first);
  write_npz(path_, {});
  EXPECT_TRUE(read_npz(path_).empty());
}

TEST_F(NpzTest, TheLimitCountsUnpackedBytes) {
  write_npz(path_, {from_doubles("a", {100'000}, std::vector<double>(100'000, 0))});
  EXPECT_LT(std::filesystem::file_size(path_), 10'000u);  // 800 000 bytes deflated
  EXPECT_EQ(refusal_of_file(900'000), "no error");
  EXPECT_THAT(refusal_of_file(500'000), HasSubstr("member 'a.npy' unpacks beyond the limit of 500000 bytes"));
}

TEST_F(NpzTest, RefusesWhatIsNoArchiveOfTensors) {
  EXPECT_THAT(refusal([] { parse_npz("", "a.npz"); }), HasSubstr("a.npz: not a sound zip archive"));
  EXPECT_THAT(refusal([] { parse_npz("plain text", "a.npz"); }), HasSubstr("not a sound zip archive"));
  make_archive({{"readme.txt", "text"}});
  EXPECT_THAT(refusal_of_file(), HasSubstr("member 'readme.txt' is no NAME.npy"));
  make_archive({{".npy", "text"}});
  EXPECT_THAT(refusal_of_file(), HasSubstr("member '.npy' is no NAME.npy"));
  make_archive({{"a.npy", "text"}});
  EXPECT_THAT(refusal_of_file(), HasSubstr("fathom_npz_test.npz(a.npy): the magic number is missing"));
}

TEST_F(NpzTest, RefusesADamagedMember) {
  write_npz(path_, {from_doubles("a", {2}, {1, 2})});
  std::string bytes = base::read_file(path_);
  bytes[60] = static_cast<char>(bytes[60] ^ 0x55);  // inside the deflated member
  EXPECT_THAT(refusal([&] { parse_npz(bytes, "a.npz"); }), HasSubstr("member 'a.npy' is damaged"));
  EXPECT_THAT(refusal([&] { parse_npz(bytes.substr(0, bytes.size() / 2), "a.npz"); }), HasSubstr("not a sound zip"));
}

TEST_F(NpzTest, WriterRefusesNamesTwiceOrEmpty) {
  const TensorRecord a = from_doubles("a", {}, {1});
  EXPECT_THAT(refusal([&] { write_npz(path_, {a, a}); }), HasSubstr("'a' is taken twice"));
  EXPECT_THAT(refusal([&] { write_npz(path_, {from_doubles("", {}, {1})}); }), HasSubstr("without a name"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace fathom::io
