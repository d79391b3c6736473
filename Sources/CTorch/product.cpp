// Matrix products.
#include "Internal.h"
#include "graph_node.h"
#include "matrix_product.h"

#include <ATen/ops/baddbmm.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

using namespace ctorch;

namespace {
std::optional<at::Tensor> optional(CTensor *bias, bool present) {
  return present ? std::optional(tensor(bias)) : std::nullopt;
}
/// A failed bias must not pass for an absent one.
CTensor *operand(CTensor *bias, bool present, CTensor *otherwise) { return present ? bias : otherwise; }

/// x W^T + b with all three products by `times_transpose`.
struct Dense : torch::autograd::Function<Dense> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                            const std::optional<at::Tensor> &bias) {
    auto [left, right] = operands(x, weight);
    context->save_for_backward({left, right});
    context->saved_data["bias"] = bias.has_value();
    auto y = times_transpose(left, right);
    return bias ? y.add_(*bias) : y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list cotangents) {
    auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    auto dy = operand_like(cotangents[0], x);
    torch::autograd::variable_list gradients(3);
    if (context->needs_input_grad(0)) gradients[0] = times_transpose(dy, weight.t());
    if (context->needs_input_grad(1)) gradients[1] = times_transpose(dy.t(), x.t());
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) gradients[2] = cotangents[0].sum(0);
    return once_differentiable("a dense layer", cotangents, std::move(gradients));
  }
};

}  // namespace

at::Tensor ctorch::dense(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  const bool fits = !bias || (weight.dim() == 2 && bias->sizes() == weight.sizes().slice(0, 1) &&
                             bias->scalar_type() == at::kFloat);
  if (!wants_plain_operations() && fits) {
    if (prefers_onednn(x, weight)) return Dense::apply(x, weight, bias);
    // A sample is the same whatever else is drawn with it. Training, which promises no such thing, takes the shorter
    // way.
    if (!at::GradMode::is_enabled())
      if (auto y = narrow_product(x, weight)) return bias ? y->add_(*bias) : *y;
  }
  if (in_bfloat16(x) && !x.device().is_cpu()) {  // on the CPU small products are not worth the rounding
    auto rounded = bias ? std::optional(bias->to(at::kBFloat16)) : std::nullopt;
    // Rounded operands are no float32: the call does not come back here.
    return dense(x.to(at::kBFloat16), weight.to(at::kBFloat16), rounded).to(at::kFloat);
  }
  if (weight.dim() == 2) return at::linear(x, weight, bias);
  auto rows = x.dim() == 2 ? x.expand({weight.size(0), x.size(0), x.size(1)}) : x;
  auto transposed = weight.transpose(-1, -2);
  return bias ? at::baddbmm(bias->unsqueeze(-2), rows, transposed) : at::matmul(rows, transposed);
}

CTensor *ct_matmul(CTensor *x, CTensor *y) {
  return operation("matmul", {x, y}, [&] { return at::matmul(tensor(x), tensor(y)); });
}
CTensor *ct_linear(CTensor *x, CTensor *weight, CTensor *bias, bool has_bias) {
  return operation("linear", {x, weight, operand(bias, has_bias, weight)},
                   [&] { return dense(tensor(x), tensor(weight), optional(bias, has_bias)); });
}
CTensor *ct_euclidean_distances(CTensor *x, CTensor *y) {
  constexpr int64_t from_differences = 2;
  return operation("euclidean_distances", {x, y},
                   [&] { return at::cdist(tensor(x), tensor(y), 2.0, from_differences); });
}
