#include "tests/cli/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "fathom/base/file.h"

namespace fathom::cli {

namespace fs = std::filesystem;

namespace {

void redirect(int descriptor, const fs::path& file) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
}

[[noreturn]] void become_program(const std::vector<std::string>& arguments, const fs::path& folder) {
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  std::vector<char*> argv = {const_cast<char*>(FATHOM_PROGRAM)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(FATHOM_PROGRAM, argv.data());
  ::_exit(127);
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

Outcome collect(int status, const fs::path& output) {
  return {code_of(status), base::read_file(output / "out"), base::read_file(output / "err")};
}

int open_terminal() {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0)
    throw std::runtime_error("no pseudo-terminal");
  return terminal;
}

// All that is shown on a terminal until the program at its other end closes it, which reads as an error (EIO).
std::string shown_on(int terminal) {
  std::string shown;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t count = ::read(terminal, part.data(), part.size());
    if (count <= 0) return shown;
    shown.append(part.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

pid_t start_program(const std::vector<std::string>& arguments, const fs::path& folder, const fs::path& output,
                    const std::vector<std::pair<std::string, std::string>>& environment, const fs::path& input) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child > 0) return child;
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (!input.empty() && ::dup2(::open(input.c_str(), O_RDONLY), STDIN_FILENO) < 0) ::_exit(126);
  redirect(STDOUT_FILENO, output / "out");
  redirect(STDERR_FILENO, output / "err");
  become_program(arguments, folder);
}

Outcome run_program(const std::vector<std::string>& arguments, const fs::path& folder,
                    const std::vector<std::pair<std::string, std::string>>& environment) {
  const Scratch output;
  int status = 0;
  ::waitpid(start_program(arguments, folder, output.path(), environment), &status, 0);
  return collect(status, output.path());
}

Outcome run_with_input(const std::vector<std::string>& arguments, const fs::path& folder, const std::string& input) {
  const Scratch output;
  int status = 0;
  ::waitpid(start_program(arguments, folder, output.path(), {}, output.write("in", input)), &status, 0);
  return collect(status, output.path());
}

Outcome run_on_terminal(const std::vector<std::string>& arguments, const fs::path& folder) {
  const int terminal = open_terminal();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    const int own_end = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (own_end < 0 || ::dup2(own_end, stream) < 0) ::_exit(126);
    }
    ::close(own_end);
    ::close(terminal);
    become_program(arguments, folder);
  }
  // The child's end may not be open yet: reads fail until it is.
  std::string shown;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    shown += shown_on(terminal);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  shown += shown_on(terminal);
  ::close(terminal);
  return {code_of(status), shown, ""};
}

Outcome run_until(const std::vector<std::string>& arguments, const fs::path& folder, const std::function<bool()>& ready,
                  int signal) {
  const Scratch output;
  const pid_t child = start_program(arguments, folder, output.path(), {});
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (ready()) {
      ::kill(child, signal);
      ::waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return collect(status, output.path());
}

Scratch::Scratch() {
  std::string pattern = (fs::temp_directory_path() / "fathom-cli-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder at " + pattern);
  path_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path Scratch::write(const std::string& name, const std::string& text) const {
  base::write_atomically(path_ / name, text);
  return path_ / name;
}

}  // namespace fathom::cli
