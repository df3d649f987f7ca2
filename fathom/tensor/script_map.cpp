#include "fathom/tensor/script_map.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/script.h>

#include <fmt/ostream.h>

#include "fathom/base/error.h"

namespace fathom::tensor {

namespace {

constexpr std::string_view kLoad = "tensor::ScriptMap";
constexpr std::string_view kCheck = "tensor::ScriptMap::check";

// What the interpreter says is a page with the place in the source; the cause stands on its last lines.
std::string cause_of(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  const std::string mark = "RuntimeError: ";
  if (const std::size_t at = text.rfind(mark); at != std::string::npos) text = text.substr(at + mark.size());
  return text.substr(0, text.find('\n'));
}

std::shared_ptr<torch::jit::Module> load(const std::string& file, c10::Device device) {
  try {
    auto module = std::make_shared<torch::jit::Module>(torch::jit::load(file, device));
    module->eval();
    return module;
  } catch (const std::exception& error) {
    base::fail(kLoad, "{}: no TorchScript file ({}); save the module with torch.jit.script(module).save(path)", file,
               cause_of(error));
  }
}

void check_signature(const torch::jit::Module& module, const std::string& file) {
  const auto forward = module.find_method("forward");
  if (!forward) base::fail(kLoad, "{}: the module has no forward; give it forward(y, x)", file);
  const auto& arguments = forward->function().getSchema().arguments();  // self first
  std::string names;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    names += fmt::format("{}{}", i > 1 ? ", " : "", arguments[i].name());
  }
  if (arguments.size() != 3) {
    base::fail(kLoad, "{}: forward takes ({}); it must take the state and the input, forward(y, x)", file, names);
  }
  for (std::size_t i = 1; i < 3; ++i) {
    if (!c10::TensorType::get()->isSubtypeOf(*arguments[i].type())) {
      base::fail(kLoad, "{}: argument '{}' of forward is a {}; y and x are tensors", file, arguments[i].name(),
                 arguments[i].type()->str());
    }
  }
}

// Largest difference of two tensors over the largest element of the first; what is not finite counts as equal.
double relative_difference(const Tensor& a, const Tensor& b) {
  const double size = a.nan_to_num(0, 0, 0).abs().max().item<double>();
  return size == 0 ? 0 : (a - b).nan_to_num(0, 0, 0).abs().max().item<double>() / size;
}

}  // namespace

ScriptMap::ScriptMap(const std::filesystem::path& file, c10::Device device)
    : file_(file.string()), name_(file.stem().string()), module_(load(file_, device)) {
  check_signature(*module_, file_);
}

std::int64_t ScriptMap::parameters() const {
  std::int64_t count = 0;
  for (const Tensor& parameter : module_->parameters()) count += parameter.numel();
  return count;
}

std::optional<at::ScalarType> ScriptMap::dtype() const {
  for (const Tensor& parameter : module_->parameters()) {
    if (parameter.is_floating_point()) return parameter.scalar_type();
  }
  for (const Tensor& buffer : module_->buffers()) {
    if (buffer.is_floating_point()) return buffer.scalar_type();
  }
  return std::nullopt;
}

State ScriptMap::operator()(const State& y, const State& x) const { return call(y.only(), x.only()); }

Tensor ScriptMap::call(const Tensor& y, const Tensor& x) const {
  c10::IValue result;
  try {
    result = module_->forward({y, x});
  } catch (const std::exception& error) {
    base::fail(kLoad, "{}: G(y, x) failed for y of shape {} and x of shape {}: {}", file_, fmt::streamed(y.sizes()),
               fmt::streamed(x.sizes()), cause_of(error));
  }
  if (!result.isTensor()) {
    base::fail(kLoad, "{}: G(y, x) returned a {}; one tensor shaped like y is needed", file_, result.tagKind());
  }
  return result.toTensor();
}

void ScriptMap::check(const Tensor& y0, const Tensor& x) {
  if (y0.dim() < 1 || x.dim() < 1 || y0.size(0) != x.size(0) || y0.size(0) < 1) {
    base::fail(kCheck, "y0 of shape {} and x of shape {} are no batch; the first dimension of both is the sample",
               fmt::streamed(y0.sizes()), fmt::streamed(x.sizes()));
  }
  const at::NoGradGuard no_grad;
  const Tensor g = call(y0, x);
  if (g.sizes() != y0.sizes() || g.scalar_type() != y0.scalar_type()) {
    base::fail(kCheck, "{}: G(y, x) is {} of shape {} for y of {} and shape {}; a fixed point needs G(y, x) like y",
               file_, c10::toString(g.scalar_type()), fmt::streamed(g.sizes()), c10::toString(y0.scalar_type()),
               fmt::streamed(y0.sizes()));
  }
  check_rows(g, x, call(g, x));
}

void ScriptMap::check_rows(const Tensor& y, const Tensor& x, const Tensor& g) {
  const std::int64_t half = (y.size(0) + 1) / 2;
  takes_rows_ = false;
  Tensor part;
  try {
    part = call(y.narrow(0, 0, half).contiguous(), x.narrow(0, 0, half).contiguous());
  } catch (const Error&) {
    return;
  }
  if (part.sizes() != y.narrow(0, 0, half).sizes()) return;
  constexpr double kRounding = 1e-3;  // of products whose order depends on the batch, in float16 too
  if (relative_difference(g.narrow(0, 0, half), part) > kRounding) {
    base::fail(kCheck, "{}: a row of G(y, x) depends on the other rows of the batch; they are measured one by one",
               file_);
  }
  takes_rows_ = true;
}

Map ScriptMap::map(const Tensor& x) const {
  Map map([self = *this, x](const Tensor& y, const Rows& rows) { return self.call(y, rows.of(x)); });
  if (!takes_rows_) map.never_compact();
  return map;
}

}  // namespace fathom::tensor
