// The pictures of a study.
#pragma once

#include <string>
#include <vector>

#include "fathom/base/record.h"

namespace fathom::report {

struct NamedSvg {
  std::string name;      // a file name without its ending: "error", "lipschitz-implicit-8"; unique in the list
  std::string quantity;  // of the curves it shows, which stand together; "" for a bar chart and for a study's own
  std::string svg;
  std::string caption;  // how to read it
};

// A bar chart of the test figures per metric, then for each quantity one chart with the curves of
// all models; where a quantity has several groups, one chart per model with a line per group, all
// to the same scale. Bands are mean ± std. record.statistics["training_depth"] is marked on charts
// over t, and the best baseline on those of the error.
// A study with figures of its own gets those in place of the charts of its curves. Its fields follow either.
std::vector<NamedSvg> study_figures(const base::StudyRecord& record);

// The panels of one of a study's own figures, as charts.
std::vector<NamedSvg> own_figure(const base::Figure& figure);

}  // namespace fathom::report
