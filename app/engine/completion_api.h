// The OpenAI API in front of a scheduler: what each path of `fathom serve` does. docs/serve.md describes it to users.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "app/engine/language_model.h"
#include "app/serve/completion_request.h"
#include "app/serve/http_server.h"
#include "app/serve_options.h"
#include "fathom/base/histogram.h"
#include "fathom/domain/llm/scheduler.h"

namespace fathom::app {

class CompletionApi {
 public:
  // `seed` is of requests that bring none.
  CompletionApi(ServeOptions options, LanguageModel opened, std::uint64_t seed);

  std::vector<Route> routes();
  void answered(const std::string& path, int status, double seconds);

  // New requests get 503; running ones may end within the grace time.
  void drain();

 private:
  HttpResponse complete(CompletionKind kind, const HttpRequest& request, Peer& peer);
  HttpResponse whole(const CompletionRequest& asked, llm::Reply& reply, Peer& peer);
  HttpResponse streamed(const CompletionRequest& asked, std::shared_ptr<llm::Reply> reply);
  HttpResponse metrics() const;
  HttpResponse health() const;

  void authorise(const HttpRequest& request) const;
  void check_model(const CompletionRequest& asked) const;
  llm::Job job_of(const CompletionRequest& asked) const;
  std::vector<std::int64_t> prompt_of(const CompletionRequest& asked) const;
  std::int64_t tokens_of(const CompletionRequest& asked, std::size_t prompt) const;
  std::shared_ptr<llm::Reply> submit(llm::Job job);
  class CompletionResponse response_of(const CompletionRequest& asked);
  void cancel(llm::Reply& reply);

  ServeOptions options_;
  LanguageModel opened_;
  std::uint64_t seed_;
  std::int64_t started_;  // seconds since 1970
  llm::Scheduler scheduler_;

  std::atomic<std::int64_t> completions_ = 0, cancelled_ = 0;
  std::atomic<bool> draining_ = false;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, std::int64_t> responses_;  // by path and status
  base::Histogram seconds_{{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300}};
};

}  // namespace fathom::app
