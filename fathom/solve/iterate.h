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
  Tensor y;  // (D), its best iterate; a view, valid during the call
};

// Work for rows that are done (stream.h): takes the answer of one and gives the start (D) of what it solves next, or
// nothing. A row is asked after every answer until it gets nothing.
using Feed = std::function<Tensor(const Finished&)>;

// As fixed_point (fixed_point.h) with the solver given as the Method made for y0.
Solution iterate(const Map& map, const State& y0, Method& method, const Stop& stop, const Loop& loop = {},
                 const TraceOptions& trace = {}, const Feed& feed = {});

}  // namespace fathom::solve
