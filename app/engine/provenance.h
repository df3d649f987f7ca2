// Where a record comes from: program, libraries, machine, command and options.
#pragma once

#include "app/request.h"
#include "fathom/base/record.h"
#include "fathom/base/timer.h"

namespace fathom::app {

void add_provenance(base::StudyRecord& record, const Request& request, double seconds);

}  // namespace fathom::app
