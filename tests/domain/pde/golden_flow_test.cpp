// Parity with pairs of forcing and flow made by another program (double precision): g1.<i>. manufactured, g2.<i>.
// solved.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fathom/domain/pde/flow.h"
#include "fathom/domain/pde/holding_force.h"
#include "fathom/domain/pde/march.h"
#include "fathom/domain/pde/steady.h"
#include "fathom/io/safetensors.h"
#include "tests/support/golden.h"

namespace fathom::pde {
namespace {

using Values = std::vector<double>;

constexpr double kRounding = 1e-12;  // both sides are double precision sums of some thousand numbers

struct GoldenPair {
  io::Safetensors file;
  std::string prefix;  // "g1.0."
  bool solved = false;
  double viscosity = 0;
  std::int64_t grid = 0;

  Values at(const std::string& name) const { return io::to_doubles(file.at(prefix + name)); }
};

std::vector<GoldenPair> pairs() {
  std::vector<GoldenPair> found;
  for (const test::GoldenFile& golden : test::golden_files("pde")) {
    if (!golden.has("nu_g1") && !golden.has("nu_g2")) continue;
    const io::Safetensors file = io::read_safetensors(golden.path);
    for (const std::string& tensor : golden.tensors) {
      if (!tensor.starts_with("g") || !tensor.ends_with(".w")) continue;
      const bool solved = tensor.starts_with("g2");
      found.push_back({file, tensor.substr(0, tensor.size() - 1), solved,
                       io::to_doubles(file.at(solved ? "nu_g2" : "nu_g1"))[0], io::to_int64s(file.at("N"))[0]});
    }
  }
  return found;
}

double norm(const Values& a) {
  double sum = 0;
  for (const double value : a) sum += value * value;
  return std::sqrt(sum);
}

double relative_distance(const Values& a, const Values& b) {
  Values difference = a;
  for (std::size_t i = 0; i < a.size(); ++i) difference[i] -= b[i];
  return norm(difference) / norm(b);
}

Values analysed(const Flow& flow, const Values& field) {
  Values modes(flow.modes());
  flow.analyse(field.data(), modes.data());
  return modes;
}

Values synthesised(const Flow& flow, const Values& modes) {
  Values field(flow.grid() * flow.grid());
  flow.synthesise(modes.data(), field.data());
  return field;
}

Values turned(const Values& field, std::int64_t n) {
  Values to(field.size());
  for (std::int64_t i = 0; i < n * n; ++i) to[i] = field[i % n * n + i / n];
  return to;
}

// Parts of a force by name: "f1", "f1_conv", "f1_rot".
Values curl(const Flow& flow, const GoldenPair& pair, const std::string& form) {
  Values modes(flow.modes());
  flow.curl(pair.at("f1" + form).data(), pair.at("f2" + form).data(), modes.data());
  return modes;
}

std::vector<std::string> forms(const GoldenPair& pair) {
  return pair.solved ? std::vector<std::string>{""} : std::vector<std::string>{"_conv", "_rot"};
}

TEST(GoldenFlow, TheFixtureSetHoldsPairsOfBothKinds) {
  bool solved = false, manufactured = false;
  for (const GoldenPair& pair : pairs()) (pair.solved ? solved : manufactured) = true;
  EXPECT_TRUE(solved);
  EXPECT_TRUE(manufactured);
}

TEST(GoldenFlow, VelocitiesOfTheVorticityMatch) {
  for (const GoldenPair& pair : pairs()) {
    const Flow flow(pair.grid);
    Flow::Velocity velocity;
    flow.velocity(analysed(flow, pair.at("w")).data(), velocity);
    EXPECT_LE(relative_distance(turned(velocity.u, pair.grid), pair.at("u")), kRounding) << pair.prefix;
    EXPECT_LE(relative_distance(turned(velocity.v, pair.grid), pair.at("v")), kRounding) << pair.prefix;
  }
}

TEST(GoldenFlow, CurlsOfTheForcesMatch) {
  for (const GoldenPair& pair : pairs()) {
    const Flow flow(pair.grid);
    for (const std::string& form : forms(pair))
      EXPECT_LE(relative_distance(synthesised(flow, curl(flow, pair, form)), pair.at("curl_f")), kRounding)
          << pair.prefix << form;
  }
}

// The residual of a solved pair is what its own solver left.
TEST(GoldenFlow, EveryPairSolvesTheSteadyEquation) {
  for (const GoldenPair& pair : pairs()) {
    const Flow flow(pair.grid);
    const Values w = analysed(flow, pair.at("w")), forcing = analysed(flow, pair.at("curl_f"));
    Values r(flow.modes());
    flow.residual(w.data(), forcing.data(), pair.viscosity, r.data());
    const double residual = norm(r) / norm(forcing);
    EXPECT_LE(residual, 1e-11) << pair.prefix;
    if (!pair.solved) continue;
    EXPECT_NEAR(residual, pair.at("rel_residual")[0], 1e-13) << pair.prefix;
  }
}

TEST(GoldenFlow, TheForcesThatHoldTheManufacturedFlowsMatch) {
  for (const GoldenPair& pair : pairs()) {
    if (pair.solved) continue;
    const Flow flow(pair.grid);
    const Values w = analysed(flow, pair.at("w"));
    for (const auto& [form, name] : {std::pair{Form::convective, "_conv"}, std::pair{Form::rotational, "_rot"}}) {
      Values theirs = pair.at(std::string("f1") + name);
      const Values second = pair.at(std::string("f2") + name);
      theirs.insert(theirs.end(), second.begin(), second.end());
      EXPECT_LE(relative_distance(holding_force(flow, w, pair.viscosity, form), theirs), kRounding) << name;
    }
  }
}

TEST(GoldenFlow, TheDecayOfAFlowMatches) {
  for (const GoldenPair& pair : pairs()) {
    if (pair.solved) continue;
    const Flow flow(pair.grid);
    const Values later = march(flow, analysed(flow, pair.at("w")), pair.viscosity, 0.1, 0.02);
    EXPECT_LE(relative_distance(synthesised(flow, later), pair.at("w_after_free_decay_t0.1_dt0.02")), kRounding);
  }
}

// Theirs is solved to 1e-12 of the forcing: the flows agree to that over the smallest singular value of the Jacobian.
TEST(GoldenFlow, TheStokesBranchEndsInTheSolvedFlow) {
  for (const GoldenPair& pair : pairs()) {
    if (!pair.solved) continue;
    const Flow flow(pair.grid);
    const Values forcing = curl(flow, pair, "");
    const Steady steady = follow_stokes(flow, forcing, pair.viscosity);
    EXPECT_TRUE(steady.solved);
    EXPECT_EQ(steady.amplitude, 1);
    EXPECT_LE(steady.residual, 1e-11);
    EXPECT_LE(relative_distance(synthesised(flow, steady.vorticity), pair.at("w")), 1e-9);
  }
}

}  // namespace
}  // namespace fathom::pde
