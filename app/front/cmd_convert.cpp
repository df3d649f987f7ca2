// fathom convert: a model file with its weights in another float format.
#include "app/front/cmd.h"
#include "app/front/convert_options.h"
#include "fathom/base/error.h"
#include "fathom/io/round_weights.h"
#include "fathom/io/state_dict.h"

namespace fathom::app {

namespace {

io::DType format_of(const std::string& name) {
  if (name == "f16") return io::DType::f16;
  return name == "bf16" ? io::DType::bf16 : io::DType::f32;
}

double megabytes(const std::filesystem::path& path) {
  return static_cast<double>(std::filesystem::file_size(path)) / 1e6;
}

}  // namespace

int cmd_convert(const Invocation& in) {
  const auto options = config_of<ConvertOptions>(in.request);
  const std::filesystem::path& path = in.request.inputs.front();
  if (options.output.empty()) throw UsageError("convert: --output is needed (FILE.safetensors)");
  io::Safetensors model = io::read_state_dict(path);
  const io::Rounding rounding = io::round_weights(model.tensors, format_of(options.dtype));
  io::write_safetensors(options.output, model);
  fmt::print("{}: {} of {} tensors in {}, largest rounding error {:.2g}; {:.2f} MB of {:.2f}\n", options.output,
             rounding.tensors, model.tensors.size(), options.dtype, rounding.error, megabytes(options.output),
             megabytes(path));
  return 0;
}

}  // namespace fathom::app
