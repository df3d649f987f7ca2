// The study of one domain, stage by stage. Each stage reads and writes files in the run's folder, so each can be run
// alone.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "app/request.h"
#include "fathom/base/record.h"

namespace fathom::app {

class Job {
 public:
  virtual ~Job() = default;
  virtual void data() = 0;                   // drawn, or read back when the folder holds the same draw
  virtual bool train() = 0;                  // false: interrupted; checkpoints are written
  virtual base::StudyRecord evaluate() = 0;  // of the trained models
};

// `stop` must outlive the job.
std::unique_ptr<Job> make_job(const Request& request, const std::atomic<bool>& stop);

std::unique_ptr<Job> make_lp_job(const Request& request, const std::atomic<bool>& stop);
std::unique_ptr<Job> make_map_job(const Request& request);
std::unique_ptr<Job> make_theory_job(const Request& request, const std::atomic<bool>& stop);
std::unique_ptr<Job> make_llm_job(const Request& request, const std::atomic<bool>& stop);
std::unique_ptr<Job> make_imaging_job(const Request& request, const std::atomic<bool>& stop);
std::unique_ptr<Job> make_pde_job(const Request& request, const std::atomic<bool>& stop);
std::unique_ptr<Job> make_puzzle_job(const Request& request, const std::atomic<bool>& stop);

// DIR/config.toml: the options of the run, for the stages to come.
void write_config(const Request& request);

constexpr int kInterrupted = 1;
int report_interruption(const Request& request);  // says how to go on; the exit code

}  // namespace fathom::app
