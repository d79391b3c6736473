// Shapes, indices and order.
#include "Internal.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/stack.h>

#include <vector>

using namespace ctorch;

CTensor *ct_reshape(CTensor *x, const int64_t *sizes, int rank) {
  return operation("reshape", {x}, [&] { return tensor(x).reshape(at::IntArrayRef(sizes, rank)); });
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
  return operation("narrow", {x}, [&] { return tensor(x).narrow(dimension, start, length); });
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
  Handle result = nullptr;
  guarded(name, parts, count, [&] {
    std::vector<at::Tensor> tensors;
    for (int i = 0; i < count; i++) tensors.push_back(tensor(parts[i]));
    result = handle(body(tensors));
  });
  return result;
}
}  // namespace
CTensor *ct_cat(CTensor *const *parts, int count, int64_t dimension) {
  return joined("cat", parts, count, [&](const auto &tensors) { return at::cat(tensors, dimension); });
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
  guarded("sort", {x}, [&] {
    auto [values, indices] = at::sort(tensor(x), dimension);
    results[0] = handle(values);
    results[1] = handle(indices);
  });
}
