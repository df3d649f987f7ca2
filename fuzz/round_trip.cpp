#include "fuzz/round_trip.h"

#include <optional>
#include <string>

#include "fathom/base/error.h"
#include "fathom/io/csv.h"
#include "fathom/io/jsonl.h"
#include "fathom/io/mps.h"
#include "fathom/io/npy.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/study_record.h"
#include "fathom/io/tfevents.h"

namespace fathom::fuzz {
namespace {

void demand(bool holds, const char* what) {
  if (!holds) throw Broken(what);
}

// Runs what must not be refused any more.
template <class Act>
auto accepted(const char* what, Act act) {
  try {
    return act();
  } catch (const Error& error) {
    throw Broken(std::string(what) + ": " + error.what());
  }
}

// The model as text, or nothing when a name of it cannot stand in free format.
std::optional<std::string> written(const io::MpsModel& model) {
  try {
    return io::to_mps(model);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string text_of(const io::Jsonl& file) {
  std::string text;
  for (const io::FlatRecord& record : file.records) text += io::to_jsonl(record);
  return text;
}

std::string bytes_of(const io::EventFile& file) {
  std::string bytes;
  for (const io::ScalarEvent& event : file.scalars) bytes += io::to_tfrecord(event);
  return bytes;
}

}  // namespace

void check_safetensors(std::string_view input) {
  const io::Safetensors file = io::parse_safetensors(input, "input");
  accepted("safetensors", [&] {
    const io::Safetensors back = io::parse_safetensors(io::to_bytes(file), "written");
    demand(back.metadata == file.metadata && back.tensors.size() == file.tensors.size(), "safetensors: count");
    for (const io::TensorRecord& tensor : file.tensors) demand(back.at(tensor.name) == tensor, "safetensors: tensor");
  });
}

void check_mps(std::string_view input) {
  io::MpsModel model = io::parse_mps(input, "input");
  const auto text = written(model);
  if (!text) return;
  const io::MpsModel back = accepted("mps", [&] { return io::parse_mps(*text, "written"); });
  model.row_lower = back.row_lower;  // the far end of a range may be off by one rounding
  model.row_upper = back.row_upper;
  demand(back == model, "mps: another model");
}

void check_npy(std::string_view input) {
  const io::TensorRecord tensor = io::parse_npy(input, "input");
  accepted("npy", [&] { demand(io::parse_npy(io::to_npy(tensor), "written") == tensor, "npy: another tensor"); });
}

void check_csv(std::string_view input) {
  const io::CsvRows rows = io::parse_csv(input, "input");
  accepted("csv", [&] { demand(io::parse_csv(io::to_csv(rows), "written") == rows, "csv: other rows"); });
}

void check_jsonl(std::string_view input) {
  const io::Jsonl file = io::parse_jsonl(input, "input");
  accepted("jsonl", [&] {
    const std::string text = text_of(file);
    const io::Jsonl back = io::parse_jsonl(text, "written");
    demand(text_of(back) == text && back.records.size() == file.records.size(), "jsonl: other records");
  });
}

void check_study_record(std::string_view input) {
  const base::StudyRecord record = io::parse_study_record(input, "input");
  accepted("study record", [&] {
    const std::string text = io::to_json(record);
    demand(io::to_json(io::parse_study_record(text, "written")) == text, "study record: another record");
  });
}

void check_tfevents(std::string_view input) {
  const io::EventFile file = io::parse_events(input, "input");
  accepted("tfevents", [&] {
    const std::string bytes = bytes_of(file);
    const io::EventFile back = io::parse_events(bytes, "written");
    demand(bytes_of(back) == bytes && back.scalars.size() == file.scalars.size(), "tfevents: other scalars");
  });
}

}  // namespace fathom::fuzz
