#include "matrix_product.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/mm.h>

#include <optional>
#include <string_view>
#include <utility>

namespace ctorch {
namespace {

using Operator = at::Tensor(const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, c10::string_view,
                            c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>);

/// libtorch's door to oneDNN's inner product; absent from builds without oneDNN.
const std::optional<c10::TypedOperatorHandle<Operator>> &onednn() {
  static const auto found = []() -> std::optional<c10::TypedOperatorHandle<Operator>> {
    if (!at::globalContext().hasMKLDNN()) return std::nullopt;
    auto schema = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    return schema ? std::optional(schema->typed<Operator>()) : std::nullopt;
  }();
  return found;
}

thread_local at::ScalarType type_of_products = at::kFloat;

/// Below so many multiplications MKL's shorter way wins.
constexpr int64_t smallest = 1 << 18;

bool is_plain(const at::Tensor &x) { return x.dim() == 2 && x.device().is_cpu() && x.scalar_type() == at::kFloat; }
bool is_rounded(const at::Tensor &x) { return x.device().is_cpu() && x.scalar_type() == at::kBFloat16; }

at::Tensor by_onednn(const at::Tensor &x, const at::Tensor &y) {
  // oneDNN asks OpenMP for its threads, and a thread's number is libtorch's only from its first parallel loop on.
  at::internal::lazy_init_num_threads();
  return onednn()->call(x, y, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

}  // namespace

at::ScalarType product_type() { return type_of_products; }
at::ScalarType set_product_type(at::ScalarType type) { return std::exchange(type_of_products, type); }

bool prefers_onednn(const at::Tensor &x, const at::Tensor &y) {
  return is_plain(x) && is_plain(y) && x.size(1) == y.size(1) && x.size(0) * x.size(1) * y.size(0) >= smallest &&
         onednn();
}

at::Tensor times_transpose(const at::Tensor &x, const at::Tensor &y) {
  if (is_rounded(x) && is_rounded(y)) return by_onednn(x, y).to(at::kFloat);
  return prefers_onednn(x, y) ? by_onednn(x, y) : at::mm(x, y.t());
}

std::optional<at::Tensor> narrow_product(const at::Tensor &x, const at::Tensor &y) {
  constexpr int64_t widest = 16;
  if (!is_plain(x) || !is_plain(y) || x.size(1) != y.size(1) || y.size(0) > widest || !onednn()) return std::nullopt;
  return by_onednn(x, y);
}

std::pair<at::Tensor, at::Tensor> operands(const at::Tensor &x, const at::Tensor &y) {
  if (!in_bfloat16(x) || !prefers_onednn(x, y)) return {x, y};
  return {x.to(at::kBFloat16), y.to(at::kBFloat16)};
}
at::Tensor operand_like(const at::Tensor &x, const at::Tensor &other) {
  return x.scalar_type() == other.scalar_type() ? x : x.to(other.scalar_type());
}

}  // namespace ctorch
