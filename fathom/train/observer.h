// What is written down while weights are fitted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace fathom::train {

struct StepRecord {
  std::string task;
  std::int64_t step = 0;  // 1-based: after that many updates
  double loss = 0;        // before the update
  double best = 0;
  double lr = 0;
  double gradient_norm = 0;  // before clipping
  double seconds = 0;        // of training so far
};

using Observer = std::function<void(const StepRecord&)>;

// One JSON object a line. Lines of steps beyond `first_step` (left by a run that was killed after its last checkpoint)
// are dropped first, so that a resumed log reads as an uninterrupted one.
Observer jsonl_observer(const std::filesystem::path& path, std::int64_t first_step);

// Scalars loss, lr and gradient_norm under `<task>/` in a TensorBoard event file of the folder.
Observer events_observer(const std::filesystem::path& folder, const std::string& task, std::int64_t first_step);

}  // namespace fathom::train
