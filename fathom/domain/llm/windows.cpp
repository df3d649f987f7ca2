#include "fathom/domain/llm/windows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>

#include "fathom/domain/llm/corpus.h"
#include "fathom/domain/llm/initial_state.h"
#include "fathom/tensor/convert.h"

namespace fathom::llm {

Windows windows_of(std::string_view text, const std::vector<std::int64_t>& begins, std::int64_t size) {
  std::vector<std::int64_t> ids, labels;
  for (const std::int64_t begin : begins) {
    const std::string_view window = text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    ids.push_back(kBeginOfText);
    for (const char c : window) labels.push_back(static_cast<unsigned char>(c));
    ids.insert(ids.end(), labels.end() - size, labels.end() - 1);
  }
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(begins.size()), size};
  return {tensor::from_int64s(ids, shape), tensor::from_int64s(labels, shape)};
}

Tensor random_start(const ModelConfig& config, const Windows& windows, std::uint64_t seed) {
  const Tensor x0 = at::empty({windows.count(), windows.size(), config.width});
  random_state(config, seed)(0, windows.count() * windows.size(), x0.data_ptr<float>());
  return x0;
}

Tensor training_loss(const Raven& model, const Windows& windows, const Tensor& x0, const Depth& depth) {
  return loss(model.forward(windows.ids, x0, depth), windows.labels);
}

Tensor position_losses(const Tensor& logits, const Tensor& labels) {
  return -at::log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1);
}

}  // namespace fathom::llm
