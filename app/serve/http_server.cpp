#include "app/serve/http_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>

#include <httplib.h>

#include "app/serve/api_error.h"
#include "fathom/base/timer.h"

namespace fathom::app {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kPlace = "app::HttpServer";
constexpr std::int64_t kHeaderBytes = 64 * 1024;  // request line and headers together
constexpr int kBacklog = 512;                     // connections that the system holds until they are accepted
constexpr std::size_t kRequestsOfConnection = 1000;

Clock::duration duration_of(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

// Milliseconds until a point in time, for poll().
int until(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
}

bool poll_for(int socket, short events, int milliseconds) {
  pollfd entry{socket, events, 0};
  int ready = 0;
  do {
    ready = ::poll(&entry, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// An accepted socket with its clocks and its bound of bytes.
class Connection : public httplib::Stream {
 public:
  Connection(int socket, const HttpOptions& options, const std::atomic<bool>& stopping)
      : socket_(socket), options_(options), stopping_(stopping) {}
  ~Connection() override {
    if (unread_) linger();
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Whether bytes came before the connection was idle too long, or the server stopped.
  bool wait_for_request() {
    constexpr int kLook = 50;  // milliseconds
    const Clock::time_point end = Clock::now() + duration_of(options_.idle_seconds);
    while (begin_ == end_) {
      if (poll_for(socket_, POLLIN, std::min(kLook, until(end)))) return true;
      if (stopping_ || Clock::now() >= end) return false;
    }
    return true;
  }

  void begin_request() {
    read_end_ = Clock::now() + duration_of(options_.read_seconds);
    exchange_end_ = Clock::now() + duration_of(options_.exchange_seconds);
    left_ = kHeaderBytes;
  }
  // After the headers: so many bytes more, chunk sizes and all.
  void allow_body() { left_ = 2 * options_.max_body + kHeaderBytes; }

  // The body was not read: nothing else can come on this connection.
  void leave_unread() { unread_ = true; }
  bool unread() const { return unread_; }

  bool alive() const {
    char byte = 0;
    const ssize_t got = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
  }

  bool is_readable() const override { return begin_ != end_ || poll_for(socket_, POLLIN, until(read_end_)); }
  bool is_writable() const override { return poll_for(socket_, POLLOUT, until(write_end())); }

  ssize_t read(char* to, size_t size) override {
    if (begin_ == end_) {
      if (!is_readable()) return -1;
      const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return got;
      begin_ = 0;
      end_ = static_cast<std::size_t>(got);
    }
    const std::size_t count = std::min(size, end_ - begin_);
    left_ -= static_cast<std::int64_t>(count);
    if (left_ < 0) return -1;
    std::memcpy(to, buffer_.data() + begin_, count);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* from, size_t size) override {
    if (stopping_ || !is_writable()) return -1;
    const ssize_t sent = ::send(socket_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : sent;
  }

  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  Clock::time_point write_end() const {
    return std::min(exchange_end_, Clock::now() + duration_of(options_.write_seconds));
  }

  // Lets the client read the refusal before the connection is reset for the bytes that it still sends.
  void linger() {
    const Clock::time_point end = Clock::now() + std::chrono::seconds(1);
    ::shutdown(socket_, SHUT_WR);
    while (poll_for(socket_, POLLIN, until(end)) && Clock::now() < end) {
      if (::recv(socket_, buffer_.data(), buffer_.size(), 0) <= 0) return;
    }
  }

  int socket_;
  const HttpOptions& options_;
  const std::atomic<bool>& stopping_;
  std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0, end_ = 0;
  std::int64_t left_ = 0;  // bytes that may still be read
  bool unread_ = false;
  Clock::time_point read_end_, exchange_end_;
};

// Whose request the thread is at; cpp-httplib's handlers are not told.
thread_local Connection* current = nullptr;

// Threads for connections, and how many connections wait for one.
class Threads : public httplib::ThreadPool {
 public:
  Threads(std::size_t count, std::atomic<std::int64_t>& waiting) : ThreadPool(count), waiting_(waiting) {}
  void enqueue(std::function<void()> serve) override {
    ++waiting_;
    ThreadPool::enqueue([this, serve = std::move(serve)] {
      --waiting_;
      serve();
    });
  }

 private:
  std::atomic<std::int64_t>& waiting_;
};

class Client : public Peer {
 public:
  explicit Client(const Connection& connection) : connection_(connection) {}
  void stream_to(httplib::DataSink& sink) { sink_ = &sink; }
  bool alive() const override { return connection_.alive(); }
  // cpp-httplib takes a write of nothing for the end.
  bool write(const std::string& text) override {
    return text.empty() ? alive() : sink_ != nullptr && sink_->write(text.data(), text.size());
  }

 private:
  const Connection& connection_;
  httplib::DataSink* sink_ = nullptr;
};

bool announces_body(const httplib::Request& request) {
  return request.has_header("Transfer-Encoding") ||
         request.get_header_value("Content-Length", 0).find_first_not_of('0') != std::string::npos;
}

std::int64_t announced_bytes(const httplib::Request& request) {
  const std::string text = request.get_header_value("Content-Length");
  std::int64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (text.empty()) return 0;
  if (error == std::errc::result_out_of_range) return std::int64_t{1} << 62;
  if (error != std::errc() || end != text.data() + text.size() || bytes < 0)
    throw ApiError(400, "Content-Length violates a number of bytes");
  return bytes;
}

ApiError too_long_error(std::int64_t bound) {
  return {413, fmt::format("the request's body violates <= {} bytes, the server's --max-body", bound)};
}

void fill(httplib::Response& response, const HttpResponse& ours) {
  response.status = ours.status;
  for (const auto& [name, value] : ours.headers) response.set_header(name, value);
  response.set_content(ours.body, ours.type);
}

void fill_error(httplib::Response& response, const ApiError& error) {
  HttpResponse ours{.status = error.status(), .body = error.json() + "\n"};
  if (error.status() == 401) ours.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (error.status() == 429 || error.status() == 503) ours.headers.emplace_back("Retry-After", "1");
  fill(response, ours);
}

}  // namespace

class HttpServer::Listener : public httplib::Server {
 public:
  Listener(HttpOptions options, std::vector<Route> routes,
           std::function<void(const std::string&, int, double)> answered)
      : options_(std::move(options)), routes_(std::move(routes)), answered_(std::move(answered)) {
    set_tcp_nodelay(true);
    set_keep_alive_max_count(kRequestsOfConnection);
    set_keep_alive_timeout(static_cast<time_t>(options_.idle_seconds));
    set_payload_max_length(static_cast<std::size_t>(options_.max_body));
    new_task_queue = [this] { return new Threads(static_cast<std::size_t>(options_.connections), waiting_); };
    set_pre_routing_handler([this](const auto& request, auto& response) { return screen(request, response); });
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) fill_error(response, ApiError(response.status, "this is not a request of HTTP/1.1"));
    });
    for (const Route& route : routes_) listen_to(route);
  }

  int bind() {
    const bool any = options_.port == 0;
    const int port = any                                                            ? bind_to_any_port(options_.host)
                     : bind_to_port(options_.host, static_cast<int>(options_.port)) ? static_cast<int>(options_.port)
                                                                                    : -1;
    if (port <= 0) {
      base::fail(kPlace, "host:port = {}:{} violates an address that is free and of this machine; choose another",
                 options_.host, options_.port);
    }
    ::listen(svr_sock_, kBacklog);  // cpp-httplib asks for 5
    return port;
  }

  // Whether it ended as it was told to.
  bool serve() {
    running_ = true;
    const bool told = stopping_ || listen_after_bind() || stopping_;
    running_ = false;
    return told;
  }

  // cpp-httplib passes over a stop that comes before it listens.
  void stop_all() {
    stopping_ = true;
    while (running_ && !is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    stop();
  }

  std::atomic<std::int64_t> open = 0, busy = 0;

 private:
  // Everything of a connection, from its first request to its end.
  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, options_, stopping_);
    current = &connection;
    ++open;
    for (std::size_t left = kRequestsOfConnection; left > 0; --left) {
      if (!connection.wait_for_request()) break;
      connection.begin_request();
      ++busy;
      bool closed = false;
      const bool last = left == 1 || crowded() || stopping_;
      const bool went_on = process_request(connection, last, closed, nullptr);
      --busy;
      if (!went_on || last || closed || connection.unread()) break;
    }
    --open;
    current = nullptr;
    return true;
  }

  // Connections wait that have no thread to come.
  bool crowded() const { return waiting_ > 0 && open >= options_.connections; }

  const Route* route_of(const httplib::Request& request) const {
    const auto found = std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) {
      return route.path == request.path && route.method == request.method;
    });
    return found == routes_.end() ? nullptr : &*found;
  }

  // What is refused by its headers alone; cpp-httplib would read the body first.
  HandlerResponse screen(const httplib::Request& request, httplib::Response& response) {
    const base::Timer timer;
    try {
      if (route_of(request) == nullptr) refuse_route(request);
      if (request.method == "POST") {
        if (!request.get_header_value("Content-Type").starts_with("application/json"))
          throw ApiError(415, "Content-Type violates application/json");
        if (announced_bytes(request) > options_.max_body) throw too_long_error(options_.max_body);
      } else if (announces_body(request)) {
        throw ApiError(400, fmt::format("{} violates a request without a body", request.method));
      }
      return HandlerResponse::Unhandled;
    } catch (const ApiError& error) {
      if (announces_body(request)) close_after(response);
      fill_error(response, error);
      answered_(route_of(request) == nullptr ? "" : request.path, response.status, timer.seconds());
      return HandlerResponse::Handled;
    }
  }

  [[noreturn]] void refuse_route(const httplib::Request& request) const {
    for (const Route& route : routes_) {
      if (route.path != request.path) continue;
      throw ApiError(405, fmt::format("method = {} violates {} for {}", request.method, route.method, route.path));
    }
    throw ApiError(404, "no such path; see /v1/models, /v1/completions, /v1/chat/completions, /health, /metrics");
  }

  static void close_after(httplib::Response& response) {
    current->leave_unread();
    response.set_header("Connection", "close");
  }

  void listen_to(const Route& route) {
    if (route.method == "GET") {
      Get(route.path, [this, &route](const httplib::Request& request, httplib::Response& response) {
        answer(route, request, "", response);
      });
      return;
    }
    Post(route.path, [this, &route](const httplib::Request& request, httplib::Response& response,
                                    const httplib::ContentReader& reader) {
      std::string body;
      bool too_long = false;
      current->allow_body();
      const bool read = reader([&](const char* data, std::size_t count) {
        too_long = static_cast<std::int64_t>(body.size() + count) > options_.max_body;
        if (!too_long) body.append(data, count);
        return !too_long;
      });
      if (read) return answer(route, request, std::move(body), response);
      close_after(response);
      fill_error(response, too_long ? too_long_error(options_.max_body)
                                    : ApiError(400, "the request's body did not come whole and in time"));
      answered_(route.path, response.status, 0);
    });
  }

  void answer(const Route& route, const httplib::Request& request, std::string body, httplib::Response& response) {
    const base::Timer timer;
    const HttpRequest ours{request.method, request.path, request.get_header_value("Authorization"), std::move(body)};
    const auto client = std::make_shared<Client>(*current);
    try {
      HttpResponse result = route.handle(ours, *client);
      if (result.stream) return stream(route, std::move(result), client, timer, response);
      fill(response, result);
    } catch (const ApiError& error) {
      fill_error(response, error);
    } catch (const std::exception& error) {
      fill_error(response, ApiError(500, error.what()));
    }
    answered_(route.path, response.status, timer.seconds());
  }

  void stream(const Route& route, HttpResponse result, const std::shared_ptr<Client>& client, const base::Timer& timer,
              httplib::Response& response) {
    response.status = result.status;
    for (const auto& [name, value] : result.headers) response.set_header(name, value);
    const auto provide = [client, write = std::move(result.stream)](std::size_t, httplib::DataSink& sink) {
      client->stream_to(sink);
      write(*client);
      sink.done();
      return true;
    };
    response.set_chunked_content_provider(result.type, provide, [this, &route, timer, status = result.status](bool) {
      answered_(route.path, status, timer.seconds());
    });
  }

  HttpOptions options_;
  std::vector<Route> routes_;
  std::function<void(const std::string&, int, double)> answered_;
  std::atomic<std::int64_t> waiting_ = 0;
  std::atomic<bool> stopping_ = false, running_ = false;
};

HttpServer::HttpServer(HttpOptions options, std::vector<Route> routes,
                       std::function<void(const std::string&, int, double)> answered)
    : listener_(std::make_unique<Listener>(std::move(options), std::move(routes), std::move(answered))) {}

HttpServer::~HttpServer() = default;

int HttpServer::bind() { return listener_->bind(); }

void HttpServer::run() {
  if (!listener_->serve()) base::fail(kPlace, "the server could not listen: {}", std::strerror(errno));
}

void HttpServer::stop() { listener_->stop_all(); }
std::int64_t HttpServer::open_connections() const { return listener_->open; }
std::int64_t HttpServer::busy() const { return listener_->busy; }

}  // namespace fathom::app
