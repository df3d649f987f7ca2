// The only file that knows oneDNN: its C++ API changed between versions 2 and 3.
#include "fathom/kernel/conv.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <oneapi/dnnl/dnnl.hpp>

#include "fathom/base/error.h"
#include "fathom/kernel/scratch.h"

namespace fathom::kernel {
namespace {

constexpr const char* kPlace = "kernel::Conv";

using dnnl::memory;

struct SourceTag;
struct TargetTag;
struct WorkTag;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

void require_shape(const ConvShape& s) {
  base::require(s.in >= 1, kPlace, "in", s.in, ">= 1", "a field has channels");
  base::require(s.out >= 1, kPlace, "out", s.out, ">= 1", "a field has channels");
  base::require(s.height >= 1, kPlace, "height", s.height, ">= 1", "a field has rows");
  base::require(s.width >= 1, kPlace, "width", s.width, ">= 1", "a field has columns");
  base::require(s.size >= 1 && s.size % 2 == 1, kPlace, "size", s.size, "odd and >= 1", "the kernel has a middle");
}

memory::desc plain(const memory::dims& dims, memory::format_tag tag) { return {dims, memory::data_type::f32, tag}; }

std::int64_t numbers(const memory::desc& desc) {
  return static_cast<std::int64_t>(desc.get_size() / sizeof(float)) + 16;
}

memory at(const memory::desc& desc, const float* data) { return {desc, engine(), const_cast<float*>(data)}; }

// Which convolution, and in which layouts; nothing if oneDNN has none by this algorithm.
std::optional<dnnl::convolution_forward::primitive_desc> describe(const ConvShape& s, const ConvOptions& options,
                                                                  bool with_bias, dnnl::algorithm algorithm) {
  const auto any = memory::format_tag::any;
  const memory::desc x = plain({1, s.in, s.height, s.width}, any), y = plain({1, s.out, s.height, s.width}, any);
  const memory::desc w = plain({s.out, s.in, s.size, s.size}, any);
  const memory::desc b = with_bias ? plain({s.out}, memory::format_tag::a) : memory::desc();
  const memory::dims strides{1, 1}, border{s.size / 2, s.size / 2};
  dnnl::post_ops after;
  dnnl::primitive_attr attributes;
  if (options.adds) after.append_sum(1.0f);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // the library's own cannot be shared between threads
  const auto kind = dnnl::prop_kind::forward_inference;
  try {
#if DNNL_VERSION_MAJOR >= 3
    if (options.relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(after);
    return dnnl::convolution_forward::primitive_desc(engine(), kind, algorithm, x, w, b, y, strides, border, border,
                                                     attributes);
#else
    if (options.relu) after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(after);
    const dnnl::convolution_forward::desc what(kind, algorithm, x, w, b, y, strides, border, border);
    return dnnl::convolution_forward::primitive_desc(what, attributes, engine());
#endif
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
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
    plain_source = plain({1, s.in, s.height, s.width}, memory::format_tag::nchw);
    plain_target = plain({1, s.out, s.height, s.width}, memory::format_tag::nchw);
    convolution = dnnl::convolution_forward(*found);
    to_source = reorder(plain_source, source);
    to_target = reorder(plain_target, target);
    from_target = reorder(target, plain_target);
    pack(plain({s.out, s.in, s.size, s.size}, memory::format_tag::oihw), found->weights_desc(), weight);
    if (with_bias) {
      bias = memory(found->bias_desc(), engine());
      std::copy_n(given_bias, s.out, static_cast<float*>(bias.get_data_handle()));
    }
  }

  static dnnl::reorder reorder(const memory::desc& from, const memory::desc& to) {
    return dnnl::reorder(dnnl::reorder::primitive_desc(engine(), from, engine(), to));
  }

  void pack(const memory::desc& from, const memory::desc& to, const float* weight) {
    dnnl::stream stream(engine());
    weights = memory(to, engine());
    memory given = at(from, weight);
    reorder(from, to).execute(stream, given, weights);
    stream.wait();
  }

  // One sample.
  void run(const float* x, const float* added, float* y) const {
    dnnl::stream stream(engine());
    memory from = at(source, scratch<float, SourceTag>(numbers(source)));
    memory to = at(target, scratch<float, TargetTag>(numbers(target)));
    memory room = at(work, scratch<float, WorkTag>(numbers(work)));
    memory given = at(plain_source, x), result = at(plain_target, y);
    to_source.execute(stream, given, from);
    if (adds) {
      memory c = at(plain_target, added);
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
