#include "fathom/train/observer.h"

#include <cmath>
#include <memory>

#include "fathom/base/file.h"
#include "fathom/io/jsonl.h"
#include "fathom/io/tfevents.h"

namespace fathom::train {

namespace {

// Keeps the lines up to `last_step`.
void cut_jsonl(const std::filesystem::path& path, std::int64_t last_step) {
  if (!std::filesystem::exists(path)) return;
  std::string kept;
  for (const io::FlatRecord& record : io::read_jsonl(path).records) {
    if (io::number_at(record, "step", 0) <= static_cast<double>(last_step)) kept += io::to_jsonl(record);
  }
  base::write_atomically(path, kept);
}

// Keeps the events up to `last_step`.
void cut_events(const std::filesystem::path& path, std::int64_t last_step) {
  if (!std::filesystem::exists(path)) return;
  const io::EventFile old = io::read_events(path);
  std::filesystem::remove(path);
  io::EventWriter writer(path);
  for (const io::ScalarEvent& event : old.scalars) {
    if (event.step <= last_step) writer.write(event);
  }
}

// "implicit-8 seed 0 stage1" -> "implicit-8-seed-0-stage1"
std::string file_word(std::string text) {
  for (char& c : text) {
    if (c == ' ' || c == '/') c = '-';
  }
  return text;
}

}  // namespace

Observer jsonl_observer(const std::filesystem::path& path, std::int64_t first_step) {
  cut_jsonl(path, first_step);
  auto writer = std::make_shared<io::JsonlWriter>(path);
  return [writer](const StepRecord& r) {
    writer->write({{"task", r.task},
                   {"step", r.step},
                   {"loss", r.loss},
                   {"best", r.best},
                   {"lr", r.lr},
                   {"gradient_norm", r.gradient_norm},
                   {"seconds", r.seconds}});
  };
}

Observer events_observer(const std::filesystem::path& folder, const std::string& task, std::int64_t first_step) {
  const std::filesystem::path path = folder / ("events.out.tfevents." + file_word(task));
  cut_events(path, first_step);
  auto writer = std::make_shared<io::EventWriter>(path);
  return [writer, task](const StepRecord& r) {
    writer->write(task + "/loss", r.step, r.loss);
    writer->write(task + "/lr", r.step, r.lr);
    if (std::isfinite(r.gradient_norm)) writer->write(task + "/gradient_norm", r.step, r.gradient_norm);
  };
}

}  // namespace fathom::train
