// Who owns a node of the autograd graph: std::shared_ptr with libtorch's own deleter, or c10::intrusive_ptr in its
// newest versions. Which of the two is read off an edge, so that no version number is needed.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>

namespace fathom::tensor {

inline constexpr bool kNodesAreShared =
    std::is_same_v<decltype(torch::autograd::Edge::function), std::shared_ptr<torch::autograd::Node>>;

template <class N>
using NodePtr = std::conditional_t<kNodesAreShared, std::shared_ptr<N>, c10::intrusive_ptr<N>>;

template <class N, class... Arguments>
NodePtr<N> make_node(Arguments&&... arguments) {
  if constexpr (kNodesAreShared) {
    // deleteNode, found by the argument, takes long chains of nodes apart without recursion.
    return NodePtr<N>(new N(std::forward<Arguments>(arguments)...), [](N* node) { deleteNode(node); });
  } else {
    return c10::make_intrusive<N>(std::forward<Arguments>(arguments)...);
  }
}

// A node from within, which somebody owns already.
template <class N>
NodePtr<torch::autograd::Node> pointer_to(N* node) {
  if constexpr (kNodesAreShared) {
    return node->shared_from_this();
  } else {
    return NodePtr<N>::unsafe_reclaim_from_nonowning(node);
  }
}

}  // namespace fathom::tensor
