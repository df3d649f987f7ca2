// fathom serve: the OpenAI API over HTTP until SIGINT or SIGTERM.
#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>

#include "app/engine/cmd.h"
#include "app/engine/completion_api.h"
#include "app/engine/stop_signal.h"
#include "app/serve_options.h"
#include "fathom/base/error.h"
#include "fathom/base/log.h"

namespace fathom::app {

namespace {

constexpr int kDone = 0;
constexpr std::chrono::milliseconds kLook{50};

// A listening server in a thread of its own.
class Listening {
 public:
  explicit Listening(HttpServer& server) : server_(server), thread_([this] { run(); }) {}
  ~Listening() { stop(); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  bool failed() const { return failed_; }
  // Waits for the last response, or a second.
  void stop() {
    if (!thread_.joinable()) return;
    for (int look = 0; look < 20 && server_.busy() > 0; ++look) std::this_thread::sleep_for(kLook);
    server_.stop();
    thread_.join();
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void run() {
    try {
      server_.run();
    } catch (...) {
      error_ = std::current_exception();
      failed_ = true;
    }
  }

  HttpServer& server_;
  std::exception_ptr error_;
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

void check(const ServeOptions& options) {
  check(options.language);
  if (options.language.init == "torch")
    throw UsageError("[app::serve] init = torch violates random|zero; its numbers depend on what else runs");
}

void take_key_from_environment(ServeOptions& options) {
  const char* key = std::getenv("FATHOM_API_KEY");
  if (options.api_key.empty() && key != nullptr) options.api_key = key;
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

// The read and write clocks are the transport's own defaults.
HttpOptions transport(const ServeOptions& o) {
  constexpr double kToSend = 30;  // seconds for the last bytes of an answer that took all of its time
  return {.host = o.host,
          .port = o.port,
          .connections = o.connections,
          .max_body = o.max_body,
          .exchange_seconds = o.timeout + kToSend};
}

void announce(const ServeOptions& options, int port) {
  if (!is_loopback(options.host) && options.api_key.empty())
    base::warn("{} is open to others and asks for no key; set --api-key", options.host);
  const bool six = options.host.find(':') != std::string::npos;
  fmt::print("listening on http://{}{}{}:{}\n", six ? "[" : "", options.host, six ? "]" : "", port);
  std::fflush(stdout);
}

}  // namespace

int cmd_serve(const Request& request) {
  auto options = config_of<ServeOptions>(request);
  check(options);
  take_key_from_environment(options);
  CompletionApi api(options, open_language_model(options.language, request.run.device),
                    static_cast<std::uint64_t>(request.run.seed));
  HttpServer server(transport(options), api.routes(),
                    [&](const std::string& path, int status, double s) { api.answered(path, status, s); });
  const int port = server.bind();
  const StopSignal stop("\nending: running requests may finish; once more to stop at once\n");
  Listening listening(server);
  announce(options, port);
  while (!stop.asked() && !listening.failed()) std::this_thread::sleep_for(kLook);
  api.drain();
  listening.stop();
  listening.rethrow();
  base::info("ended");
  return kDone;
}

}  // namespace fathom::app
