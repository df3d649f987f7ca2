// fathom probe: what the block of a trained model does around its fixed points.
#include <cmath>

#include <nlohmann/json.hpp>

#include "app/engine/cmd.h"
#include "app/engine/model_file.h"
#include "app/probe_options.h"
#include "fathom/base/error.h"
#include "fathom/domain/lp/batch.h"
#include "fathom/domain/lp/generate.h"
#include "fathom/domain/lp/run_files.h"
#include "fathom/report/table_text.h"
#include "fathom/study/diagnose.h"

namespace fathom::app {

namespace {

// Programs as the model saw them in training, of a stream of their own.
lp::Batch probed_programs(const lp::Trained& trained, const Request& request, std::int64_t samples) {
  lp::GenerateOptions options;
  options.p_infinite = trained.p_infinite;
  const lp::Drawn drawn =
      lp::generate(options, samples, static_cast<std::uint64_t>(request.run.seed), "lp probe", lp::Protocol::exact);
  return lp::make_batch(drawn.data.instances, {}, {.bound_flags = trained.spec.options.bound_flags});
}

nlohmann::json finite(const std::vector<double>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const double value : values) list.push_back(std::isfinite(value) ? nlohmann::json(value) : nlohmann::json());
  return list;
}

void print_json(const lp::Trained& trained, const study::Diagnosis& d) {
  const nlohmann::ordered_json json = {{"model", trained.spec.name},
                                       {"verdict", study::verdict(d)},
                                       {"picard_status", d.picard_status},
                                       {"picard_iterations", finite(d.picard_iterations)},
                                       {"anderson_status", d.anderson_status},
                                       {"anderson_iterations", finite(d.anderson_iterations)},
                                       {"residual", finite(d.residual)},
                                       {"contraction", finite(d.contraction)},
                                       {"spectral_radius", finite(d.spectral_radius)},
                                       {"sigma_max", finite(d.sigma_max)}};
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

int cmd_probe(const Request& request) {
  const auto options = config_of<ProbeOptions>(request);
  const lp::Trained trained = lp::load_trained(model_file(request.inputs.at(0).string(), ""));
  const auto implicit = std::dynamic_pointer_cast<lp::ImplicitGnn>(trained.model);
  if (!implicit)
    base::fail("app::probe", "{} is an {} model and has no fixed point; name an implicit one", trained.spec.name,
               trained.spec.kind);
  const lp::Batch batch = probed_programs(trained, request, options.samples);
  const Map map = implicit->map(batch, implicit->embed(batch));
  const study::Diagnosis diagnosis =
      study::diagnose(map, implicit->start(batch), {.rtol = options.rtol, .max_iter = options.iterations});
  if (request.json) {
    print_json(trained, diagnosis);
  } else {
    fmt::print("{}, probed on {} programs\n{}\n{}\n", trained.spec.name, options.samples,
               report::to_text(study::to_table(diagnosis)), study::verdict(diagnosis));
  }
  return 0;
}

}  // namespace fathom::app
