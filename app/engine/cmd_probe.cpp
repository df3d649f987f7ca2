// fathom probe: what the block of a trained model does around its fixed points.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "app/engine/cmd.h"
#include "app/probe_options.h"
#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/domain/lp/batch.h"
#include "fathom/domain/lp/generate.h"
#include "fathom/domain/lp/run_files.h"
#include "fathom/domain/map/inputs.h"
#include "fathom/report/line_chart.h"
#include "fathom/report/table_text.h"
#include "fathom/study/diagnose.h"
#include "fathom/study/regularity.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

// What is probed: a block, its input as an argument and its start.
struct Subject {
  std::string name;
  std::string samples;  // "8 programs"
  Map map;
  measure::Joint joint;
  State start, x;
};

// Programs as the model saw them in training, of a stream of their own.
lp::Batch probed_programs(const lp::Trained& trained, const Request& request, std::int64_t samples) {
  lp::GenerateOptions options;
  options.p_infinite = trained.p_infinite;
  const lp::Drawn drawn =
      lp::generate(options, samples, static_cast<std::uint64_t>(request.run.seed), "lp probe", lp::Protocol::exact);
  return lp::make_batch(drawn.data.instances, {}, {.bound_flags = trained.spec.options.bound_flags});
}

Subject lp_subject(const Request& request, const ProbeOptions& options) {
  const lp::Trained trained = lp::load_trained(request.inputs.at(0));
  const auto implicit = std::dynamic_pointer_cast<lp::ImplicitGnn>(trained.model);
  if (!implicit)
    base::fail("app::probe", "{} is an {} model and has no fixed point; name an implicit one", trained.spec.name,
               trained.spec.kind);
  const lp::Batch batch = probed_programs(trained, request, options.samples);
  return {trained.spec.name,
          fmt::format("{} programs", options.samples),
          implicit->map(batch, implicit->embed(batch)),
          implicit->joint(batch),
          implicit->start(batch),
          lp::ImplicitGnn::data(batch)};
}

Subject script_subject(const Request& request, const ProbeOptions& options) {
  if (options.input.empty()) {
    throw UsageError("probe: a TorchScript map needs its inputs; name an .npz or .safetensors file with --input");
  }
  if (!std::filesystem::is_regular_file(options.input)) {
    throw UsageError(fmt::format("probe: no file at --input {}", options.input));
  }
  map::Subject given = map::load(request.inputs.at(0), options.input, tensor::device("cpu"));
  const map::Inputs inputs = given.inputs.first(options.samples);
  given.G.check(inputs.y0, inputs.x);
  return {given.G.name(),
          fmt::format("{} samples of {}", inputs.samples(), options.input),
          given.G.map(inputs.x),
          given.G,
          inputs.y0,
          inputs.x};
}

// TorchScript files are zip archives, ours are safetensors.
bool is_archive(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  char head[2] = {};
  stream.read(head, 2);
  return stream.gcount() == 2 && head[0] == 'P' && head[1] == 'K';
}

Subject subject_of(const Request& request, const ProbeOptions& options) {
  if (is_archive(request.inputs.at(0)) || !options.input.empty()) return script_subject(request, options);
  return lp_subject(request, options);
}

nlohmann::json finite(const std::vector<double>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const double value : values) list.push_back(std::isfinite(value) ? nlohmann::json(value) : nlohmann::json());
  return list;
}

nlohmann::json finite(const std::vector<std::vector<double>>& points) {
  nlohmann::json list = nlohmann::json::array();
  for (const std::vector<double>& rows : points) list.push_back(finite(rows));
  return list;
}

nlohmann::ordered_json json_of(const study::Regularity& r) {
  return {{"verdict", study::verdict(r)},
          {"t", r.t},
          {"mu", finite(r.mu)},
          {"radius", finite(r.radius)},
          {"lipschitz_x", finite(r.input_gain)},
          {"sensitivity", finite(r.sensitivity)},
          {"size", finite(r.size)}};
}

void print_json(const std::string& model, const study::Diagnosis& d, const study::Regularity& r) {
  const nlohmann::ordered_json json = {{"model", model},
                                       {"verdict", study::verdict(d)},
                                       {"picard_status", d.picard_status},
                                       {"picard_iterations", finite(d.picard_iterations)},
                                       {"anderson_status", d.anderson_status},
                                       {"anderson_iterations", finite(d.anderson_iterations)},
                                       {"residual", finite(d.residual)},
                                       {"contraction", finite(d.contraction)},
                                       {"spectral_radius", finite(d.spectral_radius)},
                                       {"sigma_max", finite(d.sigma_max)},
                                       {"order", finite(d.order)},
                                       {"floor", finite(d.floor)},
                                       {"path_distance", finite(d.path_distance)},
                                       {"regularity", json_of(r)}};
  fmt::print("{}\n", json.dump(2));
}

// The largest over the rows, with the mean below it.
void add_lines(report::LineChart& chart, const base::Curve& curve, const std::string& name) {
  chart.series.push_back({name + ", largest", curve.t, curve.max, {}, {}});
  chart.series.push_back({name + ", mean", curve.t, curve.mean, {}, {}});
}

void draw(const std::filesystem::path& folder, const study::Regularity& r, const std::string& model) {
  const std::vector<base::Curve> curves = study::curves(r, model);
  report::LineChart mu{.title = "Contraction along the iterates: " + model,
                       .caption = "norm and spectral radius of dG/dy at the plain iterates of the probed inputs",
                       .x_label = "iterations t",
                       .y_label = "dG/dy at y_t"};
  add_lines(mu, curves[0], "norm (mu)");
  add_lines(mu, curves[1], "spectral radius");
  mu.horizontals.push_back({1, "1"});
  report::LineChart lipschitz{.title = "Lipschitz constants in the input: " + model,
                              .caption = "local Lipschitz constants of the block and of its iterates in the input",
                              .x_label = "iterations t",
                              .y_label = "at the probed inputs"};
  add_lines(lipschitz, curves[2], "G in x");
  add_lines(lipschitz, curves[3], "y_t in x");
  lipschitz.y.scale = report::Scale::log;
  base::write_atomically(folder / "mu.svg", report::to_svg(mu));
  base::write_atomically(folder / "lipschitz.svg", report::to_svg(lipschitz));
}

}  // namespace

int cmd_probe(const Request& request) {
  const auto options = config_of<ProbeOptions>(request);
  const Subject subject = subject_of(request, options);
  const study::Diagnosis diagnosis =
      study::diagnose(subject.map, subject.start, {.rtol = options.rtol, .max_iter = options.iterations});
  const study::Regularity regularity = study::probe_regularity(subject.joint, subject.start, subject.x, options.unroll);
  if (!options.plots.empty()) draw(options.plots, regularity, subject.name);
  if (request.json) {
    print_json(subject.name, diagnosis, regularity);
  } else {
    fmt::print("{}, probed on {}\n{}\n{}\n{}\n{}\n", subject.name, subject.samples,
               report::to_text(study::to_table(diagnosis)), report::to_text(study::to_table(regularity)),
               study::verdict(diagnosis), study::verdict(regularity));
  }
  return 0;
}

}  // namespace fathom::app
