// What the trained models do on the test crops, one record.
#include <fmt/format.h>

#include "fathom/base/timer.h"
#include "fathom/domain/imaging/checks.h"
#include "fathom/domain/imaging/measure_classical.h"
#include "fathom/domain/imaging/measure_model.h"
#include "fathom/domain/imaging/pictures.h"
#include "fathom/domain/imaging/run.h"
#include "fathom/domain/imaging/run_files.h"

namespace fathom::imaging {

namespace {

// Every training of one model, on the CPU.
std::vector<Trained> trainings(const Run& run, const ModelSpec& spec) {
  std::vector<Trained> all;
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    all.push_back(load_trained(RunFiles(run.folder).model(spec.name, run.seed + static_cast<std::uint64_t>(k))));
  }
  return all;
}

base::StudyRecord empty_record(const Config& config, const Run& run, const ImageData& data) {
  base::StudyRecord record;
  record.domain = "imaging";
  record.protocol = config.protocol;
  record.seed = run.seed;
  record.train_samples = data.train.size();
  record.test_samples = data.test.size();
  record.data_sha256 = data.sha256;
  record.statistics = data.statistics;
  record.statistics["training depth"] = static_cast<double>(config.train.iterations);
  return record;
}

void add_model(base::StudyRecord& record, const Config& config, const std::vector<Trained>& all, const ImageData& data,
               const TestCrops& test) {
  std::vector<study::Measured> measured;
  for (const Trained& trained : all) measured.push_back(measure(config, trained, data, test));
  record.models.push_back(study::average(measured));
  for (base::Curve& curve : study::average_curves(measured)) record.curves.push_back(std::move(curve));
  if (!all.front().spec.options.implicit()) return;
  record.fields.push_back(strip_of(config, all.front(), test));
  record.statistics["memory growth " + all.front().spec.name] =
      memory_growth(config, all.front(), test, 4 * config.train.iterations);
}

}  // namespace

base::StudyRecord evaluate(const Config& config, const Run& run, const ImageData& data) {
  config.check();
  const base::Timer timer;
  const TestCrops test = test_crops(config, data);
  base::StudyRecord record = empty_record(config, run, data);
  for (const ModelSpec& spec : models_of(config)) add_model(record, config, trainings(run, spec), data, test);
  for (const study::Measured& line : measure_classical(data)) record.models.push_back(line.result);
  append_checks(record);
  record.seconds = timer.seconds();
  return record;
}

}  // namespace fathom::imaging
