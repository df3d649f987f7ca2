#include "app/engine/provenance.h"

#include <ctime>

#include <fmt/chrono.h>

#include "app/engine/machine.h"
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

}  // namespace fathom::app
