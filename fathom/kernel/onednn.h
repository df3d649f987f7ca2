// oneDNN for the kernels of this room: its C++ API changed between versions 2 and 3, and this file and its source are
// the only ones that know. Not for other rooms.
#pragma once

#include <cstdint>
#include <optional>

#include <oneapi/dnnl/dnnl.hpp>

namespace fathom::kernel {

const dnnl::engine& cpu_engine();

// Number by number in the order of `tag`, float32.
dnnl::memory::desc plain_layout(const dnnl::memory::dims& dims, dnnl::memory::format_tag tag);

// The memory at `data`, which is only written where it is a target.
dnnl::memory memory_at(const dnnl::memory::desc& layout, const float* data);

// Floats that a layout takes, with room for reads beyond its end.
std::int64_t floats_in(const dnnl::memory::desc& layout);

dnnl::reorder reorder_between(const dnnl::memory::desc& from, const dnnl::memory::desc& to);

// `data`, laid out as `from` says, copied into the layout `to`.
dnnl::memory packed_copy(const dnnl::memory::desc& from, const dnnl::memory::desc& to, const float* data);

// A convolution (or its transpose) of one image, y <- act(W x [+ b] [+ y]).
struct ConvDescription {
  dnnl::memory::desc x, weight, y;  // format any: oneDNN's choice
  dnnl::memory::desc bias;          // empty: none
  std::int64_t stride = 1, border = 0;
  bool adds = false;  // to what y holds
  bool relu = false;
};

// Nothing if oneDNN has none by this algorithm for these layouts. Scratch memory is the caller's.
std::optional<dnnl::convolution_forward::primitive_desc> describe_conv(const ConvDescription& what,
                                                                       dnnl::algorithm algorithm);
std::optional<dnnl::deconvolution_forward::primitive_desc> describe_transposed(const ConvDescription& what);

}  // namespace fathom::kernel
