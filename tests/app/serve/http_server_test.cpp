// The transport against clients of every kind: proper, malformed, oversize, slow, silent, gone.
#include "app/serve/http_server.h"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/serve/api_error.h"
#include "fathom/base/timer.h"
#include "tests/support/http_client.h"

namespace fathom::app {
namespace {

using test::HttpAnswer;
using test::HttpClient;
using testing::HasSubstr;
using testing::StartsWith;

// Routes: GET /ready, POST /echo, POST /endless (streams until the client is gone), POST /broken (throws).
class ServerTest : public testing::Test {
 protected:
  explicit ServerTest(HttpOptions options = {.port = 0,
                                             .connections = 8,
                                             .max_body = 4096,
                                             .read_seconds = 0.5,
                                             .write_seconds = 0.5,
                                             .idle_seconds = 0.5,
                                             .exchange_seconds = 20})
      : server_(options,
                {{"GET", "/ready", [](const HttpRequest&, Peer&) { return HttpResponse{.body = "{}"}; }},
                 {"POST", "/echo", [](const HttpRequest& r, Peer&) { return HttpResponse{.body = r.body}; }},
                 {"POST", "/endless", [this](const HttpRequest&, Peer&) { return endless(); }},
                 {"POST", "/broken", [](const HttpRequest&, Peer&) -> HttpResponse { throw Error("it broke"); }}},
                [this](const std::string& path, int status, double) { count(path, status); }),
        port_(server_.bind()),
        thread_([this] { server_.run(); }) {}
  ~ServerTest() override {
    server_.stop();
    thread_.join();
  }

  HttpResponse endless() {
    return {.type = "text/event-stream", .stream = [this](Peer& peer) {
              ++streams_;
              while (peer.write("data: " + std::string(1000, 'x') + "\n\n")) {
              }
              --streams_;
            }};
  }

  void count(const std::string& path, int status) {
    const std::lock_guard lock(mutex_);
    ++counts_[{path, status}];
  }
  int counted(const std::string& path, int status) {
    const std::lock_guard lock(mutex_);
    return counts_[{path, status}];
  }

  // The error of a raw request, its shape checked.
  HttpAnswer refusal(const std::string& bytes) {
    HttpClient client(port_);
    client.send(bytes);
    HttpAnswer answer = client.answer();
    EXPECT_THAT(answer.body, StartsWith("{\"error\":{\"message\":\"")) << bytes.substr(0, 60);
    EXPECT_TRUE(nlohmann::json::accept(answer.body));
    return answer;
  }

  void expect_healthy() { EXPECT_EQ(HttpClient(port_).ask("GET", "/ready").status, 200); }

  std::atomic<int> streams_ = 0;
  std::mutex mutex_;
  std::map<std::pair<std::string, int>, int> counts_;
  HttpServer server_;
  int port_;
  std::thread thread_;
};

template <class Condition>
bool soon(const Condition& holds) {
  const base::Timer timer;
  while (!holds() && timer.seconds() < 20) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return holds();
}

TEST_F(ServerTest, AnswersSeveralRequestsOnOneConnection) {
  HttpClient client(port_);
  for (int k = 0; k < 5; ++k) {
    EXPECT_EQ(client.ask("GET", "/ready").status, 200);
    const HttpAnswer echo = client.ask("POST", "/echo", "{\"k\":1}");
    EXPECT_EQ(echo.status, 200);
    EXPECT_EQ(echo.body, "{\"k\":1}");
  }
  EXPECT_EQ(counted("/echo", 200), 5);
}

TEST_F(ServerTest, ReadsChunkedBodies) {
  HttpClient client(port_);
  client.send(
      "POST /echo HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\n{}\r\n3\r\n   \r\n0\r\n\r\n");
  EXPECT_EQ(client.answer().body, "{}   ");
}

TEST_F(ServerTest, RefusesByPathMethodAndType) {
  const std::string body = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  EXPECT_EQ(refusal("GET /absent HTTP/1.1\r\n\r\n").status, 404);
  EXPECT_EQ(refusal("POST /absent HTTP/1.1\r\n" + body).status, 404);
  EXPECT_EQ(refusal("GET /ready%0a HTTP/1.1\r\n\r\n").status, 404);
  EXPECT_EQ(refusal("GET /echo HTTP/1.1\r\n\r\n").status, 405);
  EXPECT_EQ(refusal("PUT /echo HTTP/1.1\r\n" + body).status, 405);
  EXPECT_EQ(refusal("POST /echo HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}").status, 415);
  EXPECT_EQ(refusal("POST /echo HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 2\r\n\r\n"
                    "{}")
                .status,
            415);
  EXPECT_EQ(refusal("GET /ready HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").status, 400);
  EXPECT_EQ(refusal("POST /echo HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n").status, 400);
  EXPECT_EQ(refusal("POST /echo HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: x\r\n\r\n").status, 400);
  EXPECT_EQ(counted("", 404), 3);
  expect_healthy();
}

TEST_F(ServerTest, RefusesOversizeBodiesHoweverTheyCome) {
  const std::string head = "POST /echo HTTP/1.1\r\nContent-Type: application/json\r\n";
  const std::string large(100000, ' ');
  EXPECT_EQ(refusal(head + "Content-Length: 100000\r\n\r\n" + large).status, 413);
  EXPECT_EQ(refusal(head + "Content-Length: 99999999999999999999999\r\n\r\n").status, 413);
  EXPECT_EQ(refusal(head + "Transfer-Encoding: chunked\r\n\r\n1500\r\n" + large).status, 413);
  const std::string packed(  // 20 000 spaces by gzip
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x31\x01\x00\x00\x00\xc2\xa0\x2a\xeb\x9f\xd2\x1a"
      "\x1e\x40\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0\x60\x28"
      "\xc4\x08\x85\x20\x4e\x00\x00",
      55);
  EXPECT_EQ(refusal(head + fmt::format("Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.size()) + packed)
                .status,
            413);
  EXPECT_EQ(HttpClient(port_).ask("POST", "/echo", std::string(4096, ' ')).status, 200);
  EXPECT_EQ(HttpClient(port_).ask("POST", "/echo", std::string(4097, ' ')).status, 413);
  expect_healthy();
}

TEST_F(ServerTest, MalformedRequestsEndTheirConnectionOnly) {
  for (const std::string& bytes : std::vector<std::string>{
           "\r\n\r\n", "nonsense\r\n\r\n", "GET\r\n\r\n", "GET /ready HTTP/9.9\r\n\r\n",
           "POST /echo HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: "
           "chunked\r\n\r\nzz\r\n",
           std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8), std::string(70000, 'a'), "GET /ready HTTP/1.1\r\n" + [] {
             std::string headers;
             for (int k = 0; k < 5000; ++k) headers += fmt::format("X-{}: aaaaaaaaaa\r\n", k);
             return headers;
           }() + "\r\n"}) {
    HttpClient client(port_);
    client.send(bytes);
    const HttpAnswer answer = client.answer();
    EXPECT_TRUE(answer.status == -1 || (answer.status >= 400 && answer.status < 500))
        << bytes.substr(0, 40) << " got " << answer.status;
    expect_healthy();
  }
}

TEST_F(ServerTest, ARequestThatDripsIsCutOffByTheClock) {
  HttpClient client(port_);
  const base::Timer timer;
  bool open = client.send("GET /ready HTTP/1.1\r\n");
  while (open && timer.seconds() < 20) {
    client.send("X");
    open = client.receive(64, 50).empty() && client.send("X");
  }
  EXPECT_FALSE(open);
  EXPECT_TRUE(soon([&] { return server_.open_connections() == 0; }));
}

// As many silent connections as there are threads, and then some.
TEST_F(ServerTest, SilentConnectionsGiveTheirThreadsBack) {
  std::vector<std::unique_ptr<HttpClient>> silent;
  for (int k = 0; k < 20; ++k) silent.push_back(std::make_unique<HttpClient>(port_));
  for (int k = 0; k < 20; ++k) silent[k]->send("POST /echo HTTP/1.1\r\nContent-Le");
  expect_healthy();
}

TEST_F(ServerTest, AClientThatGoesEndsItsStream) {
  HttpClient client(port_);
  client.request("POST", "/endless", "{}");
  EXPECT_THAT(client.receive(), HasSubstr("200 OK"));
  EXPECT_TRUE(soon([&] { return streams_ == 1; }));
  client.close();
  EXPECT_TRUE(soon([&] { return streams_ == 0; }));
  expect_healthy();
}

TEST_F(ServerTest, AClientThatReadsNothingIsLeft) {
  HttpClient client(port_);
  client.request("POST", "/endless", "{}");
  EXPECT_TRUE(soon([&] { return streams_ == 1; }));
  expect_healthy();                                  // meanwhile
  EXPECT_TRUE(soon([&] { return streams_ == 0; }));  // after half a second without progress
  EXPECT_TRUE(soon([&] { return server_.busy() == 0; }));
}

TEST_F(ServerTest, AHandlersErrorIsAnAnswer) {
  const HttpAnswer answer = HttpClient(port_).ask("POST", "/broken", "{}");
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("it broke"));
  EXPECT_EQ(counted("/broken", 500), 1);
}

TEST_F(ServerTest, StopsWithStreamsUnderWay) {
  HttpClient client(port_);
  client.request("POST", "/endless", "{}");
  EXPECT_TRUE(soon([&] { return streams_ == 1; }));
}

TEST(HttpServer, SaysWhenTheAddressIsTaken) {
  const auto nothing = [](const std::string&, int, double) {};
  HttpServer first({.port = 0}, {}, nothing);
  const int port = first.bind();
  EXPECT_GT(port, 0);
  HttpServer absent({.host = "203.0.113.7", .port = 0}, {}, nothing);
  EXPECT_THROW(absent.bind(), Error);
}

}  // namespace
}  // namespace fathom::app
