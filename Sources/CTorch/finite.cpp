// Whether numbers are finite, in one pass.
#include "Internal.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/isfinite.h>

#include <atomic>

namespace ctorch {
namespace {

/// A float is infinite or NaN where all bits of its exponent are set.
CT_WIDE_KERNEL(bool, has_non_finite, (const float *x, int64_t begin, int64_t end), (x, begin, end)) {
  constexpr uint32_t exponent = 0x7f800000;
  uint32_t found = 0;
  for (int64_t i = begin; i < end; i++) {
    uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    found |= (bits & exponent) == exponent;
  }
  return found != 0;
}

bool all_finite(const at::Tensor &x) {
  if (x.device().is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous()) {
    const float *data = x.const_data_ptr<float>();
    std::atomic<bool> found = false;
    parallel_for(0, x.numel(), 1 << 18, [&](int64_t begin, int64_t end) {
      if (has_non_finite(data, begin, end)) found = true;
    });
    return !found;
  }
  return at::isfinite(x).all().item<bool>();
}

}  // namespace
}  // namespace ctorch

CTensor *ct_all_finite(CTensor *x, bool *result) {
  return ctorch::attempt("allFinite", {x}, [&] { *result = ctorch::all_finite(ctorch::tensor(x)); });
}
