// Batch normalisation of images, by libtorch's own kernels.
#include "Internal.h"

#include <ATen/ops/batch_norm.h>

using namespace ctorch;

CTensor *ct_batch_norm(CTensor *x, CTensor *gain, bool has_gain, CTensor *bias, double epsilon) {
  return operation("batchNorm2d", {x, has_gain ? gain : x, bias}, [&] {
    std::optional<at::Tensor> weight = has_gain ? std::optional(tensor(gain)) : std::nullopt;
    return at::batch_norm(tensor(x), weight, tensor(bias), {}, {}, /*training=*/true, /*momentum=*/0, epsilon,
                          /*cudnn_enabled=*/true);
  });
}
