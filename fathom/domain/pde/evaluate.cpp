// What the trained networks do on the test flows, one record.
#include "fathom/base/timer.h"
#include "fathom/domain/pde/checks.h"
#include "fathom/domain/pde/measure_model.h"
#include "fathom/domain/pde/pictures.h"
#include "fathom/domain/pde/run.h"
#include "fathom/domain/pde/run_files.h"

namespace fathom::pde {

namespace {

// Every training of one network. Measured on the CPU, where the flow's own operator is.
std::vector<Trained> trainings(const Run& run, const ModelSpec& spec) {
  std::vector<Trained> all;
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    all.push_back(load_trained(RunFiles(run.folder).model(spec.name, run.seed + static_cast<std::uint64_t>(k))));
  }
  return all;
}

}  // namespace

base::StudyRecord evaluate(const Config& config, const Run& run, const FlowData& data) {
  config.check();
  const base::Timer timer;
  const TestFlows test = test_flows(config, data.test, data.viscosity, scaling_of(data.train));
  base::StudyRecord record;
  record.domain = "pde";
  record.protocol = config.protocol;
  record.seed = run.seed;
  record.train_samples = data.train.size();
  record.test_samples = data.test.size();
  record.data_sha256 = data.sha256;
  record.statistics = data.statistics;
  record.statistics["training_depth"] = static_cast<double>(config.train.solver_steps);
  for (const ModelSpec& spec : models_of(config)) {
    const std::vector<Trained> all = trainings(run, spec);
    std::vector<study::Measured> measured;
    for (const Trained& trained : all) measured.push_back(measure(config, trained, data.train, test));
    record.models.push_back(study::average(measured));
    for (base::Curve& curve : study::average_curves(measured)) record.curves.push_back(std::move(curve));
    if (spec.options.implicit()) record.fields.push_back(picture_of(config, all.front(), data.test));
  }
  for (base::Curve& curve : operator_lipschitz(config, test)) record.curves.push_back(std::move(curve));
  append_checks(record);
  record.seconds = timer.seconds();
  return record;
}

}  // namespace fathom::pde
