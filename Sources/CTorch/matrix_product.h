// The product of two matrices by whichever library is faster for it.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <utility>

namespace ctorch {

/// x y^T for `x` [N, K] and `y` [M, K], of any strides -> [N, M].
///
/// Operands that ``operands`` has rounded to bfloat16 have a product of float32 again, which was rounded once on the
/// way.
///
/// In float32 on the CPU oneDNN does it, which on AMD processors is twice as fast as the MKL that `at::mm` takes, where
/// libtorch has it and the product is large enough to pay for the longer way there.
at::Tensor times_transpose(const at::Tensor &x, const at::Tensor &y);

/// The same for a `y` of few rows, where oneDNN has it: each row of the result has the same bits wherever in `x` its
/// own row stands. MKL's products of up to 11 columns depend on the place, on processors with AVX2.
std::optional<at::Tensor> narrow_product(const at::Tensor &x, const at::Tensor &y);

/// x [N, K] and y [M, K] as their products are to be made of them: large float32 ones are rounded to bfloat16 where
/// ``product_type`` says so. To be kept for the backward pass, where `operand_like` rounds what belongs to them.
std::pair<at::Tensor, at::Tensor> operands(const at::Tensor &x, const at::Tensor &y);
at::Tensor operand_like(const at::Tensor &x, const at::Tensor &other);

/// Whether ``times_transpose`` would go to oneDNN.
bool prefers_onednn(const at::Tensor &x, const at::Tensor &y);

/// The kind of numbers that products of float32 are to be made of, by this thread, now: float32 or bfloat16.
at::ScalarType product_type();
/// Sets it and returns what it was.
at::ScalarType set_product_type(at::ScalarType type);
/// Whether `x`'s products are to be made in bfloat16.
inline bool in_bfloat16(const at::Tensor &x) {
  return product_type() == at::kBFloat16 && x.scalar_type() == at::kFloat;
}

/// x W^T + b, as ct_linear.
at::Tensor dense(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias);

}  // namespace ctorch
