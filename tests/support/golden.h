// Parity fixtures: a directory of safetensors files with a README.json that lists them. Tests find their cases by the
// tensors a file holds, so that a new set of the same format needs no new code.
//
//   {"files": {"<name>.safetensors": {"metadata": {...}, "tensors": {"<tensor>": {"dtype", "shape", "what"}, ...}},
//   ...}}
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "fathom/base/error.h"
#include "fathom/base/file.h"

namespace fathom::test {

struct GoldenFile {
  std::filesystem::path path;
  std::map<std::string, std::string> metadata;
  std::vector<std::string> tensors;

  bool has(std::string_view tensor) const { return std::find(tensors.begin(), tensors.end(), tensor) != tensors.end(); }
};

// tests/golden/<domain> of the source tree; with FATHOM_GOLDEN=ROOT, ROOT/<domain> when it holds a README.json.
inline std::filesystem::path golden_directory(const std::string& domain) {
  const std::filesystem::path shipped = std::filesystem::path(FATHOM_SOURCE_DIR) / "tests/golden" / domain;
  const char* root = std::getenv("FATHOM_GOLDEN");
  if (!root || !*root) return shipped;
  const std::filesystem::path given = std::filesystem::path(root) / domain;
  if (std::filesystem::exists(given / "README.json")) return given;
  std::cout << "[golden] " << given.string() << " has no README.json; reading " << shipped.string() << std::endl;
  return shipped;
}

inline std::string text_of(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// The files of a domain's README.json, by name. Throws (and so fails the test) when the list is missing or malformed,
// when it is empty, or when a file it names is absent.
inline std::vector<GoldenFile> golden_files(const std::string& domain) {
  const std::filesystem::path directory = golden_directory(domain);
  const nlohmann::json readme = nlohmann::json::parse(base::read_file(directory / "README.json"));
  std::vector<GoldenFile> files;
  for (const auto& [name, about] : readme.at("files").items()) {
    GoldenFile file{directory / name, {}, {}};
    if (!std::filesystem::exists(file.path))
      base::fail("test::golden_files", "README.json lists {}, which is absent", file.path.string());
    if (about.contains("metadata")) {
      for (const auto& [key, value] : about["metadata"].items()) file.metadata[key] = text_of(value);
    }
    for (const auto& [tensor, description] : about.at("tensors").items()) file.tensors.push_back(tensor);
    files.push_back(std::move(file));
  }
  if (files.empty()) base::fail("test::golden_files", "{} lists no file", (directory / "README.json").string());
  return files;
}

}  // namespace fathom::test
