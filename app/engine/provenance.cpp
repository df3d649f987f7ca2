#include "app/engine/provenance.h"

#include <ctime>

#include <fmt/chrono.h>

#include "app/engine/machine.h"
#include "app/results.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/sha256.h"
#include "fathom/io/study_record.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

void add_provenance(base::StudyRecord& record, const Request& request, double seconds) {
  const Machine machine = read_machine();
  record.preset = request.run.preset;
  record.seed = static_cast<std::uint64_t>(request.run.seed);
  record.git = request.git;
  record.libtorch = tensor::libtorch_version();
  record.command = request.command_line;
  record.date = fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::time(nullptr)));
  record.machine = fmt::format("{}, {} cores", machine.cpu, machine.usable_cores());
  record.threads = tensor::set_threads(request.run.threads);
  record.seconds = seconds;
  record.config = request.config;
}

void write_record(const base::StudyRecord& record, const std::filesystem::path& folder) {
  io::write_study_record(folder / kRecordFile, record);
  const std::string hash = io::sha256_of_file(folder / kRecordFile);
  if (!std::filesystem::is_directory(folder / "models")) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "models")) {
    if (entry.path().extension() != ".safetensors") continue;
    io::Safetensors model = io::read_safetensors(entry.path());
    model.metadata["record_sha256"] = hash;
    io::write_safetensors(entry.path(), model);
  }
}

}  // namespace fathom::app
