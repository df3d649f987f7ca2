// Runs a test on every instruction set that was compiled and that this processor has, not only on the best one.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

namespace fathom::kernel {

template <class Test>
void on_every_instruction_set(const Test& test) {
  for (const auto target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    test();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace fathom::kernel
