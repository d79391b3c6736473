// Gradients, asked for explicitly: nothing accumulates, nothing needs zeroing.
#include "Internal.h"
#include "backward_sweep.h"
#include "matrix_product.h"

#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <utility>
#include <vector>

using namespace ctorch;

namespace {
thread_local bool is_twice_differentiable = false;
}

bool ctorch::wants_plain_operations() { return is_twice_differentiable || is_traced(); }

bool ct_set_twice_differentiable(bool enabled) { return std::exchange(is_twice_differentiable, enabled); }
bool ct_set_gradient_enabled(bool enabled) {
  bool previous = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(enabled);
  return previous;
}
CTDType ct_set_product_dtype(CTDType dtype) {
  auto previous = set_product_type(dtype == CTDTypeBFloat16 ? at::kBFloat16 : at::kFloat);
  return previous == at::kBFloat16 ? CTDTypeBFloat16 : CTDTypeFloat32;
}
CTensor *ct_detach(CTensor *x) {
  return operation("detach", {x}, [&] { return tensor(x).detach(); });
}
CTensor *ct_require_gradient(CTensor *x) {
  return attempt("requireGradient", {x}, [&] { tensor(x).requires_grad_(true); });
}
void ct_gradient(CTensor *y, CTensor *cotangent, bool has_cotangent, CTensor *const *xs, int count, bool keep_graph,
                 bool create_graph, CTensor **results) {
  std::vector<Handle> operands = {y};
  if (has_cotangent) operands.push_back(cotangent);
  const auto named = operands.size();
  operands.insert(operands.end(), xs, xs + count);
  // Of many parameters the message would name all shapes: where none has failed, those of `y` and the cotangent do.
  const bool all = std::any_of(xs, xs + count, has_failed);
  operation("gradient", operands.data(), all ? operands.size() : named, results, count, [&] {
    std::vector<at::Tensor> inputs;
    for (int i = 0; i < count; i++) inputs.push_back(tensor(xs[i]));
    auto output = tensor(y);
    if (has_cotangent) {
      const auto &weights = tensor(cotangent);
      TORCH_CHECK(weights.sizes() == output.sizes() && weights.scalar_type() == output.scalar_type() &&
                      weights.device() == output.device(),
                  "the cotangent is not of the shape, kind and place of what is differentiated, ", output.sizes());
    }
    if (!output.requires_grad()) {  // a constant
      for (auto &x : inputs) x = at::zeros_like(x);
      return inputs;
    }
    std::vector<at::Tensor> cotangents;
    if (has_cotangent) cotangents.push_back(tensor(cotangent));
    std::vector<at::Tensor> gradients;
    // All ones weigh the losses of several seeds as their sum would.
    // The sweep records nothing, and lets go of what it has passed.
    if (create_graph ||
        !backward_sweep(output, has_cotangent ? cotangents[0] : at::Tensor(), inputs, keep_graph, gradients)) {
      // What is added here, where no one may be recording, is part of what is differentiated.
      c10::AutoGradMode recording(true);
      auto outputs = has_cotangent || output.numel() == 1 ? output : output.sum();
      gradients = torch::autograd::grad({outputs}, inputs, cotangents, /*retain_graph=*/keep_graph || create_graph,
                                        create_graph, /*allow_unused=*/true);
    }
    for (int i = 0; i < count; i++)
      if (!gradients[i].defined()) gradients[i] = at::zeros_like(inputs[i]);
    return gradients;
  });
}
