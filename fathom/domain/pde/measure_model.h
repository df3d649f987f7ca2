// What one trained network does on test flows: its line of the table and its curves.
//
//   error        ||w^_t - w|| / ||w||                              t = 1 .. T, all test flows
//   residual     ||G(z_t) - z_t|| / ||z_t||
//   pde residual ||u.grad w - nu lap w - curl f|| / ||curl f||     of the prediction, no truth needed (flow_residual.h)
//   lipschitz    ||w^_t(f + df) - w^_t(f)|| / ||df||               a group a wave (perturb.h), and the largest of all
//
// An explicit network has one answer: its curves are flat and given by their ends.
#pragma once

#include <string>
#include <vector>

#include "fathom/domain/pde/config.h"
#include "fathom/domain/pde/data.h"
#include "fathom/domain/pde/flow.h"
#include "fathom/domain/pde/perturb.h"
#include "fathom/domain/pde/run_files.h"
#include "fathom/study/average.h"

namespace fathom::pde {

// Test flows, a few of which are perturbed.
struct TestFlows {
  const FlowSet& set;
  double viscosity = 0;
  Flow flow;
  Tensor clean;  // forcings that are perturbed (P, 2, H, W)
  struct Group {
    std::string name;                  // "k = 3"
    Tensor forcing;                    // clean + df
    std::vector<double> size, change;  // ||df||, ||dw|| per flow
  };
  std::vector<Group> groups;
};
TestFlows test_flows(const Config& config, const FlowSet& test, double viscosity, const Scaling& scaling);

// The figure of the training flows is that of the first two batches of them.
study::Measured measure(const Config& config, const Trained& trained, const FlowSet& train, const TestFlows& test);

// The solution operator's own quotients ||dw|| / ||df||, the same at every t.
std::vector<base::Curve> operator_lipschitz(const Config& config, const TestFlows& test);

}  // namespace fathom::pde
