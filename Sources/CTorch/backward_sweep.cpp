#include "backward_sweep.h"

#include <ATen/ops/add.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

namespace ctorch {
namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;

struct Visit {
  Node *node;
  int waiting = 0;  // edges that lead here from nodes not yet done
  int target = -1;  // the place among xs of the leaf that this node stands for
  variable_list cotangents;
};

/// The nodes of a graph, each once. A small graph's are found by looking along the list.
class Graph {
 public:
  std::vector<Visit> visits;

  int place_of(Node *node) const {
    if (places.empty()) {
      for (size_t i = 0; i < visits.size(); i++)
        if (visits[i].node == node) return static_cast<int>(i);
      return -1;
    }
    auto found = places.find(node);
    return found == places.end() ? -1 : found->second;
  }
  int add(Node *node) {
    visits.push_back({node});
    if (visits.size() == 32)
      for (size_t i = 0; i < visits.size(); i++) places.emplace(visits[i].node, static_cast<int>(i));
    else if (visits.size() > 32)
      places.emplace(node, static_cast<int>(visits.size()) - 1);
    return static_cast<int>(visits.size()) - 1;
  }

 private:
  std::unordered_map<Node *, int> places;
};

/// Every node that can be reached from `root`; false where one is a leaf that is no target.
bool explore(Node *root, const std::vector<at::Tensor> &xs, Graph &graph) {
  std::vector<Node *> targets;
  std::vector<torch::autograd::Edge> edges;  // keep the leaves' nodes while they are looked for
  for (const auto &x : xs) {
    if (!x.requires_grad() || !x.is_leaf()) return false;
    edges.push_back(torch::autograd::impl::gradient_edge(x));
    Node *target = edges.back().function.get();
    if (std::find(targets.begin(), targets.end(), target) != targets.end()) return false;
    targets.push_back(target);
  }
  graph.visits.reserve(16);
  graph.add(root);
  for (size_t next = 0; next < graph.visits.size(); next++) {
    Node *node = graph.visits[next].node;
    if (node->num_outputs() == 0) {
      auto target = std::find(targets.begin(), targets.end(), node);
      if (target == targets.end()) return false;
      graph.visits[next].target = static_cast<int>(target - targets.begin());
    }
    for (const auto &edge : node->next_edges()) {
      if (!edge.is_valid()) continue;
      int place = graph.place_of(edge.function.get());
      if (place < 0) place = graph.add(edge.function.get());
      graph.visits[place].waiting++;
    }
  }
  return true;
}

/// 1, the cotangent of every scalar loss. It must not leave the sweep.
const at::Tensor &one() {
  thread_local const at::Tensor one = at::ones({});
  return one;
}
at::Tensor all_ones(const at::Tensor &y) {
  return y.dim() > 0 || y.scalar_type() != at::kFloat ? at::ones_like(y) : one();
}

void add_to(at::Tensor &sum, at::Tensor &&term) { sum = sum.defined() ? sum.add(term) : std::move(term); }

}  // namespace

bool backward_sweep(const at::Tensor &y, const at::Tensor &cotangent, const std::vector<at::Tensor> &xs,
                    bool keep_graph, std::vector<at::Tensor> &gradients) {
  if (!y.device().is_cpu() || !y.grad_fn()) return false;
  Graph graph;
  const auto root = torch::autograd::impl::gradient_edge(y);
  if (!explore(root.function.get(), xs, graph)) return false;
  auto &visits = graph.visits;

  c10::NoGradGuard without_gradient;
  gradients.assign(xs.size(), at::Tensor());
  for (auto &visit : visits) visit.cotangents.resize(visit.node->num_inputs());
  visits[0].cotangents[root.input_nr] = cotangent.defined() ? cotangent : all_ones(y);
  std::vector<int> ready = {0};
  while (!ready.empty()) {
    Visit &visit = visits[ready.back()];
    ready.pop_back();
    if (visit.target >= 0) {
      gradients[visit.target] = std::move(visit.cotangents[0]);
      continue;
    }
    const bool reached = std::any_of(visit.cotangents.begin(), visit.cotangents.end(),
                                     [](const at::Tensor &tensor) { return tensor.defined(); });
    const auto &edges = visit.node->next_edges();
    variable_list outputs(edges.size());
    if (reached) {
      outputs = (*visit.node)(std::move(visit.cotangents));
      // Sums over broadcast dimensions, and complains of gradients of another shape.
      torch::autograd::validate_outputs(edges, outputs, [&](const std::string &message) {
        return "the gradient of " + visit.node->name() + " is impossible: " + message;
      });
    }
    if (!keep_graph) visit.node->release_variables();
    for (size_t i = 0; i < edges.size(); i++) {
      if (!edges[i].is_valid()) continue;
      const int place = graph.place_of(edges[i].function.get());
      if (outputs[i].defined()) add_to(visits[place].cotangents[edges[i].input_nr], std::move(outputs[i]));
      if (--visits[place].waiting == 0) ready.push_back(place);
    }
  }
  for (auto &gradient : gradients)
    if (gradient.defined() && gradient.is_alias_of(one())) gradient = gradient.clone();
  return true;
}

}  // namespace ctorch
