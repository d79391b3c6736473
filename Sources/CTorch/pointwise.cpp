// Element by element.
#include "Internal.h"
#include "leaky_relu.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/div.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>

using namespace ctorch;

#define DEFINE_UNARY(name) \
  CTensor *ct_##name(CTensor *x) { return operation(#name, {x}, [&] { return at::name(tensor(x)); }); }
#define DEFINE_BINARY(name)                                                             \
  CTensor *ct_##name(CTensor *x, CTensor *y) {                                          \
    return operation(#name, {x, y}, [&] { return at::name(tensor(x), tensor(y)); });    \
  }
CT_UNARY_OPERATIONS(DEFINE_UNARY)
CT_BINARY_OPERATIONS(DEFINE_BINARY)

#define DEFINE_SCALAR(name, function)                                                   \
  CTensor *ct_##name(CTensor *x, double scalar) {                                       \
    return operation(#name, {x}, [&] { return function(tensor(x), scalar); });          \
  }
DEFINE_SCALAR(add_scalar, at::add)
DEFINE_SCALAR(mul_scalar, at::mul)
DEFINE_SCALAR(pow_scalar, at::pow)
DEFINE_SCALAR(gt_scalar, at::gt)
DEFINE_SCALAR(ge_scalar, at::ge)

CTensor *ct_leaky_relu(CTensor *x, double slope) {
  return operation("leaky_relu", {x}, [&] { return leaky_relu(tensor(x), slope); });
}

CTensor *ct_softplus(CTensor *x) {
  return operation("softplus", {x}, [&] { return at::softplus(tensor(x), /*beta=*/1, /*threshold=*/40); });
}
CTensor *ct_clamp(CTensor *x, double low, double high) {
  return operation("clamp", {x}, [&] { return at::clamp(tensor(x), low, high); });
}
CTensor *ct_where(CTensor *condition, CTensor *x, CTensor *y) {
  return operation("where", {condition, x, y}, [&] { return at::where(tensor(condition), tensor(x), tensor(y)); });
}
