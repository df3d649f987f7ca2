// The record of a study: what was run, what came out, as plain values. Written as study.json by io, drawn by report.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace fathom::base {

// A quantity along the iterations of a model: one point per entry of `t`, over the samples (or seeds) of a group.
struct Curve {
  std::string model;
  std::string quantity;       // error | residual | lipschitz | psnr | accuracy | ...
  std::string group = "all";  // all | A | b | c | l | u | f=.1 | ...
  std::vector<double> t;      // may start at 0
  std::vector<double> mean;   // same length as t; so are std and max
  std::vector<double> std;    // spread over the samples
  std::vector<double> max;
};

// One line of a result table. NaN: not measured (written as null).
struct ModelResult {
  std::string name;
  std::string kind;  // implicit | explicit | baseline
  std::int64_t parameters = 0;
  std::string metric;  // "rel_l2", ...
  double train = std::numeric_limits<double>::quiet_NaN();
  double test = std::numeric_limits<double>::quiet_NaN();
  double train_std = std::numeric_limits<double>::quiet_NaN();  // over the seeds of a --seeds run
  double test_std = std::numeric_limits<double>::quiet_NaN();
  double seconds_train = 0;
  std::int64_t seeds = 1;  // how many runs the figures are the mean of
  std::uint64_t seed = 0;
  std::map<std::string, double> extra;      // further columns: memory_mb, iterations, infeasibility, ...
  std::map<std::string, double> extra_std;  // of those, over the seeds
};

// A claim with its number: value compared with bound.
struct Check {
  std::string name;
  double value = 0;
  double bound = 0;
  bool ok = false;
};

// A picture that a study composes itself: panels side by side over one caption. Plain values; report draws them.
struct Figure {
  struct Line {
    std::string name;
    std::vector<double> x, y;  // of one length; NaN in y: a gap
  };
  struct Mark {
    double at = 0;
    std::string label;
  };
  struct Panel {
    std::string name;  // of its file: "map-1-over-x"
    std::string title, x_label, y_label;
    bool log_x = false, log_y = false;
    std::vector<Line> lines;
    std::vector<Mark> marks;   // vertical rules: a pole, a depth
    std::vector<Mark> levels;  // horizontal ones: a bound
  };
  std::string section;  // the heading it stands under
  std::string caption;  // what is predicted, and what was measured
  std::vector<Panel> panels;
};

// Fields on a grid as pictures side by side, rounded to the 256 levels of a colour scale.
struct FieldFigure {
  struct Panel {
    std::string title;                // "prediction at t = 5"
    double low = 0, high = 0;         // what levels 0 and 255 stand for; low = -high: a signed field
    std::vector<std::uint8_t> level;  // row by row, the first at the top; empty: the place is left free
    // A colour picture in place of levels: red, green and blue of each point, and a line below the title.
    std::vector<std::uint8_t> rgb = {};
    std::string note = {};
  };
  std::string name;     // of its file
  std::string section;  // the heading it stands under
  std::string caption;
  std::int64_t height = 0, width = 0;  // points of every panel
  std::int64_t columns = 1;            // panels in a row
  std::vector<Panel> panels;
};

struct StudyRecord {
  int schema = 1;
  std::string domain, protocol, preset;
  std::uint64_t seed = 0;
  std::string git, libtorch, command, date, machine;
  std::int64_t threads = 0;
  double seconds = 0;
  std::int64_t train_samples = 0, test_samples = 0;
  std::string data_sha256;
  std::map<std::string, double> statistics;  // facts about the data (feasible fraction, ...)
  std::vector<ModelResult> models;
  std::vector<Curve> curves;
  std::vector<Check> checks;
  std::vector<Figure> figures;      // where a study has its own, these are drawn in place of the curves
  std::vector<FieldFigure> fields;  // drawn beside either
  std::string config;               // the resolved TOML
};

// A titled table of text cells; numeric columns are right-aligned by whoever renders it.
struct Table {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

}  // namespace fathom::base
