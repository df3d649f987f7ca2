#include "fathom/base/base64.h"

#include <gtest/gtest.h>

#include "fathom/base/seed.h"

namespace fathom::base {
namespace {

std::vector<std::uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Base64, WritesTheExamplesOfRfc4648) {
  for (const auto& [bytes, text] :
       {std::pair{"", ""}, std::pair{"f", "Zg=="}, std::pair{"fo", "Zm8="}, std::pair{"foo", "Zm9v"},
        std::pair{"foob", "Zm9vYg=="}, std::pair{"fooba", "Zm9vYmE="}, std::pair{"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64(bytes_of(bytes)), text);
    EXPECT_EQ(from_base64(text), bytes_of(bytes));
  }
}

TEST(Base64, ReadsBackWhatItWrites) {
  Random random(3);
  for (std::size_t length = 0; length < 100; ++length) {
    std::vector<std::uint8_t> bytes(length);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    EXPECT_EQ(from_base64(base64(bytes)), bytes) << length;
  }
}

TEST(Base64, RefusesEverythingElse) {
  for (const char* text : {"A", "AB", "ABC", "A===", "====", "AB=C", "AA==AAAA", "A B=", "Zh==", "Zm9=", "Zm9\xc3"}) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace fathom::base
