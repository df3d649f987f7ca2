// THE one loop: evaluate G on the live rows, measure, judge each row, advance, drop the rows that
// are done.
#pragma once

#include <functional>
#include <string_view>

#include "fathom/solve/method.h"
#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/map.h"

namespace fathom::solve {

// A row that is done.
struct Finished {
  std::int64_t row = 0;
  Status status = Status::running;
  std::int64_t iterations = 0, products = 0;
  double residual = 0, relative = 0;
  std::string_view stage;
  const Tensor& best;  // (B, D); row `row` is its best iterate; valid during the call
};

// Where a row starts anew.
struct Start {
  Tensor of;             // (n, D); undefined: the row is not needed any more
  std::int64_t row = 0;  // of them
};

// Work for rows that are done (stream.h, tiles.h): takes the answer of one and gives the start of what it solves next.
// A row is asked after every answer until it gets nothing.
using Feed = std::function<Start(const Finished&)>;

// As fixed_point (fixed_point.h) with the solver given as the Method made for y0.
Solution iterate(const Map& map, const State& y0, Method& method, const Stop& stop, const Loop& loop = {},
                 const TraceOptions& trace = {}, const Feed& feed = {});

}  // namespace fathom::solve
