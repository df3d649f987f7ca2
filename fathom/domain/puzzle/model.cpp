#include "fathom/domain/puzzle/model.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/relu.h>
#include <fmt/format.h>

#include "fathom/domain/puzzle/sudoku_net.h"
#include "fathom/tensor/device.h"

namespace fathom::puzzle {

namespace {

constexpr double kEps = 1e-6;

// The kernel keeps the size of its field.
Tensor conv(const Tensor& x, const Tensor& weight) {
  return at::conv2d(x, weight, {}, 1, {weight.size(2) / 2, weight.size(3) / 2});
}

Tensor outer_norm(const Tensor& v) { return v * v.square().mean(1, true).add(kEps).rsqrt(); }

// Uniform in +-1/sqrt(fan_in), as libtorch's convolutions start. `also_in`: channels of the same product that another
// weight holds.
Tensor weight_of(const ModelOptions& o, std::int64_t in, std::int64_t out, std::int64_t also_in = 0) {
  const double bound = 1 / std::sqrt(static_cast<double>((in + also_in) * o.kernel_height * 3));
  return at::empty({out, in, o.kernel_height, 3}, at::kFloat).uniform_(-bound, bound);
}

// Makes the weights of a model under their names.
class Maker {
 public:
  Maker(torch::nn::Module& module, const ModelOptions& options) : module_(module), options_(options) {}

  Tensor operator()(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t also_in = 0) {
    return module_.register_parameter(name, weight_of(options_, in, out, also_in));
  }
  Block block(const std::string& suffix) {
    const std::int64_t w = options_.width, c = options_.channels;
    return {(*this)("recall" + suffix, w, w, c), (*this)("inject" + suffix, c, w, w), (*this)("first" + suffix, w, w),
            (*this)("second" + suffix, w, w)};
  }

 private:
  torch::nn::Module& module_;
  const ModelOptions& options_;
};

}  // namespace

Tensor Block::injection(const Tensor& x) const { return conv(x, inject); }

Tensor Block::operator()(const Tensor& h, const Tensor& injected) const {
  const Tensor u = at::relu(conv(h, recall) + injected);
  return outer_norm(at::relu(u + conv(at::relu(conv(u, first)), second)));
}

FieldNet::FieldNet(const ModelOptions& options) {
  Maker make(*this, options);
  stem_ = make("stem", options.channels, options.width);
  block_ = make.block("");
  head1_ = make("head1", options.width, options.width);
  head2_ = make("head2", options.width, options.classes);
}

Tensor FieldNet::start(const Tensor& x) const { return at::relu(conv(x, stem_)); }

Tensor FieldNet::read_out(const Tensor& h) const { return conv(at::relu(conv(h, head1_)), head2_); }

Map LoopedNet::map(const Tensor& x) const {
  return Map([this, injected = injection(x)](const Tensor& h, const Rows& rows) { return step(h, rows.of(injected)); });
}

Tensor LoopedNet::forward(const Tensor& x, std::int64_t iterations) const {
  const Tensor injected = injection(x);
  Tensor h = start(x);
  for (std::int64_t t = 0; t < iterations; ++t) h = step(h, injected);
  return read_out(h);
}

DeepNet::DeepNet(const ModelOptions& options) {
  Maker make(*this, options);
  stem_ = make("stem", options.channels, options.width);
  for (std::int64_t i = 0; i < options.rounds; ++i) blocks_.push_back(make.block(fmt::format("{}", i)));
  head1_ = make("head1", options.width, options.width);
  head2_ = make("head2", options.width, options.classes);
}

Tensor DeepNet::forward(const Tensor& x, std::int64_t) const {
  Tensor h = at::relu(conv(x, stem_));
  for (const Block& block : blocks_) h = block(h, block.injection(x));
  return conv(at::relu(conv(h, head1_)), head2_);
}

std::shared_ptr<Model> make_model(const ModelSpec& spec, std::uint64_t seed) {
  tensor::seed(seed);
  const bool implicit = spec.kind == "implicit";
  if (spec.task == "sudoku") {
    if (implicit) return std::make_shared<SudokuNet>(spec.options);
    return std::make_shared<SudokuDeepNet>(spec.options);
  }
  if (implicit) return std::make_shared<FieldNet>(spec.options);
  return std::make_shared<DeepNet>(spec.options);
}

}  // namespace fathom::puzzle
