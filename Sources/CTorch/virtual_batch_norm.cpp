// Virtual batch normalisation, forward and backward, each in one call.
//
// Rows 0 ..< R of a set are its reference batch, with mean M and variance V per channel; w = 1 / (R + 1) is the share
// of an example x, whose own mean and variance are m and v. The statistics of both together are those of a mixture, and
// the law of total variance writes them without the difference E2 - mu^2, in which float loses its digits:
//
//   mu = w m + (1 - w) M,   sigma^2 = epsilon + w v + (1 - w) V + w (1 - w) (m - M)^2
//
// Reference rows have mu = M, sigma^2 = epsilon + V. V itself is the mean of (x - M)^2 in a second pass.
//
// A task is one channel of images, or a few columns of vectors: it reads its reference rows, and then every other row
// by itself, start to end, while it is in the cache. Tasks share nothing, hence neither the number of threads nor the
// other rows of a batch change a bit of a row's result. Saved for the backward pass: x, and two numbers per row and
// channel of images or per column of vectors.
#include "Internal.h"
#include "graph_node.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/square.h>
#include <ATen/ops/var.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace ctorch {
namespace {

/// 32 bytes of T: eight floats or four doubles.
template <class T> struct Vector {
  typedef T Type __attribute__((vector_size(32)));
  static constexpr int64_t lanes = 32 / sizeof(T);
};
template <class T> using Vec = typename Vector<T>::Type;

/// The first `count` lanes, at most all.
template <class T> CT_INLINE void take(const T *from, int64_t count, Vec<T> &x) {
  if (count >= Vector<T>::lanes) { std::memcpy(&x, from, sizeof x); return; }
  x = Vec<T>{};
  std::memcpy(&x, from, count * sizeof(T));
}
template <class T> CT_INLINE void put(T *to, int64_t count, const Vec<T> &x) {
  if (count >= Vector<T>::lanes) { std::memcpy(to, &x, sizeof x); return; }
  std::memcpy(to, &x, count * sizeof(T));
}
template <class T> CT_INLINE double total(const Vec<T> &x) {
  double sum = 0;
  for (int lane = 0; lane < Vector<T>::lanes; lane++) sum += x[lane];
  return sum;
}

/// x seen as [sets, rows, channels, size]: images have one set, vectors the size 1.
struct NormShape {
  int64_t sets = 1, rows, channels, size = 1, reference;
  NormShape(const at::Tensor &x, int64_t reference) : reference(reference) {
    if (x.dim() == 4) {
      rows = x.size(0), channels = x.size(1), size = x.size(2) * x.size(3);
    } else {
      rows = x.size(-2), channels = x.size(-1);
      for (int64_t d = 0; d + 2 < x.dim(); d++) sets *= x.size(d);
    }
  }
  double share() const { return 1 / static_cast<double>(reference + 1); }
  /// Per set and channel: mean and variance of the reference; for images, also m and 1 / sigma of every other row.
  int64_t saved() const { return size == 1 ? 2 : 2 + 2 * (rows - reference); }
};

template <class T> struct NormTask {
  NormShape shape;
  double epsilon;
  const T *x, *gain, *bias;
  T *saved, *y;
  const T *cotangent;
  T *gradient, *gain_gradient, *bias_gradient;
};

// ---- vectors: lanes run over columns ----

/// Vectors per task. A row's part of it is 256 contiguous bytes: rows are far apart, and single cache lines of them
/// would each be a miss. A task that is `full` has as many; there the compiler knows.
constexpr int64_t block = 8;

template <class T, bool full>
CT_INLINE void columns_forward(const NormTask<T> &t, int64_t set, int64_t first, int64_t count) {
  const NormShape &s = t.shape;
  constexpr int64_t lanes = Vector<T>::lanes;
  const T *x = t.x + set * s.rows * s.channels + first;
  T *y = t.y + set * s.rows * s.channels + first;
  const int64_t column = set * s.channels + first, vectors = full ? block : (count + lanes - 1) / lanes;
  const auto left = [&](int64_t k) { return full ? lanes : count - k * lanes; };
  const T w = s.share(), rest = 1 - w, epsilon = t.epsilon, parts = s.reference;
  Vec<T> M[block], V[block], g[block], b[block], scale[block], a;
  for (int64_t k = 0; k < vectors; k++) M[k] = V[k] = Vec<T>{};
  for (int64_t r = 0; r < s.reference; r++)
    for (int64_t k = 0; k < vectors; k++) {
      take(x + r * s.channels + k * lanes, left(k), a);
      M[k] += a;
    }
  for (int64_t k = 0; k < vectors; k++) M[k] /= parts;
  for (int64_t r = 0; r < s.reference; r++)
    for (int64_t k = 0; k < vectors; k++) {
      take(x + r * s.channels + k * lanes, left(k), a);
      V[k] += (a - M[k]) * (a - M[k]);
    }
  for (int64_t k = 0; k < vectors; k++) {
    V[k] /= parts;
    put(t.saved + column + k * lanes, left(k), M[k]);
    put(t.saved + s.sets * s.channels + column + k * lanes, left(k), V[k]);
    take(t.gain + column + k * lanes, left(k), g[k]);
    take(t.bias + column + k * lanes, left(k), b[k]);
    scale[k] = g[k] / __builtin_elementwise_sqrt(V[k] + epsilon);
  }
  for (int64_t r = 0; r < s.reference; r++)
    for (int64_t k = 0; k < vectors; k++) {
      take(x + r * s.channels + k * lanes, left(k), a);
      put(y + r * s.channels + k * lanes, left(k), (a - M[k]) * scale[k] + b[k]);
    }
  for (int64_t k = 0; k < vectors; k++) {
    V[k] = V[k] * rest + epsilon;
    g[k] *= rest;
  }
  for (int64_t r = s.reference; r < s.rows; r++)
    for (int64_t k = 0; k < vectors; k++) {
      take(x + r * s.channels + k * lanes, left(k), a);
      const Vec<T> d = a - M[k];
      put(y + r * s.channels + k * lanes, left(k),
          g[k] * d / __builtin_elementwise_sqrt(V[k] + d * d * (w * rest)) + b[k]);
    }
}

template <class T, bool full>
CT_INLINE void columns_backward(const NormTask<T> &t, int64_t set, int64_t first, int64_t count) {
  const NormShape &s = t.shape;
  constexpr int64_t lanes = Vector<T>::lanes;
  const int64_t offset = set * s.rows * s.channels + first, column = set * s.channels + first;
  const int64_t vectors = full ? block : (count + lanes - 1) / lanes;
  const auto left = [&](int64_t k) { return full ? lanes : count - k * lanes; };
  const T *x = t.x + offset, *dy = t.cotangent + offset;
  T *dx = t.gradient + offset;
  const T w = s.share(), rest = 1 - w, half = 0.5, epsilon = t.epsilon, parts = s.reference;
  Vec<T> M[block], V[block], g[block], dM[block], dV[block], dg[block], db[block], sum[block], product[block], a, c;
  for (int64_t k = 0; k < vectors; k++) {
    take(t.saved + column + k * lanes, left(k), M[k]);
    take(t.saved + s.sets * s.channels + column + k * lanes, left(k), V[k]);
    take(t.gain + column + k * lanes, left(k), g[k]);
    dM[k] = dV[k] = dg[k] = db[k] = sum[k] = product[k] = Vec<T>{};
  }
  for (int64_t r = s.reference; r < s.rows; r++)
    for (int64_t k = 0; k < vectors; k++) {
      take(x + r * s.channels + k * lanes, left(k), a);
      take(dy + r * s.channels + k * lanes, left(k), c);
      const Vec<T> d = a - M[k], within = V[k] * rest + epsilon;
      const Vec<T> inverse = 1 / __builtin_elementwise_sqrt(within + d * d * (w * rest));
      const Vec<T> hat = c * inverse * rest;
      // y = gain d (1 - w) / sigma + bias: what x adds to sigma^2 cancels in dy/dx, but for `within`.
      const Vec<T> pull = hat * g[k] * inverse * inverse, own = pull * within;
      put(dx + r * s.channels + k * lanes, left(k), own);
      dM[k] -= own;
      dV[k] -= pull * d * (half * rest);
      dg[k] += hat * d;
      db[k] += c;
    }
  for (int64_t r = 0; r < s.reference; r++)
    for (int64_t k = 0; k < vectors; k++) {
      take(x + r * s.channels + k * lanes, left(k), a);
      take(dy + r * s.channels + k * lanes, left(k), c);
      sum[k] += c;
      product[k] += c * (a - M[k]);
    }
  for (int64_t k = 0; k < vectors; k++) {
    const Vec<T> inverse = 1 / __builtin_elementwise_sqrt(V[k] + epsilon);
    put(t.gain_gradient + column + k * lanes, left(k), dg[k] + product[k] * inverse);
    put(t.bias_gradient + column + k * lanes, left(k), db[k] + sum[k]);
    g[k] *= inverse;
    dM[k] = (dM[k] - g[k] * sum[k]) / parts;
    dV[k] = (dV[k] - product[k] * g[k] * inverse * inverse * half) * (2 / parts);
  }
  for (int64_t r = 0; r < s.reference; r++)
    for (int64_t k = 0; k < vectors; k++) {
      take(x + r * s.channels + k * lanes, left(k), a);
      take(dy + r * s.channels + k * lanes, left(k), c);
      put(dx + r * s.channels + k * lanes, left(k), c * g[k] + dM[k] + dV[k] * (a - M[k]));
    }
}

// ---- images: lanes run over the pixels of one channel of one row ----

template <class T> CT_INLINE double row_sum(const T *x, int64_t size) {
  Vec<T> a, b, one = {}, two = {};
  int64_t i = 0;
  for (; i + 2 * Vector<T>::lanes <= size; i += 2 * Vector<T>::lanes) {
    take(x + i, Vector<T>::lanes, a);
    take(x + i + Vector<T>::lanes, Vector<T>::lanes, b);
    one += a;
    two += b;
  }
  double sum = total<T>(one + two);
  for (; i < size; i++) sum += x[i];
  return sum;
}
/// The sum of (x - centre)^2.
template <class T> CT_INLINE double row_spread(const T *x, T centre, int64_t size) {
  Vec<T> a, b, one = {}, two = {};
  int64_t i = 0;
  for (; i + 2 * Vector<T>::lanes <= size; i += 2 * Vector<T>::lanes) {
    take(x + i, Vector<T>::lanes, a);
    take(x + i + Vector<T>::lanes, Vector<T>::lanes, b);
    a -= centre;
    b -= centre;
    one += a * a;
    two += b * b;
  }
  double sum = total<T>(one + two);
  for (; i < size; i++) sum += static_cast<double>(x[i] - centre) * (x[i] - centre);
  return sum;
}
/// The sums of c and of c (x - centre).
template <class T>
CT_INLINE void row_products(const T *c, const T *x, T centre, int64_t size, double &sum, double &product) {
  Vec<T> a, b, one = {}, two = {};
  int64_t i = 0;
  for (; i + Vector<T>::lanes <= size; i += Vector<T>::lanes) {
    take(c + i, Vector<T>::lanes, a);
    take(x + i, Vector<T>::lanes, b);
    one += a;
    two += a * (b - centre);
  }
  sum = total<T>(one), product = total<T>(two);
  for (; i < size; i++) sum += c[i], product += static_cast<double>(c[i]) * (x[i] - centre);
}
/// y = (x - centre) scale + shift
template <class T>
CT_INLINE void row_affine(const T *__restrict x, T *__restrict y, T centre, T scale, T shift, int64_t size) {
  for (int64_t i = 0; i < size; i++) y[i] = (x[i] - centre) * scale + shift;
}
/// dx = c scale + (x - centre) slope + shift
template <class T>
CT_INLINE void row_gradient(const T *__restrict c, const T *__restrict x, T *__restrict dx, T scale, T centre, T slope,
                            T shift, int64_t size) {
  for (int64_t i = 0; i < size; i++) dx[i] = c[i] * scale + (x[i] - centre) * slope + shift;
}

template <class T> CT_INLINE void channel_forward(const NormTask<T> &t, int64_t channel) {
  const NormShape &s = t.shape;
  const int64_t stride = s.channels * s.size, size = s.size;
  const T *x = t.x + channel * size;
  T *y = t.y + channel * size, *saved = t.saved + channel * s.saved();
  const double pixels = static_cast<double>(s.reference) * size, w = s.share();
  double sum = 0, spread = 0;
  for (int64_t r = 0; r < s.reference; r++) sum += row_sum(x + r * stride, size);
  const T M = sum / pixels;
  for (int64_t r = 0; r < s.reference; r++) spread += row_spread(x + r * stride, M, size);
  const T V = spread / pixels;
  saved[0] = M, saved[1] = V;
  const T g = t.gain[channel], b = t.bias[channel];
  const T scale = g / std::sqrt(V + static_cast<T>(t.epsilon));
  for (int64_t r = 0; r < s.reference; r++) row_affine(x + r * stride, y + r * stride, M, scale, b, size);
  for (int64_t r = s.reference; r < s.rows; r++) {
    const T m = row_sum(x + r * stride, size) / size;
    const double v = row_spread(x + r * stride, m, size) / size, apart = m - M;
    const T inverse = 1 / std::sqrt(t.epsilon + w * v + (1 - w) * V + w * (1 - w) * apart * apart);
    const T mu = w * m + (1 - w) * M;
    row_affine(x + r * stride, y + r * stride, mu, g * inverse, b, size);
    T *own = saved + 2 + 2 * (r - s.reference);
    own[0] = m, own[1] = inverse;
  }
}

template <class T> CT_INLINE void channel_backward(const NormTask<T> &t, int64_t channel) {
  const NormShape &s = t.shape;
  const int64_t stride = s.channels * s.size, size = s.size;
  const T *x = t.x + channel * size, *dy = t.cotangent + channel * size, *saved = t.saved + channel * s.saved();
  T *dx = t.gradient + channel * size;
  const double pixels = static_cast<double>(s.reference) * size, w = s.share();
  const T M = saved[0];
  const double g = t.gain[channel];
  double dM = 0, dV = 0, dg = 0, db = 0, sum, product;
  for (int64_t r = s.reference; r < s.rows; r++) {
    const T *own = saved + 2 + 2 * (r - s.reference);
    const T m = own[0];
    const double inverse = own[1], apart = static_cast<double>(m) - M;
    const T mu = w * m + (1 - w) * M;
    row_products(dy + r * stride, x + r * stride, mu, size, sum, product);
    db += sum;
    dg += product * inverse;
    const double by_mu = -g * inverse * sum, by_variance = -0.5 * g * inverse * inverse * inverse * product;
    const double by_apart = by_variance * 2 * w * (1 - w) * apart;
    dM += (1 - w) * by_mu - by_apart;
    dV += (1 - w) * by_variance;
    row_gradient<T>(dy + r * stride, x + r * stride, dx + r * stride, g * inverse, m, 2 * w * by_variance / size,
                    (w * by_mu + by_apart) / size, size);
  }
  const double inverse = 1 / std::sqrt(t.epsilon + saved[1]);
  double sums = 0, products = 0;
  for (int64_t r = 0; r < s.reference; r++) {
    row_products(dy + r * stride, x + r * stride, M, size, sum, product);
    sums += sum;
    products += product;
  }
  t.bias_gradient[channel] = db + sums;
  t.gain_gradient[channel] = dg + products * inverse;
  dM = (dM - g * inverse * sums) / pixels;
  dV = (dV - 0.5 * g * inverse * inverse * inverse * products) * 2 / pixels;
  for (int64_t r = 0; r < s.reference; r++)
    row_gradient<T>(dy + r * stride, x + r * stride, dx + r * stride, g * inverse, M, dV, dM, size);
}

#define DEFINE_KERNELS(T, suffix)                                                                                 \
  CT_KERNEL(void, columns_forward_##suffix, (const NormTask<T> &t, int64_t set, int64_t first, int64_t count),        \
            (t, set, first, count)) {                                                                             \
    count == block * Vector<T>::lanes ? columns_forward<T, true>(t, set, first, count)                            \
                                      : columns_forward<T, false>(t, set, first, count);                          \
  }                                                                                                               \
  CT_KERNEL(void, columns_backward_##suffix, (const NormTask<T> &t, int64_t set, int64_t first, int64_t count),       \
            (t, set, first, count)) {                                                                             \
    count == block * Vector<T>::lanes ? columns_backward<T, true>(t, set, first, count)                           \
                                      : columns_backward<T, false>(t, set, first, count);                         \
  }                                                                                                               \
  CT_KERNEL(void, channel_forward_##suffix, (const NormTask<T> &t, int64_t channel), (t, channel)) {                  \
    channel_forward<T>(t, channel);                                                                               \
  }                                                                                                               \
  CT_KERNEL(void, channel_backward_##suffix, (const NormTask<T> &t, int64_t channel), (t, channel)) {                 \
    channel_backward<T>(t, channel);                                                                              \
  }                                                                                                               \
  void normalise_columns(const NormTask<T> &t, int64_t set, int64_t first, int64_t count, bool backward) {        \
    backward ? columns_backward_##suffix(t, set, first, count) : columns_forward_##suffix(t, set, first, count);  \
  }                                                                                                               \
  void normalise_channel(const NormTask<T> &t, int64_t channel, bool backward) {                                  \
    backward ? channel_backward_##suffix(t, channel) : channel_forward_##suffix(t, channel);                      \
  }
DEFINE_KERNELS(float, float)
DEFINE_KERNELS(double, double)
#undef DEFINE_KERNELS

template <class T> void run(const NormTask<T> &task, bool backward) {
  const NormShape &s = task.shape;
  if (s.size > 1) {
    const int64_t grain = std::max<int64_t>(1, 32768 / (s.rows * s.size));
    parallel_for(0, s.channels, grain, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; c++) normalise_channel(task, c, backward);
    });
    return;
  }
  const int64_t width = block * Vector<T>::lanes, blocks = (s.channels + width - 1) / width;
  const int64_t grain = std::max<int64_t>(1, 32768 / (s.rows * width));
  parallel_for(0, s.sets * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t first = i % blocks * width;
      normalise_columns(task, i / blocks, first, std::min(width, s.channels - first), backward);
    }
  });
}

struct VirtualBatchNorm : torch::autograd::Function<VirtualBatchNorm> {
  template <class T>
  static void forward_as(const NormShape &s, double epsilon, const at::Tensor &x, const at::Tensor &gain,
                         const at::Tensor &bias, at::Tensor &saved, at::Tensor &y) {
    NormTask<T> task = {s, epsilon, x.const_data_ptr<T>(), gain.const_data_ptr<T>(), bias.const_data_ptr<T>(),
                    saved.mutable_data_ptr<T>(), y.mutable_data_ptr<T>(), nullptr, nullptr, nullptr, nullptr};
    run(task, false);
  }
  template <class T>
  static void backward_as(const NormShape &s, double epsilon, const at::Tensor &x, const at::Tensor &gain,
                          const at::Tensor &saved, const at::Tensor &cotangent, at::Tensor &dx, at::Tensor &dg,
                          at::Tensor &db) {
    NormTask<T> task = {s, epsilon, x.const_data_ptr<T>(), gain.const_data_ptr<T>(), nullptr,
                    const_cast<T *>(saved.const_data_ptr<T>()), nullptr, cotangent.const_data_ptr<T>(),
                    dx.mutable_data_ptr<T>(), dg.mutable_data_ptr<T>(), db.mutable_data_ptr<T>()};
    run(task, true);
  }

  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &input, const at::Tensor &gain,
                            const at::Tensor &bias, int64_t reference, double epsilon) {
    auto x = input.contiguous(), g = gain.contiguous(), b = bias.contiguous();
    NormShape s(x, reference);
    auto saved = at::empty({s.sets * s.channels * s.saved()}, x.options());
    auto y = at::empty_like(x);
    if (x.scalar_type() == at::kDouble)
      forward_as<double>(s, epsilon, x, g, b, saved, y);
    else
      forward_as<float>(s, epsilon, x, g, b, saved, y);
    context->save_for_backward({x, g, saved});
    context->saved_data["reference"] = reference;
    context->saved_data["epsilon"] = epsilon;
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list cotangents) {
    auto kept = context->get_saved_variables();
    auto x = kept[0], g = kept[1], saved = kept[2], cotangent = cotangents[0].contiguous();
    const double epsilon = context->saved_data["epsilon"].toDouble();
    NormShape s(x, context->saved_data["reference"].toInt());
    auto dx = at::empty_like(x), dg = at::empty_like(g), db = at::empty_like(g);
    if (x.scalar_type() == at::kDouble)
      backward_as<double>(s, epsilon, x, g, saved, cotangent, dx, dg, db);
    else
      backward_as<float>(s, epsilon, x, g, saved, cotangent, dx, dg, db);
    return once_differentiable("virtual batch normalisation", cotangents, {dx, dg, db, at::Tensor(), at::Tensor()});
  }
};

/// The same by libtorch's operations, for other devices and kinds of numbers, and for traces.
at::Tensor composed(const at::Tensor &x, const at::Tensor &gain, const at::Tensor &bias, int64_t reference,
                    double epsilon) {
  const bool images = x.dim() == 4;
  const int64_t rows = images ? 0 : x.dim() - 2;
  auto beside_rows = [&](const at::Tensor &p) {
    std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
    shape[rows] = 1;
    if (images) shape[2] = shape[3] = 1;
    return p.reshape(shape);
  };
  const auto g = beside_rows(gain), b = beside_rows(bias);
  const double w = NormShape(x, reference).share(), rest = 1 - w;
  const std::vector<int64_t> pixels = {2, 3}, all = images ? std::vector<int64_t>{0, 2, 3} : std::vector<int64_t>{rows};
  auto of_reference = x.narrow(rows, 0, reference), examples = at::slice(x, rows, reference);
  auto M = of_reference.mean(all, true), V = of_reference.var(all, 0, true);
  auto normalized = (of_reference - M) * (g * (V + epsilon).rsqrt()) + b;
  auto variance = rest * V + epsilon, centred = examples - M;
  if (images) {
    auto m = examples.mean(pixels, true), apart = m - M;
    variance = variance + w * examples.var(pixels, 0, true) + (w * rest) * apart.square();
    centred = centred - w * apart;  // x - (w m + (1 - w) M)
  } else {
    variance = variance + (w * rest) * centred.square();
    centred = rest * centred;
  }
  return at::cat({normalized, centred * (g * variance.rsqrt()) + b}, rows);
}

at::Tensor virtual_batch_norm(const at::Tensor &x, const at::Tensor &gain, const at::Tensor &bias, int64_t reference,
                              double epsilon, bool fused) {
  TORCH_CHECK(x.dim() >= 2, "takes [..., N, F] or [N, C, H, W]");
  NormShape s(x, reference);
  TORCH_CHECK(reference >= 1 && reference <= s.rows, "there are ", s.rows, " rows, ", reference,
              " of them the reference's");
  TORCH_CHECK(s.size >= 1, "the images are empty");
  auto per_channel = [&](const at::Tensor &p) {
    TORCH_CHECK(p.numel() == s.channels || p.numel() == s.sets * s.channels,
                "gain and bias need an element per channel");
    TORCH_CHECK(p.scalar_type() == x.scalar_type(), "the kinds differ");
    return p.numel() == s.sets * s.channels ? p : p.expand({s.sets, s.channels});
  };
  const auto g = per_channel(gain), b = per_channel(bias);
  const bool has_kernel = x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
  if (fused && has_kernel && !wants_plain_operations()) return VirtualBatchNorm::apply(x, g, b, reference, epsilon);
  return composed(x, g, b, reference, epsilon);
}

}  // namespace
}  // namespace ctorch

CTensor *ct_virtual_batch_norm(CTensor *x, CTensor *gain, CTensor *bias, int64_t reference, double epsilon,
                               bool fused) {
  return ctorch::operation("virtualBatchNorm", {x, gain, bias}, [&] {
    return ctorch::virtual_batch_norm(ctorch::tensor(x), ctorch::tensor(gain), ctorch::tensor(bias), reference, epsilon,
                                      fused);
  });
}
