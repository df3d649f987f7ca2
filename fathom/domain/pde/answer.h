// What `fathom flow` says of a file of forcings: the vorticity a network predicts, how far it is from solving the
// steady equation, and, where asked, the flow that does.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/domain/pde/flow_file.h"
#include "fathom/domain/pde/predict.h"
#include "fathom/domain/pde/refine.h"

namespace fathom::pde {

struct AnswerOptions {
  std::int64_t iterations = 50;  // evaluations of the block at most
  double viscosity = 0;          // 0: that of the model's training flows
  bool refine = false;
};

struct Answer {
  Tensor vorticity;   // (N, H, H) float64: refined where that was asked for and ended, else the prediction
  Tensor predicted;   // (N, H, H) float64
  Solution solution;  // of an implicit network
  double viscosity = 0;
  std::vector<double> predicted_residual, residual;  // [N] of the steady equation (flow_residual.h)
  std::vector<double> error;  // [N] ||vorticity - the file's|| / ||the file's||; empty without it
  std::optional<Refined> refined;
};

// Errors (fathom::Error): a viscosity that neither the options nor the model name; as in predict and refine.
Answer answer(const Trained& trained, const FlowArrays& flows, const AnswerOptions& options = {});

// The same of a vorticity (N, H, H) that comes from elsewhere; options.viscosity above 0.
Answer answer_from(const Tensor& predicted, const FlowArrays& flows, const AnswerOptions& options);

// The first `most` flows, a row each: f1, f2, prediction, and where they are the refined flow, what it moved, the
// file's vorticity. All vorticities of a row share their colours.
base::FieldFigure picture_of(const FlowArrays& flows, const Answer& answer, std::int64_t most = 6);

}  // namespace fathom::pde
