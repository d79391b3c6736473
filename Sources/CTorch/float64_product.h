// Products of float64 matrices that do not depend on the number of threads.
#pragma once
#include <ATen/core/Tensor.h>

namespace ctorch {

/// x y^T for `x` [N, K] and `y` [M, K], float64 on the CPU. Each tile is one thread's.
at::Tensor float64_product(const at::Tensor &x, const at::Tensor &y);

}  // namespace ctorch
