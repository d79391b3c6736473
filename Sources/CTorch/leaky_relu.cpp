// The leaky ReLU of pictures.
#include "leaky_relu.h"
#include "Internal.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/leaky_relu_backward.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace ctorch {
namespace {

/// libtorch's keeps its operand for the backward pass, which of pictures is as much memory again as the result: the
/// sign that is asked for is the result's too.
struct LeakyReLU : torch::autograd::Function<LeakyReLU> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, double slope) {
    auto y = at::leaky_relu(x, slope);
    context->save_for_backward({y});
    context->saved_data["slope"] = slope;
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list cotangents) {
    auto y = context->get_saved_variables()[0];
    return {at::leaky_relu_backward(cotangents[0], y, context->saved_data["slope"].toDouble(), /*self_is_result=*/true),
            at::Tensor()};
  }
};

/// Rows of `channels`; the sums are added to.
CT_WIDE_KERNEL(void, leak_and_sum,
               (const float *dy, const float *y, float *dx, int64_t rows, int64_t channels, float slope, float *sums),
               (dy, y, dx, rows, channels, slope, sums)) {
  for (int64_t row = 0; row < rows; row++, dy += channels, y += channels, dx += channels)
    for (int64_t c = 0; c < channels; c++) {
      const float d = y[c] > 0 ? dy[c] : dy[c] * slope;
      dx[c] = d;
      sums[c] += d;
    }
}

}  // namespace

at::Tensor leaky_relu(const at::Tensor &x, double slope) {
  const bool is_picture = x.dim() == 4 && slope > 0 && x.is_floating_point();  // of vectors the detour costs more
  return is_picture && !is_traced() ? LeakyReLU::apply(x, slope) : at::leaky_relu(x, slope);
}

at::Tensor leaky_relu_cotangent(const at::Tensor &dy, const at::Tensor &y, double slope, at::Tensor *sums) {
  auto dx = at::empty_like(dy);
  const int64_t channels = dy.size(1), rows = channels ? dy.numel() / channels : 0;
  const int64_t chunk = std::max<int64_t>(64, (rows + 63) / 64), chunks = (rows + chunk - 1) / chunk;
  auto parts = at::zeros({std::max<int64_t>(1, chunks), channels}, dy.options().memory_format(std::nullopt));
  const float *const from = dy.const_data_ptr<float>(), *const result = y.const_data_ptr<float>();
  float *const to = dx.mutable_data_ptr<float>(), *const part = parts.mutable_data_ptr<float>();
  const int64_t grain = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, chunk * channels));
  parallel_for(0, chunks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t first = i * chunk, at = first * channels;
      leak_and_sum(from + at, result + at, to + at, std::min(chunk, rows - first), channels, slope,
                   part + i * channels);
    }
  });
  if (sums) {
    for (int64_t i = 1; i < chunks; i++)
      for (int64_t c = 0; c < channels; c++) part[c] += part[i * channels + c];
    *sums = parts[0].clone();
  }
  return dx;
}

}  // namespace ctorch
