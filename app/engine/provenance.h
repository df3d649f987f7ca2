// Where a record comes from: program, libraries, machine, command and options.
#pragma once

#include <filesystem>

#include "app/request.h"
#include "fathom/base/record.h"
#include "fathom/base/timer.h"

namespace fathom::app {

void add_provenance(base::StudyRecord& record, const Request& request, double seconds);

// Writes folder/study.json, and its SHA-256 into the metadata of the models it is about ("record_sha256" of
// folder/models/*.safetensors): a model that has left its folder can be matched with what was measured of it.
void write_record(const base::StudyRecord& record, const std::filesystem::path& folder);

}  // namespace fathom::app
