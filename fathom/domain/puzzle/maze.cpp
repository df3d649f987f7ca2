#include "fathom/domain/puzzle/maze.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::puzzle {

namespace {

// One maze while it is made. Cells are numbered row by row.
struct Grid {
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> free;
  std::int64_t start = -1, goal = -1;

  std::int64_t cells() const { return height * width; }
};

std::array<std::int64_t, 4> steps_of(std::int64_t width) { return {-width, 1, width, -1}; }

// The neighbour of `cell` in direction d, or -1 beyond the edge.
std::int64_t neighbour(const Grid& grid, std::int64_t cell, int d) {
  const std::int64_t row = cell / grid.width, column = cell % grid.width;
  const bool inside = d == 0 ? row > 0 : d == 1 ? column + 1 < grid.width : d == 2 ? row + 1 < grid.height : column > 0;
  return inside ? cell + steps_of(grid.width)[d] : -1;
}

bool is_room(std::int64_t n, std::int64_t cell) {
  return cell >= 0 && cell < n * n && (cell / n) % 2 == 1 && (cell % n) % 2 == 1;
}

std::int64_t random_room(std::int64_t n, base::Random& random) {
  const auto rooms = static_cast<std::uint64_t>(n / 2);
  const auto row = static_cast<std::int64_t>(random.below(rooms)),
             column = static_cast<std::int64_t>(random.below(rooms));
  return (2 * row + 1) * n + 2 * column + 1;
}

// Depth-first walk from a random room through walls to rooms not seen yet.
void carve(Grid& grid, base::Random& random, std::vector<std::int64_t>& stack) {
  const std::int64_t n = grid.width;
  const auto steps = steps_of(n);
  stack.assign(1, random_room(n, random));
  grid.free[static_cast<std::size_t>(stack[0])] = 1;
  while (!stack.empty()) {
    const std::int64_t room = stack.back();
    std::array<std::int64_t, 4> ways{};
    std::uint64_t open = 0;
    for (const std::int64_t step : steps) {
      const std::int64_t next = room + 2 * step;
      if (is_room(n, next) && grid.free[static_cast<std::size_t>(next)] == 0) ways[open++] = step;
    }
    if (open == 0) {
      stack.pop_back();
      continue;
    }
    const std::int64_t step = ways[random.below(open)];
    grid.free[static_cast<std::size_t>(room + step)] = grid.free[static_cast<std::size_t>(room + 2 * step)] = 1;
    stack.push_back(room + 2 * step);
  }
}

struct Distances {
  std::vector<std::int64_t> to_goal;  // -1: not reached
  std::vector<std::int64_t> ways;     // shortest paths to the goal, counted up to 2
};

Distances distances_to_goal(const Grid& grid, std::vector<std::int64_t>& queue) {
  Distances d{std::vector<std::int64_t>(grid.free.size(), -1), std::vector<std::int64_t>(grid.free.size(), 0)};
  queue.assign(1, grid.goal);
  d.to_goal[static_cast<std::size_t>(grid.goal)] = 0;
  d.ways[static_cast<std::size_t>(grid.goal)] = 1;
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const auto cell = static_cast<std::size_t>(queue[head]);
    for (int way = 0; way < 4; ++way) {
      const std::int64_t next = neighbour(grid, queue[head], way);
      if (next < 0 || grid.free[static_cast<std::size_t>(next)] == 0) continue;
      auto& far = d.to_goal[static_cast<std::size_t>(next)];
      if (far < 0) {
        far = d.to_goal[cell] + 1;
        queue.push_back(next);
      }
      auto& ways = d.ways[static_cast<std::size_t>(next)];
      if (far == d.to_goal[cell] + 1) ways = std::min<std::int64_t>(2, ways + d.ways[cell]);
    }
  }
  return d;
}

std::int64_t farthest(const Distances& d) {
  return std::max_element(d.to_goal.begin(), d.to_goal.end()) - d.to_goal.begin();
}

void place_anywhere(Grid& grid, base::Random& random) {
  grid.start = random_room(grid.width, random);
  do grid.goal = random_room(grid.width, random);
  while (grid.goal == grid.start);
}

// In a tree the cell farthest from any other is one end of a longest path.
void place_far_apart(Grid& grid, base::Random& random, std::vector<std::int64_t>& scratch) {
  grid.goal = random_room(grid.width, random);
  grid.goal = farthest(distances_to_goal(grid, scratch));
  grid.start = farthest(distances_to_goal(grid, scratch));
}

void append(Instances& to, const Grid& grid, const Distances& d) {
  const auto cells = static_cast<std::size_t>(grid.cells());
  to.input.insert(to.input.end(), grid.free.begin(), grid.free.end());
  const std::size_t marks = to.input.size();
  to.input.resize(marks + 2 * cells, 0);
  to.input[marks + static_cast<std::size_t>(grid.start)] = 1;
  to.input[marks + cells + static_cast<std::size_t>(grid.goal)] = 1;
  const std::size_t first = to.target.size();
  for (std::size_t i = 0; i < cells; ++i) to.target.push_back(grid.free[i] == 0 ? kUnjudged : 0);
  for (std::int64_t cell = grid.start;;) {
    to.target[first + static_cast<std::size_t>(cell)] = 1;
    if (cell == grid.goal) break;
    const std::int64_t far = d.to_goal[static_cast<std::size_t>(cell)];
    for (int way = 0; way < 4; ++way) {
      const std::int64_t next = neighbour(grid, cell, way);
      if (next >= 0 && d.to_goal[static_cast<std::size_t>(next)] == far - 1) {
        cell = next;
        break;
      }
    }
  }
}

Instances fields(std::int64_t count, std::int64_t height, std::int64_t width) {
  Instances all{.count = count, .channels = 3, .height = height, .width = width};
  all.input.reserve(static_cast<std::size_t>(3 * count * height * width));
  all.target.reserve(static_cast<std::size_t>(count * height * width));
  return all;
}

Grid read_grid(std::string_view text) {
  Grid grid;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    if (grid.width == 0) grid.width = static_cast<std::int64_t>(line.size());
    base::require(static_cast<std::int64_t>(line.size()) == grid.width, "puzzle::maze_of_text",
                  fmt::format("length of line {}", grid.height + 1), line.size(), fmt::format("= {}", grid.width),
                  "draw a rectangle");
    for (const char c : line) {
      base::require(std::string_view("# .SG").find(c) != std::string_view::npos, "puzzle::maze_of_text",
                    fmt::format("letter in line {}", grid.height + 1), fmt::format("'{}'", c),
                    "one of '#', ' ', '.', 'S', 'G'", "draw walls as #, ways as spaces");
      std::int64_t* end_cell = c == 'S' ? &grid.start : c == 'G' ? &grid.goal : nullptr;
      if (end_cell != nullptr) {
        base::require(*end_cell < 0, "puzzle::maze_of_text", fmt::format("number of '{}'", c), 2, "= 1",
                      "mark one cell");
        *end_cell = static_cast<std::int64_t>(grid.free.size());
      }
      grid.free.push_back(c != '#');
    }
    ++grid.height;
  }
  return grid;
}

}  // namespace

Instances mazes(std::int64_t count, std::int64_t n, std::uint64_t seed, double far_ends) {
  base::require(n >= 5 && n % 2 == 1, "puzzle::mazes", "n", n, "odd and >= 5", "a maze of k x k rooms has n = 2 k + 1");
  Instances all = fields(count, n, n);
  Grid grid{n, n, {}, -1, -1};
  std::vector<std::int64_t> scratch;
  for (std::int64_t i = 0; i < count; ++i) {
    base::Random random(base::stream_seed(seed, "maze", static_cast<std::uint64_t>(i)));
    grid.free.assign(static_cast<std::size_t>(n * n), 0);
    carve(grid, random, scratch);
    // With 0 nothing is drawn for it: these mazes are those of a generator without the choice.
    const bool far = far_ends > 0 && random.uniform() < far_ends;
    far ? place_far_apart(grid, random, scratch) : place_anywhere(grid, random);
    append(all, grid, distances_to_goal(grid, scratch));
  }
  return all;
}

Instances maze_of_text(std::string_view text) {
  const Grid grid = read_grid(text);
  base::require(grid.start >= 0, "puzzle::maze_of_text", "number of 'S'", 0, "= 1", "mark the start");
  base::require(grid.goal >= 0, "puzzle::maze_of_text", "number of 'G'", 0, "= 1", "mark the goal");
  std::vector<std::int64_t> queue;
  const Distances d = distances_to_goal(grid, queue);
  const auto start = static_cast<std::size_t>(grid.start);
  base::require(d.ways[start] > 0, "puzzle::maze_of_text", "number of paths from S to G", 0, "= 1", "open a way");
  base::require(d.ways[start] == 1, "puzzle::maze_of_text", "number of shortest paths from S to G", "2 or more", "= 1",
                "the answer must be unique; close a way");
  Instances one = fields(1, grid.height, grid.width);
  append(one, grid, d);
  return one;
}

std::string maze_text(const Instances& mazes, std::int64_t i, const std::vector<std::uint8_t>& marked) {
  const std::int64_t cells = mazes.cells();
  const std::uint8_t* input = mazes.input.data() + 3 * i * cells;
  std::string text;
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    const bool start = input[cells + cell] != 0, goal = input[2 * cells + cell] != 0;
    const bool on_path = marked[static_cast<std::size_t>(cell)] != 0;
    text += input[cell] == 0 ? '#' : start ? 'S' : goal ? 'G' : on_path ? '*' : ' ';
    if ((cell + 1) % mazes.width == 0) text += '\n';
  }
  return text;
}

}  // namespace fathom::puzzle
