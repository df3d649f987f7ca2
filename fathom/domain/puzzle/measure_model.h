// What one trained model does on test puzzles of every size: its line of the table and its curves.
//
//   exact_match, cell_accuracy, residual     at every t of the study, a group a size
//   lipschitz                                ||h_t(x') - h_t(x)|| / ||x' - x||, x' changed in one place
//   exit iterations by size                  Picard with a row's stop at exit_rtol, at most the last t
//   exact_match by breadth                   best of several starts by residual, after breadth_depth iterations
//   (restarts.h)
#pragma once

#include <vector>

#include "fathom/domain/puzzle/batch.h"
#include "fathom/domain/puzzle/measured.h"
#include "fathom/domain/puzzle/run.h"
#include "fathom/domain/puzzle/run_files.h"

namespace fathom::puzzle {

struct TestSet {
  std::int64_t size = 0;
  Batch batch;
  Batch clean, moved;  // the first few puzzles, and the same changed in one place
};
std::vector<TestSet> test_sets(const Config& config, const Run& run);

Measured measure(const TaskConfig& task, const Trained& trained, const std::vector<TestSet>& tests);

}  // namespace fathom::puzzle
