#include "fathom/domain/puzzle/batch.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>

#include "fathom/tensor/convert.h"

namespace fathom::puzzle {

namespace {

constexpr std::int64_t kIgnored = -100;  // libtorch's ignore_index

// (B): judged cells that are right, judged cells.
struct Counts {
  Tensor right, judged;
};

Counts count(const Tensor& logits, const Tensor& target) {
  const Tensor judged = target.ne(kIgnored);
  const Tensor right = logits.argmax(1).eq(target).logical_and(judged);
  return {right.flatten(1).sum(1).to(at::kDouble), judged.flatten(1).sum(1).to(at::kDouble)};
}

}  // namespace

Batch make_batch(const Instances& instances, c10::Device device) {
  Batch batch;
  batch.x = at::empty({instances.count, instances.channels, instances.height, instances.width}, at::kFloat);
  std::copy(instances.input.begin(), instances.input.end(), batch.x.data_ptr<float>());
  batch.target = at::empty({instances.count, instances.height, instances.width}, at::kLong);
  std::transform(instances.target.begin(), instances.target.end(), batch.target.data_ptr<std::int64_t>(),
                 [](std::uint8_t answer) { return answer == kUnjudged ? kIgnored : std::int64_t{answer}; });
  return {batch.x.to(device), batch.target.to(device)};
}

Tensor loss_of(const Tensor& logits, const Tensor& target) { return at::cross_entropy_loss(logits, target); }

std::vector<double> exact_match(const Tensor& logits, const Tensor& target) {
  const Counts c = count(logits, target);
  return tensor::to_doubles(c.right.eq(c.judged));
}

std::vector<double> cell_accuracy(const Tensor& logits, const Tensor& target) {
  const Counts c = count(logits, target);
  return tensor::to_doubles(c.right / c.judged);
}

std::vector<std::uint8_t> answers(const Tensor& logits) {
  const Tensor classes = logits.argmax(1).to(at::kByte).contiguous().cpu();
  return {classes.data_ptr<std::uint8_t>(), classes.data_ptr<std::uint8_t>() + classes.numel()};
}

}  // namespace fathom::puzzle
