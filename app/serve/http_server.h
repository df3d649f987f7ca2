// HTTP/1.1 over TCP for a few known paths; the one place that knows cpp-httplib. Handlers see plain requests and give
// plain responses or streams.
//
// Every connection has a thread of its own while it is served, and clocks: a request's bytes must all come within
// read_seconds, a response must make progress every write_seconds and end within exchange_seconds. A slow client so
// costs a thread for a bounded time, and memory never more than its own request and answer. When connections wait for a
// thread, those that are idle between two requests are closed.
//
// Refused before a handler sees it, as JSON errors of the OpenAI API: unknown paths (404), other methods (405), a body
// that is not application/json (415), longer than max_body, chunked and compressed ones by what they unpack to (413).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fathom::app {

struct HttpOptions {
  std::string host = "127.0.0.1";
  std::int64_t port = 8080;        // 0: any that is free
  std::int64_t connections = 128;  // served at a time
  std::int64_t max_body = 1 << 20;
  double read_seconds = 10, write_seconds = 10, idle_seconds = 5, exchange_seconds = 600;
};

struct HttpRequest {
  std::string method, path, authorization, body;
};

// The client's end of the connection.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual bool alive() const = 0;
  virtual bool write(const std::string& text) = 0;  // of a stream; false when the client is gone or too slow
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::function<void(Peer&)> stream;  // writes the body instead, after the headers are gone
};

struct Route {
  std::string method, path;
  std::function<HttpResponse(const HttpRequest&, Peer&)> handle;  // throws ApiError
};

class HttpServer {
 public:
  // `answered(path, status, seconds)` is told of every response; paths that are not routes as "".
  HttpServer(HttpOptions options, std::vector<Route> routes,
             std::function<void(const std::string&, int, double)> answered);
  ~HttpServer();

  // Binds and gives the port. Throws Error when the address is not free or none of this machine.
  int bind();
  // Serves until stop(); returns when every connection is closed.
  void run();
  // From any thread. Streams end where they are.
  void stop();

  std::int64_t open_connections() const;
  // Requests that are being answered: from their first byte to the last of the response.
  std::int64_t busy() const;

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
};

}  // namespace fathom::app
