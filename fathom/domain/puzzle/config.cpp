#include "fathom/domain/puzzle/config.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::puzzle {

namespace {

void check_sizes(const std::string& task, const std::string& name, const std::vector<std::int64_t>& sizes) {
  if (sizes.empty())
    throw UsageError(fmt::format("[options] {}.{} = [] violates one size or more; name one", task, name));
  if (task == "sudoku" && *std::max_element(sizes.begin(), sizes.end()) > 4) {
    throw UsageError(fmt::format("[options] sudoku.{} = [{}] violates 1 ... 4; a size of a Sudoku is its grade", name,
                                 fmt::join(sizes, ", ")));
  }
  if (task != "maze") return;
  for (const std::int64_t n : sizes) {
    if (n >= 5 && n % 2 == 1) continue;
    throw UsageError(
        fmt::format("[options] maze.{} = [{}] violates odd sizes >= 5; a maze of k x k rooms has size 2 k + 1", name,
                    fmt::join(sizes, ", ")));
  }
}

void check_stage(const std::string& task, const std::string& name, const StageConfig& stage) {
  if (stage.updates == 0) return;
  check_sizes(task, name + ".sizes", stage.sizes);
  if (stage.least_depth <= stage.depth) return;
  throw UsageError(
      fmt::format("[options] {0}.{1}.least_depth = {2} violates <= {0}.{1}.depth = {3}; lower it or raise the depth",
                  task, name, stage.least_depth, stage.depth));
}

}  // namespace

void Config::check() const {
  const TaskConfig& c = chosen();
  if (c.stage1.updates == 0)
    throw UsageError(
        fmt::format("[options] {}.stage1.updates = 0 violates >= 1; a model is trained in stage 1 first", task));
  check_stage(task, "stage1", c.stage1);
  check_stage(task, "stage2", c.stage2);
  check_sizes(task, "study.sizes", c.study.sizes);
  const std::vector<std::int64_t>& t = c.study.iterations;
  if (t.empty() || std::adjacent_find(t.begin(), t.end(), std::greater_equal<>()) != t.end()) {
    throw UsageError(fmt::format(
        "[options] {}.study.iterations = [{}] violates ascending numbers, one or more; give such as [5, 10, 20]", task,
        fmt::join(t, ", ")));
  }
}

}  // namespace fathom::puzzle
