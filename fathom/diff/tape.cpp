#include "fathom/diff/tape.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <ATen/SequenceNumber.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>

#include "fathom/base/error.h"
#include "fathom/tensor/node.h"

namespace fathom::diff {

namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;
using NodeSet = std::unordered_set<Node*>;

// Where a cut edge ends. Gradients are captured on arrival, so it never runs. It announces what the edge's own end
// announced: autograd sums broadcast gradients down to that shape.
struct Sink : Node {
  explicit Sink(const Edge& edge) { input_metadata_.push_back(edge.function->input_metadata(edge.input_nr)); }
  variable_list apply(variable_list&&) override { return {}; }
};

EdgeList edges_of(const Tensors& values) {
  EdgeList edges;
  for (const Tensor& value : values) {
    edges.push_back(value.defined() && value.requires_grad() ? torch::autograd::impl::gradient_edge(value) : Edge());
  }
  return edges;
}

NodeSet nodes_of(const EdgeList& edges) {
  NodeSet nodes;
  for (const Edge& edge : edges) nodes.insert(edge.function.get());
  return nodes;
}

// The nodes from which `ends` can be reached, `ends` themselves excluded. Iterative: graphs can be deep.
class Reach {
 public:
  Reach(const EdgeList& roots, const NodeSet& ends) : ends_(ends) {
    for (const Edge& root : roots) {
      if (root.is_valid()) visit(root.function.get());
    }
  }

  bool ends_at(Node* node) const { return ends_.count(node) || inside_.count(node); }
  const std::vector<Node*>& nodes() const { return order_; }  // in an order that does not depend on addresses

 private:
  void visit(Node* root) {
    enter(root);
    while (!path_.empty()) {
      auto& [node, next] = path_.back();
      if (next < node->num_outputs()) {
        Node* child = node->next_edge(next++).function.get();
        if (child) enter(child);
      } else {
        leave(node);
      }
    }
  }

  void enter(Node* node) {
    if (!ends_.count(node) && seen_.insert(node).second) path_.emplace_back(node, 0);
  }

  void leave(Node* node) {
    const auto& edges = node->next_edges();
    const bool leads_there =
        std::any_of(edges.begin(), edges.end(), [this](const Edge& edge) { return ends_at(edge.function.get()); });
    if (leads_there && inside_.insert(node).second) order_.push_back(node);
    path_.pop_back();
  }

  const NodeSet& ends_;
  NodeSet seen_, inside_;
  std::vector<Node*> order_;
  std::vector<std::pair<Node*, std::uint32_t>> path_;
};

// Every node that can be reached from `roots` without going through `stops`, which are left out; nearest first.
std::vector<Node*> reachable(const EdgeList& roots, const NodeSet& stops) {
  std::vector<Node*> order;
  NodeSet seen = stops;
  const auto meet = [&](const Edge& edge) {
    if (edge.is_valid() && seen.insert(edge.function.get()).second) order.push_back(edge.function.get());
  };
  std::for_each(roots.begin(), roots.end(), meet);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const EdgeList edges = order[i]->next_edges();  // `order` grows while it is read
    std::for_each(edges.begin(), edges.end(), meet);
  }
  return order;
}

// Leaves have the largest number of all: gradients reach them as early as possible.
bool is_leaf(const Node& node) { return node.sequence_nr() == std::numeric_limits<std::uint64_t>::max(); }

using Place = std::pair<Node*, std::uint32_t>;
Place place_of(const Edge& edge) { return {edge.function.get(), edge.input_nr}; }

// The graph of some values with a boundary put behind it; backward runs the inside alone.
class Substitution : public Node {
 public:
  Substitution(Tensors values, Boundary boundary)
      : Node(EdgeList(boundary.outer)), values_(std::move(values)), inner_(std::move(boundary.inner)) {}

  std::string name() const override { return "fathom::diff::Substitution"; }
  void release_variables() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    values_.clear();
  }

 private:
  variable_list apply(variable_list&& cotangents) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (values_.empty()) {
      base::fail("diff::equilibrium", "the graph was freed by an earlier backward pass; pass retain_graph to keep it");
    }
    const bool create_graph = at::GradMode::is_enabled();
    const Tensors arrived = gradients(values_, cotangents, inner_, create_graph);
    return create_graph ? substitute(arrived, {inner_, next_edges()}) : arrived;
  }

  Tensors values_;
  EdgeList inner_;
};

}  // namespace

Boundary cut(const Tensors& values, const EdgeList& ends) {
  const EdgeList roots = edges_of(values);
  const NodeSet end_nodes = nodes_of(ends);
  const Reach reach(roots, end_nodes);
  Boundary boundary;
  boundary.reached =
      std::any_of(roots.begin(), roots.end(), [&](const Edge& root) { return reach.ends_at(root.function.get()); });
  std::map<std::pair<Node*, std::uint32_t>, Edge> sinks;  // one for each input of each capture
  for (Node* node : reach.nodes()) {
    for (Edge& edge : node->next_edges()) {
      Node* next = edge.function.get();
      if (!next || reach.ends_at(next)) continue;
      Edge& sink = sinks[{next, edge.input_nr}];
      if (!sink.is_valid()) {
        sink = Edge(tensor::make_node<Sink>(edge), 0);
        boundary.inner.push_back(sink);
        boundary.outer.push_back(edge);
      }
      edge = sink;
    }
  }
  return boundary;
}

EdgeList shared(const Tensors& first, const Tensors& second) {
  const std::vector<Node*> theirs = reachable(edges_of(second), {});
  const NodeSet both(theirs.begin(), theirs.end());
  EdgeList places;
  std::map<Place, bool> known;
  for (Node* node : reachable(edges_of(first), both)) {
    for (const Edge& edge : node->next_edges()) {
      if (edge.is_valid() && both.count(edge.function.get()) && known.emplace(place_of(edge), true).second) {
        places.push_back(edge);
      }
    }
  }
  return places;
}

std::uint64_t next_node_number() { return at::sequence_number::peek(); }

bool has_private_leaves(const Tensors& first, const Tensors& second, const EdgeList& ends) {
  const std::vector<Node*> theirs = reachable(edges_of(second), {});
  NodeSet stops(theirs.begin(), theirs.end());
  stops.merge(nodes_of(ends));
  const std::vector<Node*> own = reachable(edges_of(first), stops);
  return std::any_of(own.begin(), own.end(), [](const Node* node) { return is_leaf(*node); });
}

Boundary cut_at(const Tensors& values, const EdgeList& ends, const EdgeList& outer, std::uint64_t since,
                bool private_leaves) {
  Boundary boundary;
  std::map<Place, Edge> sinks;
  for (const Edge& edge : outer) {
    boundary.outer.push_back(edge);
    boundary.inner.push_back(edge.is_valid() ? Edge(tensor::make_node<Sink>(edge), 0) : Edge());
    if (edge.is_valid()) sinks[place_of(edge)] = boundary.inner.back();
  }
  NodeSet stops = nodes_of(outer);
  stops.merge(nodes_of(ends));
  const std::vector<Node*> inside = reachable(edges_of(values), stops);
  for (const Node* node : inside) {
    if (is_leaf(*node) ? !private_leaves : node->sequence_nr() < since) {
      base::fail("diff::equilibrium",
                 "G uses other tensors that require grad when it is computed again ({}); it must use the same ones at "
                 "every step, or take Unrolled",
                 node->name());
    }
  }
  for (Node* node : inside) {
    for (Edge& edge : node->next_edges()) {
      const auto sink = edge.is_valid() ? sinks.find(place_of(edge)) : sinks.end();
      if (sink != sinks.end()) edge = sink->second;
    }
  }
  return boundary;
}

Tensors gradients(const Tensors& values, const Tensors& cotangents, const EdgeList& edges, bool create_graph) {
  const EdgeList all_roots = edges_of(values);
  EdgeList roots;
  Tensors weights;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!all_roots[i].is_valid() || !cotangents[i].defined()) continue;
    roots.push_back(all_roots[i]);
    weights.push_back(cotangents[i]);
  }
  if (roots.empty() || edges.empty()) return Tensors(edges.size());
  auto& engine = torch::autograd::Engine::get_default_engine();
  return engine.execute(roots, weights, /*keep_graph=*/true, create_graph, /*accumulate_grad=*/false, edges);
}

Tensors substitute(const Tensors& values, const Boundary& boundary) {
  const NodeSet ends = nodes_of(boundary.inner);
  const EdgeList roots = edges_of(values);
  const Reach reach(roots, ends);
  Tensors dependent;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!reach.ends_at(roots[i].function.get())) continue;
    dependent.push_back(values[i]);
    places.push_back(i);
  }
  if (dependent.empty()) return values;

  Boundary whole = boundary;
  const Boundary captures = cut(dependent, boundary.inner);
  whole.inner.insert(whole.inner.end(), captures.inner.begin(), captures.inner.end());
  whole.outer.insert(whole.outer.end(), captures.outer.begin(), captures.outer.end());
  Tensors out = values;
  const tensor::NodePtr<Node> node = tensor::make_node<Substitution>(dependent, std::move(whole));
  for (const std::size_t i : places) {
    out[i] = values[i].detach();
    torch::autograd::create_gradient_edge(out[i], node);
  }
  return out;
}

}  // namespace fathom::diff
