#include "fathom/report/curve_path.h"

#include <algorithm>
#include <cmath>

#include "fathom/report/xml.h"

namespace fathom::report {

namespace {

void append(std::string& path, char command, Point point) {
  path += command;
  path += coordinate(point.x) + " " + coordinate(point.y);
}

// The points of [begin, end) that draw a column: first, both extremes in their order, last.
void append_column(const std::vector<Point>& run, std::size_t begin, std::size_t end, std::vector<Point>& out) {
  const auto by_y = [](Point a, Point b) { return a.y < b.y; };
  const auto first = run.begin() + static_cast<std::ptrdiff_t>(begin),
             last = run.begin() + static_cast<std::ptrdiff_t>(end);
  const auto [least, greatest] = std::minmax_element(first, last, by_y);
  std::vector<std::ptrdiff_t> kept = {0, least - first, greatest - first, last - first - 1};
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  for (const std::ptrdiff_t i : kept) out.push_back(first[i]);
}

}  // namespace

std::vector<std::vector<Point>> runs_of(const std::vector<Point>& points) {
  std::vector<std::vector<Point>> runs;
  bool open = false;
  for (const Point point : points) {
    const bool drawn = std::isfinite(point.x) && std::isfinite(point.y);
    if (drawn && !open) runs.emplace_back();
    if (drawn) runs.back().push_back(point);
    open = drawn;
  }
  return runs;
}

std::vector<Point> thinned(const std::vector<Point>& run) {
  std::vector<Point> out;
  for (std::size_t begin = 0, end = 0; begin < run.size(); begin = end) {
    while (end < run.size() && std::floor(run[end].x) == std::floor(run[begin].x)) ++end;
    append_column(run, begin, end, out);
  }
  return out;
}

std::string line_path(const std::vector<Point>& run) {
  std::string path;
  for (const Point point : run) append(path, path.empty() ? 'M' : 'L', point);
  return path;
}

std::string area_path(const std::vector<Point>& upper, const std::vector<Point>& lower) {
  std::string path = line_path(upper);
  for (auto point = lower.rbegin(); point != lower.rend(); ++point) append(path, 'L', *point);
  return path + "Z";
}

}  // namespace fathom::report
