// One thread's share of gemv.h: some blocks of outputs, or some chunks of inputs, for up to kGemvRows rows.
#pragma once

#include <cstdint>

#include "fathom/kernel/gemv.h"

namespace fathom::kernel {

inline constexpr std::int64_t kGemvRows = 4;

// Inputs as the products read them: `rows` rows of chunks * kGemvChunk numbers, zeros behind the inputs. For bf16 a
// row's even inputs come first, then its odd ones; for int4 they are divided by powers of 16, which is exact down to
// 2^-114, and 16 sums a chunk follow.
void gemv_arrange(const GemvView& view, std::int64_t rows, const float* x, float* arranged);
std::int64_t gemv_row(const GemvView& view);  // numbers in an arranged row
// A vjp's result: rows of the same length and order; nothing is divided.
void gemv_restore(const GemvView& view, std::int64_t rows, const float* arranged, float* x);

// y(r, o) = sum_k for the outputs of blocks first .. last-1; y has `outputs` numbers a row.
void gemv_blocks(const GemvView& view, std::int64_t rows, const float* arranged, std::int64_t first, std::int64_t last,
                 float* y);

// w(r, k) = sum_o u(r, o) W(o, k) for the chunks first .. last-1, arranged as above; u has blocks * 4 numbers a row,
// zeros behind the outputs.
void gemv_chunks(const GemvView& view, std::int64_t rows, const float* u, std::int64_t first, std::int64_t last,
                 float* arranged);

}  // namespace fathom::kernel
