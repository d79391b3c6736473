// Nodes of our own in libtorch's graph, for operations whose overhead counts: its custom functions take no lists of tensors
// and cost a few microseconds each.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <utility>
#include <vector>

namespace ctorch {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

/// A node whose gradients are those of `inputs`, in their order; null where none of them is asked for.
template <class N, class Inputs> c10::intrusive_ptr<N> node_of(const Inputs &inputs) {
  if (!at::GradMode::is_enabled()) return nullptr;
  bool needed = false;
  torch::autograd::edge_list edges;
  edges.reserve(inputs.size());
  for (const at::Tensor &input : inputs) {
    needed |= input.requires_grad();
    edges.push_back(torch::autograd::impl::gradient_edge(input));
  }
  return needed ? c10::make_intrusive<N>(std::move(edges)) : nullptr;
}

}  // namespace ctorch
