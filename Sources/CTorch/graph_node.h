// Nodes of our own in libtorch's graph, for operations whose overhead counts: its custom functions take no lists of
// tensors and cost a few microseconds each.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/version.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ctorch {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

// From 2.13 on libtorch counts the references to a node in the node itself, before in a block beside it.
#if TORCH_VERSION_MINOR >= 13
template <class N> using NodePointer = c10::intrusive_ptr<N>;
template <class N> NodePointer<N> make_node(torch::autograd::edge_list edges) {
  return c10::make_intrusive<N>(std::move(edges));
}
#else
template <class N> using NodePointer = std::shared_ptr<N>;
template <class N> NodePointer<N> make_node(torch::autograd::edge_list edges) {
  return NodePointer<N>(new N(std::move(edges)), torch::autograd::deleteNode);
}
#endif

/// A node whose gradients are those of `first` and of `rest`, in their order; null where none of them is asked for.
template <class N>
NodePointer<N> node_of(const at::Tensor &first, c10::ArrayRef<at::Tensor> rest = {}) {
  if (!at::GradMode::is_enabled()) return nullptr;
  bool needed = first.requires_grad();
  for (const at::Tensor &input : rest) needed |= input.requires_grad();
  if (!needed) return nullptr;
  torch::autograd::edge_list edges;
  edges.reserve(1 + rest.size());
  edges.push_back(torch::autograd::impl::gradient_edge(first));
  for (const at::Tensor &input : rest) edges.push_back(torch::autograd::impl::gradient_edge(input));
  return make_node<N>(std::move(edges));
}

/// Stands for the second derivative that a kernel does not have: reached by a backward pass, it fails.
struct NoSecondDerivative : torch::autograd::Node {
  using Node::Node;
  std::string kernel;

  std::string name() const override { return "NoSecondDerivative"; }
  variable_list apply(variable_list &&) override {
    TORCH_CHECK(false, "the gradient of ", kernel,
                " cannot be differentiated: its fast form has no second derivative; the composed form, inside "
                "twiceDifferentiable, has");
  }
};

/// Marks the `gradients` that `kernel` computed, past libtorch's dispatcher, in the backward pass now running, so that
/// they are not taken for constants: where that pass is recorded, to differentiate them by anything that the kernel's
/// operands or `cotangents` came from is an error.
inline variable_list once_differentiable(const char *kernel, const variable_list &cotangents, variable_list gradients) {
  if (!at::GradMode::is_enabled()) return gradients;
  torch::autograd::edge_list edges;
  // The engine walks only the ways to what is asked for: this must be on each of them.
  if (auto node = torch::autograd::get_current_node())
    for (const auto &edge : node->next_edges())
      if (edge.is_valid()) edges.push_back(edge);
  for (const at::Tensor &cotangent : cotangents)
    if (cotangent.defined() && cotangent.requires_grad())
      edges.push_back(torch::autograd::impl::gradient_edge(cotangent));
  auto refusal = make_node<NoSecondDerivative>(std::move(edges));
  refusal->kernel = kernel;
  for (at::Tensor &gradient : gradients) {
    if (!gradient.defined()) continue;
    gradient = gradient.detach();
    torch::autograd::set_history(gradient, refusal);
  }
  return gradients;
}

}  // namespace ctorch
