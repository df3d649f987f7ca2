// A drawn data set in one safetensors file, and the hash by which runs are compared.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

struct Splits {
  Dataset train, test;
  std::string sha256;                        // of the numbers of both parts
  std::map<std::string, double> statistics;  // facts about the draw
  std::string draw;                          // what it was drawn with (seed and options), to recognise it
};

std::string hash_of(const Splits& splits);

void save_splits(const std::filesystem::path& path, const Splits& splits);
Splits load_splits(const std::filesystem::path& path);  // Errors: not such a file, or changed since (hash)

}  // namespace fathom::lp
