// The product of two matrices by whichever library is faster for it.
#pragma once
#include <ATen/core/Tensor.h>

namespace ctorch {

/// x y^T for `x` [N, K] and `y` [M, K], of any strides -> [N, M].
///
/// In float32 on the CPU oneDNN does it, which on AMD processors is twice as fast as the MKL that `at::mm` takes, where
/// libtorch has it and the product is large enough to pay for the longer way there.
at::Tensor times_transpose(const at::Tensor &x, const at::Tensor &y);

/// Whether ``times_transpose`` would go to oneDNN.
bool prefers_onednn(const at::Tensor &x, const at::Tensor &y);

}  // namespace ctorch
