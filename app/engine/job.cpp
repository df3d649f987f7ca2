#include "app/engine/job.h"

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"

namespace fathom::app {

std::unique_ptr<Job> make_job(const Request& request, const std::atomic<bool>& stop) {
  if (request.domain == "lp") return make_lp_job(request, stop);
  if (request.domain == "llm") return make_llm_job(request, stop);
  if (request.domain == "map") return make_map_job(request);
  if (request.domain == "theory") return make_theory_job(request, stop);
  if (request.domain == "imaging") return make_imaging_job(request, stop);
  if (request.domain == "pde") return make_pde_job(request, stop);
  if (request.domain == "puzzle") return make_puzzle_job(request, stop);
  base::fail("app::make_job", "the engine has no domain '{}'; install the program again", request.domain);
}

void write_config(const Request& request) { base::write_atomically(request.out / "config.toml", request.config); }

int report_interruption(const Request& request) {
  base::warn("interrupted; `fathom {} {} --out {} --resume` with the same options goes on", request.command,
             request.domain, request.out.string());
  return kInterrupted;
}

}  // namespace fathom::app
