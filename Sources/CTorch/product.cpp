// Matrix products and convolutions.
#include "Internal.h"
#include "graph_node.h"
#include "matrix_product.h"

#include <ATen/ops/baddbmm.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
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

/// `convolve` of the three as they are, or rounded to bfloat16. On the CPU channels stand innermost, where oneDNN wants them:
/// the output then has them there too, and so have the layers after it.
template <class Convolve>
at::Tensor convolved(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, Convolve convolve) {
  const bool innermost = weight.device().is_cpu() && weight.dim() == 4 && x.dim() == 4;
  auto w = innermost ? weight.contiguous(at::MemoryFormat::ChannelsLast) : weight;
  // Of single pixels, or of one channel a group, a kernel has no layout for libtorch to go by.
  const bool undecided = innermost && (weight.size(1) == 1 || (weight.size(2) == 1 && weight.size(3) == 1));
  auto from = undecided ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
  if (!in_bfloat16(x)) return convolve(from, w, bias);
  auto rounded = bias ? std::optional(bias->to(at::kBFloat16)) : std::nullopt;
  return convolve(from.to(at::kBFloat16), w.to(at::kBFloat16), rounded).to(at::kFloat);
}

/// The elements of [A, B, H, W] as a matrix [A, H W B], channels innermost: what a convolution's output or input is in memory.
at::Tensor rows_of(const at::Tensor &x) { return x.permute({0, 2, 3, 1}).reshape({x.size(0), -1}); }

/// Whether a convolution of `x` with `weight` sees all of it at once and nothing else, as DCGAN's last one does: it is a dense
/// layer then, for which oneDNN's convolutions take several times as long.
bool is_dense(const at::Tensor &x, const at::Tensor &weight, int64_t padding, int64_t groups) {
  return !is_traced() && padding == 0 && groups == 1 && x.dim() == 4 && weight.dim() == 4 && x.numel() > 0 && x.size(1) == weight.size(1) &&
         x.size(2) == weight.size(2) && x.size(3) == weight.size(3);
}

/// The same of a transposed convolution of single pixels, as DCGAN's first one.
bool is_dense_transposed(const at::Tensor &x, const at::Tensor &weight, int64_t padding, int64_t output_padding,
                         int64_t groups) {
  return !is_traced() && padding == 0 && output_padding == 0 && groups == 1 && x.dim() == 4 && weight.dim() == 4 && x.numel() > 0 &&
         x.size(1) == weight.size(0) && x.size(2) == 1 && x.size(3) == 1;
}

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
  if (!wants_plain_operations() && prefers_onednn(x, weight) && !(bias && (bias->sizes() != weight.sizes().slice(0, 1) || bias->scalar_type() != at::kFloat)))
    return Dense::apply(x, weight, bias);
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
CTensor *ct_conv2d(CTensor *x, CTensor *weight, CTensor *bias, bool has_bias, int64_t stride, int64_t padding,
                   int64_t groups) {
  return operation("conv2d", {x, weight, operand(bias, has_bias, weight)}, [&] {
    if (is_dense(tensor(x), tensor(weight), padding, groups) && (!has_bias || tensor(bias).sizes() == tensor(weight).sizes().slice(0, 1)))
      return dense(rows_of(tensor(x)), rows_of(tensor(weight)), optional(bias, has_bias)).unsqueeze(-1).unsqueeze(-1);
    return convolved(tensor(x), tensor(weight), optional(bias, has_bias), [&](const auto &x, const auto &w, const auto &b) {
      return at::conv2d(x, w, b, {stride, stride}, {padding, padding}, /*dilation=*/1, groups);
    });
  });
}
CTensor *ct_conv_transpose2d(CTensor *x, CTensor *weight, CTensor *bias, bool has_bias, int64_t stride, int64_t padding,
                             int64_t output_padding, int64_t groups) {
  return operation("convTranspose2d", {x, weight, operand(bias, has_bias, weight)}, [&] {
    if (is_dense_transposed(tensor(x), tensor(weight), padding, output_padding, groups) &&
        (!has_bias || tensor(bias).sizes() == tensor(weight).sizes().slice(1, 1))) {
      const auto &w = tensor(weight);
      auto y = dense(tensor(x).flatten(1), rows_of(w).t(), std::nullopt)
                   .view({tensor(x).size(0), w.size(2), w.size(3), w.size(1)});
      return (has_bias ? y.add(tensor(bias)) : y).permute({0, 3, 1, 2});
    }
    return convolved(tensor(x), tensor(weight), optional(bias, has_bias), [&](const auto &x, const auto &w, const auto &b) {
      return at::conv_transpose2d(x, w, b, {stride, stride}, {padding, padding}, {output_padding, output_padding}, groups);
    });
  });
}

CTensor *ct_euclidean_distances(CTensor *x, CTensor *y) {
  constexpr int64_t from_differences = 2;
  return operation("euclidean_distances", {x, y},
                   [&] { return at::cdist(tensor(x), tensor(y), 2.0, from_differences); });
}
