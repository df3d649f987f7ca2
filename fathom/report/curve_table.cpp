#include "fathom/report/curve_table.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "fathom/report/curve_selection.h"
#include "fathom/report/number_text.h"
#include "fathom/report/quantity.h"

namespace fathom::report {

namespace {

using base::Curve;

double at_time(const Curve& curve, double t) {
  for (std::size_t i = 0; i < points_of(curve); ++i) {
    if (curve.t[i] == t) return curve.mean[i];
  }
  return NAN;
}

double value_at(const std::vector<double>& values, std::size_t index) {
  return index < values.size() ? values[index] : NAN;
}

// Index of the best mean, or the last where no way is better.
std::size_t best_index(const Curve& curve, Better better) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < points_of(curve); ++i) {
    if (is_better(curve.mean[i], curve.mean[best], better)) best = i;
  }
  return best;
}

// Which columns the table of a quantity has.
struct CurveColumns {
  bool groups;
  bool spread;
  Better better;
  double depth;  // of training; NaN: no column
};

CurveColumns columns_of(const base::StudyRecord& record, const std::string& name) {
  const Curves curves = curves_of(record, name);
  const Quantity quantity = quantity_of(name);
  return {.groups = distinct(curves, &Curve::group).size() > 1,
          .spread = std::any_of(curves.begin(), curves.end(), [](const Curve* curve) { return has_spread(*curve); }),
          .better = quantity.better,
          .depth = quantity.along_iterations() ? training_depth(record) : NAN};
}

std::vector<std::string> curve_row(const Curve& curve, const CurveColumns& columns) {
  const std::size_t last = points_of(curve) - 1;
  std::vector<std::string> row = {curve.model};
  const auto add = [&](double value) { row.push_back(significant(value)); };
  if (columns.groups) row.push_back(curve.group);
  add(curve.mean[0]);
  if (columns.better != Better::neither) {
    const std::size_t best = best_index(curve, columns.better);
    add(curve.mean[best]);
    add(curve.t[best]);
  }
  if (std::isfinite(columns.depth)) add(at_time(curve, columns.depth));
  add(curve.mean[last]);
  add(curve.t[last]);
  if (columns.spread) {
    add(value_at(curve.std, last));
    add(value_at(curve.max, last));
  }
  return row;
}

}  // namespace

base::Table curve_table(const base::StudyRecord& record, const std::string& name) {
  const CurveColumns columns = columns_of(record, name);
  base::Table table{"", {"model"}, {}};
  const auto head = [&](bool shown, std::initializer_list<std::string> names) {
    if (shown) table.header.insert(table.header.end(), names);
  };
  head(columns.groups, {"group"});
  head(true, {"first"});
  head(columns.better != Better::neither, {"best", "at"});
  head(std::isfinite(columns.depth), {"at training depth " + significant(columns.depth)});
  head(true, {"last", "at"});
  head(columns.spread, {"std", "max"});
  for (const Curve* curve : curves_of(record, name)) {
    if (points_of(*curve) > 0) table.rows.push_back(curve_row(*curve, columns));
  }
  return table;
}

}  // namespace fathom::report
