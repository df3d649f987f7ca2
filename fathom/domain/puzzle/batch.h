// Puzzles as tensors, and how their answers are judged.
#pragma once

#include <vector>

#include <c10/core/Device.h>

#include "fathom/domain/puzzle/instances.h"
#include "fathom/tensor/tensor.h"

namespace fathom::puzzle {

struct Batch {
  Tensor x;       // (B, channels, H, W), float32
  Tensor target;  // (B, H, W), int64; -100 where nothing is judged
};
Batch make_batch(const Instances& instances, c10::Device device = c10::kCPU);

// Cross-entropy of logits (B, classes, H, W), mean over the judged cells.
Tensor loss_of(const Tensor& logits, const Tensor& target);

// Per puzzle: 1 where every judged cell is right, else 0; and the fraction of judged cells that are right.
std::vector<double> exact_match(const Tensor& logits, const Tensor& target);
std::vector<double> cell_accuracy(const Tensor& logits, const Tensor& target);

// The likeliest class of every cell, (B * H * W).
std::vector<std::uint8_t> answers(const Tensor& logits);

}  // namespace fathom::puzzle
