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

/// A node whose gradients are those of `first` and of `rest`, in their order; null where none of them is asked for.
template <class N>
c10::intrusive_ptr<N> node_of(const at::Tensor &first, c10::ArrayRef<at::Tensor> rest = {}) {
  if (!at::GradMode::is_enabled()) return nullptr;
  bool needed = first.requires_grad();
  for (const at::Tensor &input : rest) needed |= input.requires_grad();
  if (!needed) return nullptr;
  torch::autograd::edge_list edges;
  edges.reserve(1 + rest.size());
  edges.push_back(torch::autograd::impl::gradient_edge(first));
  for (const at::Tensor &input : rest) edges.push_back(torch::autograd::impl::gradient_edge(input));
  return c10::make_intrusive<N>(std::move(edges));
}

}  // namespace ctorch
