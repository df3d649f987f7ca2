// Long work meets the same trouble again and again, as a training whose adjoints do not converge. While one of these
// lives, warnings of one place, "[room::fn] ...", are told the 1st, 2nd, 4th, 8th ... time, with their number; others
// are told as ever.
#pragma once

namespace fathom::base {

// Several may live at once, in any thread: warnings are counted from the first one's start to the last one's end.
class ThinnedWarnings {
 public:
  ThinnedWarnings();
  ~ThinnedWarnings();
  ThinnedWarnings(const ThinnedWarnings&) = delete;
  ThinnedWarnings& operator=(const ThinnedWarnings&) = delete;
};

}  // namespace fathom::base
