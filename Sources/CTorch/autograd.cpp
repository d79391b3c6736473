// Gradients, asked for explicitly: nothing accumulates, nothing needs zeroing.
#include "Internal.h"

#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

using namespace ctorch;

bool ct_set_gradient_enabled(bool enabled) {
  bool previous = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(enabled);
  return previous;
}
CTensor *ct_detach(CTensor *x) {
  return operation("detach", {x}, [&] { return tensor(x).detach(); });
}
bool ct_require_gradient(CTensor *x) {
  return guarded("requireGradient", {x}, [&] { tensor(x).requires_grad_(true); });
}
void ct_gradient(CTensor *y, CTensor *cotangent, bool has_cotangent, CTensor *const *xs, int count, bool keep_graph,
                 CTensor **results) {
  for (int i = 0; i < count; i++)
    if (!xs[i]) return;
  guarded("gradient", {y, has_cotangent ? cotangent : y}, [&] {
    std::vector<at::Tensor> inputs;
    for (int i = 0; i < count; i++) inputs.push_back(tensor(xs[i]));
    auto output = tensor(y);
    if (!output.requires_grad()) {  // a constant
      for (int i = 0; i < count; i++) results[i] = handle(at::zeros_like(inputs[i]));
      return;
    }
    // The sum makes a vector of losses, one per seed, a scalar without mixing the seeds' gradients.
    auto outputs = has_cotangent || output.numel() == 1 ? output : output.sum();
    std::vector<at::Tensor> cotangents;
    if (has_cotangent) cotangents.push_back(tensor(cotangent));
    auto gradients = torch::autograd::grad({outputs}, inputs, cotangents, /*retain_graph=*/keep_graph,
                                           /*create_graph=*/false, /*allow_unused=*/true);
    for (int i = 0; i < count; i++)
      results[i] = handle(gradients[i].defined() ? gradients[i] : at::zeros_like(inputs[i]));
  });
}
