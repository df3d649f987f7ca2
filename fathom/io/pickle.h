// The part of Python's pickle language (protocol 2) that torch.save writes tensors in, read as a tree. Nothing is
// looked up or called: a name of Python code is a text, a call is a node with its arguments.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::io {

struct PickleNode {
  enum class Kind { none, boolean, integer, real, text, tuple, list, dict, name, call, persistent };

  Kind kind = Kind::none;
  std::int64_t integer = 0;                 // boolean, integer
  double real = 0;                          // real
  std::string text;                         // text; name: "module.attribute"
  std::vector<const PickleNode*> children;  // tuple, list; call: callable, arguments; persistent: the id
  // dict, and a call's result that was filled (an OrderedDict): keys and values.
  std::vector<std::pair<const PickleNode*, const PickleNode*>> entries;

  bool is(Kind which) const { return kind == which; }
};

// A parsed pickle owns its nodes; they may refer to each other in any way, cycles included, so a reader that follows
// them must know where to stop.
class Pickle {
 public:
  // Throws Error with `origin`, the byte and the cause for anything else: another instruction, a stack that is too
  // short, a length beyond the end, an integer of more than 8 bytes, bytes after the end. Cost: a node an instruction.
  static Pickle parse(std::string_view bytes, std::string_view origin);

  const PickleNode& root() const { return *root_; }

 private:
  friend class PickleMachine;
  std::deque<PickleNode> nodes_;
  const PickleNode* root_ = nullptr;
};

}  // namespace fathom::io
