// Reductions.
#include "Internal.h"

#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/var.h>

#include <numeric>
#include <vector>

using namespace ctorch;

namespace {
/// libtorch's reductions disagree on what an empty list means; here it always means every dimension.
std::vector<int64_t> reduced(const at::Tensor &x, const int64_t *dimensions, int count) {
  if (count > 0) return {dimensions, dimensions + count};
  std::vector<int64_t> all(x.dim());
  std::iota(all.begin(), all.end(), 0);
  return all;
}
}  // namespace

#define DEFINE_REDUCTION(name)                                                                              \
  CTensor *ct_##name(CTensor *x, const int64_t *dimensions, int count, bool keep) {                        \
    return operation(#name, {x}, [&] { return at::name(tensor(x), reduced(tensor(x), dimensions, count), keep); }); \
  }
CT_REDUCTIONS(DEFINE_REDUCTION)

CTensor *ct_variance(CTensor *x, const int64_t *dimensions, int count, int correction, bool keep) {
  return operation("variance", {x}, [&] {
    return at::var(tensor(x), reduced(tensor(x), dimensions, count), at::Scalar(correction), keep);
  });
}
CTensor *ct_argmax(CTensor *x, int64_t dimension) {
  return operation("argmax", {x}, [&] { return at::argmax(tensor(x), dimension); });
}
CTensor *ct_cumsum(CTensor *x, int64_t dimension) {
  return operation("cumsum", {x}, [&] { return at::cumsum(tensor(x), dimension); });
}
