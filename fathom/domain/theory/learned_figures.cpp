#include "fathom/domain/theory/learned_figures.h"

#include <fmt/ranges.h>

#include "fathom/domain/theory/picture.h"

namespace fathom::theory {

namespace {

using base::Figure;

std::vector<double> flat(double value) { return {value, value}; }

Figure::Panel error_panel(const Rivals& r, const LearnedConfig& config) {
  Figure::Panel panel{fmt::format("learned-{}-error-L{:g}", r.implicit.target, r.bound),
                      fmt::format("Error, L = {:g}", r.bound),
                      "iteration t",
                      "relative L2 error, lower is better",
                      true,
                      true};
  std::vector<double> t, mean;
  for (std::int64_t i = 1; i <= config.iterations; ++i) {
    t.push_back(static_cast<double>(i));
    mean.push_back(mean_at(r.implicit_runs, &MeasuredNetwork::error, static_cast<std::size_t>(i)));
  }
  const std::vector<double> ends{1, static_cast<double>(config.iterations)};
  panel.lines = {line(fmt::format("implicit, width {}", r.implicit.options.width), t, mean),
                 line(fmt::format("explicit, width {}", r.rival.options.width), ends,
                      flat(mean_at(r.rival_runs, &MeasuredNetwork::error, 0))),
                 line("best L-Lipschitz function", ends, flat(r.best_error))};
  panel.marks = {{static_cast<double>(config.depth), "training depth"}};
  return panel;
}

Figure::Panel map_panel(const Rivals& r) {
  const Probed& test = r.points.test;
  const std::vector<double> F = drawn_values(test, r.points.test_F);
  Figure::Panel panel{fmt::format("learned-{}-map-L{:g}", r.implicit.target, r.bound),
                      fmt::format("y_t over F, L = {:g}", r.bound), "x", "output"};
  panel.log_x = spans_decades(test.place);
  panel.lines.push_back(drawn_line("F", test, F));
  const MeasuredNetwork& first = r.implicit_runs.front();
  for (std::size_t k = 0; k < first.drawn.size(); ++k) {
    panel.lines.push_back(
        drawn_line(fmt::format("t = {}", first.drawn_t[k]), test, drawn_values(test, first.drawn[k])));
  }
  panel.lines.push_back(drawn_line("explicit", test, drawn_values(test, r.rival_runs.front().drawn.front())));
  return panel;
}

Figure::Panel lipschitz_panel(const std::vector<Rivals>& all, const LearnedConfig& config) {
  Figure::Panel panel{fmt::format("learned-{}-lipschitz", all.front().implicit.target),
                      "Lipschitz constant of y_t",
                      "iteration t",
                      "over the test pairs",
                      true,
                      true};
  for (const Rivals& r : all) {
    std::vector<double> t, mean;
    for (std::int64_t i = 1; i <= config.iterations; ++i) {
      t.push_back(static_cast<double>(i));
      mean.push_back(mean_at(r.implicit_runs, &MeasuredNetwork::lipschitz, static_cast<std::size_t>(i)));
    }
    panel.lines.push_back(line(fmt::format("implicit, L = {:g}", r.bound), t, mean));
  }
  const Rivals& r = all.front();
  const double of_F = lipschitz(r.points.test, r.points.test_F);
  panel.levels = {{of_F, "F: " + short_number(of_F)}};
  return panel;
}

std::string numbers_of(const Rivals& r, const LearnedConfig& config) {
  std::vector<std::string> errors;
  for (const std::int64_t t : shown_times(config)) {
    errors.push_back(
        fmt::format("{:.3g}", mean_at(r.implicit_runs, &MeasuredNetwork::error, static_cast<std::size_t>(t))));
  }
  return fmt::format(" L = {:g}: {} against {:.3g}, the best function has {:.3g};", r.bound,
                     fmt::format("{}", fmt::join(errors, ", ")), mean_at(r.rival_runs, &MeasuredNetwork::error, 0),
                     r.best_error);
}

std::string error_caption(const std::vector<Rivals>& all, const LearnedConfig& config) {
  std::string text = fmt::format(
      "Learned at a fixed Lipschitz budget on F = {}: every network is L-Lipschitz in its arguments, proved layer by "
      "layer. "
      "Predicted: an explicit network cannot be steeper than L, whatever its width, and stays above the error of the "
      "best "
      "L-Lipschitz function; the implicit one, with a quarter of the width, fits the steep parts as t grows. Measured, "
      "implicit at t = {} against explicit, mean of {} training{}:",
      all.front().formula, fmt::join(shown_times(config), ", "), all.front().implicit_runs.size(),
      all.front().implicit_runs.size() == 1 ? "" : "s");
  for (const Rivals& r : all) text += numbers_of(r, config);
  text.back() = '.';
  return text;
}

std::string map_caption(const std::vector<Rivals>& all, const LearnedConfig& config) {
  std::string text = fmt::format(
      "The maps of the first training. Predicted: y_1 is as simple as one step allows, y_t steeper with every step. "
      "Measured: the Lipschitz constant of y_{} is",
      config.depth);
  for (const Rivals& r : all) {
    text += fmt::format(" {:.3g} for L = {:g},",
                        mean_at(r.implicit_runs, &MeasuredNetwork::lipschitz, static_cast<std::size_t>(config.depth)),
                        r.bound);
  }
  text.back() = '.';
  return text +
         fmt::format(" L = {:g}, first training: {}", all.front().bound, all.front().implicit_runs.front().verdict);
}

}  // namespace

void append_learned_figures(const std::vector<Rivals>& all, const LearnedConfig& config, base::StudyRecord& record) {
  Figure errors{.section = "Learned: F = " + all.front().formula, .caption = error_caption(all, config)};
  Figure maps{.section = errors.section, .caption = map_caption(all, config)};
  for (const Rivals& r : all) {
    errors.panels.push_back(error_panel(r, config));
    maps.panels.push_back(map_panel(r));
  }
  maps.panels.push_back(lipschitz_panel(all, config));
  record.figures.push_back(std::move(errors));
  record.figures.push_back(std::move(maps));
}

}  // namespace fathom::theory
