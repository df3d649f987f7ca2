#include "fathom/base/file.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fathom/base/error.h"

namespace fathom::base {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class File : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / ("fathom-file-" + std::to_string(::getpid()) + info->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  template <class Function>
  static std::string message_of(Function function) {
    try {
      function();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
};

TEST_F(File, ReadsBackWhatWasWritten) {
  const std::string bytes("a\0b\r\n\xff", 6);
  write_atomically(folder_ / "x", bytes);
  EXPECT_EQ(read_file(folder_ / "x"), bytes);
  write_atomically(folder_ / "x", "");
  EXPECT_EQ(read_file(folder_ / "x"), "");
  EXPECT_EQ(files(), 1U) << "no temporary file is left";
}

TEST_F(File, ReadsMoreThanOneBlock) {
  const std::string bytes(200001, 'z');
  write_atomically(folder_ / "x", bytes);
  EXPECT_EQ(read_file(folder_ / "x"), bytes);
}

TEST_F(File, MakesTheFoldersAbove) {
  write_atomically(folder_ / "a" / "b" / "x", "1");
  EXPECT_EQ(read_file(folder_ / "a" / "b" / "x"), "1");
}

TEST_F(File, AFailedWriteLeavesTheOldFileAndNothingElse) {
  write_atomically(folder_ / "x", "old");
  const auto failing = [](const fs::path& temporary) {
    std::ofstream(temporary) << "half";
    throw std::runtime_error("disk on fire");
  };
  EXPECT_THROW(write_atomically(folder_ / "x", failing), std::runtime_error);
  EXPECT_EQ(read_file(folder_ / "x"), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(File, TheReaderSeesTheOldFileWhileTheNewIsWritten) {
  write_atomically(folder_ / "x", "old");
  write_atomically(folder_ / "x", [&](const fs::path& temporary) {
    std::ofstream(temporary) << "new";
    EXPECT_EQ(read_file(folder_ / "x"), "old");
    EXPECT_EQ(temporary.parent_path(), folder_) << "rename is atomic within one file system only";
  });
  EXPECT_EQ(read_file(folder_ / "x"), "new");
}

TEST_F(File, AWriterThatWritesNothingIsAnError) {
  EXPECT_THAT(message_of([&] { write_atomically(folder_ / "x", [](const fs::path&) {}); }),
              HasSubstr("cannot rename to"));
}

TEST_F(File, ErrorsNameThePath) {
  EXPECT_THAT(message_of([&] { read_file(folder_ / "absent"); }),
              testing::AllOf(HasSubstr("[base::read_file]"), HasSubstr("absent")));
  EXPECT_THAT(message_of([&] { read_file(folder_); }), HasSubstr("is a folder"));
  write_atomically(folder_ / "file", "x");
  EXPECT_THAT(message_of([&] { write_atomically(folder_ / "file" / "x", "y"); }),
              HasSubstr("cannot make the folder of"));
  EXPECT_THAT(message_of([&] { write_atomically(folder_, "y"); }), HasSubstr(folder_.string()));
}

TEST_F(File, RefusesMoreThanTheLimit) {
  write_atomically(folder_ / "x", std::string(100, 'a'));
  EXPECT_EQ(read_file(folder_ / "x", 100).size(), 100U);
  EXPECT_THAT(message_of([&] { read_file(folder_ / "x", 99); }), HasSubstr("larger than 99 bytes"));
}

}  // namespace
}  // namespace fathom::base
