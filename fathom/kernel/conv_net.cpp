#include "fathom/kernel/conv_net.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <omp.h>

#include "fathom/base/error.h"
#include "fathom/kernel/onednn.h"
#include "fathom/kernel/parallel.h"
#include "fathom/kernel/scratch.h"

namespace fathom::kernel {
namespace {

constexpr const char* kPlace = "kernel::ConvNet";
constexpr std::int64_t kChunk = 1 << 14;  // floats of a pass that one thread takes at a time

using dnnl::memory;
using Kind = ConvLayer::Kind;

struct WorkspaceTag;

ConvNetShape shape_after(const ConvLayer& layer, const ConvNetShape& x) {
  if (layer.kind == Kind::halving) return {layer.out, x.height / 2, x.width / 2};
  if (layer.kind == Kind::doubling) return {layer.out, 2 * x.height, 2 * x.width};
  return {layer.out, x.height, x.width};
}

void require_layer(const ConvLayer& layer, std::int64_t k, const std::vector<ConvNetShape>& values) {
  const std::string name = fmt::format("layer {}'s ", k);
  const auto made = [&](std::int64_t value, const char* what) {
    base::require(value >= 0 && value < k, kPlace, name + what, value, fmt::format("in 0 ... {}", k - 1),
                  "values are made in order");
  };
  made(layer.from, "from");
  for (const std::int64_t value : layer.plus) made(value, "plus");
  base::require(layer.out >= 1, kPlace, name + "out", layer.out, ">= 1", "a value has channels");
  if (layer.kind == Kind::same) {
    base::require(layer.size >= 1 && layer.size % 2 == 1, kPlace, name + "size", layer.size, "odd and >= 1",
                  "the kernel has a middle");
  } else {
    base::require(layer.size == 2, kPlace, name + "size", layer.size, "== 2", "it changes the size by 2");
  }
  const ConvNetShape& x = values[layer.from];
  if (layer.kind == Kind::halving && (x.height % 2 != 0 || x.width % 2 != 0))
    base::fail(kPlace, "{}input = {} x {} violates even sides; it halves them", name, x.height, x.width);
}

// The shapes of all values.
std::vector<ConvNetShape> shapes_of(const ConvNetShape& input, const std::vector<ConvLayer>& layers) {
  base::require(!layers.empty(), kPlace, "layers", layers.size(), ">= 1", "a net has layers");
  base::require(input.channels >= 1, kPlace, "channels", input.channels, ">= 1", "an image has channels");
  base::require(input.height >= 1, kPlace, "height", input.height, ">= 1", "an image has rows");
  base::require(input.width >= 1, kPlace, "width", input.width, ">= 1", "an image has columns");
  std::vector<ConvNetShape> values{input};
  for (const ConvLayer& layer : layers) {
    const auto k = static_cast<std::int64_t>(values.size());
    require_layer(layer, k, values);
    const ConvNetShape y = shape_after(layer, values[layer.from]);
    for (const std::int64_t value : layer.plus) {
      if (values[value] != y) base::fail(kPlace, "layer {}'s plus = {} violates a value of its own shape", k, value);
    }
    values.push_back(y);
  }
  return values;
}

memory::dims dims_of(const ConvNetShape& s) { return {1, s.channels, s.height, s.width}; }

memory::desc any_layout(const memory::dims& dims) { return plain_layout(dims, memory::format_tag::any); }

// What oneDNN likes best for values of that shape; Winograd's convolutions and the direct ones differ in it.
memory::desc blocked_layout(const ConvNetShape& s, bool precise) {
  const ConvDescription what{.x = any_layout(dims_of(s)),
                             .weight = any_layout({s.channels, s.channels, 3, 3}),
                             .y = any_layout(dims_of(s)),
                             .border = 1};
  auto found = std::optional<dnnl::convolution_forward::primitive_desc>();
  if (!precise) found = describe_conv(what, dnnl::algorithm::convolution_winograd);
  if (!found) found = describe_conv(what, dnnl::algorithm::convolution_direct);
  if (!found) base::fail(kPlace, "oneDNN has no convolution for this shape and processor");
  return found->dst_desc();
}

// One layer, compiled.
struct Step {
  std::int64_t from = 0, to = 0;
  std::vector<std::int64_t> added;  // values that are added to what lies at `to` before the convolution
  std::int64_t copied = -1;         // the value that is copied there before that; -1: none
  bool winograd = false;
  dnnl::primitive primitive;
  memory weight;
  memory::desc work;
};

// From where to where a buffer is in use, in layers, and where it lies.
struct Buffer {
  std::int64_t first = 0, last = 0, floats = 0, offset = 0;
};

std::int64_t aligned(std::int64_t floats) { return (floats + 15) / 16 * 16; }

// First fit. Returns how far they reach.
std::int64_t place(std::vector<Buffer>& buffers) {
  std::int64_t end = 0;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    for (std::size_t j = 0; j < i; ++j) {
      if (buffers[j].last >= buffers[i].first && buffers[j].first <= buffers[i].last)
        taken.emplace_back(buffers[j].offset, buffers[j].offset + buffers[j].floats);
    }
    std::sort(taken.begin(), taken.end());
    std::int64_t offset = 0;
    for (const auto& [begin, stop] : taken) {
      if (offset + buffers[i].floats <= begin) break;
      offset = std::max(offset, stop);
    }
    buffers[i].offset = offset;
    end = std::max(end, offset + buffers[i].floats);
  }
  return end;
}

template <class Body>
void in_chunks(std::int64_t count, const Body& body) {
  const bool parallel = count > 4 * kChunk && omp_in_parallel() == 0 && omp_get_max_threads() > 1;
  for_each_index((count + kChunk - 1) / kChunk, parallel,
                 [&](std::int64_t i) { body(i * kChunk, std::min(count, (i + 1) * kChunk)); });
}

void copy_to(float* to, const float* from, std::int64_t count) {
  in_chunks(count, [&](std::int64_t begin, std::int64_t end) { std::copy(from + begin, from + end, to + begin); });
}

void add_to(float* to, const float* from, std::int64_t count) {
  in_chunks(count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] += from[i];
  });
}

}  // namespace

struct ConvNet::Plan {
  Plan(const ConvNetShape& input, const std::vector<ConvLayer>& layers, bool precise)
      : values(shapes_of(input, layers)), layouts(values.size()) {
    choose_layouts(layers, precise);
    for (std::size_t k = 1; k < values.size(); ++k) compile(layers[k - 1], static_cast<std::int64_t>(k), precise);
    to_first = reorder_between(plain(values.front()), layouts.front());
    from_last = reorder_between(layouts.back(), plain(values.back()));
    place_values(layers);
  }

  static memory::desc plain(const ConvNetShape& s) { return plain_layout(dims_of(s), memory::format_tag::nchw); }

  // Blocked, but for the image and the answer where no sum needs them so: those are as their convolution likes them.
  void choose_layouts(const std::vector<ConvLayer>& layers, bool precise) {
    std::vector<bool> summed(values.size(), false);
    for (std::size_t k = 1; k < values.size(); ++k) {
      for (const std::int64_t value : layers[k - 1].plus) summed[value] = summed[k] = true;
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
      const bool outer = k == 0 || k + 1 == values.size();
      layouts[k] = outer && !summed[k] ? any_layout(dims_of(values[k])) : blocked_layout(values[k], precise);
    }
  }

  void compile(const ConvLayer& layer, std::int64_t k, bool precise) {
    Step step;
    step.from = layer.from;
    step.to = k;
    layer.kind == Kind::doubling ? compile_doubling(layer, step) : compile_conv(layer, step, precise);
    flops += operations(layer, values[layer.from]);
    weight_bytes += static_cast<std::int64_t>(step.weight.get_desc().get_size());
    work = std::max(work, floats_in(step.work));
    steps.push_back(std::move(step));
  }

  // Once per number of x where the size doubles, else once per number of y.
  static double operations(const ConvLayer& layer, const ConvNetShape& x) {
    const ConvNetShape y = layer.kind == Kind::doubling ? x : shape_after(layer, x);
    return 2.0 * static_cast<double>(layer.size * layer.size * x.channels) *
           static_cast<double>(layer.out * y.height * y.width);
  }

  ConvDescription description(const ConvLayer& layer, std::int64_t k) const {
    const bool same = layer.kind == Kind::same;
    return {.x = layouts[layer.from],
            .weight = any_layout({layer.out, values[layer.from].channels, layer.size, layer.size}),
            .y = layouts[k],
            .stride = same ? 1 : 2,
            .border = same ? layer.size / 2 : 0,
            .adds = !layer.plus.empty(),
            .relu = layer.relu};
  }

  void compile_conv(const ConvLayer& layer, Step& step, bool precise) {
    const ConvDescription what = description(layer, step.to);
    auto found = std::optional<dnnl::convolution_forward::primitive_desc>();
    if (!precise && layer.kind == Kind::same && layer.size == 3) {
      found = describe_conv(what, dnnl::algorithm::convolution_winograd);
      step.winograd = found.has_value();
    }
    if (!found) found = describe_conv(what, dnnl::algorithm::convolution_direct);
    finish(found, layer, step, memory::format_tag::oihw);
  }

  void compile_doubling(const ConvLayer& layer, Step& step) {
    finish(describe_transposed(description(layer, step.to)), layer, step, memory::format_tag::iohw);
  }

  template <class Found>
  void finish(const std::optional<Found>& found, const ConvLayer& layer, Step& step, memory::format_tag order) {
    if (!found) base::fail(kPlace, "oneDNN has no convolution for layer {} on this processor", step.to);
    layouts[step.from] = found->src_desc();
    layouts[step.to] = found->dst_desc();
    step.primitive = dnnl::primitive(*found);
    step.work = found->scratchpad_desc();
    const memory::dims dims{layer.out, values[layer.from].channels, layer.size, layer.size};
    step.weight = packed_copy(plain_layout(dims, order), found->weights_desc(), layer.weight);
  }

  // Which values share a buffer because a sum is made in place, then where every buffer lies.
  void place_values(const std::vector<ConvLayer>& layers) {
    const auto count = static_cast<std::int64_t>(values.size());
    std::vector<std::int64_t> last(count, 0), buffer(count);
    for (std::int64_t k = 1; k < count; ++k) {
      last[layers[k - 1].from] = k;
      for (const std::int64_t value : layers[k - 1].plus) last[value] = k;
    }
    last[count - 1] = count;
    std::vector<Buffer> buffers;
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t reused = k == 0 ? -1 : prepare_sum(layers[k - 1], steps[k - 1], last);
      if (reused < 0) {
        buffer[k] = static_cast<std::int64_t>(buffers.size());
        buffers.push_back({k, last[k], aligned(floats_in(layouts[k]))});
      } else {
        buffer[k] = buffer[reused];
        buffers[buffer[k]].last = last[k];
      }
    }
    work_offset = place(buffers);
    for (std::int64_t k = 0; k < count; ++k) offsets.push_back(buffers[buffer[k]].offset);
  }

  // The addend whose buffer the sum is made in, -1 for none. An addend that the convolution reads too is copied.
  static std::int64_t prepare_sum(const ConvLayer& layer, Step& step, const std::vector<std::int64_t>& last) {
    if (layer.plus.empty()) return -1;
    const auto free = std::find_if(layer.plus.begin(), layer.plus.end(), [&](std::int64_t value) {
      return last[value] == step.to && value != layer.from &&
             std::count(layer.plus.begin(), layer.plus.end(), value) == 1;
    });
    const auto base = free == layer.plus.end() ? layer.plus.begin() : free;
    for (auto value = layer.plus.begin(); value != layer.plus.end(); ++value) {
      if (value != base) step.added.push_back(*value);
    }
    if (free != layer.plus.end()) return *free;
    step.copied = *base;
    return -1;
  }

  std::int64_t workspace() const { return work_offset + aligned(work); }

  void run(const float* x, float* y) const {
    float* space = scratch<float, WorkspaceTag>(workspace());
    dnnl::stream stream(cpu_engine());
    const auto value = [&](std::int64_t k) { return memory_at(layouts[k], space + offsets[k]); };
    memory given = memory_at(plain(values.front()), x), first = value(0);
    to_first.execute(stream, given, first);
    for (const Step& step : steps) {
      const auto numbers = static_cast<std::int64_t>(layouts[step.to].get_size() / sizeof(float));
      if (step.copied >= 0) copy_to(space + offsets[step.to], space + offsets[step.copied], numbers);
      for (const std::int64_t k : step.added) add_to(space + offsets[step.to], space + offsets[k], numbers);
      step.primitive.execute(stream, {{DNNL_ARG_SRC, value(step.from)},
                                      {DNNL_ARG_WEIGHTS, step.weight},
                                      {DNNL_ARG_DST, value(step.to)},
                                      {DNNL_ARG_SCRATCHPAD, memory_at(step.work, space + work_offset)}});
    }
    memory last = value(static_cast<std::int64_t>(values.size()) - 1), result = memory_at(plain(values.back()), y);
    from_last.execute(stream, last, result);
    stream.wait();
  }

  std::vector<ConvNetShape> values;
  std::vector<memory::desc> layouts;  // of the values
  std::vector<std::int64_t> offsets;  // of the values in the workspace
  std::vector<Step> steps;
  dnnl::reorder to_first, from_last;
  double flops = 0;
  std::int64_t weight_bytes = 0, work = 0, work_offset = 0;
};

ConvNet::ConvNet(const ConvNetShape& input, const std::vector<ConvLayer>& layers, bool precise)
    : plan_(std::make_unique<const Plan>(input, layers, precise)) {}
ConvNet::~ConvNet() = default;
ConvNet::ConvNet(ConvNet&&) noexcept = default;
ConvNet& ConvNet::operator=(ConvNet&&) noexcept = default;

const ConvNetShape& ConvNet::input() const { return plan_->values.front(); }
const ConvNetShape& ConvNet::output() const { return plan_->values.back(); }
double ConvNet::flops() const { return plan_->flops; }
std::int64_t ConvNet::workspace() const { return plan_->workspace(); }
std::int64_t ConvNet::weight_bytes() const { return plan_->weight_bytes; }

std::int64_t ConvNet::winograd() const {
  return std::count_if(plan_->steps.begin(), plan_->steps.end(), [](const Step& step) { return step.winograd; });
}

void ConvNet::forward(std::int64_t n, const float* x, float* y) const {
  const std::int64_t from = input().numbers(), to = output().numbers();
  for_each_index(n, n >= omp_get_max_threads() && omp_get_max_threads() > 1,
                 [&](std::int64_t i) { plan_->run(x + i * from, y + i * to); });
}

}  // namespace fathom::kernel
