// A place of y sees `kernel` runs of x, each `kernel` pixels with all their channels: its patch, a row of a matrix,
// never more than a block of which exists at a time. Tasks share no sums: the result does not depend on the number of
// threads.
#include "patches.h"

#include "parallel.h"
#include "tile_product.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace ctorch::patches {
namespace {

constexpr int64_t block = 96;  // places of y at a time

struct Task {
  Correlation c;
  int64_t depth, padded;           // numbers of a patch, and of a row of them: a multiple of 16
  const float *x, *dy, *w, *bias;  // w as a matrix: [depth][out_channels], or its transpose [out_channels][padded]
  float slope, *y, *dx, *sums;
  int64_t groups, places_per_group;
  int64_t places() const { return c.out_height * c.out_width; }
};

/// Calls `body(run of the patch, run of x, numbers)` for the runs of the patch of a place that are inside x.
template <class Body> CT_INLINE void each_run(const Task &t, int64_t place, Body &&body) {
  const Correlation &c = t.c;
  const int64_t row = c.stride * (place / c.out_width) - c.padding,
                column = c.stride * (place % c.out_width) - c.padding;
  const int64_t first = std::max<int64_t>(0, -column), last = std::min(c.kernel, c.width - column);
  if (first >= last) return;
  for (int64_t a = std::max<int64_t>(0, -row); a < std::min(c.kernel, c.height - row); a++)
    body((a * c.kernel + first) * c.in_channels, ((row + a) * c.width + column + first) * c.in_channels,
         (last - first) * c.in_channels);
}

/// The patches of the places [begin, end) of all pictures.
template <class R> CT_INLINE float *patches_of(const Task &t, int64_t begin, int64_t end) {
  float *rows = scratch(0, block * t.padded);
  std::memset(rows, 0, (end - begin) * t.padded * sizeof(float));
  for (int64_t i = begin; i < end; i++) {
    const float *x = t.x + i / t.places() * t.c.height * t.c.width * t.c.in_channels;
    float *to = rows + (i - begin) * t.padded;
    each_run(t, i % t.places(), [&](int64_t at, int64_t from, int64_t count) __attribute__((always_inline)) {
      for (int64_t j = 0; j < count; j++) to[at + j] = x[from + j];
    });
  }
  return rows;
}

CT_WIDE_KERNEL(void, run_correlate, (const Task &t, int64_t begin, int64_t end), (t, begin, end)) {
  using R = Tile<level>;
  const int64_t outputs = t.c.out_channels;
  for (int64_t first = begin * block; first < std::min(end * block, t.c.batch * t.places()); first += block) {
    const int64_t last = std::min(first + block, t.c.batch * t.places());
    const float *rows = patches_of<R>(t, first, last);
    float *y = t.y + first * outputs;
    if (t.bias)
      for (int64_t i = 0; i < last - first; i++) std::memcpy(y + i * outputs, t.bias, outputs * sizeof(float));
    product<R>(rows, t.padded, 1, t.w, outputs, t.depth, y, outputs, last - first, outputs, t.bias != nullptr);
    if (t.slope != 1)
      for (int64_t i = 0; i < (last - first) * outputs; i++) y[i] = y[i] > 0 ? y[i] : y[i] * t.slope;
  }
}

/// For the pictures [begin, end).
CT_WIDE_KERNEL(void, run_spread, (const Task &t, int64_t begin, int64_t end), (t, begin, end)) {
  using R = Tile<level>;
  const int64_t pixels = t.c.height * t.c.width, channels = t.c.in_channels;
  float *rows = scratch(0, block * t.padded);
  for (int64_t picture = begin; picture < end; picture++) {
    float *x = t.dx + picture * pixels * channels;
    if (t.bias)
      for (int64_t i = 0; i < pixels; i++)
        for (int64_t c = 0; c < channels; c++) x[i * channels + c] = t.bias[c];
    else std::memset(x, 0, pixels * channels * sizeof(float));
    for (int64_t first = 0; first < t.places(); first += block) {
      const int64_t last = std::min(first + block, t.places());
      product<R>(t.dy + (picture * t.places() + first) * t.c.out_channels, t.c.out_channels, 1, t.w, t.padded,
                 t.c.out_channels, rows, t.padded, last - first, t.padded, false);
      for (int64_t i = first; i < last; i++) {
        const float *from = rows + (i - first) * t.padded;
        each_run(t, i, [&](int64_t at, int64_t to, int64_t count) __attribute__((always_inline)) {
          for (int64_t j = 0; j < count; j++) x[to + j] += from[at + j];
        });
      }
    }
  }
}

CT_WIDE_KERNEL(void, run_gradient, (const Task &t, int64_t begin, int64_t end), (t, begin, end)) {
  using R = Tile<level>;
  const int64_t outputs = t.c.out_channels;
  for (int64_t group = begin; group < end; group++) {
    float *sums = t.sums + group * t.depth * outputs;
    const int64_t start = group * t.places_per_group,
                  stop = std::min(start + t.places_per_group, t.c.batch * t.places());
    for (int64_t first = start; first < stop; first += block) {
      const int64_t last = std::min(first + block, stop);
      const float *rows = patches_of<R>(t, first, last);
      product<R>(rows, 1, t.padded, t.dy + first * outputs, outputs, last - first, sums, outputs, t.depth, outputs,
                 first > start);
    }
  }
}

Task task_of(const Correlation &c) {
  Task t = {};
  t.c = c;
  t.slope = 1;
  t.depth = c.kernel * c.kernel * c.in_channels;
  t.padded = (t.depth + 15) / 16 * 16;
  return t;
}

/// Calls `body(output channel, number in the patch, place in w)` for all of w.
template <class Body> void each_weight(const Correlation &c, Body body) {
  for (int64_t k = 0; k < c.out_channels; k++)
    for (int64_t in = 0; in < c.in_channels; in++)
      for (int64_t place = 0; place < c.kernel * c.kernel; place++)
        body(k, place * c.in_channels + in, (k * c.in_channels + in) * c.kernel * c.kernel + place);
}

}  // namespace

bool supports(const Correlation &c) {
  return c.in_channels >= 1 && c.in_channels <= 8 && c.out_channels % 16 == 0 && c.out_channels > 0 && c.batch > 0 &&
         c.stride >= 1 && c.kernel >= 1 && c.padding >= 0 && c.out_height > 0 && c.out_width > 0 &&
         c.height + 2 * c.padding >= c.kernel && c.width + 2 * c.padding >= c.kernel;
}

void correlate(const Correlation &c, const float *x, const float *w, const Finish &finish, float *y) {
  Task t = task_of(c);
  std::vector<float> matrix(t.depth * c.out_channels);
  each_weight(c, [&](int64_t k, int64_t d, int64_t at) { matrix[d * c.out_channels + k] = w[at]; });
  t.x = x;
  t.w = matrix.data();
  t.bias = finish.bias;
  t.slope = finish.slope;
  t.y = y;
  parallel_for(0, (c.batch * t.places() + block - 1) / block, 4,
               [&](int64_t begin, int64_t end) { run_correlate(t, begin, end); });
}

void spread(const Correlation &c, const float *y, const float *w, const float *bias, float *x) {
  Task t = task_of(c);
  std::vector<float> matrix(c.out_channels * t.padded);
  each_weight(c, [&](int64_t k, int64_t d, int64_t at) { matrix[k * t.padded + d] = w[at]; });
  t.dy = y;
  t.w = matrix.data();
  t.bias = bias;
  t.dx = x;
  parallel_for(0, c.batch, 1, [&](int64_t begin, int64_t end) { run_spread(t, begin, end); });
}

void gradient_of_weight(const Correlation &c, const float *x, const float *dy, float *dw) {
  Task t = task_of(c);
  t.x = x;
  t.dy = dy;
  const int64_t places = c.batch * t.places();
  t.groups = std::clamp<int64_t>(places / (8 * block), 1, 8);
  t.places_per_group = (places + t.groups - 1) / t.groups;
  t.groups = (places + t.places_per_group - 1) / t.places_per_group;
  std::vector<float> sums(t.groups * t.depth * c.out_channels);
  t.sums = sums.data();
  parallel_for(0, t.groups, 1, [&](int64_t begin, int64_t end) { run_gradient(t, begin, end); });
  each_weight(c, [&](int64_t k, int64_t d, int64_t at) {
    float sum = 0;
    for (int64_t group = 0; group < t.groups; group++) sum += sums[(group * t.depth + d) * c.out_channels + k];
    dw[at] = sum;
  });
}

}  // namespace ctorch::patches
