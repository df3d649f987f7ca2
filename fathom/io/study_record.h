// study.json: the record of a study (base::StudyRecord) as one JSON object,
//   {"schema", "domain", "protocol", "preset", "seed", "git", "libtorch", "command", "date", "machine", "threads",
//    "seconds", "data": {"train", "test", "sha256", "statistics": {name: number}},
//    "models": [{"name", "kind", "parameters", "metric", "train", "test", "train_std", "test_std", "seconds_train",
//                "seeds", "seed", "extra": {name: number}}],
//    "curves": [{"model", "quantity", "group", "t", "mean", "std", "max"}],
//    "checks": [{"name", "value", "bound", "ok"}], "config"}
// A number that is NaN is null; the infinities are "inf" and "-inf". One model, curve or check per line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "fathom/base/record.h"

namespace fathom::io {

inline constexpr int kStudySchema = 1;

// Throws Error when a curve's lists differ in length, the schema is not kStudySchema, or a text is not UTF-8.
std::string to_json(const base::StudyRecord& record);

// The record; parse(to_json(r)) is r. Throws Error with the origin and the place ("curves[3].t") for a missing key, a
// wrong type, another schema, or lists of different length. The keys command, date, machine, statistics, train_std,
// test_std, seeds, extra and config may be absent; keys that are not listed above are ignored.
base::StudyRecord parse_study_record(std::string_view text, std::string_view origin);

base::StudyRecord read_study_record(const std::filesystem::path& path);
void write_study_record(const std::filesystem::path& path, const base::StudyRecord& record);  // atomic

}  // namespace fathom::io
