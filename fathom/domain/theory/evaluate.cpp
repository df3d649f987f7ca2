// The whole record: what was learned, what is constructed, what is necessary.
#include "fathom/base/progress.h"
#include "fathom/domain/theory/constructed_figures.h"
#include "fathom/domain/theory/learned_study.h"
#include "fathom/domain/theory/necessity_study.h"
#include "fathom/domain/theory/reciprocal_study.h"

namespace fathom::theory {

namespace {

void append_constructed(const Config& config, std::uint64_t seed, base::StudyRecord& record) {
  const std::vector<std::string> names = config.constructed_targets();
  if (names.empty()) return;
  base::Progress progress("constructed", static_cast<std::int64_t>(names.size()));
  std::vector<ConstructedStudy> studies;
  for (const std::string& name : names) {
    studies.push_back(study_constructed(config.constructed, make_target(name, config.target), seed));
    append(studies.back(), config.constructed, record);
    append_figure(studies.back(), config.constructed, record);
    progress.update(static_cast<std::int64_t>(studies.size()), name);
  }
  append_approach(studies, config.constructed, record);
  append_reciprocal(config.constructed, record);
}

}  // namespace

base::StudyRecord evaluate(const Config& config, const Run& run) {
  config.check();
  base::StudyRecord record;
  record.domain = "theory";
  record.protocol = "constructed and learned";
  record.seed = run.seed;
  if (!config.learned_targets().empty()) {
    record.train_samples = config.learned.points;
    record.test_samples = 4 * config.learned.points;
    record.statistics["training_depth"] = static_cast<double>(config.learned.depth);
  }
  append_learned(config, run, record);
  append_constructed(config, run.seed, record);
  append_necessity(config.necessity, run.seed, record);
  return record;
}

}  // namespace fathom::theory
