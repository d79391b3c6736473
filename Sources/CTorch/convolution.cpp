// Convolutions and transposed ones, and the choice between three ways to make them: as a dense layer where a kernel
// sees all there is, by Winograd's algorithm where that is faster, else as oneDNN does.
#include "Internal.h"
#include "graph_node.h"
#include "leaky_relu.h"
#include "matrix_product.h"
#include "patches.h"
#include "winograd.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <utility>

using namespace ctorch;

namespace {

thread_local CTConvolutions algorithm = CTConvolutionsAutomatic;

std::optional<at::Tensor> optional_tensor(CTensor *bias, bool present) {
  return present ? std::optional(tensor(bias)) : std::nullopt;
}
/// A failed bias must not pass for an absent one.
CTensor *operand_of(CTensor *bias, bool present, CTensor *otherwise) { return present ? bias : otherwise; }

/// `convolve` of the three as they are, or rounded to bfloat16. On the CPU channels stand innermost, where oneDNN wants
/// them: the output then has them there too, and so have the layers after it.
template <class Convolve>
at::Tensor convolved(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                     Convolve convolve) {
  const bool innermost = weight.device().is_cpu() && weight.dim() == 4 && x.dim() == 4;
  auto w = innermost ? weight.contiguous(at::MemoryFormat::ChannelsLast) : weight;
  // Of single pixels, or of one channel a group, a kernel has no layout for libtorch to go by.
  const bool undecided = innermost && (weight.size(1) == 1 || (weight.size(2) == 1 && weight.size(3) == 1));
  auto from = undecided ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
  if (!in_bfloat16(x)) return convolve(from, w, bias);
  auto rounded = bias ? std::optional(bias->to(at::kBFloat16)) : std::nullopt;
  return convolve(from.to(at::kBFloat16), w.to(at::kBFloat16), rounded).to(at::kFloat);
}

/// The elements of [A, B, H, W] as a matrix [A, H W B], channels innermost: what a convolution's output or input is in
/// memory.
at::Tensor rows_of(const at::Tensor &x) { return x.permute({0, 2, 3, 1}).reshape({x.size(0), -1}); }

/// Whether a convolution of `x` with `weight` sees all of it at once and nothing else, as DCGAN's last one does: it is
/// a dense layer then, for which oneDNN's convolutions take several times as long.
bool is_dense(const at::Tensor &x, const at::Tensor &weight, int64_t padding, int64_t groups) {
  return !is_traced() && padding == 0 && groups == 1 && x.dim() == 4 && weight.dim() == 4 && x.numel() > 0 &&
         x.size(1) == weight.size(1) && x.size(2) == weight.size(2) && x.size(3) == weight.size(3);
}

/// The same of a transposed convolution of single pixels, as DCGAN's first one.
bool is_dense_transposed(const at::Tensor &x, const at::Tensor &weight, int64_t padding, int64_t output_padding,
                         int64_t groups) {
  return !is_traced() && padding == 0 && output_padding == 0 && groups == 1 && x.dim() == 4 && weight.dim() == 4 &&
         x.numel() > 0 && x.size(1) == weight.size(0) && x.size(2) == 1 && x.size(3) == 1;
}

/// The convolution of `x` that `y` is the result of, [N, C, H, W] and [N, K, h, w], with `weight` [K, C, kernel,
/// kernel].
Correlation correlation(at::IntArrayRef x, at::IntArrayRef y, const at::Tensor &weight, int64_t stride,
                        int64_t padding) {
  return {x[0], x[2], x[3], x[1], y[2], y[3], y[1], weight.size(2), stride, padding};
}

/// Whether the operands are such as Winograd's algorithm takes, and the sizes agree: libtorch names what is wrong else.
bool are_plain(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, int64_t inputs,
               int64_t outputs, int64_t groups) {
  auto is_plain = [](const at::Tensor &t) { return t.device().is_cpu() && t.scalar_type() == at::kFloat; };
  return algorithm != CTConvolutionsDirect && !wants_plain_operations() && groups == 1 && x.dim() == 4 &&
         weight.dim() == 4 && is_plain(x) && is_plain(weight) && !in_bfloat16(x) && weight.size(2) == weight.size(3) &&
         x.size(1) == inputs && (!bias || (is_plain(*bias) && bias->dim() == 1 && bias->size(0) == outputs));
}

/// A convolution, with a leaky ReLU behind it where `slope` is not 1, or the transpose of one: then x is what the
/// convolution would yield.
struct Convolution : torch::autograd::Function<Convolution> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &input,
                            const at::Tensor &weight, const std::optional<at::Tensor> &bias, const Correlation &c,
                            bool transposed, double slope) {
    auto x = input.contiguous(at::MemoryFormat::ChannelsLast), w = weight.contiguous();
    auto b = bias ? bias->contiguous() : at::Tensor();
    auto y = transposed ? picture(c.batch, c.in_channels, c.height, c.width, x)
                        : picture(c.batch, c.out_channels, c.out_height, c.out_width, x);
    const float *from = x.const_data_ptr<float>(), *kernel = w.const_data_ptr<float>(),
                *offset = bias ? b.const_data_ptr<float>() : nullptr;
    if (transposed) spread(c, from, kernel, offset, y.mutable_data_ptr<float>());
    else correlate(c, from, kernel, {offset, static_cast<float>(slope)}, y.mutable_data_ptr<float>());
    if (slope == 1) context->save_for_backward({x, w});
    else context->save_for_backward({x, w, y});
    context->saved_data["sizes"] =
        std::vector<int64_t>{c.batch,     c.height,       c.width,  c.in_channels, c.out_height,
                             c.out_width, c.out_channels, c.kernel, c.stride,      c.padding};
    context->saved_data["transposed"] = transposed;
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["slope"] = slope;
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list cotangents) {
    auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto s = context->saved_data["sizes"].toIntVector();
    const Correlation c = {s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9]};
    const bool transposed = context->saved_data["transposed"].toBool();
    auto dy = cotangents[0].contiguous(at::MemoryFormat::ChannelsLast);
    torch::autograd::variable_list gradients(6);
    const double slope = context->saved_data["slope"].toDouble();
    const bool wants_bias = context->saved_data["bias"].toBool() && context->needs_input_grad(2);
    if (slope != 1) dy = leaky_relu_cotangent(dy, saved[2], slope, wants_bias ? &gradients[2] : nullptr);
    else if (wants_bias) gradients[2] = dy.sum({0, 2, 3});
    const float *from = dy.const_data_ptr<float>(), *before = x.const_data_ptr<float>();
    if (context->needs_input_grad(0)) {
      auto dx = picture(x.size(0), x.size(1), x.size(2), x.size(3), x);
      const float *kernel = weight.const_data_ptr<float>();
      if (transposed) correlate(c, from, kernel, {}, dx.mutable_data_ptr<float>());
      else spread(c, from, kernel, nullptr, dx.mutable_data_ptr<float>());
      gradients[0] = dx;
    }
    if (context->needs_input_grad(1)) {
      auto dw = at::empty(weight.sizes(), weight.options());
      const float *big = transposed ? from : before, *small = transposed ? before : from;
      if (of_patches(c)) patches::gradient_of_weight(c, big, small, dw.mutable_data_ptr<float>());
      else winograd::gradient_of_weight(c, big, small, dw.mutable_data_ptr<float>());
      gradients[1] = dw;
    }
    return once_differentiable("a convolution", cotangents, std::move(gradients));
  }
  static bool of_patches(const Correlation &c) { return patches::supports(c); }
  static void correlate(const Correlation &c, const float *x, const float *w, const Finish &finish, float *y) {
    of_patches(c) ? patches::correlate(c, x, w, finish, y) : winograd::correlate(c, x, w, finish, y);
  }
  static void spread(const Correlation &c, const float *y, const float *w, const float *bias, float *x) {
    of_patches(c) ? patches::spread(c, y, w, bias, x) : winograd::spread(c, y, w, bias, x);
  }
  /// Room for pictures with their channels innermost.
  static at::Tensor picture(int64_t batch, int64_t channels, int64_t height, int64_t width, const at::Tensor &like) {
    return at::empty({batch, channels, height, width}, like.options().memory_format(at::MemoryFormat::ChannelsLast));
  }
};

/// Whether it is to be one of ours.
bool is_ours(const Correlation &c) {
  return patches::supports(c) ||
         (winograd::supports(c) && (algorithm == CTConvolutionsWinograd || winograd::is_faster(c)));
}

}  // namespace

CTConvolutions ct_set_convolutions(CTConvolutions chosen) { return std::exchange(algorithm, chosen); }

CTensor *ct_conv2d(CTensor *x, CTensor *weight, CTensor *bias, bool has_bias, int64_t stride, int64_t padding,
                   int64_t groups, double slope) {
  return operation("conv2d", {x, weight, operand_of(bias, has_bias, weight)}, [&] {
    const auto activated = [&](at::Tensor y) { return slope == 1 ? y : leaky_relu(y, slope); };
    if (is_dense(tensor(x), tensor(weight), padding, groups) &&
        (!has_bias || tensor(bias).sizes() == tensor(weight).sizes().slice(0, 1)))
      return activated(dense(rows_of(tensor(x)), rows_of(tensor(weight)), optional_tensor(bias, has_bias))
                           .unsqueeze(-1)
                           .unsqueeze(-1));
    const auto &from = tensor(x), &w = tensor(weight);
    const auto b = optional_tensor(bias, has_bias);
    if (w.dim() == 4 && are_plain(from, w, b, w.size(1), w.size(0), groups)) {
      auto places = [&](int64_t size) { return (size + 2 * padding - w.size(2)) / std::max<int64_t>(1, stride) + 1; };
      const auto c = correlation(from.sizes(), {from.size(0), w.size(0), places(from.size(2)), places(from.size(3))}, w,
                                 stride, padding);
      // The backward pass goes by the sign of the result, which is that of the sum for slopes above 0.
      if (is_ours(c) && slope > 0) return Convolution::apply(from, w, b, c, false, slope);
      if (is_ours(c)) return activated(Convolution::apply(from, w, b, c, false, 1.0));
    }
    return activated(convolved(from, w, b, [&](const auto &x, const auto &w, const auto &b) {
      return at::conv2d(x, w, b, {stride, stride}, {padding, padding}, /*dilation=*/1, groups);
    }));
  });
}
CTensor *ct_conv_transpose2d(CTensor *x, CTensor *weight, CTensor *bias, bool has_bias, int64_t stride, int64_t padding,
                             int64_t output_padding, int64_t groups) {
  return operation("convTranspose2d", {x, weight, operand_of(bias, has_bias, weight)}, [&] {
    if (is_dense_transposed(tensor(x), tensor(weight), padding, output_padding, groups) &&
        (!has_bias || tensor(bias).sizes() == tensor(weight).sizes().slice(1, 1))) {
      const auto &w = tensor(weight);
      auto y = dense(tensor(x).flatten(1), rows_of(w).t(), std::nullopt)
                   .view({tensor(x).size(0), w.size(2), w.size(3), w.size(1)});
      return (has_bias ? y.add(tensor(bias)) : y).permute({0, 3, 1, 2});
    }
    const auto &from = tensor(x), &w = tensor(weight);
    const auto b = optional_tensor(bias, has_bias);
    if (w.dim() == 4 && are_plain(from, w, b, w.size(0), w.size(1), groups) && output_padding < stride) {
      auto places = [&](int64_t size) { return (size - 1) * stride - 2 * padding + w.size(2) + output_padding; };
      const auto c = correlation({from.size(0), w.size(1), places(from.size(2)), places(from.size(3))}, from.sizes(), w,
                                 stride, padding);
      if (is_ours(c)) return Convolution::apply(from, w, b, c, true, 1.0);
    }
    return convolved(from, w, b, [&](const auto &x, const auto &w, const auto &b) {
      return at::conv_transpose2d(x, w, b, {stride, stride}, {padding, padding}, {output_padding, output_padding},
                                  groups);
    });
  });
}
