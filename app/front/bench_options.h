// What `fathom bench` can be told.
#pragma once

#include <string>

#include "fathom/base/fields.h"

namespace fathom::app {

struct BenchOptions {
  std::string filter = ".";  // a regular expression
  double seconds = 0.2;
  std::string peers;  // "": none

  void fields(base::Fields& f) {
    f.add("filter", filter, "only entries whose name this regular expression finds");
    f.add("seconds", seconds, {.above = 0, .at_most = 600}, "least time to measure one entry");
    f.add("peers", peers, "a record of bench/peers/run.py, to show what other libraries reached");
  }
};

}  // namespace fathom::app
