// A folder `model` as a checkpoint would be: the first tiny model of the fixture set, and a tokenizer whose tokens are
// the bytes.
#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "fathom/base/file.h"
#include "tests/cli/program.h"
#include "tests/io/tokenizer_files.h"
#include "tests/support/golden.h"

namespace fathom::cli {

class Checkpoint {
 public:
  // `context`: positions that its config.json speaks of; 0: as in the set.
  explicit Checkpoint(int context = 0) {
    const std::filesystem::path root = test::golden_directory("llm"), model = folder() / "model";
    std::filesystem::create_directory(model);
    std::filesystem::path first;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::filesystem::path set = entry.path().parent_path();
      if (entry.path().filename() == "config.json" && (first.empty() || set < first)) first = set;
    }
    for (const auto& entry : std::filesystem::directory_iterator(first)) {
      if (entry.path().filename() != "expected.safetensors")
        std::filesystem::copy_file(entry.path(), model / entry.path().filename());
    }
    scratch_.write("model/tokenizer.json", io::TokenizerFile().text());
    if (context == 0) return;
    nlohmann::json config = nlohmann::json::parse(base::read_file(model / "config.json"));
    config["block_size"] = context;
    scratch_.write("model/config.json", config.dump());
  }

  const std::filesystem::path& folder() const { return scratch_.path(); }  // that holds `model`

 private:
  Scratch scratch_;
};

}  // namespace fathom::cli
