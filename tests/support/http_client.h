// A client of HTTP/1.1 that sends exactly the bytes it is told, whole or in parts, and reads at the pace it is told.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace fathom::test {

struct HttpAnswer {
  int status = -1;      // -1: none came
  std::string headers;  // with the status line
  std::string body;     // chunks joined
  bool whole = false;   // to its announced end
};

class HttpClient {
 public:
  explicit HttpClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(socket_);
      throw std::runtime_error("cannot connect");
    }
  }
  ~HttpClient() {
    if (socket_ >= 0) ::close(socket_);
  }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // False when the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  bool request(std::string_view method, std::string_view path, std::string_view body = "",
               std::string_view headers = "") {
    const std::string length =
        method == "GET" ? "" : fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    return send(fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}{}\r\n{}", method, path, length, headers, body));
  }

  // What comes within `milliseconds` of silence, at most `most` bytes; "" at the end.
  std::string receive(std::size_t most = 65536, int milliseconds = 120000) {
    pollfd entry{socket_, POLLIN, 0};
    if (::poll(&entry, 1, milliseconds) <= 0) return "";
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  // One response.
  HttpAnswer answer() {
    HttpAnswer answer;
    while (pending_.find("\r\n\r\n") == std::string::npos) {
      if (!more()) return answer;
    }
    const std::size_t end = pending_.find("\r\n\r\n") + 4;
    answer.headers = pending_.substr(0, end);
    pending_.erase(0, end);
    answer.status = std::stoi(answer.headers.substr(answer.headers.find(' ') + 1));
    const std::string length = header(answer.headers, "Content-Length");
    if (header(answer.headers, "Transfer-Encoding") == "chunked") {
      answer.whole = read_chunks(answer.body);
    } else {
      answer.whole = read_exactly(length.empty() ? 0 : std::stoul(length), answer.body);
    }
    return answer;
  }

  HttpAnswer ask(std::string_view method, std::string_view path, std::string_view body = "",
                 std::string_view headers = "") {
    request(method, path, body, headers);
    return answer();
  }

  void close() {
    ::close(socket_);
    socket_ = -1;
  }

  static std::string header(const std::string& headers, const std::string& name) {
    const std::size_t at = headers.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const std::size_t from = at + name.size() + 4;
    return headers.substr(from, headers.find("\r\n", from) - from);
  }

 private:
  bool more() {
    const std::string got = receive();
    pending_ += got;
    return !got.empty();
  }

  bool read_exactly(std::size_t count, std::string& to) {
    while (pending_.size() < count) {
      if (!more()) return false;
    }
    to += pending_.substr(0, count);
    pending_.erase(0, count);
    return true;
  }

  bool read_chunks(std::string& to) {
    for (;;) {
      while (pending_.find("\r\n") == std::string::npos) {
        if (!more()) return false;
      }
      const std::size_t size = std::stoul(pending_, nullptr, 16);
      pending_.erase(0, pending_.find("\r\n") + 2);
      std::string ending;
      if (!read_exactly(size, to) || !read_exactly(2, ending)) return false;
      if (size == 0) return true;
    }
  }

  int socket_;
  std::string pending_;
};

}  // namespace fathom::test
