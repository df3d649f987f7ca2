// fathom serve as a process of its own, on a tiny model of the fixture set: the API, mixtures of requests against
// sequential ones, hostile clients, limits, shutdown.
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fathom/base/file.h"
#include "fathom/base/timer.h"
#include "tests/cli/checkpoint.h"
#include "tests/cli/program.h"
#include "tests/support/http_client.h"

namespace fathom::cli {
namespace {

using test::HttpAnswer;
using test::HttpClient;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Json = nlohmann::json;

// Of one recurrence's size: long answers of many recurrences fit in little memory.
constexpr const char* kShared = "latest-m4-compress-s4";

// The process, on a free port.
class Server {
 public:
  explicit Server(std::vector<std::string> more = {},
                  const std::vector<std::pair<std::string, std::string>>& environment = {}) {
    std::vector<std::string> arguments = {"serve", "--model",     "model", "--dtype", "fp32", "--port",
                                          "0",     "--threads",   "1",     "--grace", "1",    "--connections",
                                          "128",   "--max-steps", "1024"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    child_ = start_program(arguments, model_.folder(), output_.path(), environment);
    const base::Timer timer;
    while (port_ == 0 && timer.seconds() < 60 && ::waitpid(child_, &status_, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      read_port();
    }
    if (port_ == 0) ADD_FAILURE() << "it did not listen: " << base::read_file(output_.path() / "err");
  }
  ~Server() { stop(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }

  HttpAnswer get(const std::string& path) const { return HttpClient(port_).ask("GET", path); }
  HttpAnswer post(const std::string& path, const Json& body, const std::string& headers = "") const {
    return HttpClient(port_).ask("POST", path, body.dump(), headers);
  }
  Json complete(const Json& body) const {
    const HttpAnswer answer = post("/v1/completions", body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 ? Json::parse(answer.body) : Json();
  }

  // A sample's value; -1 where there is none.
  double metric(const std::string& name) const { return metrics({name}).front(); }
  // Several of one moment: a worker may count on between two pages.
  std::vector<double> metrics(const std::vector<std::string>& names) const {
    const std::string page = get("/metrics").body;
    std::vector<double> values;
    for (const std::string& name : names) {
      const std::size_t at = page.find("\n" + name + " ");
      values.push_back(at == std::string::npos ? -1 : std::stod(page.substr(at + name.size() + 2)));
    }
    return values;
  }

  Outcome stop(int signal = SIGTERM) {
    if (child_ > 0) {
      ::kill(child_, signal);
      ::waitpid(child_, &status_, 0);
      child_ = -1;
    }
    const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    return {code, base::read_file(output_.path() / "out"), base::read_file(output_.path() / "err")};
  }

 private:
  void read_port() {
    const std::string out = base::read_file(output_.path() / "out");
    constexpr std::string_view kBefore = "listening on http://127.0.0.1:";
    if (out.starts_with(kBefore) && out.ends_with("\n")) port_ = std::stoi(out.substr(kBefore.size()));
  }

  Checkpoint model_{2048};
  Scratch output_;
  pid_t child_ = -1;
  int status_ = 0, port_ = 0;
};

// Of every depth, length, exit and sampler; the same k gives the same request.
Json request(int k) {
  Json body = {{"prompt", std::string(1 + (k * 7) % 40, static_cast<char>('a' + k % 26))},
               {"max_tokens", 1 + (k * 5) % 24},
               {"num_steps", 1 + (k * 3) % 12},
               {"seed", k % 9},
               {"temperature", k % 3 == 0 ? 0.0 : 0.8}};
  if (k % 4 == 1) body["exit"] = "latent-diff:0.4";
  if (k % 5 == 2) body["stop"] = {"e", "\n"};
  if (k % 7 == 3) body["top_p"] = 0.8;
  return body;
}

std::string text_of(const Json& answer) { return answer.at("choices")[0].at("text"); }

template <class Condition>
bool soon(const Condition& holds) {
  const base::Timer timer;
  while (!holds() && timer.seconds() < 30) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return holds();
}

// The text of a stream of completions; its events are checked.
std::string text_of_stream(const HttpAnswer& answer) {
  EXPECT_TRUE(answer.whole);
  EXPECT_THAT(answer.headers, HasSubstr("text/event-stream"));
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n")) << answer.body;
  std::string text, reason;
  for (std::size_t at = 0, end = 0; (end = answer.body.find("\n\n", at)) != std::string::npos; at = end + 2) {
    const std::string line = answer.body.substr(at, end - at);
    EXPECT_THAT(line, StartsWith("data: "));
    if (line == "data: [DONE]") continue;
    const Json event = Json::parse(line.substr(6));
    text += event.at("choices")[0].at("text");
    if (!event.at("choices")[0].at("finish_reason").is_null()) reason = event.at("choices")[0].at("finish_reason");
  }
  EXPECT_THAT(reason, testing::AnyOf("stop", "length"));
  return text;
}

TEST(ServeCommand, AnswersEveryPath) {
  Server server;
  EXPECT_EQ(Json::parse(server.get("/health").body).at("status"), "ok");
  EXPECT_EQ(Json::parse(server.get("/v1/models").body).at("data")[0].at("id"), "model");
  EXPECT_EQ(Json::parse(server.get("/v1/models/model").body).at("id"), "model");
  const Json answer = server.complete({{"prompt", "To be"}, {"model", "model"}, {"num_steps", 3}, {"max_tokens", 4}});
  EXPECT_EQ(answer.at("usage").at("prompt_tokens"), 5);
  EXPECT_EQ(answer.at("usage").at("completion_tokens"), 4);
  EXPECT_EQ(answer.at("usage").at("recurrences"), 12);
  EXPECT_EQ(answer.at("choices")[0].at("finish_reason"), "length");
  const Json dialogue = {{"messages", {{{"role", "user"}, {"content", "Hi"}}}}, {"max_tokens", 4}};
  const HttpAnswer chat = server.post("/v1/chat/completions", dialogue);
  EXPECT_EQ(chat.status, 200) << chat.body;
  EXPECT_EQ(Json::parse(chat.body).at("choices")[0].at("message").at("role"), "assistant");
  const std::string metrics = server.get("/metrics").body;
  EXPECT_THAT(metrics, AllOf(HasSubstr("fathom_requests_total{path=\"/v1/completions\",status=\"200\"} 1\n"),
                             HasSubstr("fathom_generated_tokens_total 8\n"), HasSubstr("fathom_requests_waiting 0\n"),
                             HasSubstr("fathom_batch_occupancy_count "), HasSubstr("fathom_recurrences_per_token_sum "),
                             HasSubstr("fathom_request_seconds_count 2\n")));
}

TEST(ServeCommand, SaysWhatGenerateSays) {
  Server server({"--init", "zero"});
  const Json answer = server.complete({{"prompt", "To be"}, {"temperature", 0}, {"max_tokens", 8}, {"num_steps", 4}});
  const Checkpoint model;
  const Outcome generated = run_program({"generate", "--model", "model", "--dtype", "fp32", "--threads", "1",
                                         "--tokens", "8", "--steps", "4", "--init", "zero", "--json", "To be"},
                                        model.folder());
  EXPECT_EQ(text_of(answer), Json::parse(generated.out).at("text").get<std::string>());
}

TEST(ServeCommand, StreamsTheSameText) {
  Server server;
  for (int k = 0; k < 12; ++k) {
    Json body = request(k);
    const std::string whole = text_of(server.complete(body));
    body["stream"] = true;
    EXPECT_EQ(text_of_stream(server.post("/v1/completions", body)), whole) << k;
  }
  Json body = request(1);
  body["stream"] = true;
  const HttpAnswer packed = server.post("/v1/completions", body, "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(text_of_stream(packed), text_of(server.complete(request(1)))) << "events are not held back by compression";
  body["stream_options"] = {{"include_usage", true}};
  EXPECT_THAT(server.post("/v1/completions", body).body, HasSubstr("\"usage\":{\"prompt_tokens\":"));
}

// 64 clients at once; every answer is the one that the server gives when it is alone with the request.
TEST(ServeCommand, SixtyFourClientsGetTheAnswersOfSequentialOnes) {
  Server server;
  constexpr int kClients = 64, kEach = 6, kRequests = 40;
  std::vector<std::string> alone(kRequests);
  for (int k = 0; k < kRequests; ++k) alone[k] = text_of(server.complete(request(k)));
  // Passes over the core, and the requests that shared each, summed.
  const auto occupancy = [&] { return server.metrics({"fathom_batch_occupancy_count", "fathom_batch_occupancy_sum"}); };
  const std::vector<double> before = occupancy();
  EXPECT_EQ(before[1], before[0]) << "one at a time";
  std::atomic<int> wrong = 0, failed = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      HttpClient client(server.port());  // one connection for all of its requests
      for (int i = 0; i < kEach; ++i) {
        const int k = (c * 11 + i * 17) % kRequests;
        Json body = request(k);
        body["stream"] = (c + i) % 2 == 0;
        const HttpAnswer answer = client.ask("POST", "/v1/completions", body.dump());
        if (answer.status != 200) {
          ++failed;
        } else if ((body["stream"] ? text_of_stream(answer) : text_of(Json::parse(answer.body))) != alone[k]) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(wrong, 0);
  const std::vector<double> after = occupancy();
  EXPECT_GT((after[1] - before[1]) / (after[0] - before[0]), 1);
  EXPECT_TRUE(soon([&] { return server.metric("fathom_requests_running") == 0; }));
}

TEST(ServeCommand, RefusesInTheWordsOfTheApi) {
  Server server({"--max-body", "4096", "--max-tokens", "50"}, {{"FATHOM_API_KEY", "secret"}});
  const std::string key = "Authorization: Bearer secret\r\n";
  const auto refused = [&](const Json& body, int status, const std::string& param, const std::string& word) {
    const HttpAnswer answer = server.post("/v1/completions", body, key);
    EXPECT_EQ(answer.status, status) << answer.body;
    const Json error = Json::parse(answer.body).at("error");
    EXPECT_EQ(error.at("param"), param.empty() ? Json() : Json(param));
    EXPECT_THAT(error.at("message").get<std::string>(), HasSubstr(word));
  };
  EXPECT_EQ(server.post("/v1/completions", request(0)).status, 401);
  EXPECT_EQ(server.post("/v1/completions", request(0), "Authorization: Bearer secreT\r\n").status, 401);
  EXPECT_EQ(server.post("/v1/completions", request(0), "Authorization: Bearer secret2\r\n").status, 401);
  EXPECT_EQ(server.get("/v1/models").status, 401);
  EXPECT_EQ(server.get("/health").status, 200);
  EXPECT_EQ(server.post("/v1/completions", request(0), key).status, 200);
  refused({{"prompt", "a"}, {"model", "gpt"}}, 404, "model", "violates model");
  refused({{"prompt", "a"}, {"max_tokens", 51}}, 400, "max_tokens", "--max-tokens");
  refused({{"prompt", "a"}, {"num_steps", 1025}}, 400, "num_steps", "--max-steps");
  refused({{"prompt", "a"}, {"exit", "soon"}}, 400, "exit", "exit = soon");
  refused({{"prompt", "a"}, {"exit", "gate"}}, 400, "exit", "another criterion");
  refused({{"prompt", Json::array({100000})}}, 400, "prompt", "100000");
  refused({{"prompt", std::string(3000, 'a')}, {"max_tokens", 50}}, 400, "max_tokens", "context");
  refused({{"prompt", std::string(5000, 'a')}}, 413, "", "--max-body");
}

TEST(ServeCommand, StaysHealthyAmongHostileClients) {
  Server server({"--timeout", "20", "--queue", "8", "--max-batch", "4", "--cache", kShared});
  const Json endless = {{"prompt", "a"}, {"max_tokens", 400}, {"num_steps", 1024}, {"stream", true}};
  const auto sane = [&] { EXPECT_EQ(text_of(server.complete(request(1))), text_of(server.complete(request(1)))); };
  for (const std::string& bytes : std::vector<std::string>{
           "nonsense\r\n\r\n",
           "POST /v1/completions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
           "10\r\n\r\n{\"prompt\":",
           "POST /v1/completions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{}}",
           "POST /v1/completions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n"}) {
    HttpClient client(server.port());
    client.send(bytes);
  }
  sane();
  {  // streams that are cancelled in the middle, and readers that read nothing
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (int k = 0; k < 4; ++k) {
      clients.push_back(std::make_unique<HttpClient>(server.port()));
      clients.back()->request("POST", "/v1/completions", endless.dump());
      EXPECT_THAT(clients.back()->receive(64), StartsWith("HTTP/1.1 200"));
    }
  }
  sane();
  EXPECT_TRUE(soon([&] { return server.metric("fathom_requests_cancelled_total") >= 4; }));
  {  // more than batch and queue hold
    std::vector<std::unique_ptr<HttpClient>> clients;
    Json whole = endless;
    whole["stream"] = false;
    for (int k = 0; k < 20; ++k) {
      clients.push_back(std::make_unique<HttpClient>(server.port()));
      clients.back()->request("POST", "/v1/completions", whole.dump());
    }
    const char* kRefused = "fathom_requests_total{path=\"/v1/completions\",status=\"429\"}";
    EXPECT_TRUE(soon([&] { return server.metric(kRefused) >= 8; }));
  }
  const auto idle = [&] {
    return server.metric("fathom_requests_running") == 0 && server.metric("fathom_requests_waiting") == 0;
  };
  EXPECT_TRUE(soon(idle)) << "those who went took their requests with them";
  sane();
  EXPECT_EQ(server.stop().code, 0);
}

TEST(ServeCommand, ARequestOutOfTimeIsTold) {
  Server server({"--timeout", "0.2", "--cache", kShared});
  const Json endless = {{"prompt", "a"}, {"max_tokens", 512}, {"num_steps", 1024}};
  const HttpAnswer answer = server.post("/v1/completions", endless);
  EXPECT_EQ(answer.status, 504) << answer.body;
  EXPECT_EQ(Json::parse(answer.body).at("error").at("type"), "timeout_error");
  Json stream = endless;
  stream["stream"] = true;
  EXPECT_THAT(server.post("/v1/completions", stream).body,
              AllOf(HasSubstr("\"type\":\"timeout_error\""), Not(HasSubstr("[DONE]"))));
}

TEST(ServeCommand, EndsCleanlyWithRequestsUnderWay) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Server server({"--cache", kShared});
    HttpClient quick(server.port()), endless(server.port());
    quick.request("POST", "/v1/completions", request(1).dump());
    endless.request("POST", "/v1/completions", Json{{"prompt", "a"}, {"max_tokens", 512}, {"num_steps", 1024}}.dump());
    EXPECT_TRUE(soon([&] { return server.metric("fathom_prompt_tokens_total") >= 9; }));  // both
    const base::Timer timer;
    const Outcome outcome = server.stop(signal);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_LT(timer.seconds(), 10);  // 1 s of grace
    EXPECT_EQ(quick.answer().status, 200);
    EXPECT_EQ(endless.answer().status, 503);
  }
}

TEST(ServeCommand, RefusesMisuse) {
  const Checkpoint model;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& text) {
    const Outcome outcome = run_program(arguments, model.folder());
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_THAT(outcome.out, IsEmpty());
  };
  refused({"serve", "--model", "model", "--port", "70000"}, "port = 70000 violates [0, 65535]");
  refused({"serve", "--model", "model", "--init", "torch"}, "init = torch violates");
  refused({"serve", "--model", "model", "--exit", "soon"}, "exit = soon violates");
  Server first;
  const Outcome taken = run_program(
      {"serve", "--model", "model", "--threads", "1", "--host", "203.0.113.7", "--port", "1"}, model.folder());
  EXPECT_EQ(taken.code, 1);
  EXPECT_THAT(taken.err, HasSubstr("violates an address that is free"));
}

}  // namespace
}  // namespace fathom::cli
