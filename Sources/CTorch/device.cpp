// Devices, element types and threads.
#include "Internal.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/csrc/api/include/torch/version.h>

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
  ctorch::guarded("threads", {}, [&] { at::set_num_threads(count); });
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
