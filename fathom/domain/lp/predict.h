// A trained model applied to one linear program of any size: predict, judge, and refine to the optimum.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fathom/domain/lp/from_mps.h"
#include "fathom/domain/lp/refine.h"
#include "fathom/domain/lp/run_files.h"

namespace fathom::lp {

struct PredictOptions {
  std::int64_t iterations = 0;  // of the implicit model; 0: those it was trained with

  void fields(base::Fields& f) {
    f.add("iterations", iterations, {.at_least = 0, .at_most = 100000},
          "iterations of the implicit model; 0: those it was trained with");
  }
};

// The model's x for the program: scaled to the units it was trained in (scaling.h), run, scaled back and clipped into
// the bounds. Errors: infinite bounds and a model without bound flags.
std::vector<double> predict(const Trained& trained, const Instance& instance, const PredictOptions& options = {});

// What `fathom solve-lp` answers. Objectives are the model file's own (sense and constant included).
struct Answer {
  std::string status;            // predicted | optimal | infeasible | unbounded | failed
  double objective = 0;          // of x; NaN when there is none
  double infeasibility = 0;      // largest violation of a row or bound by x, each over 1 + |right-hand side or bound|
  double gap = 0;                // |objective - optimum| / (1 + |optimum|)
  double optimum = 0;            // by the simplex method from scratch
  std::int64_t iterations = -1;  // of the simplex method from the prediction; -1: not refined
  std::int64_t cold_iterations = -1;  // from scratch
  double predicted_objective = 0, predicted_infeasibility = 0, predicted_gap = 0;
  std::vector<double> x;
  std::string message;  // one or two sentences for a person
};

// Judges the prediction against the optimum, and with `refine` finishes with the simplex method started from it.
Answer answer(const Imported& program, const std::vector<double>& predicted, bool refine);

}  // namespace fathom::lp
