#include "fathom/kernel/conv.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "fathom/base/error.h"
#include "fathom/kernel/onednn.h"
#include "fathom/kernel/scratch.h"

namespace fathom::kernel {
namespace {

constexpr const char* kPlace = "kernel::Conv";

using dnnl::memory;

struct SourceTag;
struct TargetTag;
struct WorkTag;

void require_shape(const ConvShape& s) {
  base::require(s.in >= 1, kPlace, "in", s.in, ">= 1", "a field has channels");
  base::require(s.out >= 1, kPlace, "out", s.out, ">= 1", "a field has channels");
  base::require(s.height >= 1, kPlace, "height", s.height, ">= 1", "a field has rows");
  base::require(s.width >= 1, kPlace, "width", s.width, ">= 1", "a field has columns");
  base::require(s.size >= 1 && s.size % 2 == 1, kPlace, "size", s.size, "odd and >= 1", "the kernel has a middle");
}

// Which convolution, and in which layouts; nothing if oneDNN has none by this algorithm.
std::optional<dnnl::convolution_forward::primitive_desc> describe(const ConvShape& s, const ConvOptions& options,
                                                                  bool with_bias, dnnl::algorithm algorithm) {
  const auto any = memory::format_tag::any;
  return describe_conv({.x = plain_layout({1, s.in, s.height, s.width}, any),
                        .weight = plain_layout({s.out, s.in, s.size, s.size}, any),
                        .y = plain_layout({1, s.out, s.height, s.width}, any),
                        .bias = with_bias ? plain_layout({s.out}, memory::format_tag::a) : memory::desc(),
                        .border = s.size / 2,
                        .adds = options.adds,
                        .relu = options.relu},
                       algorithm);
}

}  // namespace

struct Conv::Primitives {
  Primitives(const ConvShape& s, const float* weight, const float* given_bias, const ConvOptions& options)
      : adds(options.adds), with_bias(given_bias != nullptr) {
    auto found = std::optional<dnnl::convolution_forward::primitive_desc>();
    if (!options.precise && s.size == 3) {
      found = describe(s, options, with_bias, dnnl::algorithm::convolution_winograd);
      winograd = found.has_value();
    }
    if (!found) found = describe(s, options, with_bias, dnnl::algorithm::convolution_direct);
    if (!found) base::fail(kPlace, "oneDNN has no convolution for this shape and processor");
    source = found->src_desc();
    target = found->dst_desc();
    work = found->scratchpad_desc();
    plain_source = plain_layout({1, s.in, s.height, s.width}, memory::format_tag::nchw);
    plain_target = plain_layout({1, s.out, s.height, s.width}, memory::format_tag::nchw);
    convolution = dnnl::convolution_forward(*found);
    to_source = reorder_between(plain_source, source);
    to_target = reorder_between(plain_target, target);
    from_target = reorder_between(target, plain_target);
    weights = packed_copy(plain_layout({s.out, s.in, s.size, s.size}, memory::format_tag::oihw), found->weights_desc(),
                          weight);
    if (with_bias) {
      bias = memory(found->bias_desc(), cpu_engine());
      std::copy_n(given_bias, s.out, static_cast<float*>(bias.get_data_handle()));
    }
  }

  // One sample.
  void run(const float* x, const float* added, float* y) const {
    dnnl::stream stream(cpu_engine());
    memory from = memory_at(source, scratch<float, SourceTag>(floats_in(source)));
    memory to = memory_at(target, scratch<float, TargetTag>(floats_in(target)));
    memory room = memory_at(work, scratch<float, WorkTag>(floats_in(work)));
    memory given = memory_at(plain_source, x), result = memory_at(plain_target, y);
    to_source.execute(stream, given, from);
    if (adds) {
      memory c = memory_at(plain_target, added);
      to_target.execute(stream, c, to);
    }
    std::unordered_map<int, memory> arguments{
        {DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, to}, {DNNL_ARG_SCRATCHPAD, room}};
    if (with_bias) arguments.emplace(DNNL_ARG_BIAS, bias);
    convolution.execute(stream, arguments);
    from_target.execute(stream, to, result);
    stream.wait();
  }

  bool adds, with_bias, winograd = false;
  memory::desc source, target, work, plain_source, plain_target;
  dnnl::convolution_forward convolution;
  dnnl::reorder to_source, to_target, from_target;
  memory weights, bias;
};

Conv::Conv(const ConvShape& shape, const float* weight, const float* bias, const ConvOptions& options) : shape_(shape) {
  require_shape(shape);
  primitives_ = std::make_unique<const Primitives>(shape, weight, bias, options);
}
Conv::~Conv() = default;
Conv::Conv(Conv&&) noexcept = default;
Conv& Conv::operator=(Conv&&) noexcept = default;

bool Conv::winograd() const { return primitives_->winograd; }

void Conv::forward(std::int64_t n, const float* x, float* y, const ConvAddend& addend) const {
  base::require(primitives_->adds == (addend.c != nullptr), kPlace, "the addend's c", addend.c != nullptr,
                fmt::format("== options.adds = {}", primitives_->adds), "the sum is part of the compiled convolution");
  const std::int64_t pixels = shape_.height * shape_.width, from = shape_.in * pixels, to = shape_.out * pixels;
#pragma omp parallel for schedule(static) if (n > 1)
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t sample = addend.sample == nullptr ? i : addend.sample[i];
    primitives_->run(x + i * from, addend.c == nullptr ? nullptr : addend.c + sample * to, y + i * to);
  }
}

double Conv::flops() const {
  const auto terms = static_cast<double>(shape_.size * shape_.size * shape_.in);
  return 2 * terms * static_cast<double>(shape_.out) * static_cast<double>(shape_.height * shape_.width);
}

std::vector<float> adjoint_weight(const ConvShape& s, const float* weight) {
  const std::int64_t area = s.size * s.size;
  std::vector<float> turned(s.in * s.out * area);
  for (std::int64_t o = 0; o < s.out; ++o) {
    for (std::int64_t i = 0; i < s.in; ++i) {
      std::reverse_copy(weight + (o * s.in + i) * area, weight + (o * s.in + i + 1) * area,
                        turned.begin() + (i * s.out + o) * area);
    }
  }
  return turned;
}

}  // namespace fathom::kernel
