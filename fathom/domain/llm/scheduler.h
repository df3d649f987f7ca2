// Requests to one model from many threads: a queue in front of a DepthBatch that one thread of its own keeps going.
// Requests join the batch between two recurrences, in the order in which they came; each has its own depth, exit rule,
// sampler, seed and limits, and its answer does not depend on the others (depth_batch.h).
//
// No reader can hold the loop up (reply.h). A cancelled or overdue request leaves before the next recurrence. An error
// in a pass ends the requests that were in it, and no other.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "fathom/base/error.h"
#include "fathom/base/histogram.h"
#include "fathom/domain/llm/answer_text.h"
#include "fathom/domain/llm/depth_batch.h"
#include "fathom/domain/llm/reply.h"

namespace fathom::llm {

struct SchedulerOptions {
  std::int64_t batch = 64;         // requests that run at a time
  std::int64_t queue = 256;        // that wait beside them
  std::int64_t prompt_rows = 512;  // tokens of prompts in the loop at a time; one chunk always may be
  double cache_bytes = 4e9;        // of all running requests' keys and values, in float32
};

struct Job {
  std::vector<std::int64_t> prompt;
  GenerateOptions how;
  std::vector<std::string> stops;  // texts that end the answer and do not belong to it
  double seconds = 0;              // from now to the end of the answer, at most; 0: no limit
};

// The queue is full: later there may be room.
class QueueFull : public Error {
 public:
  using Error::Error;
};

// drain() was called: there will be no room.
class Draining : public Error {
 public:
  using Error::Error;
};

struct SchedulerStats {
  std::int64_t running = 0, waiting = 0;
  std::int64_t prompt_tokens = 0, tokens = 0, recurrences = 0;                 // of tokens that were taken
  base::Histogram occupancy{{1, 2, 4, 8, 16, 32, 64, 128, 256}};               // requests that shared a core pass
  base::Histogram depth{{1, 2, 4, 8, 16, 32, 64, 128}};                        // recurrences of a token
  base::Histogram first_token{{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}};  // seconds
};

class Scheduler {
 public:
  // The model is used by the scheduler's thread alone until it is destroyed.
  Scheduler(LoopedModel& model, io::Tokenizer tokenizer, const io::DecodeOptions& decode,
            const SchedulerOptions& options);
  ~Scheduler();  // cancels what runs
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Errors: QueueFull; Draining; Error for a job whose cache alone is beyond cache_bytes, or that DepthBatch::add
  // refuses (then through the reply).
  std::shared_ptr<Reply> submit(Job job);

  // Takes no more jobs and waits for those that it has; what has not ended after so many seconds is cancelled.
  void drain(double seconds);

  SchedulerStats stats() const;

 private:
  struct Task;

  void run();
  bool wait_for_work();
  void admit();
  void start(std::unique_ptr<Task> task);
  bool retired(Task& task, std::string_view where);
  void sweep();
  void step();
  bool on_token(Task& task, const Token& token);
  void finish(const DepthBatch::Ended& ended);
  void fail_all(std::string_view message);
  void count_pass();

  io::Tokenizer tokenizer_;
  io::DecodeOptions decode_;
  SchedulerOptions options_;
  const ModelConfig config_;
  DepthBatch batch_;                                                  // the thread's alone, as
  std::unordered_map<DepthBatch::Key, std::unique_ptr<Task>> tasks_;  // what runs, and
  double cache_bytes_ = 0;                                            // what that holds

  mutable std::mutex mutex_;
  std::condition_variable work_, idle_;
  std::deque<std::unique_ptr<Task>> queue_;
  bool accepting_ = true, cancel_all_ = false, stopping_ = false;
  SchedulerStats stats_;
  std::thread thread_;  // the last member: it uses all others
};

}  // namespace fathom::llm
