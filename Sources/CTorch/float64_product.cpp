#include "float64_product.h"
#include "Internal.h"
#include "serial.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>

namespace ctorch {

at::Tensor float64_product(const at::Tensor &x, const at::Tensor &y) {
  constexpr int64_t tile = 256;
  const int64_t rows = x.size(0), columns = y.size(0), across = (columns + tile - 1) / tile;
  auto result = at::empty({rows, columns}, x.options());
  for_each_serially((rows + tile - 1) / tile * across, [&](int64_t number) {
    const int64_t top = number / across * tile, left = number % across * tile;
    const int64_t height = std::min(tile, rows - top), width = std::min(tile, columns - left);
    auto part = result.narrow(0, top, height).narrow(1, left, width);
    part.copy_(at::mm(x.narrow(0, top, height), y.narrow(0, left, width).t()));
  });
  return result;
}

}  // namespace ctorch

CTensor *ct_float64_product(CTensor *x, CTensor *y) {
  using namespace ctorch;
  return operation("float64Product", {x, y}, [&] {
    TORCH_CHECK(tensor(x).dim() == 2 && tensor(y).dim() == 2 && tensor(x).size(1) == tensor(y).size(1) &&
                    tensor(x).scalar_type() == at::kDouble && tensor(y).scalar_type() == at::kDouble,
                "two matrices of float64 rows of one length are needed");
    return float64_product(tensor(x), tensor(y));
  });
}
