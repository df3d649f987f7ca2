// fathom bench: runs bench_fathom, a program of its own as Google Benchmark wants it, and makes a table of its report.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/front/bench_options.h"
#include "app/front/bench_record.h"
#include "app/front/cmd.h"
#include "app/front/environment.h"
#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/report/table_text.h"

namespace fathom::app {

namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "bench_fathom";

// FATHOM_BENCH names it, or it lies beside this program (a build) or beside the engine (an installation).
fs::path find_program() {
  if (const char* named = std::getenv("FATHOM_BENCH"); named != nullptr && *named != '\0') {
    if (!fs::is_regular_file(named)) base::fail("app::bench", "FATHOM_BENCH = {} violates a program's file", named);
    return named;
  }
  const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path built = here / kProgram, installed = here / FATHOM_ENGINE_FOLDER / kProgram;
  for (const fs::path& path : {built, installed}) {
    if (fs::exists(path)) return fs::canonical(path);
  }
  base::fail("app::bench", "no {} at {} or {}; build it with scripts/build.sh release {}, or name it in FATHOM_BENCH",
             kProgram, built.string(), installed.lexically_normal().string(), kProgram);
}

// The report's file, gone at the end.
class Report {
 public:
  Report() : path_(fs::temp_directory_path() / fmt::format("fathom-bench-{}.json", getpid())) {}
  ~Report() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Runs the program with its stdout on our stderr, or nowhere; waits. Throws Error when it cannot start or fails.
void run(const fs::path& program, std::vector<std::string> arguments, bool quiet) {
  arguments.insert(arguments.begin(), program.string());
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (quiet) {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  } else {
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  }
  pid_t child = 0;
  const int code = posix_spawn(&child, program.c_str(), &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) base::fail("app::bench", "cannot run {}: {}", program.string(), std::strerror(code));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) base::fail("app::bench", "{} was ended by signal {}", program.string(), WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) base::fail("app::bench", "{} failed; its words are above", program.string());
}

std::vector<BenchRow> measure(const BenchOptions& options, bool quiet) {
  const fs::path program = find_program();
  prepare_environment(1);
  const Report report;
  run(program,
      {"--benchmark_filter=" + options.filter, fmt::format("--benchmark_min_time={}", options.seconds),
       "--benchmark_out=" + report.path().string(), "--benchmark_out_format=json"},
      quiet);
  // Google Benchmark writes no report when the filter finds nothing.
  const bool none = !fs::exists(report.path()) || fs::file_size(report.path()) == 0;
  std::vector<BenchRow> rows;
  if (!none) rows = read_bench_rows(base::read_file(report.path()));
  if (rows.empty())
    base::fail("app::bench", "filter = '{}' finds no entry with a ratio; '.' finds all", options.filter);
  return rows;
}

nlohmann::ordered_json json_of(const base::Table& table) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const std::vector<std::string>& row : table.rows) {
    nlohmann::ordered_json line;
    for (std::size_t i = 0; i < row.size(); ++i) line[table.header[i]] = row[i];
    list.push_back(std::move(line));
  }
  return list;
}

void put(nlohmann::ordered_json& json, const char* name, double value) {
  if (!std::isnan(value)) json[name] = value;
}

nlohmann::ordered_json json_of(const std::vector<BenchRow>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const BenchRow& row : rows) {
    nlohmann::ordered_json line = {{"name", row.name}};
    put(line, "ours_us", row.ours_us);
    put(line, "libtorch_us", row.libtorch_us);
    put(line, "limit_us", row.limit_us);
    put(line, "ratio", row.ratio);
    line["of"] = row.ratio_of;
    put(line, "target", row.target);
    put(line, "at_most", row.at_most);
    line["met"] = row.verdict();
    list.push_back(std::move(line));
  }
  return list;
}

}  // namespace

int cmd_bench(const Invocation& in) {
  BenchOptions options;
  const base::Fields fields = base::fields_of(options);
  for (const Setting& setting : in.own) fields.set(setting.name, setting.value);
  PeerRecord peers;
  if (!options.peers.empty()) peers = read_peer_record(base::read_file(options.peers));
  const std::vector<BenchRow> rows = measure(options, in.request.quiet);
  if (in.request.json) {
    nlohmann::ordered_json json = {{"rows", json_of(rows)}};
    if (!options.peers.empty()) json["peers"] = json_of(peer_table(peers));
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  fmt::print("{}", report::to_text(bench_table(rows, peers)));
  if (!options.peers.empty()) fmt::print("\n{}", report::to_text(peer_table(peers)));
  return 0;
}

}  // namespace fathom::app
