// Products of matrices that lie in the nearest caches, for kernels that make the matrices themselves: a tile of the
// result at a time, its sums in registers. Every element is one sum in one order, whatever the tile.
#pragma once
#include "vector_math.h"

#include <cstdlib>
#include <memory>
#include <new>

namespace ctorch {

/// Floats after each plane and row of a scratch array: multiples of a page would all want the same places of the
/// nearest cache.
constexpr int64_t gap = 16;

/// A level's vectors, and the tile that its registers hold: 24 sums of AVX-512's 32, 12 of AVX2's 16.
template <CKLevel level> struct Tile {
  static constexpr int bytes = level == CKLevelAVX512 ? 64 : level == CKLevelAVX2 ? 32 : 16;
  static constexpr int64_t lanes = bytes / sizeof(float);
  static constexpr int rows = level == CKLevelAVX512 ? 12 : 6, vectors = 2;
  static constexpr int64_t panel = vectors * lanes;
  typedef float Vector __attribute__((vector_size(bytes)));
};

/// c (+)= a b for `rows` rows and `vectors` vectors of c; a's element (row, d) is a[row row_step + d depth_step].
template <class R, int rows, int vectors>
CT_INLINE void product_block(const float *a, int64_t row_step, int64_t depth_step, const float *b, int64_t b_row,
                             int64_t depth, float *c, int64_t c_row, bool adds) {
  using V = typename R::Vector;
  V sums[rows][vectors];
#pragma unroll
  for (int i = 0; i < rows; i++)
#pragma unroll
    for (int v = 0; v < vectors; v++) {
      sums[i][v] = V{};
      if (adds) load(c + i * c_row + v * R::lanes, sums[i][v]);
    }
  for (int64_t d = 0; d < depth; d++) {
    V in[vectors];
    for (int v = 0; v < vectors; v++) load(b + d * b_row + v * R::lanes, in[v]);
    for (int i = 0; i < rows; i++) {
      const float by = a[i * row_step + d * depth_step];
      for (int v = 0; v < vectors; v++) sums[i][v] += in[v] * by;
    }
  }
#pragma unroll
  for (int i = 0; i < rows; i++)
#pragma unroll
    for (int v = 0; v < vectors; v++) store(c + i * c_row + v * R::lanes, sums[i][v]);
}
/// The same for any number of rows.
template <class R, int vectors>
CT_INLINE void product_rows(const float *a, int64_t row_step, int64_t depth_step, const float *b, int64_t b_row,
                            int64_t depth, float *c, int64_t c_row, int64_t rows, bool adds) {
  int64_t i = 0;
  for (; i + R::rows <= rows; i += R::rows)
    product_block<R, R::rows, vectors>(a + i * row_step, row_step, depth_step, b, b_row, depth, c + i * c_row, c_row,
                                       adds);
  for (; i + 4 <= rows; i += 4)
    product_block<R, 4, vectors>(a + i * row_step, row_step, depth_step, b, b_row, depth, c + i * c_row, c_row, adds);
  for (; i + 2 <= rows; i += 2)
    product_block<R, 2, vectors>(a + i * row_step, row_step, depth_step, b, b_row, depth, c + i * c_row, c_row, adds);
  if (i < rows)
    product_block<R, 1, vectors>(a + i * row_step, row_step, depth_step, b, b_row, depth, c + i * c_row, c_row, adds);
}
/// The same for all columns, a multiple of a vector's length.
template <class R>
CT_INLINE void product(const float *a, int64_t row_step, int64_t depth_step, const float *b, int64_t b_row,
                       int64_t depth, float *c, int64_t c_row, int64_t rows, int64_t columns, bool adds) {
  int64_t k = 0;
  for (; k + R::panel <= columns; k += R::panel)
    product_rows<R, R::vectors>(a, row_step, depth_step, b + k, b_row, depth, c + k, c_row, rows, adds);
  for (; k < columns; k += R::lanes)
    product_rows<R, 1>(a, row_step, depth_step, b + k, b_row, depth, c + k, c_row, rows, adds);
}

/// Memory of a thread's own, kept for its next task: aligned to lines.
inline float *scratch(int number, int64_t floats) {
  struct Free {
    void operator()(float *p) const { std::free(p); }
  };
  static thread_local std::unique_ptr<float, Free> kept[3];
  static thread_local int64_t sizes[3] = {};
  if (sizes[number] < floats) {
    kept[number].reset();
    sizes[number] = 0;
    const int64_t rounded = (floats + 15) / 16 * 16;
    kept[number].reset(static_cast<float *>(std::aligned_alloc(64, rounded * sizeof(float))));
    if (!kept[number]) throw std::bad_alloc();
    sizes[number] = rounded;
  }
  return kept[number].get();
}

}  // namespace ctorch
