#include <cstdlib>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/data.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/sha256.h"
#include "fathom/train/tensor_file.h"

namespace fathom::imaging {

namespace {

constexpr const char* kFormat = "fathom-imaging-data-1";
constexpr std::string_view kStatistic = "statistic.";

void append(io::Safetensors& file, const std::string& part, const ImageSet& set) {
  file.tensors.push_back(train::to_record(part + ".sharp", set.sharp));
  file.tensors.push_back(train::to_record(part + ".blurred", set.blurred));
  file.tensors.push_back(train::to_record(part + ".place", set.place));
}

ImageSet image_set(const io::Safetensors& file, const std::string& part) {
  return {.sharp = train::from_record(file.at(part + ".sharp")),
          .blurred = train::from_record(file.at(part + ".blurred")),
          .place = train::from_record(file.at(part + ".place"))};
}

io::Safetensors to_file(const ImageData& data) {
  io::Safetensors file;
  append(file, "train", data.train);
  append(file, "test", data.test);
  file.tensors.push_back(train::to_record("kernel", data.kernel));
  return file;
}

std::string hash_of_tensors(const io::Safetensors& file) {
  io::Sha256 hash;
  for (const io::TensorRecord& tensor : file.tensors) {
    hash.update(fmt::format("{} {}\n", tensor.name, io::shape_text(tensor.shape)));
    hash.update(tensor.bytes);
  }
  return hash.hex();
}

}  // namespace

std::string hash_of(const ImageData& data) { return hash_of_tensors(to_file(data)); }

void save_data(const std::filesystem::path& path, const ImageData& data) {
  io::Safetensors file = to_file(data);
  file.metadata = {
      {"format", kFormat}, {"sha256", data.sha256}, {"draw", data.draw}, {"noise", fmt::format("{}", data.noise)}};
  for (const auto& [name, value] : data.statistics)
    file.metadata[std::string(kStatistic) + name] = fmt::format("{}", value);
  io::write_safetensors(path, file);
}

ImageData load_data(const std::filesystem::path& path) {
  io::Safetensors file = io::read_safetensors(path);
  std::map<std::string, std::string>& about = file.metadata;
  if (about["format"] != kFormat)
    base::fail("imaging::load_data", "{} holds no crops of this version; make the data again", path.string());
  ImageData data{.train = image_set(file, "train"),
                 .test = image_set(file, "test"),
                 .kernel = train::from_record(file.at("kernel")),
                 .noise = std::strtod(about["noise"].c_str(), nullptr),
                 .sha256 = about["sha256"],
                 .draw = about["draw"]};
  if (hash_of(data) != data.sha256)
    base::fail("imaging::load_data", "the numbers in {} do not match their hash; make the data again", path.string());
  for (const auto& [name, text] : about) {
    if (name.starts_with(kStatistic))
      data.statistics[name.substr(kStatistic.size())] = std::strtod(text.c_str(), nullptr);
  }
  return data;
}

}  // namespace fathom::imaging
