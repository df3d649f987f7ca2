#include "fathom/kernel/onednn.h"

namespace fathom::kernel {
namespace {

using dnnl::memory;

constexpr auto kKind = dnnl::prop_kind::forward_inference;

dnnl::primitive_attr attributes_of(const ConvDescription& what) {
  dnnl::post_ops after;
  if (what.adds) after.append_sum(1.0f);
#if DNNL_VERSION_MAJOR >= 3
  if (what.relu) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
#else
  if (what.relu) after.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0, 0);
#endif
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // the library's own cannot be shared between threads
  attributes.set_post_ops(after);
  return attributes;
}

template <class Primitive>
std::optional<typename Primitive::primitive_desc> describe(const ConvDescription& what, dnnl::algorithm algorithm) {
  const memory::dims strides{what.stride, what.stride}, border{what.border, what.border};
  const dnnl::primitive_attr attributes = attributes_of(what);
  try {
#if DNNL_VERSION_MAJOR >= 3
    return typename Primitive::primitive_desc(cpu_engine(), kKind, algorithm, what.x, what.weight, what.bias, what.y,
                                              strides, border, border, attributes);
#else
    const typename Primitive::desc operation(kKind, algorithm, what.x, what.weight, what.bias, what.y, strides, border,
                                             border);
    return typename Primitive::primitive_desc(operation, attributes, cpu_engine());
#endif
  } catch (const dnnl::error&) {
    return std::nullopt;
  }
}

}  // namespace

const dnnl::engine& cpu_engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

memory::desc plain_layout(const memory::dims& dims, memory::format_tag tag) {
  return {dims, memory::data_type::f32, tag};
}

memory memory_at(const memory::desc& layout, const float* data) {
  return {layout, cpu_engine(), const_cast<float*>(data)};
}

std::int64_t floats_in(const memory::desc& layout) {
  return static_cast<std::int64_t>(layout.get_size() / sizeof(float)) + 16;
}

dnnl::reorder reorder_between(const memory::desc& from, const memory::desc& to) {
  return dnnl::reorder(dnnl::reorder::primitive_desc(cpu_engine(), from, cpu_engine(), to));
}

memory packed_copy(const memory::desc& from, const memory::desc& to, const float* data) {
  dnnl::stream stream(cpu_engine());
  memory packed(to, cpu_engine()), given = memory_at(from, data);
  reorder_between(from, to).execute(stream, given, packed);
  stream.wait();
  return packed;
}

std::optional<dnnl::convolution_forward::primitive_desc> describe_conv(const ConvDescription& what,
                                                                       dnnl::algorithm algorithm) {
  return describe<dnnl::convolution_forward>(what, algorithm);
}

std::optional<dnnl::deconvolution_forward::primitive_desc> describe_transposed(const ConvDescription& what) {
  return describe<dnnl::deconvolution_forward>(what, dnnl::algorithm::deconvolution_direct);
}

}  // namespace fathom::kernel
