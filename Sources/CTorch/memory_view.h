// A view made past libtorch's dispatcher, whose way through a narrow network's step takes longer than a layer.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/variable.h>

namespace ctorch {

/// `of`'s memory from element `offset` of its storage on, as `as_strided` has it, which must be there: nothing is
/// checked. No gradient flows through it. To change it is to change `of`.
inline at::Tensor memory_view(const at::Tensor &of, at::IntArrayRef sizes, at::IntArrayRef strides, int64_t offset) {
  auto view = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(of.storage()), of.key_set(),
                                                       of.dtype());
  auto *impl = view.unsafeGetTensorImpl();
  impl->set_storage_offset(offset);
  impl->set_sizes_and_strides(sizes, strides);
  torch::autograd::impl::set_version_counter(view, torch::autograd::impl::version_counter(of));
  return view;
}

}  // namespace ctorch
