// What networks of pictures have beside our own games' layers: pooling, and convolutions with other sides than squares,
// followed by a rectifier.
#include "Internal.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>

#include <optional>
#include <string_view>

using namespace ctorch;

namespace {

using Operator = at::Tensor(const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, at::IntArrayRef,
                            at::IntArrayRef, at::IntArrayRef, int64_t, c10::string_view,
                            c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>);

/// libtorch's door to oneDNN's convolution with what follows it in one pass; absent from builds without oneDNN.
const std::optional<c10::TypedOperatorHandle<Operator>> &onednn() {
  static const auto found = []() -> std::optional<c10::TypedOperatorHandle<Operator>> {
    if (!at::globalContext().hasMKLDNN()) return std::nullopt;
    auto schema = c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise", ""});
    return schema ? std::optional(schema->typed<Operator>()) : std::nullopt;
  }();
  return found;
}

at::Tensor rectified_convolution(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
                                 at::IntArrayRef stride, at::IntArrayRef padding) {
  if (x.device().is_cpu() && x.scalar_type() == at::kFloat && onednn() && !is_traced()) {
    at::internal::lazy_init_num_threads();
    return onednn()->call(x.contiguous(at::MemoryFormat::ChannelsLast), weight, bias, padding, stride, {1, 1}, 1,
                          "relu", c10::List<std::optional<at::Scalar>>(), std::nullopt);
  }
  return at::relu(at::conv2d(x, weight, bias, stride, padding));
}

}  // namespace

CTensor *ct_rectified_conv2d(CTensor *x, CTensor *weight, CTensor *bias, const int64_t stride[2],
                             const int64_t padding[2]) {
  return operation("rectifiedConv2d", {x, weight, bias}, [&] {
    return rectified_convolution(tensor(x), tensor(weight), tensor(bias), {stride, 2}, {padding, 2});
  });
}

CTensor *ct_max_pool2d(CTensor *x, int64_t size, int64_t stride, int64_t padding) {
  return operation("maxPool2d", {x}, [&] {
    return at::max_pool2d(tensor(x), {size, size}, {stride, stride}, {padding, padding});
  });
}

CTensor *ct_average_pool2d(CTensor *x, int64_t size, int64_t stride, int64_t padding) {
  return operation("averagePool2d", {x}, [&] {
    return at::avg_pool2d(tensor(x), {size, size}, {stride, stride}, {padding, padding}, /*ceil_mode=*/false,
                          /*count_include_pad=*/false);
  });
}
