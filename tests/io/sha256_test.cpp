#include "fathom/io/sha256.h"

#include "fathom/base/file.h"
#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

// FIPS 180-4 examples.
constexpr std::string_view kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, KnownDigests) {
  EXPECT_EQ(sha256_hex(""), kEmpty);
  EXPECT_EQ(sha256_hex("abc"), kAbc);
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, HexMayBeAskedAtAnyTime) {
  Sha256 hash;
  EXPECT_EQ(hash.hex(), kEmpty);
  hash.update("a");
  EXPECT_EQ(hash.hex(), hash.hex());
  EXPECT_EQ(hash.update("bc").hex(), kAbc);
  const Sha256 moved = std::move(hash);
  EXPECT_EQ(moved.hex(), kAbc);
}

TEST(Sha256Test, FilesHashAsTheirBytes) {
  const auto path = std::filesystem::path(testing::TempDir()) / "fathom_sha256_test";
  const std::string bytes((1 << 20) + 17, 'z');  // more than one block
  base::write_atomically(path, bytes);
  EXPECT_EQ(sha256_of_file(path), sha256_hex(bytes));
  std::filesystem::remove(path);
  EXPECT_THAT(refusal([&] { sha256_of_file(path); }), testing::HasSubstr("cannot open"));
  EXPECT_THAT(refusal([&] { sha256_of_file(path.parent_path()); }), testing::HasSubstr("cannot"));
}

RC_GTEST_PROP(Sha256Property, PiecesHashAsTheWhole, (std::string first, std::string second)) {
  RC_ASSERT(Sha256().update(first).update(second).hex() == sha256_hex(first + second));
}

}  // namespace
}  // namespace fathom::io
