// Which part of all puzzles one is drawn from.
#pragma once

namespace fathom::puzzle {

enum class Split { any, train, held_out };

}  // namespace fathom::puzzle
