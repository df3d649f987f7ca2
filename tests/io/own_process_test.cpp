#include "fathom/io/own_process.h"

#include <csignal>
#include <unistd.h>

#include <stdexcept>

#include "tests/io/expect_refusal.h"

namespace fathom::io {
namespace {

using testing::HasSubstr;

std::string told(const std::function<std::string()>& produce, std::uint64_t limit = 100) {
  return refusal([&] { from_own_process("io::test", "a file", limit, produce); });
}

TEST(OwnProcess, GivesWhatWasMadeInAnotherProcess) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(from_own_process("io::test", "a file", 3, [&] { return bytes; }), bytes);
  EXPECT_EQ(from_own_process("io::test", "a file", 0, [] { return std::string(); }), "");
  EXPECT_NE(from_own_process("io::test", "a file", 20, [] { return std::to_string(::getpid()); }),
            std::to_string(::getpid()));
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(from_own_process("io::test", "a file", 1 << 20, [&] { return large; }), large) << "more than a pipe holds";
}

TEST(OwnProcess, WhatIsThrownThereIsThrownHere) {
  EXPECT_EQ(told([]() -> std::string { throw Error("[io::x] what it is"); }), "[io::x] what it is");
  EXPECT_EQ(told([]() -> std::string { throw std::runtime_error("another"); }), "another");
}

TEST(OwnProcess, ABreakIsAnErrorThatNamesTheFile) {
  for (const int signal : {SIGKILL, SIGSEGV}) {
    const auto broken = [signal]() -> std::string {
      ::signal(signal, SIG_DFL);
      ::raise(signal);
      return "";
    };
    EXPECT_EQ(told(broken), "[io::test] a file: reading it broke off; the file is damaged");
  }
  EXPECT_THAT(told([]() -> std::string { ::_exit(0); }), HasSubstr("broke off"));
}

TEST(OwnProcess, TakesNoMoreThanTheLimit) {
  EXPECT_EQ(told([] { return std::string(101, 'x'); }), "[io::test] a file goes beyond 100 bytes");
  EXPECT_EQ(told([] { return std::string(1 << 22, 'x'); }), "[io::test] a file goes beyond 100 bytes");
}

}  // namespace
}  // namespace fathom::io
