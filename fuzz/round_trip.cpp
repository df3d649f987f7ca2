#include "fuzz/round_trip.h"

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fathom/base/error.h"
#include "fathom/io/csv.h"
#include "fathom/io/hdf5.h"
#include "fathom/io/jpeg.h"
#include "fathom/io/jsonl.h"
#include "fathom/io/mps.h"
#include "fathom/io/npy.h"
#include "fathom/io/pickle.h"
#include "fathom/io/png.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/safetensors_index.h"
#include "fathom/io/study_record.h"
#include "fathom/io/tfevents.h"
#include "fathom/io/token_stream.h"
#include "fathom/io/tokenizer.h"
#include "fathom/io/torch_save.h"

namespace fathom::fuzz {
namespace {

constexpr std::int64_t kFuzzedPixels = std::int64_t{1} << 20;  // a fuzzer must not spend its time on memory

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

// Nothing when a name is one that safetensors has not: not UTF-8, or its own "__metadata__".
std::optional<std::string> written(const io::Safetensors& file) {
  try {
    return io::to_bytes(file);
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

// What encoding gives decodes at once and piece by piece to the same. A byte without a token may refuse the text.
void encode_and_decode(const io::Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::int64_t> ids;
  try {
    ids = tokenizer.encode(text);
  } catch (const Error&) {
    return;
  }
  accepted("tokenizer", [&] {
    const io::DecodeOptions options{true, true};
    io::TokenStream stream(tokenizer, options);
    std::string streamed;
    for (const std::int64_t id : ids) streamed += stream.push(id);
    demand(streamed + stream.finish() == tokenizer.decode(ids, options), "tokenizer: another text");
  });
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

void check_safetensors_index(std::string_view input) {
  const io::SafetensorsIndex index = io::parse_safetensors_index(input, "input");
  for (const std::string& file : index.files()) {
    const std::filesystem::path path = "folder" / std::filesystem::path(file);
    demand(path.lexically_normal().parent_path() == "folder", "safetensors index: a file outside the folder");
  }
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

void check_hdf5(std::string_view input) {
  namespace fs = std::filesystem;
  constexpr std::uint64_t kLimit = 1 << 24;
  const std::vector<io::TensorRecord> tensors = io::parse_hdf5(input, "input", {}, kLimit);
  const fs::path written = fs::temp_directory_path() / ("fathom-fuzz-" + std::to_string(::getpid()) + ".h5");
  accepted("hdf5", [&] {
    io::write_hdf5(written, tensors);
    demand(io::read_hdf5(written) == tensors, "hdf5: other tensors");
  });
  fs::remove(written);
}

void check_png(std::string_view input) {
  const io::Image image = io::parse_png(input, "input", kFuzzedPixels);
  accepted("png", [&] { demand(io::parse_png(io::to_png(image), "written") == image, "png: another picture"); });
}

void check_jpeg(std::string_view input) {
  const io::Image image = io::parse_jpeg(input, "input", kFuzzedPixels);
  accepted("jpeg", [&] {
    const io::Image back = io::parse_jpeg(io::to_jpeg(image, 100), "written");
    demand(back.width == image.width && back.height == image.height && back.channels == image.channels,
           "jpeg: another size");
  });
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

void check_pickle(std::string_view input) {
  const io::Pickle pickle = io::Pickle::parse(input, "input");
  std::set<const io::PickleNode*> seen;
  std::vector<const io::PickleNode*> open{&pickle.root()};
  while (!open.empty()) {
    const io::PickleNode* node = open.back();
    open.pop_back();
    if (!seen.insert(node).second) continue;
    demand(!node->is(io::PickleNode::Kind::call) || node->children.size() == 2, "pickle: a call without arguments");
    open.insert(open.end(), node->children.begin(), node->children.end());
    for (const auto& [key, value] : node->entries) open.insert(open.end(), {key, value});
  }
  demand(seen.size() <= input.size(), "pickle: more values than bytes");
}

void check_torch_save(std::string_view input) {
  const io::Safetensors file{io::parse_torch_save(input, "input"), {}};
  const auto bytes = written(file);
  if (!bytes) return;
  accepted("torch_save", [&] {
    const io::Safetensors back = io::parse_safetensors(*bytes, "written");
    for (const io::TensorRecord& tensor : file.tensors) demand(back.at(tensor.name) == tensor, "torch_save: tensor");
  });
}

void check_tokenizer(std::string_view input) {
  const io::Tokenizer tokenizer = io::Tokenizer::parse(input, "input");
  for (const char* text :
       {"", "it 's  aaaaaaaaaaaaaaaaaaaaaaaa, e\u0301\u00e9 <s>1234\n\n ", "<|a|> \u65e5\u672c\r\n\t."}) {
    encode_and_decode(tokenizer, text);
  }
  encode_and_decode(tokenizer, input.substr(0, 1000));
}

}  // namespace fathom::fuzz
