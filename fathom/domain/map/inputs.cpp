#include "fathom/domain/map/inputs.h"

#include <algorithm>

#include <ATen/ops/zeros_like.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/npz.h"
#include "fathom/io/safetensors.h"
#include "fathom/train/tensor_file.h"

namespace fathom::map {

namespace {

constexpr std::string_view kRead = "map::read_inputs";

std::vector<io::TensorRecord> read_records(const std::filesystem::path& file) {
  return file.extension() == ".npz" ? io::read_npz(file) : io::read_safetensors(file).tensors;
}

void check_names(const std::vector<io::TensorRecord>& records, const std::filesystem::path& file) {
  static const std::vector<std::string> kNames = {"x", "y0", "target"};
  for (const io::TensorRecord& record : records) {
    if (std::find(kNames.begin(), kNames.end(), record.name) != kNames.end()) continue;
    const std::string near = base::nearest(record.name, kNames);
    base::fail(kRead, "{} holds '{}'; {}", file.string(), record.name,
               near.empty() ? "the names are x, y0 and target" : fmt::format("did you mean '{}'?", near));
  }
}

// Undefined where the file has no such tensor.
Tensor tensor_of(const std::vector<io::TensorRecord>& records, std::string_view name) {
  for (const io::TensorRecord& record : records) {
    if (record.name == name) return train::from_record(record);
  }
  return {};
}

void check_batch(const Tensor& tensor, std::string_view name, const Tensor& x, const std::filesystem::path& file) {
  if (tensor.dim() >= 1 && tensor.size(0) == x.size(0)) return;
  base::fail(kRead, "{}: {} has {} samples and x {}; both need one a sample, in the first dimension", file.string(),
             name, tensor.dim() < 1 ? 0 : tensor.size(0), x.size(0));
}

}  // namespace

Inputs Inputs::first(std::int64_t rows) const {
  const std::int64_t count = std::min(rows, samples());
  return {x.narrow(0, 0, count), y0.narrow(0, 0, count), target.defined() ? target.narrow(0, 0, count) : target};
}

Inputs read_inputs(const std::filesystem::path& file, std::optional<at::ScalarType> dtype, c10::Device device) {
  const std::vector<io::TensorRecord> records = read_records(file);
  check_names(records, file);
  const Tensor x = tensor_of(records, "x");
  if (!x.defined()) base::fail(kRead, "{} has no 'x'; save the inputs under that name", file.string());
  if (x.dim() < 1 || x.size(0) < 1) base::fail(kRead, "{}: x holds no sample", file.string());
  if (!dtype && !x.is_floating_point()) base::fail(kRead, "{}: x is not of floats; convert it", file.string());
  const at::ScalarType type = dtype.value_or(x.scalar_type());
  const auto placed = [&](const Tensor& t) { return t.to(device, type); };
  Inputs inputs{placed(x), {}, {}};
  const Tensor y0 = tensor_of(records, "y0"), target = tensor_of(records, "target");
  if (y0.defined()) check_batch(y0, "y0", x, file);
  if (target.defined()) check_batch(target, "target", x, file);
  inputs.y0 = y0.defined() ? placed(y0) : at::zeros_like(inputs.x);
  if (target.defined()) inputs.target = placed(target);
  return inputs;
}

Subject load(const std::filesystem::path& model, const std::filesystem::path& input, c10::Device device) {
  tensor::ScriptMap G(model, device);
  Inputs inputs = read_inputs(input, G.dtype(), device);
  G.check(inputs.y0, inputs.x);
  if (inputs.target.defined() && inputs.target.sizes() != inputs.y0.sizes()) {
    base::fail("map::load", "{}: target has shape {}, y has {}; they must be alike", input.string(),
               io::shape_text(inputs.target.sizes().vec()), io::shape_text(inputs.y0.sizes().vec()));
  }
  return {std::move(G), std::move(inputs)};
}

}  // namespace fathom::map
