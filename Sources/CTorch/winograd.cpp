// Convolutions by Winograd's algorithm: of 4 x 4 places of the output at a time, from n x n of the input, n = 3 + r for
// kernels of r x r places. Both are transformed, so that n^2 products of matrices are what is left: n^2 / 16
// multiplications for each place and pair of channels, where the convolution itself takes r^2.
//
// A convolution of stride 2 is one of stride 1 of the picture's four phases (its pixels of even and odd rows and
// columns) as so many more channels, and its kernel falls into four smaller ones. Its transpose makes each phase by
// itself.
//
// The transforms multiply polynomials by their values at -a, a, -b, b, infinity and, for r = 3, at 0. Usual are 1 and
// 2, with which float32 loses a factor of four to ten beside the convolution as it stands; those below lose one and a
// half (Docs/Convolutions.md).
//
// Places are a task's as tiles, a block of them at a time, sized for the second-level cache; every sum is of one task,
// in one order, so that the result does not depend on the number of threads.
#include "winograd.h"

#include "parallel.h"
#include "tile_product.h"
#include "vector_math.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace ctorch::winograd {
namespace {

constexpr int m = 4;  // places of the output that a tile has in a row
constexpr int side(int r) { return m + r - 1; }

// ---- transforms of one dimension --------------------------------------------------------------------------------

template <int r> struct Points;
template <> struct Points<3> {
  static constexpr float a = 0.75f, b = 1.5f;
};
template <> struct Points<2> {
  static constexpr float a = 0.5f, b = 1.25f;
};

/// The input's: d := B^T d.
template <int r, class V> CT_INLINE void transform_input(V (&d)[side(r)]) {
  constexpr float a = Points<r>::a, b = Points<r>::b, aa = a * a, bb = b * b;
  if constexpr (r == 3) {
    const V even_a = d[4] - d[2] * bb, odd_a = (d[3] - d[1] * bb) * a;
    const V even_b = d[4] - d[2] * aa, odd_b = (d[3] - d[1] * aa) * b;
    d[0] = d[0] * (aa * bb) - d[2] * (aa + bb) + d[4];
    d[5] = d[1] * (aa * bb) - d[3] * (aa + bb) + d[5];
    d[1] = even_a + odd_a;
    d[2] = even_a - odd_a;
    d[3] = even_b + odd_b;
    d[4] = even_b - odd_b;
  } else {
    const V odd_a = d[3] - d[1] * bb, even_a = (d[2] - d[0] * bb) * a;
    const V odd_b = d[3] - d[1] * aa, even_b = (d[2] - d[0] * aa) * b;
    d[4] = d[0] * (aa * bb) - d[2] * (aa + bb) + d[4];
    d[0] = odd_a + even_a;
    d[1] = odd_a - even_a;
    d[2] = odd_b + even_b;
    d[3] = odd_b - even_b;
  }
}

/// The kernel's: g := G g, n from r.
template <int r, class V> CT_INLINE void transform_kernel(const V (&g)[r], V (&u)[side(r)]) {
  constexpr float a = Points<r>::a, b = Points<r>::b, aa = a * a, bb = b * b;
  if constexpr (r == 3) {
    constexpr float of_a = 1 / (2 * aa * (aa - bb)), of_b = 1 / (2 * bb * (bb - aa));
    const V even_a = (g[0] + g[2] * aa) * of_a, odd_a = g[1] * (a * of_a);
    const V even_b = (g[0] + g[2] * bb) * of_b, odd_b = g[1] * (b * of_b);
    u[0] = g[0] * (1 / (aa * bb));
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[2];
  } else {
    constexpr float of_a = 1 / (2 * a * (aa - bb)), of_b = 1 / (2 * b * (bb - aa));
    u[0] = (g[0] + g[1] * a) * of_a;
    u[1] = (g[1] * a - g[0]) * of_a;
    u[2] = (g[0] + g[1] * b) * of_b;
    u[3] = (g[1] * b - g[0]) * of_b;
    u[4] = g[1];
  }
}
/// Its adjoint: g = G^T u, r from n.
template <int r, class V> CT_INLINE void gather_kernel(const V (&u)[side(r)], V (&g)[r]) {
  constexpr float a = Points<r>::a, b = Points<r>::b, aa = a * a, bb = b * b;
  if constexpr (r == 3) {
    constexpr float of_a = 1 / (2 * aa * (aa - bb)), of_b = 1 / (2 * bb * (bb - aa));
    const V sum_a = (u[1] + u[2]) * of_a, sum_b = (u[3] + u[4]) * of_b;
    g[0] = u[0] * (1 / (aa * bb)) + sum_a + sum_b;
    g[1] = (u[1] - u[2]) * (a * of_a) + (u[3] - u[4]) * (b * of_b);
    g[2] = sum_a * aa + sum_b * bb + u[5];
  } else {
    constexpr float of_a = 1 / (2 * a * (aa - bb)), of_b = 1 / (2 * b * (bb - aa));
    g[0] = (u[0] - u[1]) * of_a + (u[2] - u[3]) * of_b;
    g[1] = (u[0] + u[1]) * (a * of_a) + (u[2] + u[3]) * (b * of_b) + u[4];
  }
}

/// The output's: y = A^T x, 4 from n.
template <int r, class V> CT_INLINE void transform_output(const V (&x)[side(r)], V (&y)[m]) {
  constexpr float a = Points<r>::a, b = Points<r>::b, aa = a * a, bb = b * b;
  constexpr int first = r == 3 ? 1 : 0;
  const V sum_a = x[first] + x[first + 1], difference_a = x[first] - x[first + 1];
  const V sum_b = x[first + 2] + x[first + 3], difference_b = x[first + 2] - x[first + 3];
  y[0] = sum_a + sum_b;
  if constexpr (r == 3) y[0] += x[0];
  y[1] = difference_a * a + difference_b * b;
  y[2] = sum_a * aa + sum_b * bb;
  y[3] = difference_a * (a * aa) + difference_b * (b * bb) + x[side(r) - 1];
}
/// Its adjoint: x = A y, n from 4.
template <int r, class V> CT_INLINE void spread_output(const V (&y)[m], V (&x)[side(r)]) {
  constexpr float a = Points<r>::a, b = Points<r>::b, aa = a * a, bb = b * b;
  constexpr int first = r == 3 ? 1 : 0;
  const V even_a = y[0] + y[2] * aa, odd_a = y[1] * a + y[3] * (a * aa);
  const V even_b = y[0] + y[2] * bb, odd_b = y[1] * b + y[3] * (b * bb);
  if constexpr (r == 3) x[0] = y[0];
  x[first] = even_a + odd_a;
  x[first + 1] = even_a - odd_a;
  x[first + 2] = even_b + odd_b;
  x[first + 3] = even_b - odd_b;
  x[side(r) - 1] = y[3];
}

// ---- what a task is of ------------------------------------------------------------------------------------------

/// A picture whose pixels are `pixel` numbers each, in a row: what tiles see of it. Place i of a tile that starts at
/// place t is pixel step (t + i) + start, in each direction; pixels outside are 0.
struct View {
  int64_t height, width, pixel, step, row, column;  // row and column: the starts
};
/// Tiles of all pictures of a batch, m x m places each.
struct Tiles {
  int64_t batch, height, width;  // in tiles
  int64_t count() const { return batch * height * width; }
};

/// Where the n x n places of tile `index` are in `data`; `otherwise` for those outside.
template <int n, class T>
CT_INLINE void places(const View &view, const Tiles &tiles, int64_t index, T *data, T *otherwise, T *(&at)[n * n]) {
  const int64_t column = index % tiles.width, row = index / tiles.width % tiles.height,
                picture = index / tiles.width / tiles.height;
  T *const start = data + picture * view.height * view.width * view.pixel;
  for (int i = 0; i < n; i++) {
    const int64_t y = view.step * (m * row + i) + view.row;
    for (int j = 0; j < n; j++) {
      const int64_t x = view.step * (m * column + j) + view.column;
      const bool inside = y >= 0 && y < view.height && x >= 0 && x < view.width;
      at[i * n + j] = inside ? start + (y * view.width + x) * view.pixel : otherwise;
    }
  }
}

/// A matrix for each of the n^2 products, one after the other.
struct Planes {
  float *data;
  int64_t row;    // floats from one row to the next
  int64_t plane;  // floats from one matrix to the next
};

// ---- the parts of a task ----------------------------------------------------------------------------------------

/// B^T d B of `channels` channels of the tiles [begin, end) of x, into rows 0, 1, ... of `to` from column `column` on.
template <class R, int r>
CT_INLINE void input_tiles(const View &view, const Tiles &tiles, int64_t begin, int64_t end, const float *x,
                           const float *zeros, int64_t channels, const Planes &to, int64_t column) {
  using V = typename R::Vector;
  constexpr int n = side(r);
  for (int64_t tile = begin; tile < end; tile++) {
    const float *at[n * n];
    places<n, const float>(view, tiles, tile, x, zeros, at);
    float *out = to.data + (tile - begin) * to.row + column;
    for (int64_t c = 0; c < channels; c += R::lanes) {
      V rows[n][n];
#pragma unroll
      for (int j = 0; j < n; j++) {
        V d[n];
#pragma unroll
        for (int i = 0; i < n; i++) load(at[i * n + j] + c, d[i]);
        transform_input<r>(d);
#pragma unroll
        for (int i = 0; i < n; i++) rows[i][j] = d[i];
      }
#pragma unroll
      for (int i = 0; i < n; i++) {
        transform_input<r>(rows[i]);
#pragma unroll
        for (int j = 0; j < n; j++) store(out + (i * n + j) * to.plane + c, rows[i][j]);
      }
    }
  }
}

/// A^T x A of rows 0, 1, ... of `from`, and b, to the tiles [begin, end) of y: channels [first, first + count).
template <class R, int r>
CT_INLINE void output_tiles(const View &view, const Tiles &tiles, int64_t begin, int64_t end, const Planes &from,
                            const Finish &finish, int64_t first, int64_t count, float *y, float *nowhere) {
  using V = typename R::Vector;
  constexpr int n = side(r);
  const bool leaks = finish.slope != 1;
  for (int64_t tile = begin; tile < end; tile++) {
    float *at[m * m];
    places<m, float>(view, tiles, tile, y, nowhere, at);
    const float *in = from.data + (tile - begin) * from.row;
    for (int64_t c = 0; c < count; c += R::lanes) {
      V columns[n][m];
#pragma unroll
      for (int i = 0; i < n; i++) {
        V x[n];
#pragma unroll
        for (int j = 0; j < n; j++) load(in + (i * n + j) * from.plane + c, x[j]);
        transform_output<r>(x, columns[i]);
      }
      V b = {};
      if (finish.bias) load(finish.bias + first + c, b);
#pragma unroll
      for (int j = 0; j < m; j++) {
        V x[n], out[m];
#pragma unroll
        for (int i = 0; i < n; i++) x[i] = columns[i][j];
        transform_output<r>(x, out);
#pragma unroll
        for (int i = 0; i < m; i++) {
          out[i] += b;
          if (leaks) choose(out[i] > 0, out[i], out[i] * finish.slope, out[i]);
          store(at[i * m + j] + first + c, out[i]);
        }
      }
    }
  }
}

/// A dy A^T of the tiles [begin, end) of dy into rows 0, 1, ... of `to`.
template <class R, int r>
CT_INLINE void cotangent_tiles(const View &view, const Tiles &tiles, int64_t begin, int64_t end, const float *dy,
                               const float *zeros, const Planes &to) {
  using V = typename R::Vector;
  constexpr int n = side(r);
  for (int64_t tile = begin; tile < end; tile++) {
    const float *at[m * m];
    places<m, const float>(view, tiles, tile, dy, zeros, at);
    float *out = to.data + (tile - begin) * to.row;
    for (int64_t c = 0; c < view.pixel; c += R::lanes) {
      V columns[m][n];
#pragma unroll
      for (int i = 0; i < m; i++) {
        V y[m];
#pragma unroll
        for (int j = 0; j < m; j++) load(at[i * m + j] + c, y[j]);
        spread_output<r>(y, columns[i]);
      }
#pragma unroll
      for (int j = 0; j < n; j++) {
        V y[m], x[n];
#pragma unroll
        for (int i = 0; i < m; i++) y[i] = columns[i][j];
        spread_output<r>(y, x);
#pragma unroll
        for (int i = 0; i < n; i++) store(out + (i * n + j) * to.plane + c, x[i]);
      }
    }
  }
}

// ---- kernels of weights -----------------------------------------------------------------------------------------

constexpr int most_phases = 4, most_places = 9;

/// A convolution of stride 1 that stands for (a part of) another: what it sees, and where in the other's kernel its own
/// places are.
struct Part {
  View views[most_phases];  // of the input, one for each phase
  int phases;
  int64_t places[most_phases][most_places];  // in the kernel, -1 for none: r x r for each phase
};

/// The transformed kernels of a part: for every plane and panel of outputs, [phases inputs][panel], one after the
/// other.
struct Kernels {
  const float *w;
  int64_t output_step, input_step;  // in w
  int64_t outputs, inputs;
  const Part *part;
  float *to;
  int64_t plane;
};
int64_t panels(int64_t outputs, int64_t panel) { return (outputs + panel - 1) / panel; }

/// Inputs whose kernels are turned at a time, from windows one after the other to vectors of outputs, or back:
/// [inputs][window].
constexpr int64_t turned = 16;

template <class R, int r> CT_INLINE void transform_kernels(const Kernels &k, int64_t begin, int64_t end) {
  using V = typename R::Vector;
  constexpr int n = side(r);
  const int64_t depth = k.part->phases * k.inputs, window = std::min(k.output_step, k.input_step);
  float *taps = scratch(0, turned * window * R::lanes);
  for (int64_t panel = begin; panel < end; panel++)
    for (int v = 0; v < R::vectors; v++) {
      const int64_t first = panel * R::panel + v * R::lanes,
                    count = std::clamp<int64_t>(k.outputs - first, 0, R::lanes);
      if (count < R::lanes) std::memset(taps, 0, turned * window * R::lanes * sizeof(float));
      for (int64_t from = 0; from < k.inputs; from += turned) {
        const int64_t inputs = std::min(turned, k.inputs - from);
        if (k.output_step > k.input_step)
          for (int64_t lane = 0; lane < count; lane++) {
            const float *w = k.w + (first + lane) * k.output_step + from * window;
            for (int64_t i = 0; i < inputs * window; i++) taps[i * R::lanes + lane] = w[i];
          }
        else
          for (int64_t input = 0; input < inputs; input++) {
            const float *w = k.w + (from + input) * k.input_step + first * window;
            for (int64_t i = 0; i < window; i++)
              for (int64_t lane = 0; lane < count; lane++)
                taps[(input * window + i) * R::lanes + lane] = w[lane * window + i];
          }
        for (int phase = 0; phase < k.part->phases; phase++)
          for (int64_t input = 0; input < inputs; input++) {
            V g[r][r], half[r][n];
            for (int i = 0; i < r * r; i++) {
              const int64_t place = k.part->places[phase][i];
              if (place < 0) g[i / r][i % r] = V{};
              else load(taps + (input * window + place) * R::lanes, g[i / r][i % r]);
            }
            for (int i = 0; i < r; i++) transform_kernel<r>(g[i], half[i]);
            float *to = k.to + (panel * depth + phase * k.inputs + from + input) * R::panel + v * R::lanes;
            for (int j = 0; j < n; j++) {
              V column[r], u[n];
              for (int i = 0; i < r; i++) column[i] = half[i][j];
              transform_kernel<r>(column, u);
              for (int i = 0; i < n; i++) store(to + (i * n + j) * k.plane, u[i]);
            }
          }
      }
    }
}
CT_WIDE_KERNEL(void, run_kernels, (int r, const Kernels &k, int64_t begin, int64_t end), (r, k, begin, end)) {
  if (r == 3) transform_kernels<Tile<level>, 3>(k, begin, end);
  else transform_kernels<Tile<level>, 2>(k, begin, end);
}

// ---- forward ----------------------------------------------------------------------------------------------------

struct Forward {
  const Part *part;
  View output;
  Tiles tiles;
  int64_t inputs, outputs, block;  // block: tiles at a time
  const float *x, *kernels;
  Finish finish;
  int64_t kernel_plane;
  const float *zeros;
  float *y;
};
constexpr int64_t panels_at_a_time = 2;

template <class R, int r> CT_INLINE void forward_blocks(const Forward &f, int64_t begin, int64_t end) {
  constexpr int n = side(r);
  const int64_t depth = f.part->phases * f.inputs, row = depth + gap, chunk = panels_at_a_time * R::panel;
  const Planes in = {scratch(0, n * n * (f.block * row + gap)), row, f.block * row + gap};
  const Planes out = {scratch(1, n * n * (f.block * chunk + gap)), chunk, f.block * chunk + gap};
  float *nowhere = scratch(2, f.outputs + R::panel);
  for (int64_t block = begin; block < end; block++) {
    const int64_t first = block * f.block, last = std::min(first + f.block, f.tiles.count());
    for (int phase = 0; phase < f.part->phases; phase++)
      input_tiles<R, r>(f.part->views[phase], f.tiles, first, last, f.x, f.zeros, f.inputs, in, phase * f.inputs);
    const int64_t rows = last - first;
    for (int64_t k = 0; k < f.outputs; k += chunk) {
      const int64_t count = std::min(chunk, f.outputs - k);
      for (int p = 0; p < n * n; p++)
        for (int64_t of = 0; of < count; of += R::panel)
          product_rows<R, R::vectors>(in.data + p * in.plane, row, 1,
                                      f.kernels + p * f.kernel_plane + (k + of) / R::panel * depth * R::panel, R::panel,
                                      depth, out.data + p * out.plane + of, chunk, rows, false);
      output_tiles<R, r>(f.output, f.tiles, first, last, out, f.finish, k, count, f.y, nowhere);
    }
  }
}
CT_WIDE_KERNEL(void, run_forward_blocks, (int r, const Forward &f, int64_t begin, int64_t end), (r, f, begin, end)) {
  if (r == 3) forward_blocks<Tile<level>, 3>(f, begin, end);
  else forward_blocks<Tile<level>, 2>(f, begin, end);
}

int64_t lanes_of(CKLevel level) { return level == CKLevelAVX512 ? 16 : level == CKLevelAVX2 ? 8 : 4; }
int64_t rows_of(CKLevel level) { return level == CKLevelAVX512 ? 12 : 6; }

/// Tiles at a time, so that what they are transformed to stays in the second-level cache.
int64_t tiles_at_a_time(int n, int64_t floats) {
  const CKLevel level = ck_level();
  const int64_t room = level == CKLevelAVX512 ? 160 * 1024 : 80 * 1024, rows = rows_of(level);
  return std::clamp<int64_t>(room / (n * n * floats) / rows * rows, rows, 8 * rows);
}

/// The part's convolution of x with the kernel in w, to `output` of y.
void convolve(int r, const Part &part, const Tiles &tiles, const View &output, int64_t inputs, int64_t outputs,
              const float *x, const float *w, int64_t output_step, int64_t input_step, const Finish &finish, float *y) {
  const int n = side(r);
  const int64_t panel = 2 * lanes_of(ck_level()), count = panels(outputs, panel), depth = part.phases * inputs;
  const int64_t plane = count * depth * panel + gap;
  std::unique_ptr<float[]> kernels(new float[n * n * plane]);
  const Kernels k = {w, output_step, input_step, outputs, inputs, &part, kernels.get(), plane};
  parallel_for(0, count, 1, [&](int64_t begin, int64_t end) { run_kernels(r, k, begin, end); });
  const std::vector<float> zeros(inputs);
  const int64_t block = tiles_at_a_time(n, depth);
  const Forward f = {&part, output, tiles, inputs, outputs, block, x, kernels.get(), finish, plane, zeros.data(), y};
  parallel_for(0, (tiles.count() + block - 1) / block, 1,
               [&](int64_t begin, int64_t end) { run_forward_blocks(r, f, begin, end); });
}

// ---- gradients of weights ---------------------------------------------------------------------------------------

struct Gradient {
  const Part *part;
  View cotangent;
  Tiles tiles;
  int64_t inputs, outputs, block;
  int64_t input_chunk, chunks;  // channels of the input that a task sums for, and how many such
  int64_t tiles_per_group;      // tiles that a task sums over
  const float *x, *dy, *zeros;
  float *sums;  // [groups][n^2][phases inputs][outputs], and a gap after each plane
  int64_t plane;
  float *dw;
  int64_t output_step, input_step, groups;
};

template <class R, int r> CT_INLINE void gradient_tasks(const Gradient &g, int64_t begin, int64_t end) {
  constexpr int n = side(r);
  for (int64_t task = begin; task < end; task++) {
    const int64_t group = task / g.chunks, c = task % g.chunks * g.input_chunk,
                  width = std::min(g.input_chunk, g.inputs - c);
    const int64_t rows = g.part->phases * width, row = rows + gap, out_row = g.outputs + gap;
    const Planes in = {scratch(0, n * n * (g.block * row + gap)), row, g.block * row + gap};
    const Planes out = {scratch(1, n * n * (g.block * out_row + gap)), out_row, g.block * out_row + gap};
    float *sums = g.sums + group * n * n * g.plane;
    const int64_t last_of_group = std::min((group + 1) * g.tiles_per_group, g.tiles.count());
    for (int64_t first = group * g.tiles_per_group; first < last_of_group; first += g.block) {
      const int64_t last = std::min(first + g.block, last_of_group);
      for (int phase = 0; phase < g.part->phases; phase++)
        input_tiles<R, r>(g.part->views[phase], g.tiles, first, last, g.x + c, g.zeros, width, in, phase * width);
      cotangent_tiles<R, r>(g.cotangent, g.tiles, first, last, g.dy, g.zeros, out);
      const bool adds = first > group * g.tiles_per_group;
      for (int p = 0; p < n * n; p++)
        for (int phase = 0; phase < g.part->phases; phase++) {
          float *to = sums + p * g.plane + (phase * g.inputs + c) * g.outputs;
          const float *a = in.data + p * in.plane + phase * width, *b = out.data + p * out.plane;
          product<R>(a, 1, row, b, out_row, last - first, to, g.outputs, width, g.outputs, adds);
        }
    }
  }
}
CT_WIDE_KERNEL(void, run_gradient, (int r, const Gradient &g, int64_t begin, int64_t end), (r, g, begin, end)) {
  if (r == 3) gradient_tasks<Tile<level>, 3>(g, begin, end);
  else gradient_tasks<Tile<level>, 2>(g, begin, end);
}

/// G^T (the sums of all groups, in their order) G, to its places in dw, for the input channels [begin, end) times
/// `turned`.
template <class R, int r> CT_INLINE void gather_kernels(const Gradient &g, int64_t begin, int64_t end) {
  using V = typename R::Vector;
  constexpr int n = side(r);
  const int64_t window = g.input_step;
  float *taps = scratch(0, turned * window * R::lanes);
  for (int64_t from = begin * turned; from < std::min(end * turned, g.inputs); from += turned) {
    const int64_t inputs = std::min(turned, g.inputs - from);
    for (int64_t k = 0; k < g.outputs; k += R::lanes) {
      for (int phase = 0; phase < g.part->phases; phase++)
        for (int64_t input = 0; input < inputs; input++) {
          V half[n][r];
          for (int i = 0; i < n; i++) {
            V u[n];
            for (int j = 0; j < n; j++) {
              const float *sum = g.sums + (i * n + j) * g.plane + (phase * g.inputs + from + input) * g.outputs + k;
              load(sum, u[j]);
              for (int64_t group = 1; group < g.groups; group++) {
                V more;
                load(sum + group * n * n * g.plane, more);
                u[j] += more;
              }
            }
            gather_kernel<r>(u, half[i]);
          }
          for (int j = 0; j < r; j++) {
            V u[n], places[r];
            for (int i = 0; i < n; i++) u[i] = half[i][j];
            gather_kernel<r>(u, places);
            for (int i = 0; i < r; i++) {
              const int64_t place = g.part->places[phase][i * r + j];
              if (place >= 0) store(taps + (input * window + place) * R::lanes, places[i]);
            }
          }
        }
      for (int64_t lane = 0; lane < R::lanes; lane++) {
        float *to = g.dw + (k + lane) * g.output_step + from * window;
        for (int64_t i = 0; i < inputs * window; i++) to[i] = taps[i * R::lanes + lane];
      }
    }
  }
}
CT_WIDE_KERNEL(void, run_gather, (int r, const Gradient &g, int64_t begin, int64_t end), (r, g, begin, end)) {
  if (r == 3) gather_kernels<Tile<level>, 3>(g, begin, end);
  else gather_kernels<Tile<level>, 2>(g, begin, end);
}

// ---- phases -----------------------------------------------------------------------------------------------------

int64_t floor_of(int64_t x, int64_t by) { return x >= 0 ? x / by : -((-x + by - 1) / by); }

/// In one dimension, the places of the kernel that see pixels of phase f: place a sees pixel s (i + q) + f for s q + f
/// = a - p.
struct Phase {
  int64_t first_q, count;
};
Phase phase_of(const Correlation &c, int64_t f) {
  const int64_t first = floor_of(-c.padding - f + c.stride - 1, c.stride),
                last = floor_of(c.kernel - 1 - c.padding - f, c.stride);
  return {first, last - first + 1};
}
/// Places that a phase has at most.
int places_of(const Correlation &c) { return static_cast<int>((c.kernel + c.stride - 1) / c.stride); }

/// The place a of the kernel for q, -1 where there is none.
int64_t place(const Correlation &c, int64_t f, int64_t q) {
  const int64_t a = c.stride * q + f + c.padding;
  return a >= 0 && a < c.kernel ? a : -1;
}

/// x's phases as channels: what `correlate` sees of x.
Part seen(const Correlation &c) {
  Part part = {};
  const int r = places_of(c);
  for (int64_t fy = 0; fy < c.stride; fy++)
    for (int64_t fx = 0; fx < c.stride; fx++) {
      const int64_t y = phase_of(c, fy).first_q, x = phase_of(c, fx).first_q;
      part.views[part.phases] = {c.height, c.width, c.in_channels, c.stride, c.stride * y + fy, c.stride * x + fx};
      for (int i = 0; i < r; i++)
        for (int j = 0; j < r; j++) {
          const int64_t a = place(c, fy, y + i), b = place(c, fx, x + j);
          part.places[part.phases][i * r + j] = a < 0 || b < 0 ? -1 : a * c.kernel + b;
        }
      part.phases++;
    }
  return part;
}

Tiles tiles_of(int64_t batch, int64_t height, int64_t width) {
  return {batch, (height + m - 1) / m, (width + m - 1) / m};
}

}  // namespace

bool supports(const Correlation &c) {
  if (c.stride != 1 && c.stride != 2) return false;
  const int r = places_of(c);
  return (r == 2 || r == 3) && c.in_channels % 16 == 0 && c.out_channels % 16 == 0 && c.padding >= 0 &&
         c.padding < c.kernel && c.height + 2 * c.padding >= c.kernel && c.width + 2 * c.padding >= c.kernel &&
         c.out_height > 0 && c.out_width > 0 && c.batch > 0 && c.in_channels > 0 && c.out_channels > 0;
}

bool is_faster(const Correlation &c) {
  const Tiles tiles = tiles_of(1, c.out_height, c.out_width);
  const int n = side(places_of(c));
  const int64_t phases = c.stride * c.stride, channels = c.in_channels * c.out_channels;
  // Transformed kernels larger than the last cache are as slow to read as a few tiles are to convolve.
  if (tiles.count() == 1 && n * n * phases * channels > int64_t(8) << 20) return false;
  const int64_t direct = c.out_height * c.out_width * c.kernel * c.kernel;
  return 4 * tiles.count() * n * n * phases <= 3 * direct;
}

void correlate(const Correlation &c, const float *x, const float *w, const Finish &finish, float *y) {
  const View output = {c.out_height, c.out_width, c.out_channels, 1, 0, 0};
  const int64_t window = c.kernel * c.kernel;
  convolve(places_of(c), seen(c), tiles_of(c.batch, c.out_height, c.out_width), output, c.in_channels, c.out_channels,
           x, w, c.in_channels * window, window, finish, y);
}

void spread(const Correlation &c, const float *y, const float *w, const float *bias, float *x) {
  const int r = places_of(c);
  const int64_t window = c.kernel * c.kernel;
  for (int64_t fy = 0; fy < c.stride; fy++)
    for (int64_t fx = 0; fx < c.stride; fx++) {
      // Pixel s i + f of x is the sum over q of w at q times y[i - q]: a convolution with the kernel turned round.
      const int64_t last_y = phase_of(c, fy).first_q + r - 1, last_x = phase_of(c, fx).first_q + r - 1;
      Part part = {};
      part.phases = 1;
      part.views[0] = {c.out_height, c.out_width, c.out_channels, 1, -last_y, -last_x};
      for (int i = 0; i < r; i++)
        for (int j = 0; j < r; j++) {
          const int64_t a = place(c, fy, last_y - i), b = place(c, fx, last_x - j);
          part.places[0][i * r + j] = a < 0 || b < 0 ? -1 : a * c.kernel + b;
        }
      const View output = {c.height, c.width, c.in_channels, c.stride, fy, fx};
      const int64_t height = (c.height - fy + c.stride - 1) / c.stride,
                    width = (c.width - fx + c.stride - 1) / c.stride;
      convolve(r, part, tiles_of(c.batch, height, width), output, c.out_channels, c.in_channels, y, w, window,
               c.in_channels * window, {bias, 1}, x);
    }
}

void gradient_of_weight(const Correlation &c, const float *x, const float *dy, float *dw) {
  const int r = places_of(c), n = side(r);
  const Part part = seen(c);
  const Tiles tiles = tiles_of(c.batch, c.out_height, c.out_width);
  const int64_t window = c.kernel * c.kernel;
  Gradient g = {};
  g.part = &part;
  g.cotangent = {c.out_height, c.out_width, c.out_channels, 1, 0, 0};
  g.tiles = tiles;
  g.inputs = c.in_channels;
  g.outputs = c.out_channels;
  // Tasks by channels and by tiles: eight or more, whatever the number of threads, where there is enough to do.
  const int64_t most = std::max<int64_t>(16, 128 / part.phases), wanted = (g.inputs + most - 1) / most;
  g.input_chunk = ((g.inputs + wanted - 1) / wanted + 15) / 16 * 16;
  g.chunks = (g.inputs + g.input_chunk - 1) / g.input_chunk;
  g.block = tiles_at_a_time(n, (part.phases * g.input_chunk + g.outputs) / 2);
  g.groups = std::clamp<int64_t>(8 / g.chunks, 1, std::max<int64_t>(1, tiles.count() / 192));
  g.tiles_per_group = (tiles.count() + g.groups - 1) / g.groups;
  g.groups = (tiles.count() + g.tiles_per_group - 1) / g.tiles_per_group;
  const std::vector<float> zeros(std::max(c.in_channels, c.out_channels));
  g.plane = part.phases * g.inputs * g.outputs + gap;
  std::unique_ptr<float[]> sums(new float[g.groups * n * n * g.plane]);
  g.x = x;
  g.dy = dy;
  g.zeros = zeros.data();
  g.sums = sums.get();
  g.dw = dw;
  g.output_step = c.in_channels * window;
  g.input_step = window;
  parallel_for(0, g.groups * g.chunks, 1, [&](int64_t begin, int64_t end) { run_gradient(r, g, begin, end); });
  parallel_for(0, (g.inputs + turned - 1) / turned, 1,
               [&](int64_t begin, int64_t end) { run_gather(r, g, begin, end); });
}

}  // namespace ctorch::winograd
