// The result table of a study.
#pragma once

#include <string>

#include "fathom/base/record.h"

namespace fathom::report {

// One row per model in the record's order: name (the best of its metric is marked "best" in words),
// kind, parameters, test and train figure (with "± std" beside them when several seeds were run),
// training time, then the extra columns.
base::Table result_table(const base::StudyRecord& record);

// Index into record.models of the best test figure among the models of that metric, -1 if there is
// none.
int best_model(const base::StudyRecord& record, const std::string& metric);
// The same among the models of one kind.
int best_model(const base::StudyRecord& record, const std::string& metric, const std::string& kind);

// The metric of the first model; "" in an empty record.
std::string main_metric(const base::StudyRecord& record);

}  // namespace fathom::report
