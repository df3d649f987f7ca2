// Parity of the blur and of DRUNet with the original classes (golden_case.h).
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>

#include "fathom/domain/imaging/blur.h"
#include "tests/domain/imaging/golden_case.h"

namespace fathom::imaging {
namespace {

Blur blur_of(const GoldenCase& c) {
  const Tensor x = c.at("in.x");
  return Blur(c.at("kernel"), x.size(2), x.size(3));
}

TEST(GoldenBlur, TheOperatorAndItsSpectralFunctionsMatch) {
  const std::vector<GoldenCase> cases = golden_cases_with("mask_abs");
  ASSERT_FALSE(cases.empty());
  for (const GoldenCase& c : cases) {
    SCOPED_TRACE(c.name);
    const Blur blur = blur_of(c);
    const Tensor x = c.at("in.x"), y = c.at("in.y"), back = blur.adjoint(y);
    expect_parity(blur.apply(x), c.at("A_x"), "A x");
    expect_parity(back, c.at("AT_y"), "A'y");
    expect_parity(blur.normal(x), c.at("ATA_x"), "A'A x");
    expect_parity(blur.pseudo_inverse(y), c.at("A_dagger_y"), "pseudo-inverse");
    expect_parity(blur.singular_values(), c.at("mask_abs"), "|H|");
    expect_parity(blur.normal(x) - back, c.at("l2_grad"), "A'(A x - y)");
    expect_parity(blur.fidelity(x, y), c.at("l2_fn"), "1/2 ||A x - y||^2");
    for (const std::string gamma : {"0.1", "1.0", "4.0"})
      expect_parity(blur.proximal(x, back, std::stod(gamma)), c.at("prox_gamma" + gamma), "prox " + gamma);
    expect_parity(blur.proximal(x, back, at::full({}, 4.f)), c.at("prox_param4"), "prox of a tensor gamma");
  }
}

TEST(GoldenBlur, PhasesMatch) {
  for (const GoldenCase& c : golden_cases_with("angle_exp")) {
    SCOPED_TRACE(c.name);
    const Blur blur = blur_of(c);
    // H = |H| exp(i angle): compared where it is told apart from the rounding of H.
    const Tensor phase = (blur.transfer().conj() / blur.singular_values()).resolve_conj();
    const Tensor error = at::view_as_real(phase).sub(c.at("angle_exp")).abs().amax({2});
    EXPECT_LE((error * blur.singular_values()).max().item<double>(), 1e-6);
  }
}

TEST(GoldenBlur, SingularVectorsMatch) {
  for (const GoldenCase& c : golden_cases_with("svec.0.5")) {
    SCOPED_TRACE(c.name);
    const Blur blur = blur_of(c);
    for (const std::string share : {"0.1", "0.3", "0.5", "0.7", "0.9"}) {
      const FrequencyIndex at = frequency_at(blur.height(), blur.width(), std::stod(share));
      const std::vector<std::int64_t> uv = io::to_int64s(c.file.at("svec_uv." + share));
      EXPECT_EQ(at, (FrequencyIndex{uv[0], uv[1]})) << share;
      const Tensor v = singular_vector(blur.height(), blur.width(), at, c.at("in.x").size(1));
      expect_parity(v, c.at("svec." + share), "vector " + share);
      expect_parity(blur.apply(v), c.at("svec_A." + share), "A vector " + share);
    }
  }
}

std::vector<std::string> sizes_of(const GoldenCase& c) {
  std::vector<std::string> sizes;
  for (const io::TensorRecord& record : c.file.tensors) {
    if (record.name.starts_with("in.")) sizes.push_back(record.name.substr(3));
  }
  return sizes;
}

TEST(GoldenDrunet, AnswersMatchOnEveryPathOfSizes) {
  const std::vector<GoldenCase> cases = golden_cases_with("nparam");
  ASSERT_FALSE(cases.empty());
  for (const GoldenCase& c : cases) {
    SCOPED_TRACE(c.name);
    const at::NoGradGuard no_grad;
    nn::Drunet network(c.network());
    train::copy_into(train::named_parameters(network), c.file, "w.", c.name);
    EXPECT_EQ(nn::parameter_count(c.network()), c.at("nparam").item<std::int64_t>());
    for (const std::string& size : sizes_of(c)) {
      const Tensor x = c.at("in." + size);
      const Tensor each = at::tensor({0.02f, 0.1f}).narrow(0, 0, x.size(0));
      network.eval();
      expect_parity(network.forward(x, 0.03), c.at("out_eval." + size + ".s0.03"), "evaluation " + size);
      expect_parity(network.forward(x, each), c.at("out_eval." + size + ".sbatch"), "a level of each image " + size);
      network.train();
      expect_parity(network.forward(x, 0.03), c.at("out_train." + size + ".s0.03"), "training " + size);
    }
  }
}

// The set's loss: mean((D(x, 0.05) - 0.3)^2).
TEST(GoldenDrunet, GradientsMatch) {
  for (const GoldenCase& c : golden_cases_with("grad.sigma")) {
    SCOPED_TRACE(c.name);
    nn::Drunet network(c.network());
    train::copy_into(train::named_parameters(network), c.file, "w.", c.name);
    const Tensor x = c.at("grad.in.x").requires_grad_(true), sigma = at::full({}, 0.05f).requires_grad_(true);
    const Tensor loss = (network.forward(x, sigma) - 0.3).square().mean();
    expect_parity(loss, c.at("grad.loss"), "loss");
    loss.backward();
    const double largest = largest_entry(c, "grad.w.");
    expect_close(sigma.grad(), c.at("grad.sigma"), 1e-4, 1e-5 * largest, "sigma");
    expect_parity(x.grad(), c.at("grad.x"), "x");
    for (const auto& [name, weight] : train::named_parameters(network)) {
      if (c.file.find("grad.w." + name) != nullptr)
        expect_close(weight.grad(), c.at("grad.w." + name), 1e-4, 1e-4 * largest, name);
    }
  }
}

}  // namespace
}  // namespace fathom::imaging
