// Which networks a study trains: how wide, how many blocks. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/domain/puzzle/config.h"

namespace fathom::puzzle {

struct ModelOptions {
  std::int64_t channels = 1;  // features of a cell; 9 classes: the candidates of a Sudoku
  std::int64_t classes = 2;
  std::int64_t kernel_height = 1;  // 1: bit strings, 3: fields
  std::int64_t width = 32;         // channels of the state
  std::int64_t rounds = 1;         // blocks, each with its own weights; a looped network has one
};

std::int64_t parameter_count(const ModelOptions& options);
// The greatest width at which a network of options.rounds has at most so many parameters; at least 1.
std::int64_t width_for(ModelOptions options, std::int64_t parameters);

struct ModelSpec {
  std::string name;  // "implicit-32", "explicit-8x15" (equal parameters), "explicit-32x15" (equal compute),
                     // "looped-phantom" (one of the losses that are compared)
  std::string kind;  // implicit | explicit
  std::string task;
  ModelOptions options;
  std::int64_t depth = 0;  // iterations of its last training stage (implicit)
  std::string loss;        // with which it is trained; "": those of the stages
};

// The looped network, and its explicit rivals of as many parameters and of as much compute in training. With
// loss_seconds > 0 instead the looped network once for each loss.
std::vector<ModelSpec> models_of(const Config& config);

}  // namespace fathom::puzzle
