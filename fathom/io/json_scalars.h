// The plain values of a JSON object, for configuration files whose keys are known to the reader.
//   {"n_embd": 48, "init_values": {"std": 0.1}, "architectures": ["A"]}  ->  n_embd = 48, init_values.std = 0.1,
//                                                                            architectures.0 = "A"
// Members of nested objects and lists are named by their path; null is left out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "fathom/io/jsonl.h"

namespace fathom::io {

class JsonScalars {
 public:
  JsonScalars(std::map<std::string, FlatValue> values, std::string origin)
      : values_(std::move(values)), origin_(std::move(origin)) {}

  bool has(const std::string& name) const { return values_.contains(name); }
  // Throw Error with origin and name when the value is absent or of another type. A whole number is also a number.
  std::int64_t integer(const std::string& name) const;
  double number(const std::string& name) const;
  bool flag(const std::string& name) const;
  std::string text(const std::string& name) const;

 private:
  const FlatValue& at(const std::string& name) const;

  std::map<std::string, FlatValue> values_;
  std::string origin_;
};

// Throw Error for what is no JSON object.
JsonScalars parse_json_scalars(std::string_view text, std::string_view origin);
JsonScalars read_json_scalars(const std::filesystem::path& path);

}  // namespace fathom::io
