// fathom solve-lp: a linear program from an MPS file, predicted by a trained model, judged, and refined on request.
#include <cmath>

#include <nlohmann/json.hpp>

#include "app/engine/cmd.h"
#include "app/engine/model_file.h"
#include "app/solve_lp_options.h"
#include "fathom/base/error.h"
#include "fathom/base/timer.h"
#include "fathom/domain/lp/predict.h"
#include "fathom/io/csv.h"
#include "fathom/io/mps.h"
#include "fathom/io/npy.h"

namespace fathom::app {

namespace {

constexpr const char* kShippedModel = "lp.safetensors";
constexpr int kDone = 0, kFailed = 1, kNotReached = 3;

// The x of a .npy file as the prediction.
std::vector<double> start_from_file(const std::string& path, const lp::Instance& instance) {
  const std::vector<double> x = io::to_doubles(io::read_npy(path));
  base::require(static_cast<std::int64_t>(x.size()) == instance.n, "app::solve_lp", "length of " + path, x.size(),
                fmt::format("= {} variables", instance.n), "give one number per column of the model");
  return x;
}

std::vector<double> prediction(const SolveLpOptions& options, const lp::Instance& instance) {
  if (!options.start.empty()) return start_from_file(options.start, instance);
  const lp::Trained trained = lp::load_trained(model_file(options.model, kShippedModel));
  return lp::predict(trained, instance, {.iterations = options.iterations});
}

void write_solution(const std::string& path, const lp::Imported& program, const std::vector<double>& x) {
  if (path.ends_with(".npy"))
    return io::write_npy(path, io::from_doubles("", {static_cast<std::int64_t>(x.size())}, x));
  io::CsvRows rows = {{"variable", "value"}};
  for (std::size_t j = 0; j < x.size(); ++j) rows.push_back({program.variable_names[j], fmt::format("{}", x[j])});
  io::write_csv(path, rows);
}

void check_output(const std::string& path) {
  if (path.empty() || path.ends_with(".npy") || path.ends_with(".csv")) return;
  throw UsageError(
      fmt::format("[app::solve_lp] output = {} violates *.npy|*.csv; name a file with one of these endings", path));
}

// NaN and counts that do not exist are null.
nlohmann::json number(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(); }
nlohmann::json count(std::int64_t value) { return value >= 0 ? nlohmann::json(value) : nlohmann::json(); }

void print_json(const lp::Imported& program, const lp::Answer& a, double seconds) {
  const nlohmann::ordered_json json = {{"model", program.name},
                                       {"rows", program.instance.m},
                                       {"columns", program.instance.n},
                                       {"status", a.status},
                                       {"objective", number(a.objective)},
                                       {"infeasibility", number(a.infeasibility)},
                                       {"gap", number(a.gap)},
                                       {"optimum", number(a.optimum)},
                                       {"iterations", count(a.iterations)},
                                       {"cold_iterations", count(a.cold_iterations)},
                                       {"predicted_objective", number(a.predicted_objective)},
                                       {"predicted_infeasibility", number(a.predicted_infeasibility)},
                                       {"predicted_gap", number(a.predicted_gap)},
                                       {"seconds", seconds},
                                       {"message", a.message}};
  fmt::print("{}\n", json.dump(2));
}

void print_text(const lp::Imported& program, const lp::Answer& a) {
  fmt::print("model          {} ({} rows, {} columns)\nstatus         {}\n", program.name, program.instance.m,
             program.instance.n, a.status);
  if (std::isfinite(a.objective)) {
    fmt::print(
        "objective      {:.10g}\ninfeasibility  {:.3g} (relative)\ngap            {:.3g} (to the optimum {:.10g})\n",
        a.objective, a.infeasibility, a.gap, a.optimum);
  }
  if (a.iterations >= 0)
    fmt::print("iterations     {} from the prediction, {} from scratch\n", a.iterations, a.cold_iterations);
  fmt::print("{}\n", a.message);
}

int exit_code(const lp::Answer& a) {
  if (a.status == "infeasible" || a.status == "unbounded") return kNotReached;
  return a.status == "failed" ? kFailed : kDone;
}

}  // namespace

int cmd_solve_lp(const Request& request) {
  const base::Timer timer;
  const auto options = config_of<SolveLpOptions>(request);
  check_output(options.output);
  const std::string file = request.inputs.at(0).string();
  const lp::Imported program = lp::from_mps(io::read_mps(file), file);
  const lp::Answer answer = lp::answer(program, prediction(options, program.instance), options.refine);
  if (!options.output.empty() && !answer.x.empty()) write_solution(options.output, program, answer.x);
  request.json ? print_json(program, answer, timer.seconds()) : print_text(program, answer);
  return exit_code(answer);
}

}  // namespace fathom::app
