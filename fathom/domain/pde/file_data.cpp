#include "fathom/domain/pde/file_data.h"

#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/flow.h"
#include "fathom/domain/pde/flow_file.h"
#include "fathom/io/sha256.h"
#include "fathom/tensor/convert.h"

namespace fathom::pde {

namespace {

// ||u.grad w - nu lap w - curl f|| / ||curl f|| of every sample.
Tensor residuals(const Tensor& forcing, const Tensor& vorticity, double viscosity) {
  const Flow flow(vorticity.size(1));
  const std::int64_t count = vorticity.size(0), points = flow.grid() * flow.grid();
  const Tensor f = forcing.to(at::kDouble).contiguous(), w = vorticity.to(at::kDouble).contiguous();
  std::vector<double> modes(flow.modes()), curl_f(flow.modes()), r(flow.modes()), all;
  for (std::int64_t i = 0; i < count; ++i) {
    const double* force = f.data_ptr<double>() + 2 * i * points;
    flow.curl(force, force + points, curl_f.data());
    flow.analyse(w.data_ptr<double>() + i * points, modes.data());
    flow.residual(modes.data(), curl_f.data(), viscosity, r.data());
    const auto length = [](const std::vector<double>& v) {
      return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    };
    all.push_back(length(r) / length(curl_f));
  }
  return tensor::from_doubles(all, {count}, at::kDouble);
}

// Samples first .. first + count - 1 of a file.
FlowSet part_of(const FlowArrays& arrays, std::int64_t first, std::int64_t count, double viscosity) {
  const Tensor f = arrays.forcing.narrow(0, first, count), w = arrays.vorticity.narrow(0, first, count);
  std::vector<std::int64_t> draw(count);
  std::iota(draw.begin(), draw.end(), first);
  return {.forcing = f.to(at::kFloat).contiguous(),
          .vorticity = w.to(at::kFloat).contiguous(),
          .residual = residuals(f, w, viscosity),
          .draw = tensor::from_int64s(draw, {count})};
}

}  // namespace

// A file is known by its numbers.
std::string file_text(const DataConfig& config) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files = {config.file};
  if (fs::is_directory(config.file))
    files = {fs::path(config.file) / "forcing.npy", fs::path(config.file) / "vorticity.npy"};
  std::string text =
      fmt::format("train = {}\ntest = {}\nviscosity = {}\n", config.train, config.test, config.generate.viscosity);
  for (const fs::path& file : files) {
    if (fs::exists(file)) text += fmt::format("sha256 = {}\n", io::sha256_of_file(file));
  }
  return text;
}

FlowData flows_of_file(const DataConfig& config) {
  const FlowArrays arrays = read_flows(config.file);
  if (!arrays.vorticity.defined())
    base::fail("pde::make_data", "{} has no array 'vorticity'; a study needs the flows beside their forcings",
               config.file);
  const std::int64_t count = arrays.forcing.size(0);
  base::require(config.train + config.test <= count, "pde::make_data", "train + test", config.train + config.test,
                fmt::format("<= {}, the samples of {}", count, config.file), "ask for fewer");
  FlowData data{.train = part_of(arrays, 0, config.train, config.generate.viscosity),
                .test = part_of(arrays, count - config.test, config.test, config.generate.viscosity),
                .viscosity = config.generate.viscosity,
                .draw = file_text(config)};
  for (const auto& [name, set] : {std::pair{"train", &data.train}, std::pair{"test", &data.test}}) {
    data.statistics[fmt::format("{}: largest residual", name)] = set->residual.max().item<double>();
    data.statistics[fmt::format("{}: mean variance of the vorticity", name)] =
        set->vorticity.to(at::kDouble).square().mean().item<double>();
    data.statistics[fmt::format("{}: mean variance of the forcing", name)] =
        set->forcing.to(at::kDouble).square().mean().item<double>();
  }
  data.sha256 = hash_of(data);
  return data;
}

}  // namespace fathom::pde
