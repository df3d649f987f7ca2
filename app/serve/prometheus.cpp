#include "app/serve/prometheus.h"

#include <fmt/format.h>

namespace fathom::app {

namespace {

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    c == '\n' ? text += "\\n" : text += c;
  }
  return text;
}

std::string braces(const PrometheusText::Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels)
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(value));
  return text.empty() ? "" : "{" + text + "}";
}

}  // namespace

void PrometheusText::family(std::string_view name, std::string_view help, std::string_view type) {
  text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void PrometheusText::counter(std::string_view name, std::string_view help, double value) {
  counters(name, help, {{{}, value}});
}

void PrometheusText::counters(std::string_view name, std::string_view help,
                              const std::vector<std::pair<Labels, double>>& samples) {
  family(name, help, "counter");
  for (const auto& [labels, value] : samples) text_ += fmt::format("{}{} {}\n", name, braces(labels), value);
}

void PrometheusText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, help, "gauge");
  text_ += fmt::format("{} {}\n", name, value);
}

void PrometheusText::histogram(std::string_view name, std::string_view help, const base::Histogram& h) {
  family(name, help, "histogram");
  std::int64_t below = 0;
  for (std::size_t i = 0; i < h.bounds().size(); ++i) {
    below += h.counts()[i];
    text_ += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, h.bounds()[i], below);
  }
  text_ += fmt::format("{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, h.count(), h.sum());
}

}  // namespace fathom::app
