// fathom flow: forcings from a file, the flows a trained network predicts, judged by the steady equation, solved for on
// request.
#include <cmath>
#include <numeric>
#include <string_view>

#include <nlohmann/json.hpp>

#include "app/engine/cmd.h"
#include "app/engine/model_file.h"
#include "app/flow_options.h"
#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/timer.h"
#include "fathom/domain/pde/answer.h"
#include "fathom/report/field_figure.h"
#include "fathom/tensor/convert.h"

namespace fathom::app {

namespace {

constexpr const char* kShippedModel = "pde.safetensors";
constexpr int kDone = 0, kNotReached = 3;
constexpr std::int64_t kPictureSide = 200;  // pixels that a panel should have at least

void check_output(const FlowOptions& options) {
  if (options.png && options.output.empty())
    throw UsageError("[app::flow] png violates --output given; the picture stands beside it");
  if (options.output.empty() || pde::is_array_file(options.output)) return;
  throw UsageError(fmt::format(
      "[app::flow] output = {} violates *.npz|*.h5|*.hdf5; name a file with one of these endings", options.output));
}

void write_answer(const std::string& path, const pde::Answer& answer) {
  const auto count = static_cast<std::int64_t>(answer.residual.size());
  pde::write_arrays(path, {{"vorticity", answer.vorticity},
                           {"prediction", answer.predicted},
                           {"residual", tensor::from_doubles(answer.residual, {count}, at::kDouble)}});
}

// What the picture's columns are.
std::string write_picture(const std::filesystem::path& path, const pde::FlowArrays& flows, const pde::Answer& answer) {
  const base::FieldFigure figure = pde::picture_of(flows, answer);
  const std::int64_t scale = std::max<std::int64_t>(1, kPictureSide / figure.width);
  const std::vector<std::uint8_t> png = report::to_png(figure, scale);
  base::write_atomically(path, std::string_view(reinterpret_cast<const char*>(png.data()), png.size()));
  std::string columns;
  for (std::int64_t i = 0; i < figure.columns; ++i) {
    columns += fmt::format("{}{}", i > 0 ? ", " : "", figure.panels[static_cast<std::size_t>(i)].title);
  }
  return fmt::format("{}: a row a flow, columns {}; x to the right, y upwards, blue below 0, red above", path.string(),
                     columns);
}

// NaN is null.
nlohmann::json number(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(); }

nlohmann::ordered_json solve_json(const pde::Steady& steady) {
  return {{"solved", steady.solved},
          {"residual", number(steady.residual)},
          {"evaluations", steady.evaluations},
          {"products", steady.products}};
}

nlohmann::ordered_json sample_json(const pde::Answer& a, std::size_t i) {
  nlohmann::ordered_json json = {{"predicted_residual", number(a.predicted_residual[i])},
                                 {"residual", number(a.residual[i])}};
  if (!a.solution.status.empty()) {
    json["status"] = solve::to_string(a.solution.status[i]);
    json["iterations"] = a.solution.iterations[i];
  }
  if (!a.error.empty()) json["error"] = number(a.error[i]);
  if (!a.refined) return json;
  json["from_prediction"] = solve_json(a.refined->from_start[i]);
  json["from_stokes"] = solve_json(a.refined->from_stokes[i]);
  json["apart"] = number(a.refined->apart[i]);
  return json;
}

void print_json(const std::string& origin, const pde::Answer& a, double seconds) {
  nlohmann::ordered_json json = {{"prediction", origin},
                                 {"grid", a.vorticity.size(1)},
                                 {"viscosity", a.viscosity},
                                 {"samples", nlohmann::ordered_json::array()},
                                 {"seconds", seconds}};
  for (std::size_t i = 0; i < a.residual.size(); ++i) json["samples"].push_back(sample_json(a, i));
  fmt::print("{}\n", json.dump(2));
}

std::string solve_text(const pde::Steady& steady) {
  return fmt::format("{} evaluations, {} products{}", steady.evaluations, steady.products,
                     steady.solved ? "" : fmt::format(" (not solved: residual {:.1e})", steady.residual));
}

void print_saving(std::int64_t saved, std::int64_t products) {
  if (saved >= 0)
    fmt::print("  saved          {} of {} products\n", saved, products);
  else
    fmt::print("  saved          nothing: {} products more than from Stokes\n", -saved);
}

void print_sample(const pde::Answer& a, std::size_t i) {
  fmt::print("flow {}\n", i);
  if (!a.solution.status.empty())
    fmt::print("  network        {} after {} iterations\n", solve::to_string(a.solution.status[i]),
               a.solution.iterations[i]);
  fmt::print("  PDE residual   {:.3g} of the prediction (relative)\n", a.predicted_residual[i]);
  if (a.refined) {
    const pde::Steady &one = a.refined->from_start[i], &other = a.refined->from_stokes[i];
    if (a.refined->solved(i)) fmt::print("  refined        PDE residual {:.1e}\n", a.residual[i]);
    fmt::print("  from here      {}\n  from Stokes    {}\n", solve_text(one), solve_text(other));
    if (one.solved && other.solved) print_saving(other.products - one.products, other.products);
    if (a.refined->apart[i] > 1e-6)
      fmt::print("  another flow   the two solutions are {:.2g} apart: this forcing has several steady flows\n",
                 a.refined->apart[i]);
  }
  if (!a.error.empty()) fmt::print("  error          {:.3g} to the vorticity of the file (relative)\n", a.error[i]);
}

void print_text(const std::string& origin, const pde::Answer& a) {
  const std::int64_t side = a.vorticity.size(1);
  fmt::print("{} flows on {} x {}, viscosity {}, predicted by {}\n", a.residual.size(), side, side, a.viscosity,
             origin);
  for (std::size_t i = 0; i < a.residual.size(); ++i) print_sample(a, i);
}

// `origin`: who predicted.
pde::Answer answer_of(const FlowOptions& options, const pde::FlowArrays& flows, std::string& origin) {
  const pde::AnswerOptions asked{
      .iterations = options.iterations, .viscosity = options.viscosity, .refine = options.refine};
  if (options.start.empty()) {
    const pde::Trained trained = pde::load_trained(model_file(options.model, kShippedModel));
    origin = trained.spec.name;
    if (trained.training.grid > 0) origin += fmt::format(", trained on {0} x {0}", trained.training.grid);
    return pde::answer(trained, flows, asked);
  }
  const pde::FlowArrays start = pde::read_flows(options.start);
  if (!start.vorticity.defined() || start.forcing.sizes() != flows.forcing.sizes())
    base::fail("app::flow",
               "start = {} violates the vorticity of {} samples on the forcing's grid; see docs/studies/pde.md",
               options.start, flows.forcing.size(0));
  origin = options.start;
  return pde::answer_from(start.vorticity, flows, asked);
}

bool reached(const pde::Answer& a) {
  if (!a.refined) return true;
  for (std::size_t i = 0; i < a.residual.size(); ++i) {
    if (!a.refined->solved(i)) return false;
  }
  return true;
}

}  // namespace

int cmd_flow(const Request& request) {
  const base::Timer timer;
  const auto options = config_of<FlowOptions>(request);
  check_output(options);
  const pde::FlowArrays flows = pde::read_flows(request.inputs.at(0));
  std::string origin;
  const pde::Answer answer = answer_of(options, flows, origin);
  if (!options.output.empty()) write_answer(options.output, answer);
  std::string picture;
  if (options.png)
    picture = write_picture(std::filesystem::path(options.output).replace_extension(".png"), flows, answer);
  request.json ? print_json(origin, answer, timer.seconds()) : print_text(origin, answer);
  if (options.png && !request.json) fmt::print("{}\n", picture);
  return reached(answer) ? kDone : kNotReached;
}

}  // namespace fathom::app
