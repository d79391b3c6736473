// Devices, element types and threads.
#include "Internal.h"
#include "parallel.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/csrc/api/include/torch/version.h>

#include <atomic>
#include <climits>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace ctorch {
at::ScalarType scalar_type(CTDType dtype) {
  switch (dtype) {
    case CTDTypeFloat32: return at::kFloat;
    case CTDTypeFloat64: return at::kDouble;
    case CTDTypeBFloat16: return at::kBFloat16;
    case CTDTypeInt64: return at::kLong;
    case CTDTypeUInt8: return at::kByte;
    case CTDTypeBool: return at::kBool;
  }
}
at::Device device(CTDevice device) {
  switch (device) {
    case CTDeviceCPU: return at::Device(at::kCPU);
    case CTDeviceCUDA: return at::Device(at::kCUDA);
    case CTDeviceMPS: return at::Device(at::kMPS);
  }
}
at::TensorOptions options(CTDType dtype, CTDevice place) {
  return at::TensorOptions().dtype(scalar_type(dtype)).device(device(place));
}
}  // namespace ctorch

int ct_threads_of_a_loop(void) {
  std::atomic<int> parts = 0;
  ctorch::parallel_for(0, 1024, 1, [&](int64_t, int64_t) { parts++; });
  return parts;
}
void ct_keep_freed_memory(void) {
#ifdef __GLIBC__
  // As the C library's own memory, which it may reuse, not as separate pieces from the system, nor given back to it.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}
bool ct_device_available(CTDevice device) {
  try {
    switch (device) {
      case CTDeviceCPU: return true;
      case CTDeviceCUDA: return at::globalContext().hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
      case CTDeviceMPS: return at::globalContext().hasMPS();
    }
  } catch (...) {
  }
  return false;
}
const char *ct_version(void) { return TORCH_VERSION; }
int ct_threads(void) { return at::get_num_threads(); }
void ct_set_threads(int count) {
  try {
    at::set_num_threads(count < 1 ? 1 : count);
  } catch (...) {
  }
}

CTDType ct_dtype(CTensor *x) {
  switch (ctorch::tensor(x).scalar_type()) {
    case at::kDouble: return CTDTypeFloat64;
    case at::kBFloat16: return CTDTypeBFloat16;
    case at::kLong: return CTDTypeInt64;
    case at::kByte: return CTDTypeUInt8;
    case at::kBool: return CTDTypeBool;
    default: return CTDTypeFloat32;
  }
}
CTDevice ct_device(CTensor *x) {
  switch (ctorch::tensor(x).device().type()) {
    case at::kCUDA: return CTDeviceCUDA;
    case at::kMPS: return CTDeviceMPS;
    default: return CTDeviceCPU;
  }
}
