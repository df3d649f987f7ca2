// Numbers in the text format that Prometheus reads (version 0.0.4): families of samples, each with help and type.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fathom/base/histogram.h"

namespace fathom::app {

class PrometheusText {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  void counter(std::string_view name, std::string_view help, double value);
  void counters(std::string_view name, std::string_view help, const std::vector<std::pair<Labels, double>>& samples);
  void gauge(std::string_view name, std::string_view help, double value);
  void histogram(std::string_view name, std::string_view help, const base::Histogram& histogram);

  const std::string& text() const { return text_; }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);

  std::string text_;
};

}  // namespace fathom::app
