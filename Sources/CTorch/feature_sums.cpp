// Sums over features of pictures: mean and scatter in one pass, and the kernel sums of KID. In float64, and the same
// for any number of threads.
#include "Internal.h"
#include "float64_product.h"
#include "serial.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <vector>

using namespace ctorch;

namespace {

/// A block's mean and its rows less the mean, feature by feature: [dimensions, rows].
void centred(const float *rows, int64_t count, int64_t dimensions, double *mean, double *columns) {
  for_each_serially((dimensions + 63) / 64, [&](int64_t part) {
    const int64_t first = part * 64, last = std::min(dimensions, first + 64);
    for (int64_t feature = first; feature < last; feature++) {
      // Two passes: what the first sum loses the second gives back.
      double sum = 0;
      for (int64_t row = 0; row < count; row++) sum += rows[row * dimensions + feature];
      const double guess = sum / static_cast<double>(count);
      double rest = 0;
      for (int64_t row = 0; row < count; row++) rest += rows[row * dimensions + feature] - guess;
      mean[feature] = guess + rest / static_cast<double>(count);
      for (int64_t row = 0; row < count; row++)
        columns[feature * count + row] = rows[row * dimensions + feature] - mean[feature];
    }
  });
}

double cubed_sum(const at::Tensor &products, double scale, bool without_diagonal) {
  const auto *values = products.const_data_ptr<double>();
  const int64_t rows = products.size(0), columns = products.size(1);
  std::vector<double> sums(rows);
  for_each_serially((rows + 15) / 16, [&](int64_t part) {
    for (int64_t row = part * 16; row < std::min(rows, part * 16 + 16); row++) {
      double sum = 0;
      for (int64_t column = 0; column < columns; column++) {
        const double base = values[row * columns + column] * scale + 1;
        if (!without_diagonal || row != column) sum += base * base * base;
      }
      sums[row] = sum;
    }
  });
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

}  // namespace

CTensor *ct_add_to_moments(const float *rows, int64_t count, int64_t dimensions, int64_t before, double *mean,
                           double *scatter) {
  return attempt("moments", {}, [&] {
    if (count <= 0) return;
    std::vector<double> block_mean(dimensions), columns(dimensions * count), difference(dimensions);
    centred(rows, count, dimensions, block_mean.data(), columns.data());
    for (int64_t i = 0; i < dimensions; i++) difference[i] = block_mean[i] - mean[i];
    const double n = static_cast<double>(before), m = static_cast<double>(count), weight = n * m / (n + m);
    const auto x = at::from_blob(columns.data(), {dimensions, count}, at::kDouble);
    constexpr int64_t tile = 256;
    const int64_t across = (dimensions + tile - 1) / tile;
    // Chan, Golub and LeVeque (1979): S = S_a + S_b + d d^T n m / (n + m), d the difference of the means.
    for_each_serially(across * across, [&](int64_t number) {
      const int64_t top = number / across * tile, left = number % across * tile;
      if (left > top) return;
      const int64_t height = std::min(tile, dimensions - top), width = std::min(tile, dimensions - left);
      const auto part = at::mm(x.narrow(0, top, height), x.narrow(0, left, width).t());
      const auto *sums = part.const_data_ptr<double>();
      for (int64_t i = 0; i < height; i++)
        for (int64_t j = 0; j < width; j++) {
          if (left + j > top + i) break;
          const double sum = scatter[(top + i) * dimensions + left + j] + sums[i * width + j] +
                             difference[top + i] * difference[left + j] * weight;
          scatter[(top + i) * dimensions + left + j] = sum;
          scatter[(left + j) * dimensions + top + i] = sum;
        }
    });
    for (int64_t i = 0; i < dimensions; i++) mean[i] += difference[i] * (m / (n + m));
  });
}

CTensor *ct_cubic_kernel_sums(const float *x, int64_t x_count, const float *y, int64_t y_count, int64_t dimensions,
                              double sums[3]) {
  return attempt("kernelSums", {}, [&] {
    const auto matrix = [&](const float *rows, int64_t count) {
      return at::from_blob(const_cast<float *>(rows), {count, dimensions}, at::kFloat).to(at::kDouble);
    };
    const auto a = matrix(x, x_count), b = matrix(y, y_count);
    const double scale = 1.0 / static_cast<double>(dimensions);
    sums[0] = cubed_sum(float64_product(a, a), scale, true);
    sums[1] = cubed_sum(float64_product(b, b), scale, true);
    sums[2] = cubed_sum(float64_product(a, b), scale, false);
  });
}
