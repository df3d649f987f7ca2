// fathom chat through the program: a dialogue on stdin, its answers on stdout.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/checkpoint.h"
#include "tests/cli/program.h"

namespace fathom::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

Outcome chat(const std::string& input, std::vector<std::string> more = {"--steps", "3"}) {
  const Checkpoint model(2048);
  std::vector<std::string> arguments = {"chat",      "--model", "model",    "--dtype", "fp32",
                                        "--threads", "1",       "--tokens", "6",       "--quiet"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_with_input(arguments, model.folder(), input);
}

TEST(ChatCommand, AnswersUntilTheInputEnds) {
  const Outcome one = chat("Hello\n");
  EXPECT_EQ(one.code, 0);
  EXPECT_THAT(one.err, IsEmpty());
  EXPECT_TRUE(one.out.ends_with("\n"));
  EXPECT_GT(one.out.size(), 1u);
  EXPECT_EQ(chat("Hello\n").out, one.out);
  EXPECT_TRUE(chat("Hello\nAnd you?\n").out.starts_with(one.out));
}

TEST(ChatCommand, RemembersTheDialogueUntilItIsReset) {
  const std::string first = chat("Hello\n").out;
  const std::string forgotten = chat("Hello\n/reset\nHello\n").out;
  EXPECT_EQ(forgotten, first + first);
  EXPECT_NE(chat("Hello\nHello\n").out, forgotten);
  EXPECT_NE(chat("Hello\n", {"--steps", "3", "--system", "Be brief."}).out, first);
}

TEST(ChatCommand, TakesCommands) {
  EXPECT_THAT(chat("/help\n").out, AllOf(HasSubstr("/steps N"), HasSubstr("/quit")));
  EXPECT_EQ(chat("/steps 9\nHello\n").out, chat("Hello\n", {"--steps", "9"}).out);
  EXPECT_EQ(chat("/exit latent-diff:0.5\nHello\n").out,
            chat("Hello\n", {"--steps", "3", "--exit", "latent-diff:0.5"}).out);
  EXPECT_THAT(chat("/quit\nHello\n").out, IsEmpty());
  const Outcome wrong = chat("/step 9\n/steps many\n/exit soon\nHello\n");
  EXPECT_EQ(wrong.code, 0);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("unknown command '/step'"), HasSubstr("many"), HasSubstr("exit = soon")));
  EXPECT_EQ(wrong.out, chat("Hello\n").out) << "a mistake changes nothing";
}

TEST(ChatCommand, SaysWhenTheContextIsFull) {
  const Outcome outcome = chat(std::string(3000, 'a') + "\nHello\n");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("context ends there"));
  EXPECT_EQ(outcome.out, chat("Hello\n").out);
}

}  // namespace
}  // namespace fathom::cli
