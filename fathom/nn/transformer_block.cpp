#include "fathom/nn/transformer_block.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"

namespace fathom::nn {

Matrix::Matrix(std::int64_t out, std::int64_t in) { weight = register_parameter("weight", at::zeros({out, in})); }

Tensor Matrix::forward(const Tensor& x) const { return at::linear(x, weight); }

class TransformerBlock::Attention : public torch::nn::Module {
 public:
  explicit Attention(const BlockOptions& o) : heads_(o.heads), pairs_(o.pairs) {
    qkv_ = register_module("Wqkv", std::make_shared<Matrix>(3 * o.width, o.width));
    proj_ = register_module("proj", std::make_shared<Matrix>(o.width, o.width));
    if (o.qk_bias) qk_bias_ = register_parameter("qk_bias", at::zeros({2, 1, o.heads, o.width / o.heads}));
  }

  Tensor forward(const Tensor& x, const RotaryTable& rotary, const Attend& attend) const {
    const Tensor qkv = qkv_->forward(x).unflatten(-1, {3, heads_, -1});
    Tensor q = qkv.select(-3, 0), k = qkv.select(-3, 1);
    if (qk_bias_.defined()) {
      q = q + qk_bias_[0];
      k = k + qk_bias_[1];
    }
    return proj_->forward(attend(rotate(q, rotary, pairs_), rotate(k, rotary, pairs_), qkv.select(-3, 2)));
  }

 private:
  std::int64_t heads_;
  RotaryPairs pairs_;
  std::shared_ptr<Matrix> qkv_, proj_;
  Tensor qk_bias_;
};

class TransformerBlock::GatedMlp : public torch::nn::Module {
 public:
  explicit GatedMlp(const BlockOptions& o) {
    fc_ = register_module("fc", std::make_shared<Matrix>(2 * o.hidden, o.width));
    proj_ = register_module("proj", std::make_shared<Matrix>(o.width, o.hidden));
  }

  Tensor forward(const Tensor& x) const {
    const auto halves = fc_->forward(x).chunk(2, -1);
    return proj_->forward(at::silu(halves[0]) * halves[1]);
  }

 private:
  std::shared_ptr<Matrix> fc_, proj_;
};

TransformerBlock::TransformerBlock(const BlockOptions& o) : norms_(o.norms) {
  base::require(o.heads >= 1 && o.width % o.heads == 0, "nn::TransformerBlock", "heads", o.heads,
                fmt::format("a divisor of the width {}", o.width), "every head has the same number of channels");
  attention_ = register_module("attn", std::make_shared<Attention>(o));
  mlp_ = register_module("mlp", std::make_shared<GatedMlp>(o));
  norm_1_ = register_module("norm_1", std::make_shared<RmsNorm>(o.width, o.eps));
  norm_2_ = register_module("norm_2", std::make_shared<RmsNorm>(o.width, o.eps));
  norm_3_ = register_module("norm_3", std::make_shared<RmsNorm>(o.width, o.eps));
  norm_4_ = register_module("norm_4", std::make_shared<RmsNorm>(o.width, o.eps));
}

Tensor TransformerBlock::forward(const Tensor& x, const RotaryTable& rotary, const Attend& attend) const {
  const Tensor attended = attention_->forward(norm_1_->forward(x), rotary, attend);
  if (norms_ == Norms::on_branch) {
    const Tensor y = x + norm_2_->forward(attended);
    return y + norm_4_->forward(mlp_->forward(norm_3_->forward(y)));
  }
  const Tensor y = norm_2_->forward(attended + x);
  return norm_4_->forward(mlp_->forward(norm_3_->forward(y)) + y);
}

}  // namespace fathom::nn
