// The leaky ReLU of pictures, which keeps its result alone, and the backward pass of one that was made in another's
// pass.
#pragma once
#include <ATen/core/Tensor.h>

namespace ctorch {

/// x where it is above 0, else x slope: libtorch's. Of pictures its backward pass goes by the result.
at::Tensor leaky_relu(const at::Tensor &x, double slope);

/// The cotangent of x from that of y, the leaky ReLU of x with a slope above 0; both float32 [N, C, H, W] on the CPU
/// with channels innermost. `sums`, where it is not null, becomes those over all but the channels, [C], in an order
/// that does not depend on the number of threads.
at::Tensor leaky_relu_cotangent(const at::Tensor &dy, const at::Tensor &y, double slope, at::Tensor *sums);

}  // namespace ctorch
