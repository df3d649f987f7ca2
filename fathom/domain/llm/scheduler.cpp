#include "fathom/domain/llm/scheduler.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace fathom::llm {

namespace {

constexpr const char* kPlace = "llm::Scheduler";

// Keys and values of the whole job.
double cache_bytes(const Job& job, const ModelConfig& config) {
  const auto capacity = static_cast<std::int64_t>(job.prompt.size()) + job.how.new_tokens;
  const CacheSlots slots(layout_of(config), job.how.cache, job.how.steps, std::max<std::int64_t>(capacity, 1));
  constexpr double kBoth = 2 * sizeof(float);
  return kBoth * static_cast<double>(slots.stored()) * static_cast<double>(capacity * config.width);
}

}  // namespace

struct Scheduler::Task {
  Job job;
  std::shared_ptr<Reply> reply;
  AnswerText text;
  double bytes = 0;

  bool is_stop(std::int64_t id) const {
    return std::find(job.how.stop_ids.begin(), job.how.stop_ids.end(), id) != job.how.stop_ids.end();
  }
};

Scheduler::Scheduler(LoopedModel& model, io::Tokenizer tokenizer, const io::DecodeOptions& decode,
                     const SchedulerOptions& options)
    : tokenizer_(std::move(tokenizer)),
      decode_(decode),
      options_(options),
      config_(model.config()),
      batch_(model, options.prompt_rows) {
  base::require(options.batch >= 1, kPlace, "batch", options.batch, ">= 1", "requests must run");
  base::require(options.queue >= 1, kPlace, "queue", options.queue, ">= 1", "every request passes through it");
  thread_ = std::thread([this] { run(); });
}

Scheduler::~Scheduler() {
  drain(0);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  thread_.join();
}

std::shared_ptr<Reply> Scheduler::submit(Job job) {
  const double bytes = cache_bytes(job, config_);
  base::require(bytes <= options_.cache_bytes, kPlace, "bytes of cache", bytes,
                fmt::format("<= {}", options_.cache_bytes), "ask for fewer tokens or recurrences, or another cache");
  auto reply = std::make_shared<Reply>();
  AnswerText text(tokenizer_, decode_, job.stops);
  auto task = std::make_unique<Task>(Task{std::move(job), reply, std::move(text), bytes});
  {
    const std::lock_guard lock(mutex_);
    if (!accepting_) throw Draining("[llm::Scheduler] the server is shutting down");
    if (static_cast<std::int64_t>(queue_.size()) >= options_.queue) {
      throw QueueFull(fmt::format("[llm::Scheduler] waiting requests = {} violates < {}; try again later",
                                  queue_.size(), options_.queue));
    }
    queue_.push_back(std::move(task));
    ++stats_.waiting;
  }
  work_.notify_all();
  return reply;
}

void Scheduler::drain(double seconds) {
  std::unique_lock lock(mutex_);
  accepting_ = false;
  const auto nothing_left = [&] { return stats_.running == 0 && stats_.waiting == 0; };
  if (idle_.wait_for(lock, std::chrono::duration<double>(seconds), nothing_left)) return;
  cancel_all_ = true;
  work_.notify_all();
  idle_.wait(lock, nothing_left);
}

SchedulerStats Scheduler::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

// False when the thread is to end.
bool Scheduler::wait_for_work() {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] { return stopping_ || !queue_.empty() || !tasks_.empty(); });
  return !stopping_ || !queue_.empty() || !tasks_.empty();
}

void Scheduler::run() {
  while (wait_for_work()) {
    sweep();
    admit();
    if (!batch_.empty()) step();
    const std::lock_guard lock(mutex_);
    stats_.running = batch_.size();
    stats_.waiting = static_cast<std::int64_t>(queue_.size());
    if (stats_.running == 0 && stats_.waiting == 0) idle_.notify_all();
  }
}

// Whether the task is cancelled or overdue; its reply is then ended.
bool Scheduler::retired(Task& task, std::string_view where) {
  if (cancel_all_ || task.reply->cancelled()) {
    task.reply->end(Outcome::cancelled);
    return true;
  }
  if (task.job.seconds <= 0 || task.reply->age() <= task.job.seconds) return false;
  task.reply->end(Outcome::timeout, "", fmt::format("no whole answer in {} s: {}", task.job.seconds, where));
  return true;
}

// What is cancelled or overdue leaves queue and batch.
void Scheduler::sweep() {
  const std::lock_guard lock(mutex_);
  std::erase_if(queue_, [&](const auto& task) { return retired(*task, "it was still waiting for its turn"); });
  std::erase_if(tasks_, [&](const auto& entry) {
    if (!retired(*entry.second, "it was being written")) return false;
    cache_bytes_ -= entry.second->bytes;
    batch_.remove(entry.first);
    return true;
  });
}

// From the queue's front while there is room.
void Scheduler::admit() {
  for (;;) {
    std::unique_ptr<Task> task;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty() || batch_.size() >= options_.batch) return;
      if (cache_bytes_ + queue_.front()->bytes > options_.cache_bytes) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    start(std::move(task));
  }
}

void Scheduler::start(std::unique_ptr<Task> task) {
  Task* t = task.get();
  t->reply->begin(static_cast<std::int64_t>(t->job.prompt.size()));
  DepthBatch::Key key = 0;
  try {
    key = batch_.add(t->job.prompt, t->job.how, [this, t](const Token& token) { return on_token(*t, token); });
    const std::lock_guard lock(mutex_);
    tasks_.emplace(key, std::move(task));
    stats_.prompt_tokens += static_cast<std::int64_t>(t->job.prompt.size());
    cache_bytes_ += t->bytes;
  } catch (const std::exception& error) {
    if (key != 0) batch_.remove(key);
    t->reply->end(Outcome::failed, "", error.what());
  }
}

bool Scheduler::on_token(Task& task, const Token& token) {
  task.reply->append(task.is_stop(token.id) ? "" : task.text.add(token.id), token.steps);
  const Reply::Counts counts = task.reply->counts();
  const std::lock_guard lock(mutex_);
  ++stats_.tokens;
  stats_.recurrences += token.steps;
  stats_.depth.add(static_cast<double>(token.steps));
  if (counts.tokens == 1) stats_.first_token.add(counts.first_token);
  return !task.text.stopped();
}

void Scheduler::step() {
  try {
    for (const DepthBatch::Ended& ended : batch_.step()) finish(ended);
    count_pass();
  } catch (const std::exception& error) {
    fail_all(error.what());
  }
}

void Scheduler::count_pass() {
  if (batch_.sequences_in_core() == 0) return;
  const std::lock_guard lock(mutex_);
  stats_.occupancy.add(static_cast<double>(batch_.sequences_in_core()));
}

void Scheduler::finish(const DepthBatch::Ended& ended) {
  std::unique_ptr<Task> task;
  {
    const std::lock_guard lock(mutex_);
    task = std::move(tasks_.at(ended.key));
    tasks_.erase(ended.key);
  }
  cache_bytes_ -= task->bytes;
  const bool length = ended.text.reason == StopReason::length;
  const std::string rest = task->text.finish();
  task->reply->end(length && !task->text.stopped() ? Outcome::length : Outcome::stop, rest);
}

void Scheduler::fail_all(std::string_view message) {
  batch_.clear();
  cache_bytes_ = 0;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, task] : tasks_) task->reply->end(Outcome::failed, "", message);
  tasks_.clear();
}

}  // namespace fathom::llm
