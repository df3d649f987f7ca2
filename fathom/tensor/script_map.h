// A map G(y, x) that somebody else wrote: a file of torch.jit.script or torch.jit.trace whose forward takes the state y
// and the input x, one tensor each, and returns the next state.
//
// The file is code: libtorch runs it. Load only files that you would run.
//
// Shapes   y (B, ...), x (B, ...), G(y, x) like y; rows independent of each other (evaluation mode is set).
// Errors   (fathom::Error), each one line that names the file: not TorchScript, no forward of two arguments, and in
//          check() whatever a call shows. A call that fails later says what TorchScript said.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "fathom/tensor/map.h"
#include "fathom/tensor/state.h"

namespace torch::jit {
struct Module;
}

namespace fathom::tensor {

class ScriptMap {
 public:
  explicit ScriptMap(const std::filesystem::path& file, c10::Device device = c10::Device(c10::kCPU));

  const std::string& name() const { return name_; }        // of the file, without folder and extension
  std::int64_t parameters() const;                         // elements of all of them
  std::optional<at::ScalarType> dtype() const;             // of the first floating parameter or buffer
  State operator()(const State& y, const State& x) const;  // differentiable

  // One call on the batch and one on half of it: y0 and x fit each other and the file, the result is shaped like y0,
  // and a row's result does not depend on the others. Remembers whether fewer rows than B can be asked for (a traced
  // file may hold B as a constant).
  void check(const Tensor& y0, const Tensor& x);

  // y -> G(y, x); takes rows if check() found that it can.
  Map map(const Tensor& x) const;

 private:
  Tensor call(const Tensor& y, const Tensor& x) const;
  void check_rows(const Tensor& y, const Tensor& x, const Tensor& g);

  std::string file_, name_;
  std::shared_ptr<torch::jit::Module> module_;
  bool takes_rows_ = false;
};

}  // namespace fathom::tensor
