// What a study leaves behind: files in its folder and a table on the terminal. Both halves of the program use it.
#pragma once

#include <filesystem>

#include "fathom/base/record.h"

namespace fathom::app {

inline constexpr const char* kRecordFile = "study.json";
inline constexpr const char* kReportFile = "report.html";

// DIR/report.html and one DIR/<figure>.svg per picture.
void write_report(const base::StudyRecord& record, const std::filesystem::path& folder);

// The record as JSON, or the result table and the checks as text, on stdout.
void print_record(const base::StudyRecord& record, bool json);

}  // namespace fathom::app
