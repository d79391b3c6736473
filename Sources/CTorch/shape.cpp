// Shapes, indices and order.
#include "Internal.h"
#include "memory_view.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/split_with_sizes.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <vector>

using namespace ctorch;

CTensor *ct_reshape(CTensor *x, const int64_t *sizes, int rank) {
  return operation("reshape", {x}, [&] {
    auto from = tensor(x);
    if (is_traced()) keep_leading_sizes(from, sizes, rank, "shape");
    return from.reshape(at::IntArrayRef(sizes, rank));
  });
}
CTensor *ct_expand(CTensor *x, const int64_t *sizes, int rank) {
  return operation("expand", {x}, [&] { return tensor(x).expand(at::IntArrayRef(sizes, rank)); });
}
CTensor *ct_permute(CTensor *x, const int64_t *dimensions, int rank) {
  return operation("permute", {x}, [&] { return tensor(x).permute(at::IntArrayRef(dimensions, rank)); });
}
CTensor *ct_transpose(CTensor *x, int64_t first, int64_t second) {
  return operation("transpose", {x}, [&] { return tensor(x).transpose(first, second); });
}
CTensor *ct_unsqueeze(CTensor *x, int64_t dimension) {
  return operation("unsqueeze", {x}, [&] { return tensor(x).unsqueeze(dimension); });
}
CTensor *ct_squeeze(CTensor *x, int64_t dimension) {
  return operation("squeeze", {x}, [&] { return tensor(x).squeeze(dimension); });
}
CTensor *ct_narrow(CTensor *x, int64_t dimension, int64_t start, int64_t length) {
  return operation("narrow", {x}, [&] {
    auto from = tensor(x);
    auto part = [&] { return from.narrow(dimension, start, length); };
    if (!is_traced() || start < 0 || length < 0 || start + length != from.size(dimension)) return part();
    // A part that goes to the end does so whatever the size is.
    return at::slice(from, dimension, start);
  });
}
void ct_split(CTensor *x, int64_t dimension, const int64_t *sizes, int count, CTensor **results) {
  operation("split", &x, 1, results, count,
            [&] { return at::split_with_sizes(tensor(x), at::IntArrayRef(sizes, count), dimension); });
}
CTensor *ct_flip(CTensor *x, int64_t dimension) {
  return operation("flip", {x}, [&] { return at::flip(tensor(x), dimension); });
}
CTensor *ct_contiguous(CTensor *x) {
  return operation("contiguous", {x}, [&] { return tensor(x).contiguous(); });
}
CTensor *ct_clone(CTensor *x) {
  return operation("clone", {x}, [&] { return tensor(x).clone(); });
}

namespace {
template <class Body>
CTensor *joined(const char *name, CTensor *const *parts, int count, Body body) {
  return operation(name, parts, count, [&] {
    std::vector<at::Tensor> tensors;
    for (int i = 0; i < count; i++) tensors.push_back(tensor(parts[i]));
    return body(tensors);
  });
}
}  // namespace
CTensor *ct_cat(CTensor *const *parts, int count, int64_t dimension) {
  return joined("cat", parts, count, [&](const auto &tensors) { return at::cat(tensors, dimension); });
}
namespace {
/// The parts as one view, where they stand one after the other in memory.
at::Tensor standing_together(const std::vector<at::Tensor> &parts, int64_t leading) {
  const int64_t rows = std::max<int64_t>(1, leading);
  const auto &first = parts[0];
  int64_t total = 0, stride = leading > 0 && first.dim() > 0 ? first.stride(0) : 0;
  for (const auto &part : parts) {
    const int64_t size = part.numel() / rows;
    int64_t expected = 1;  // each row of a part in one piece
    for (int64_t d = part.dim() - 1; d >= (leading > 0 ? 1 : 0); d--) {
      if (part.size(d) != 1 && part.stride(d) != expected) return {};
      expected *= part.size(d);
    }
    if (!part.is_alias_of(first) || part.storage_offset() != first.storage_offset() + total ||
        part.scalar_type() != first.scalar_type() || (leading > 0 && part.stride(0) != stride))
      return {};
    total += size;
  }
  const int64_t offset = first.storage_offset();
  if (leading == 0) return memory_view(first, {total}, {1}, offset);
  return leading == 1 || stride == total ? memory_view(first, {leading, total}, {total, 1}, offset) : at::Tensor();
}
}  // namespace
CTensor *ct_flatten(CTensor *const *parts, int count, int64_t leading) {
  return joined("flatten", parts, count, [&](std::vector<at::Tensor> &tensors) {
    TORCH_CHECK(!tensors.empty(), "there is nothing to flatten");
    // A view hangs on the first part alone: gradients would not find the others.
    const bool constant =
        std::none_of(tensors.begin(), tensors.end(), [](const auto &part) { return part.requires_grad(); });
    if (auto view = constant ? standing_together(tensors, leading) : at::Tensor(); view.defined()) return view;
    for (auto &part : tensors)
      part = leading > 0 ? part.reshape({leading, part.numel() / leading}) : part.reshape({part.numel()});
    return at::cat(tensors, -1);
  });
}
CTensor *ct_stack(CTensor *const *parts, int count, int64_t dimension) {
  return joined("stack", parts, count, [&](const auto &tensors) { return at::stack(tensors, dimension); });
}
CTensor *ct_index_select(CTensor *x, int64_t dimension, CTensor *index) {
  return operation("indexSelect", {x, index}, [&] { return at::index_select(tensor(x), dimension, tensor(index)); });
}
CTensor *ct_gather(CTensor *x, int64_t dimension, CTensor *index) {
  return operation("gather", {x, index}, [&] { return at::gather(tensor(x), dimension, tensor(index)); });
}
void ct_sort(CTensor *x, int64_t dimension, CTensor **results) {
  operation("sort", &x, 1, results, 2, [&] {
    auto [values, indices] = at::sort(tensor(x), dimension);
    return std::vector<at::Tensor>{values, indices};
  });
}
