// Numbers in ascending order, many short rows at once: Batcher's odd-even merge sort, whose comparisons are the same
// whatever the numbers are, so that sixteen rows go through it side by side without a branch.
#include "Internal.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/sort.h>

#include <limits>
#include <vector>

namespace ctorch {
namespace {

constexpr int64_t wide = 16;
constexpr int64_t longest = 4096;  // from here on a sort of n log n comparisons wins

/// Sixteen columns of `count` numbers, `numbers[i]` their i-th row.
CT_WIDE_KERNEL(void, sort_columns, (Wide<float> *numbers, int64_t count), (numbers, count)) {
  for (int64_t p = 1; p < count; p *= 2)
    for (int64_t k = p; k >= 1; k /= 2)
      for (int64_t j = k % p; j + k < count; j += 2 * k)
        for (int64_t i = 0; i < k && i + j + k < count; i++) {
          if ((i + j) / (2 * p) != (i + j + k) / (2 * p)) continue;
          Wide<float> a = numbers[i + j], b = numbers[i + j + k];
          numbers[i + j] = b < a ? b : a;
          numbers[i + j + k] = b < a ? a : b;
        }
}

/// x [rows, n, columns] -> the same, every column of every row in ascending order.
at::Tensor sorted_columns(const at::Tensor &x) {
  auto result = at::empty(x.sizes(), x.options());
  const int64_t rows = x.size(0), count = x.size(1), columns = x.size(2), sets = rows * columns;
  const float *from = x.const_data_ptr<float>();
  float *to = result.mutable_data_ptr<float>();
  auto place = [&](int64_t set, int64_t i) { return ((set / columns) * count + i) * columns + set % columns; };
  parallel_for(0, (sets + wide - 1) / wide, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> numbers(count * wide + wide);
    // Vectors want their own alignment.
    auto *aligned = reinterpret_cast<float *>((reinterpret_cast<uintptr_t>(numbers.data()) + 63) / 64 * 64);
    for (int64_t block = begin; block < end; block++) {
      for (int64_t lane = 0; lane < wide; lane++) {
        const int64_t set = block * wide + lane;
        for (int64_t i = 0; i < count; i++) aligned[i * wide + lane] = set < sets ? from[place(set, i)] : 0;
      }
      sort_columns(reinterpret_cast<Wide<float> *>(aligned), count);
      for (int64_t lane = 0; lane < wide && block * wide + lane < sets; lane++)
        for (int64_t i = 0; i < count; i++) to[place(block * wide + lane, i)] = aligned[i * wide + lane];
    }
  });
  return result;
}

}  // namespace
}  // namespace ctorch

CTensor *ct_sorted_values(CTensor *x, int64_t dimension) {
  using namespace ctorch;
  return operation("sortedValues", {x}, [&] {
    auto values = tensor(x).detach();
    const int64_t at = dimension < 0 ? dimension + values.dim() : dimension;
    TORCH_CHECK(at >= 0 && at < values.dim(), "there is no dimension ", dimension);
    const int64_t count = values.size(at);
    bool fast = values.device().is_cpu() && values.scalar_type() == at::kFloat && count <= longest &&
                values.numel() > 0;
    // NaN has no place in an order of comparisons; libtorch puts it last.
    bool finite = false;
    if (fast) {
      if (Handle failure = ct_all_finite(x, &finite)) ct_release(failure);
    }
    if (!finite) return std::get<0>(at::sort(values, dimension));
    auto sizes = values.sizes();
    auto seen = values.contiguous().view({c10::multiply_integers(sizes.slice(0, at)), count,
                                          c10::multiply_integers(sizes.slice(at + 1))});
    return sorted_columns(seen).view(sizes);
  });
}
