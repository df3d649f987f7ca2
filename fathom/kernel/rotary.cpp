#include "fathom/kernel/rotary.h"

namespace fathom::kernel {

namespace {

void turn(float cos, float sin, float& a, float& b) {
  const float x = a, y = b;
  a = x * cos - y * sin;
  b = y * cos + x * sin;
}

}  // namespace

void rotate_neighbours(std::int64_t heads, std::int64_t head_dim, const float* cos, const float* sin, float* x) {
  for (std::int64_t h = 0; h < heads; ++h) {
    float* head = x + h * head_dim;
    for (std::int64_t i = 0; i < head_dim / 2; ++i) turn(cos[i], sin[i], head[2 * i], head[2 * i + 1]);
  }
}

void rotate_halves(std::int64_t heads, std::int64_t head_dim, const float* cos, const float* sin, float* x) {
  for (std::int64_t h = 0; h < heads; ++h) {
    float* head = x + h * head_dim;
    for (std::int64_t i = 0; i < head_dim / 2; ++i) turn(cos[i], sin[i], head[i], head[i + head_dim / 2]);
  }
}

}  // namespace fathom::kernel
