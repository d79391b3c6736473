// What every file of this target shares: handles to tensors and back, and the guard around libtorch's exceptions.
#pragma once
#include "CTorch.h"

#include <torch/version.h>
#if TORCH_VERSION_MAJOR != 2 || TORCH_VERSION_MINOR < 11 || TORCH_VERSION_MINOR > 13
#error "This package is written for libtorch 2.11 to 2.13: run `make setup`, or point TORCH_HOME at such a PyTorch."
#endif

#include <ATen/TracerMode.h>
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <initializer_list>
#include <string>

#if TORCH_VERSION_MINOR < 12
// Clang calls these by other names than the compiler that the library was made with.
namespace at {
template <> inline const float *TensorBase::const_data_ptr<float, 0>() const {
  return static_cast<const float *>(const_data_ptr());
}
template <> inline const double *TensorBase::const_data_ptr<double, 0>() const {
  return static_cast<const double *>(const_data_ptr());
}
}  // namespace at
#endif

namespace ctorch {

using Handle = CTensor *;

inline c10::TensorImpl *impl(Handle handle) { return reinterpret_cast<c10::TensorImpl *>(handle); }

/// A counted reference for the length of a call.
inline at::Tensor tensor(Handle handle) {
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::unsafe_reclaim_from_nonowning(
      impl(handle)));
}

/// Hands one reference to the caller.
inline Handle handle(at::Tensor tensor) { return reinterpret_cast<Handle>(tensor.unsafeReleaseTensorImpl()); }

/// Whether this is the result of an operation that failed (failure.cpp): no other tensor is without dispatch keys.
inline bool has_failed(Handle handle) { return impl(handle)->key_set().empty(); }

/// Another reference to the same tensor.
Handle retained(Handle handle);

/// A failed tensor whose reason names the operation and its operands' shapes; the open scope keeps it, where there is
/// one.
Handle failed(const char *operation, const Handle *operands, size_t count, const char *reason) noexcept;

/// Runs `body` and returns NULL; a C++ exception becomes a failed tensor. So does a failed operand, which is passed on
/// untouched, and `body` does not run then.
template <class Body>
[[nodiscard]] Handle attempt(const char *operation, const Handle *operands, size_t count, Body body) noexcept {
  for (size_t i = 0; i < count; i++)
    if (has_failed(operands[i])) return retained(operands[i]);
  try {
    body();
    return nullptr;
  } catch (const c10::Error &error) {
    return failed(operation, operands, count, error.what_without_backtrace());
  } catch (const std::exception &error) {
    return failed(operation, operands, count, error.what());
  } catch (...) {
    return failed(operation, operands, count, "unknown C++ exception");
  }
}

template <class Body>
[[nodiscard]] Handle attempt(const char *operation, std::initializer_list<Handle> operands, Body body) noexcept {
  return attempt(operation, operands.begin(), operands.size(), body);
}

/// Runs an operation that yields one tensor.
template <class Body>
Handle operation(const char *name, const Handle *operands, size_t count, Body body) noexcept {
  Handle result = nullptr;
  if (Handle failure = attempt(name, operands, count, [&] { result = handle(body()); })) return failure;
  return result;
}

template <class Body>
Handle operation(const char *name, std::initializer_list<Handle> operands, Body body) noexcept {
  return operation(name, operands.begin(), operands.size(), body);
}

/// Runs an operation that yields several tensors, `body` as a vector of at most `count`; all are the failed one where
/// it fails.
template <class Body>
void operation(const char *name, const Handle *operands, size_t operand_count, Handle *results, size_t count,
               Body body) noexcept {
  Handle failure = attempt(name, operands, operand_count, [&] {
    auto found = body();
    for (size_t i = 0; i < found.size() && i < count; i++) results[i] = handle(std::move(found[i]));
  });
  if (!failure) return;
  for (size_t i = 0; i < count; i++) results[i] = i == 0 ? failure : retained(failure);
}

/// Whether this thread records what libtorch computes (ct_script_trace). What a kernel of ours writes past libtorch's
/// dispatcher would enter the recording as a constant: everything then takes its composed form, which does not read the
/// number of rows either.
inline bool is_traced() { return at::tracer::impl::is_dispatch_enabled(); }

/// Whether kernels of ours are to take their composed form: in a trace, and where the thread has asked for operations
/// whose gradients have gradients (ct_set_twice_differentiable).
bool wants_plain_operations();

/// While a trace is recorded, and before an operation with an argument `argument` of `rank` sizes on `x`: sizes that
/// lead in `x` as they do in the argument are recorded as `x`'s own, so that a batch of another size keeps its size.
void keep_leading_sizes(const at::Tensor &x, const int64_t *sizes, int rank, const char *argument);

at::ScalarType scalar_type(CTDType dtype);
at::Device device(CTDevice device);
at::TensorOptions options(CTDType dtype, CTDevice device);

}  // namespace ctorch
