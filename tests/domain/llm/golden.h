// The models of the fixture set tests/golden/llm: found through its README.json, nothing about them is known in
// advance.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fathom/domain/llm/raven.h"
#include "fathom/domain/llm/weights.h"
#include "fathom/io/safetensors.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/tensor_file.h"
#include "tests/support/golden.h"

namespace fathom::llm {

struct GoldenModel {
  std::string name;
  std::filesystem::path folder;
  nlohmann::json about;  // its entry in README.json
  io::Safetensors expected;
  std::shared_ptr<Raven> model;

  bool has(const std::string& tensor) const { return expected.find(tensor) != nullptr; }
  Tensor at(const std::string& tensor) const { return train::from_record(expected.at(tensor)); }
  std::int64_t prompt() const { return at("input_ids").size(1); }
  // state0 of the prompt
  Tensor start() const { return at("state0").narrow(1, 0, prompt()); }
};

inline GoldenModel load_golden(const std::filesystem::path& folder, const std::string& name,
                               const nlohmann::json& about) {
  GoldenModel golden{name, folder, about, io::read_safetensors(folder / "expected.safetensors"),
                     std::make_shared<Raven>(read_model_config(folder))};
  load(*golden.model, read_weights(folder));
  return golden;
}

// Python writes NaN where JSON has no word for it: null here.
inline nlohmann::json parse_python_json(std::string text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && (i == 0 || text[i - 1] != '\\')) quoted = !quoted;
    if (!quoted && text.compare(i, 3, "NaN") == 0) text.replace(i, 3, "null");
  }
  return nlohmann::json::parse(text);
}

inline const std::vector<GoldenModel>& golden_models() {
  static const std::vector<GoldenModel> models = [] {
    const std::filesystem::path root = test::golden_directory("llm");
    const nlohmann::json readme = parse_python_json(base::read_file(root / "README.json"));
    std::vector<GoldenModel> list;
    for (const auto& [name, about] : readme.at("models").items()) list.push_back(load_golden(root / name, name, about));
    if (list.empty()) base::fail("test::golden_models", "{} lists no model", (root / "README.json").string());
    return list;
  }();
  return models;
}

// The set's tolerance for logits of a float32 implementation.
constexpr double kLogits = 2e-4;

inline void expect_near(const Tensor& ours, const Tensor& theirs, double tolerance, const std::string& what) {
  ASSERT_EQ(ours.numel(), theirs.numel()) << what;
  const std::vector<double> a = tensor::to_doubles(ours), b = tensor::to_doubles(theirs);
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], tolerance) << what << " at " << i;
}

}  // namespace fathom::llm
