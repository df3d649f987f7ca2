#include "fathom/io/own_process.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

#include "fathom/base/error.h"

namespace fathom::io {
namespace {

constexpr char kBytes = 'b', kError = 'e';  // what follows the first byte

void write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(to, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ::_exit(1);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

[[noreturn]] void produce_into(int to, const std::function<std::string()>& produce) {
  ::signal(SIGPIPE, SIG_IGN);
  try {
    const std::string bytes = produce();
    write_all(to, {&kBytes, 1});
    write_all(to, bytes);
  } catch (const std::exception& error) {
    write_all(to, {&kError, 1});
    write_all(to, error.what());
  }
  ::_exit(0);  // nothing of the parent's is flushed or destroyed here
}

// False: more than `limit` bytes.
bool read_all(int from, std::uint64_t limit, std::string& to) {
  char block[1 << 16];
  for (;;) {
    const ssize_t count = ::read(from, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    if (to.size() + static_cast<std::size_t>(count) > limit) return false;
    to.append(block, static_cast<std::size_t>(count));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string from_own_process(std::string_view place, std::string_view subject, std::uint64_t limit,
                             const std::function<std::string()>& produce) {
  int ends[2] = {};
  if (::pipe(ends) != 0) base::fail(place, "{}: no pipe: {}", subject, std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    base::fail(place, "{}: no further process: {}", subject, std::strerror(error));
  }
  if (child == 0) {
    ::close(ends[0]);
    produce_into(ends[1], produce);
  }
  ::close(ends[1]);
  std::string answer;
  const bool fits = read_all(ends[0], std::max(limit, limit + 1), answer);
  ::close(ends[0]);
  if (!fits) ::kill(child, SIGKILL);
  const int status = wait_for(child);
  if (!fits) base::fail(place, "{} goes beyond {} bytes", subject, limit);
  if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0 || answer.empty())
    base::fail(place, "{}: reading it broke off; the file is damaged", subject);
  const char kind = answer.front();
  answer.erase(0, 1);
  if (kind == kError) throw Error(answer);
  return answer;
}

}  // namespace fathom::io
