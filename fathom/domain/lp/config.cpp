#include "fathom/domain/lp/config.h"

#include <set>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::lp {

namespace {

void check_depth(const char* name, const StageConfig& stage) {
  if (stage.least_depth <= stage.depth) return;
  throw UsageError(
      fmt::format("[options] {0}.least_depth = {1} violates <= {0}.depth = {2}; lower it or raise the depth", name,
                  stage.least_depth, stage.depth));
}

}  // namespace

void Config::check() const {
  const GenerateOptions& g = data.generate;
  if (g.nnz > g.m * g.n) {
    throw UsageError(
        fmt::format("[options] data.generate.nnz = {} violates <= m*n = {}; ask for fewer nonzeros", g.nnz, g.m * g.n));
  }
  if (embeddings.empty())
    throw UsageError("[options] embeddings = [] violates one width or more; name one, such as [8]");
  if (std::set<std::int64_t>(embeddings.begin(), embeddings.end()).size() != embeddings.size()) {
    throw UsageError(fmt::format("[options] embeddings = [{}] violates distinct widths; name each once",
                                 fmt::join(embeddings, ", ")));
  }
  if (rivals.train && rivals.learning_rates.empty()) {
    throw UsageError(
        "[options] rivals.learning_rates = [] violates one step size or more; name one, or set rivals.train = false");
  }
  check_depth("stage1", stage1);
  check_depth("stage2", stage2);
}

}  // namespace fathom::lp
