#include <cstdlib>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/data.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/sha256.h"
#include "fathom/train/tensor_file.h"

namespace fathom::pde {

namespace {

constexpr const char* kFormat = "fathom-pde-data-1";
constexpr std::string_view kStatistic = "statistic.";

void append(io::Safetensors& file, const std::string& part, const FlowSet& set) {
  file.tensors.push_back(train::to_record(part + ".forcing", set.forcing));
  file.tensors.push_back(train::to_record(part + ".vorticity", set.vorticity));
  file.tensors.push_back(train::to_record(part + ".residual", set.residual));
  file.tensors.push_back(train::to_record(part + ".draw", set.draw));
}

FlowSet flow_set(const io::Safetensors& file, const std::string& part) {
  return {.forcing = train::from_record(file.at(part + ".forcing")),
          .vorticity = train::from_record(file.at(part + ".vorticity")),
          .residual = train::from_record(file.at(part + ".residual")),
          .draw = train::from_record(file.at(part + ".draw"))};
}

std::string hash_of_tensors(const io::Safetensors& file) {
  io::Sha256 hash;
  for (const char* part : {"train", "test"}) {
    for (const char* name : {"forcing", "vorticity"}) {
      const io::TensorRecord& tensor = file.at(fmt::format("{}.{}", part, name));
      hash.update(fmt::format("{} {}\n", tensor.name, io::shape_text(tensor.shape)));
      hash.update(tensor.bytes);
    }
  }
  return hash.hex();
}

io::Safetensors to_file(const FlowData& data) {
  io::Safetensors file;
  append(file, "train", data.train);
  append(file, "test", data.test);
  return file;
}

}  // namespace

std::string hash_of(const FlowData& data) { return hash_of_tensors(to_file(data)); }

void save_data(const std::filesystem::path& path, const FlowData& data) {
  io::Safetensors file = to_file(data);
  file.metadata = {{"format", kFormat},
                   {"sha256", data.sha256},
                   {"draw", data.draw},
                   {"viscosity", fmt::format("{}", data.viscosity)}};
  for (const auto& [name, value] : data.statistics)
    file.metadata[std::string(kStatistic) + name] = fmt::format("{}", value);
  io::write_safetensors(path, file);
}

FlowData load_data(const std::filesystem::path& path) {
  io::Safetensors file = io::read_safetensors(path);
  std::map<std::string, std::string>& about = file.metadata;
  if (about["format"] != kFormat)
    base::fail("pde::load_data", "{} holds no flows of this version; make the data again", path.string());
  FlowData data{.train = flow_set(file, "train"),
                .test = flow_set(file, "test"),
                .viscosity = std::strtod(about["viscosity"].c_str(), nullptr),
                .sha256 = about["sha256"],
                .draw = about["draw"]};
  if (hash_of_tensors(file) != data.sha256)
    base::fail("pde::load_data", "the numbers in {} do not match their hash; make the data again", path.string());
  for (const auto& [name, text] : about) {
    if (name.starts_with(kStatistic))
      data.statistics[name.substr(kStatistic.size())] = std::strtod(text.c_str(), nullptr);
  }
  return data;
}

}  // namespace fathom::pde
