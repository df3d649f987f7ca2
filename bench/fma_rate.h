// The limit of dense arithmetic on one core of this machine.
#pragma once

namespace fathom::bench {

// float operations a second of fused multiply-adds that touch registers alone, the best of a few runs; a multiply-add
// counts as two. With the best instruction set that the processor has.
double fma_rate();

}  // namespace fathom::bench
