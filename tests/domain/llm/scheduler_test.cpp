// The queue in front of the batch: answers under load, limits, cancelling, errors, draining.
#include "fathom/domain/llm/scheduler.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/seed.h"
#include "tests/domain/llm/looped_models.h"
#include "tests/io/tokenizer_files.h"

namespace fathom::llm {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const io::Tokenizer& bytes() {
  static const io::Tokenizer tokenizer = io::Tokenizer::parse(io::TokenizerFile().text(), "bytes");
  return tokenizer;
}

// With room for long answers.
PackedRaven packed() {
  const GoldenModel& g = golden_models().front();
  ModelConfig config = g.model->config();
  config.context = 512;
  return {config, weights_of(*g.model), kernel::WeightFormat::f32};
}

// Computes as another does, slowly, and fails on demand.
class Reluctant : public LoopedModel {
 public:
  explicit Reluctant(LoopedModel& model) : model_(model) {}

  const ModelConfig& config() const override { return model_.config(); }
  Cache make_cache(const CacheOptions& options) const override { return model_.make_cache(options); }
  void prelude(Chunk chunk, const std::int64_t* ids, float* context) override { model_.prelude(chunk, ids, context); }
  void core(Chunk chunk, std::int64_t t, const float* context, float* x) override {
    if (fails.exchange(false)) throw Error("the memory is gone");
    std::this_thread::sleep_for(pause);
    model_.core(chunk, t, context, x);
  }
  void coda(Chunk chunk, const float* x, std::span<const std::int64_t> wanted, float* logits) override {
    model_.coda(chunk, x, wanted, logits);
  }
  void latent(std::int64_t rows, const float* x, float* out) override { model_.latent(rows, x, out); }

  std::atomic<bool> fails = false;
  std::chrono::milliseconds pause = 1ms;

 private:
  LoopedModel& model_;
};

Job job(std::string_view prompt, std::int64_t steps, std::int64_t tokens) {
  Job job;
  job.prompt = bytes().encode(prompt);
  job.how.steps = steps;
  job.how.new_tokens = tokens;
  return job;
}

// Everything, as it comes.
std::string read(Reply& reply) {
  std::string text;
  while (reply.outcome() == Outcome::running) text += reply.take(100ms);
  return text + reply.take(0ms);
}

// What the job's answer is when nothing else runs.
std::string alone(LoopedModel& model, const Job& job) {
  const Generated text = generate(model, {job.prompt}, job.how)[0];
  AnswerText answer(bytes(), {}, job.stops);
  std::string out;
  for (const Token& token : text.tokens) out += answer.add(token.id);
  return out + answer.finish();
}

TEST(Scheduler, AnswersOfManyThreadsAreThoseOfEachRequestAlone) {
  PackedRaven model = packed(), other = packed();
  constexpr int kClients = 16, kEach = 4;
  std::vector<Job> jobs;
  base::Random random(3);
  for (int k = 0; k < kClients * kEach; ++k) {
    Job next = job(std::string(1 + random.below(30), static_cast<char>('a' + k % 26)),
                   1 + static_cast<std::int64_t>(random.below(9)), 1 + static_cast<std::int64_t>(random.below(16)));
    next.how.sampler.temperature = k % 2 == 0 ? 0 : 1.1;
    next.how.seed = static_cast<std::uint64_t>(k);
    next.how.exit = parse_exit_rule(k % 3 == 0 ? "latent-diff:0.4" : "none");
    if (k % 4 == 0) next.stops = {"e", "\n"};
    jobs.push_back(std::move(next));
  }
  std::vector<std::string> answers(jobs.size());
  SchedulerStats stats;
  {
    Scheduler scheduler(model, bytes(), {}, {.batch = 8, .queue = 64});
    std::vector<std::thread> clients;
    for (int c = 0; c < kClients; ++c) {
      clients.emplace_back([&, c] {
        for (int k = c * kEach; k < (c + 1) * kEach; ++k) answers[k] = read(*scheduler.submit(jobs[k]));
      });
    }
    for (std::thread& client : clients) client.join();
    stats = scheduler.stats();
  }
  for (std::size_t k = 0; k < jobs.size(); ++k) EXPECT_EQ(answers[k], alone(other, jobs[k])) << k;
  EXPECT_GT(stats.occupancy.mean(), 1);
  EXPECT_EQ(stats.depth.count(), stats.tokens);
  EXPECT_EQ(stats.first_token.count(), kClients * kEach);
}

TEST(Scheduler, CountsAndNamesTheEnd) {
  PackedRaven model = packed();
  Scheduler scheduler(model, bytes(), {}, {});
  const auto whole = scheduler.submit(job("abc", 2, 5));
  ASSERT_TRUE(whole->wait(10s));
  EXPECT_EQ(whole->outcome(), Outcome::length);
  EXPECT_EQ(whole->counts().prompt, 3);
  EXPECT_EQ(whole->counts().tokens, 5);
  EXPECT_EQ(whole->counts().recurrences, 10);
  EXPECT_GE(whole->counts().seconds, whole->counts().first_token);
  Job stopped = job("abc", 2, 5);
  stopped.how.stop_ids = {generate(model, {stopped.prompt}, stopped.how)[0].tokens[0].id};
  const auto stop = scheduler.submit(stopped);
  ASSERT_TRUE(stop->wait(10s));
  EXPECT_EQ(stop->outcome(), Outcome::stop);
  EXPECT_EQ(stop->counts().tokens, 1);
  EXPECT_EQ(stop->take(0ms), "") << "a stop token is not part of the text";
}

TEST(Scheduler, AReaderThatNeverReadsHoldsNobodyUp) {
  PackedRaven model = packed();
  Scheduler scheduler(model, bytes(), {}, {.batch = 2});
  const auto unread = scheduler.submit(job("abc", 1, 200));
  EXPECT_EQ(read(*scheduler.submit(job("x", 1, 3))).empty(), false);
  ASSERT_TRUE(unread->wait(10s));
  EXPECT_EQ(unread->counts().tokens, 200);
}

TEST(Scheduler, CancelledAndOverdueRequestsMakeRoom) {
  PackedRaven inner = packed();
  Reluctant model(inner);
  Scheduler scheduler(model, bytes(), {}, {.batch = 1, .queue = 4});
  const auto running = scheduler.submit(job("abc", 200, 200));  // would run for minutes
  Job late = job("abc", 1, 1);
  late.seconds = 0.05;
  const auto waiting = scheduler.submit(late);
  ASSERT_TRUE(waiting->wait(10s));
  EXPECT_EQ(waiting->outcome(), Outcome::timeout);
  EXPECT_THAT(waiting->message(), HasSubstr("waiting for its turn"));
  running->cancel();
  ASSERT_TRUE(running->wait(10s));
  EXPECT_EQ(running->outcome(), Outcome::cancelled);
  late.how.steps = 200;
  late.how.new_tokens = 200;
  const auto slow = scheduler.submit(late);
  ASSERT_TRUE(slow->wait(10s));
  EXPECT_EQ(slow->outcome(), Outcome::timeout);
  EXPECT_THAT(slow->message(), HasSubstr("being written"));
  EXPECT_FALSE(read(*scheduler.submit(job("x", 1, 3))).empty());
}

TEST(Scheduler, RefusesWhatIsTooMuch) {
  PackedRaven inner = packed();
  Reluctant model(inner);
  Scheduler scheduler(model, bytes(), {}, {.batch = 1, .queue = 2, .cache_bytes = 1e8});
  EXPECT_THROW(scheduler.submit(job("abc", 1000, 200)), Error);  // 4 004 slots of 203 positions: 300 MB
  EXPECT_THROW(scheduler.submit([] {
    Job bad = job("abc", 1, 1);
    bad.stops = {""};
    return bad;
  }()),
               Error);
  const auto empty = scheduler.submit(job("", 1, 1));
  ASSERT_TRUE(empty->wait(10s));
  EXPECT_EQ(empty->outcome(), Outcome::failed);
  EXPECT_THAT(empty->message(), HasSubstr("tokens of a prompt = 0"));
  std::vector<std::shared_ptr<Reply>> replies;
  const auto fill = [&] {
    for (int k = 0; k < 20; ++k) replies.push_back(scheduler.submit(job("abc", 100, 200)));
  };
  EXPECT_THROW(fill(), QueueFull);
  for (const auto& reply : replies) reply->cancel();
}

TEST(Scheduler, AnErrorEndsWhatWasInThePassAndNothingElse) {
  PackedRaven inner = packed();
  Reluctant model(inner);
  Scheduler scheduler(model, bytes(), {}, {});
  model.fails = true;
  const auto unlucky = scheduler.submit(job("abc", 2, 5));
  ASSERT_TRUE(unlucky->wait(10s));
  EXPECT_EQ(unlucky->outcome(), Outcome::failed);
  EXPECT_EQ(unlucky->message(), "the memory is gone");
  const Job next = job("abc", 2, 5);
  EXPECT_EQ(read(*scheduler.submit(next)), alone(inner, next));
}

TEST(Scheduler, DrainsWhatItHasThenCancels) {
  PackedRaven inner = packed();
  Reluctant model(inner);
  Scheduler scheduler(model, bytes(), {}, {.batch = 1});
  const auto first = scheduler.submit(job("abc", 2, 5)), second = scheduler.submit(job("abd", 2, 5));
  scheduler.drain(10);
  EXPECT_EQ(first->outcome(), Outcome::length);
  EXPECT_EQ(second->outcome(), Outcome::length);
  EXPECT_THROW(scheduler.submit(job("abc", 1, 1)), Draining);
  Scheduler impatient(model, bytes(), {}, {.batch = 1});
  const auto endless = impatient.submit(job("abc", 200, 200));
  impatient.drain(0.05);
  EXPECT_EQ(endless->outcome(), Outcome::cancelled);
}

}  // namespace
}  // namespace fathom::llm
