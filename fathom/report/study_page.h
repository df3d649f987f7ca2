// The report of a study as one HTML page: what was run and what came out in words, table, pictures,
// checks, facts about the data, configuration and provenance. Nothing in it belongs to a domain:
// all names come from the record.
#pragma once

#include <string>

#include "fathom/base/record.h"
#include "fathom/report/result_table.h"
#include "fathom/report/study_figures.h"

namespace fathom::report {

std::string study_page(const base::StudyRecord& record);

}  // namespace fathom::report
