// Operator splitting for monotone cells: a unique equilibrium, and convergence guaranteed.  [WinstonKolter2020]
//
//   z = act(W z + inj),   W = (1-m) I - A'A + B - B',  m > 0,   inj = U x + b
//
// With I - W strongly monotone (margin m: <v, (I-W) v> >= m ||v||^2) and act = prox_f the equilibrium is the zero of
// (I - W) z - inj + df(z), exists for every inj and is unique. L = ||I - W||_2.
//
//   forward_backward    z+ = prox(z - alpha ((I-W) z - inj))                  [WinstonKolter2020] Alg. 1
//                       converges for 0 < alpha < 2m/L^2 by sqrt(1 - 2 alpha m + alpha^2 L^2) a step
//   peaceman_rachford   u' = 2z - u;  z' = (I + alpha (I-W))^-1 (u' + alpha inj);  u+ = 2z' - u';  z+ = prox(u+)
//                       converges for every alpha > 0 by sqrt(1 - 4 alpha m / (1 + 2 alpha m + alpha^2 L^2)) a step,
//                       best at alpha = 1/L: sqrt((L-m) / (L+m))               [WinstonKolter2020] Alg. 2
//
// prox is prox_f^alpha: act itself for relu and identity; for tanh and sigmoid the scalar equation
// (1-alpha) act(t) + alpha t = u, z = act(t), is solved by Newton's method, monotone from its start.
//
// Shapes  W (D, D), A (k, D), B (D, D), inj and z (B, D).
// Cost    once: an eigenvalue, a singular value and an inverse of a D x D matrix. A step: one product with W, and for
//         peaceman_rachford one with the inverse. Memory: W, its inverse, and 2 or 3 states.
// Status, test and counts are those of fixed_point (fixed_point.h): the residual is that of z = act(W z + inj).
#pragma once

#include <string>

#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/map.h"

namespace fathom::solve {

struct Splitting {
  std::string method = "peaceman_rachford";
  double alpha = 0;  // 0: m/L^2 for forward_backward, 1/L for peaceman_rachford

  bool operator==(const Splitting&) const = default;
  void fields(base::Fields& f) {
    f.add_choice("method", method, {"peaceman_rachford", "forward_backward"}, "which splitting");
    f.add("alpha", alpha, {.at_least = 0}, "step; 0 takes the best proved one");
  }
};

struct MonotoneCell {
  Tensor weight;                    // W
  std::string activation = "relu";  // relu|tanh|sigmoid|identity
};

// (1-m) I - A'A + B - B'. Errors (fathom::Error): margin not in (0, 1], shapes.
Tensor monotone_weight(const Tensor& A, const Tensor& B, double margin);

// A cell with its splitting prepared, to be solved for many injections.
class MonotoneSolver {
 public:
  // Errors (fathom::Error): weight not a floating (D, D) matrix or not monotone (margin <= 0), an unknown activation,
  // an alpha for which forward_backward need not converge.
  explicit MonotoneSolver(const MonotoneCell& cell, const Splitting& options = {});

  double margin() const { return margin_; }        // m, measured: 1 - the largest eigenvalue of (W + W')/2
  double lipschitz() const { return lipschitz_; }  // L
  double alpha() const { return alpha_; }
  double rate() const;  // the proved factor of a step

  Map map(const Tensor& injection) const;  // z -> act(W z + inj)
  Solution solve(const Tensor& injection, const Tensor& z0, const Stop& stop = {}, const Loop& loop = {},
                 const TraceOptions& trace = {}) const;

 private:
  MonotoneCell cell_;
  Splitting options_;
  double margin_ = 0, lipschitz_ = 0, alpha_ = 0;
  Tensor resolvent_;  // (I + alpha (I-W))^-1
};

// prox_f^alpha of the activation, elementwise.
Tensor proximal(const std::string& activation, double alpha, const Tensor& u);

}  // namespace fathom::solve
