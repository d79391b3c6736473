// Making tensors and reading them back.
#include "Internal.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <c10/core/GradMode.h>

#include <cstring>

using namespace ctorch;

CTensor *ct_from_bytes(const void *bytes, const int64_t *sizes, int rank, CTDType dtype, CTDevice place) {
  return operation("tensor", {}, [&] {
    auto borrowed = at::from_blob(const_cast<void *>(bytes), at::IntArrayRef(sizes, rank), options(dtype, CTDeviceCPU));
    return borrowed.clone().to(device(place));
  });
}
CTensor *ct_full(double value, const int64_t *sizes, int rank, CTDType dtype, CTDevice place) {
  return operation("full", {}, [&] { return at::full(at::IntArrayRef(sizes, rank), value, options(dtype, place)); });
}
CTensor *ct_arange(int64_t count, CTDType dtype, CTDevice place) {
  return operation("arange", {}, [&] { return at::arange(count, options(dtype, place)); });
}
CTensor *ct_linspace(double first, double last, int64_t count, CTDType dtype, CTDevice place) {
  return operation("linspace", {}, [&] { return at::linspace(first, last, count, options(dtype, place)); });
}
CTensor *ct_to(CTensor *x, CTDType dtype, CTDevice place) {
  return operation("to", {x}, [&] { return tensor(x).to(options(dtype, place)); });
}
CTensor *ct_copy_to(CTensor *x, CTDType dtype, void *destination, int64_t byte_count) {
  return attempt("copy", {x}, [&] {
    c10::NoGradGuard without_gradient;
    const auto &plain = tensor(x);
    if (plain.numel() == 1 && dtype == CTDTypeFloat64 && plain.scalar_type() == at::kFloat && plain.device().is_cpu() &&
        byte_count == sizeof(double)) {  // a loss, read in every step
      *static_cast<double *>(destination) = *plain.const_data_ptr<float>();
      return;
    }
    // To here first: not every device has float64.
    auto source = plain.to(at::kCPU).to(options(dtype, CTDeviceCPU)).contiguous();
    TORCH_CHECK(static_cast<int64_t>(source.nbytes()) == byte_count, "holds ", source.nbytes(), " bytes, not ",
                byte_count);
    if (byte_count > 0) std::memcpy(destination, source.data_ptr(), byte_count);
  });
}
CTensor *ct_assign(CTensor *destination, CTensor *source) {
  return attempt("assign", {destination, source}, [&] {
    c10::NoGradGuard without_gradient;
    auto to = tensor(destination), from = tensor(source);
    TORCH_CHECK(to.sizes() == from.sizes(), "the shapes differ");
    to.copy_(from);
  });
}
int ct_rank(CTensor *x) { return static_cast<int>(impl(x)->dim()); }
int64_t ct_size(CTensor *x, int dimension) { return impl(x)->sizes()[dimension]; }
