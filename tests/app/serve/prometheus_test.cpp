// The text format of Prometheus.
#include "app/serve/prometheus.h"

#include <gtest/gtest.h>

namespace fathom::app {
namespace {

TEST(PrometheusText, WritesFamilies) {
  PrometheusText text;
  text.counters("r_total", "responses", {{{{"path", "/a\"b\\\n"}, {"status", "200"}}, 3}, {{}, 0.5}});
  text.gauge("g", "now", 7);
  EXPECT_EQ(text.text(),
            "# HELP r_total responses\n# TYPE r_total counter\n"
            "r_total{path=\"/a\\\"b\\\\\\n\",status=\"200\"} 3\nr_total 0.5\n"
            "# HELP g now\n# TYPE g gauge\ng 7\n");
}

TEST(PrometheusText, BucketsOfAHistogramCumulate) {
  base::Histogram histogram({1, 2.5});
  for (const double value : {0.5, 1.0, 2.0, 9.0}) histogram.add(value);
  PrometheusText text;
  text.histogram("h", "sizes", histogram);
  EXPECT_EQ(text.text(),
            "# HELP h sizes\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"2.5\"} 3\nh_bucket{le=\"+Inf\"} "
            "4\nh_sum 12.5\nh_count 4\n");
  EXPECT_EQ(histogram.mean(), 3.125);
}

}  // namespace
}  // namespace fathom::app
