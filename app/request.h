// What the front process asks of the engine: one command with everything resolved. Plain values, no torch: both halves
// are built together and share this layout (the engine's build text is compared first, front/engine.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "fathom/base/fields.h"

namespace fathom::app {

// What every run has, whatever its domain: the root keys of run.toml.
struct RunOptions {
  std::string preset = "quick";
  std::int64_t seed = 0;
  std::int64_t seeds = 1;
  std::int64_t threads = 0;
  std::string device = "cpu";

  void fields(base::Fields& f) {
    f.add_choice("preset", preset, {"quick", "full", "paper"},
                 "the size of the job; every other option starts from it");
    f.add("seed", seed, {.at_least = 0}, "master seed: data, weights and perturbations follow from it");
    f.add("seeds", seeds, {.at_least = 1, .at_most = 100},
          "runs with seeds seed, seed+1, ...; tables give mean and deviation");
    f.add("threads", threads, {.at_least = 0, .at_most = 1024}, "threads; 0: OMP_NUM_THREADS, else every core");
    f.add("device", device, "cpu, cuda or cuda:N");
  }
};

struct Request {
  std::string command;                        // "study"
  std::string domain;                         // "lp"; "" for a command without one
  std::vector<std::filesystem::path> inputs;  // positional files and folders
  RunOptions run;
  std::vector<std::pair<std::string, std::string>> settings;  // every option of the domain, resolved: name, value
  std::string config;                                         // the same with the run's options, as TOML
  std::filesystem::path out;                                  // --out; "" when not given
  bool resume = false;
  bool json = false;
  bool quiet = false;
  std::string version, git, command_line;  // for the records
};

// Fills a domain's option struct from the request.
template <class Config>
Config config_of(const Request& request) {
  Config config;
  const base::Fields fields = base::fields_of(config);
  for (const auto& [name, value] : request.settings) fields.set(name, value);
  return config;
}

}  // namespace fathom::app
