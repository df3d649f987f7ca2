#include "fathom/io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <nlohmann/json.hpp>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/safetensors_header.h"

namespace fathom::io {
namespace {

using nlohmann::json;

// The tensors in the order of writing. Names and sizes are checked on the way.
std::vector<const TensorRecord*> ordered(const std::vector<TensorRecord>& tensors) {
  std::set<std::string_view> names = {kSafetensorsMetadata};
  std::vector<const TensorRecord*> order;
  for (const TensorRecord& tensor : tensors) {
    if (!names.insert(tensor.name).second) base::fail("io::to_bytes", "tensor name '{}' is taken twice", tensor.name);
    element_count(tensor);
    order.push_back(&tensor);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const TensorRecord* a, const TensorRecord* b) { return size_of(a->dtype) > size_of(b->dtype); });
  return order;
}

std::string header_text(const Safetensors& file, const std::vector<const TensorRecord*>& order) {
  json header = json::object();
  if (!file.metadata.empty()) header[std::string(kSafetensorsMetadata)] = file.metadata;
  std::size_t offset = 0;
  for (const TensorRecord* t : order) {
    const std::size_t end = offset + t->bytes.size();
    header[t->name] = {{"dtype", safetensors_code(t->dtype)}, {"shape", t->shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  try {
    std::string text = header.dump();
    text.resize((text.size() + kSafetensorsLengthBytes - 1) / kSafetensorsLengthBytes * kSafetensorsLengthBytes, ' ');
    return text;
  } catch (const json::exception& error) {
    base::fail("io::to_bytes", "a name or metadata text is not UTF-8: {}", error.what());
  }
}

}  // namespace

const TensorRecord* Safetensors::find(std::string_view name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

const TensorRecord& Safetensors::at(std::string_view name) const {
  if (const TensorRecord* found = find(name)) return *found;
  std::vector<std::string> names;
  for (const TensorRecord& tensor : tensors) names.push_back(tensor.name);
  const std::string near = base::nearest(name, names);
  base::fail("io::Safetensors::at", "no tensor '{}' among {}{}", name, names.size(),
             near.empty() ? "; list the names" : fmt::format("; did you mean '{}'?", near));
}

Safetensors parse_safetensors(std::string_view bytes, std::string_view origin) {
  SafetensorsHeader header = parse_safetensors_header(bytes, origin);
  const std::string_view data = bytes.substr(header.data_begin);
  Safetensors file;
  file.metadata = std::move(header.metadata);
  for (TensorEntry& entry : header.tensors) {
    file.tensors.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape),
                            std::string(data.substr(entry.begin, entry.end - entry.begin))});
  }
  return file;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(base::read_file(path), path.string());
}

std::string to_bytes(const Safetensors& file) {
  const auto order = ordered(file.tensors);
  const std::string header = header_text(file, order);
  const std::uint64_t length = header.size();
  if (length > kSafetensorsHeaderLimit) base::fail("io::to_bytes", "the header takes {} bytes; store less", length);
  std::string bytes(kSafetensorsLengthBytes, '\0');
  std::memcpy(bytes.data(), &length, kSafetensorsLengthBytes);
  bytes += header;
  for (const TensorRecord* tensor : order) bytes += tensor->bytes;
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& file) {
  base::write_atomically(path, to_bytes(file));
}

}  // namespace fathom::io
