// Runs the built program as a person would and catches what it says.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace fathom::cli {

struct Outcome {
  int code = -1;  // exit status; 128 + signal when one ended it
  std::string out, err;
};

// `environment`: name, value pairs on top of the test's own; the program runs in `folder`.
Outcome run_program(const std::vector<std::string>& arguments,
                    const std::filesystem::path& folder = std::filesystem::current_path(),
                    const std::vector<std::pair<std::string, std::string>>& environment = {});

// Starts it only; what it prints goes to the files `out` and `err` of `output`, what it reads comes from the
// file `input` where one is given.
pid_t start_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                    const std::filesystem::path& output,
                    const std::vector<std::pair<std::string, std::string>>& environment,
                    const std::filesystem::path& input = {});

// Runs it with `input` on stdin.
Outcome run_with_input(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                       const std::string& input);

// Runs it on a pseudo-terminal of its own; `out` is all that it shows there, control sequences included.
Outcome run_on_terminal(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

// Runs the program until `ready` is true (asked every few milliseconds) and sends it `signal`; then waits for its end.
Outcome run_until(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                  const std::function<bool()>& ready, int signal);

// A fresh empty folder, removed at the end of its life.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& text) const;
  bool is_empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::filesystem::path path_;
};

}  // namespace fathom::cli
