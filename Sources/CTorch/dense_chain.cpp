// A chain of narrow dense layers, h_0 = x, h_l = a_l(h_(l-1) W_l^T + b_l), forward and backward, each in one call.
//
// For layers this narrow libtorch's time goes into finding its way to an operation, not into the operation. Here the
// activations stand unit by unit, [units][examples], so that vector lanes run over examples; a strip of examples goes
// through all layers while it is in the nearest cache. Saved for the backward pass: the activations, from which every
// derivative follows.
//
// The backward pass takes strips too, for the cotangents of the pre-activations; then every layer's weights have their
// gradients summed over all examples. Seeds are taken one after the other, each on one thread and in the same memory,
// so that what is written is read again while it is near; only where there are fewer seeds than threads are a seed's
// strips shared out. Tasks share no sums, hence the result does not depend on the number of threads.
#include "Internal.h"
#include "graph_node.h"
#include "matrix_product.h"
#include "memory_view.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/Parallel.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/tanh.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ctorch {
namespace {

constexpr int64_t widest = 128;  // from about here on libtorch's products are as fast
constexpr double leak = 0.2;

/// Examples stand in whole cache lines, at every level: a sum over examples has as many parts as a line has numbers,
/// and the same bits whatever the length of a vector.
template <class T> constexpr int64_t line = 64 / sizeof(T);
constexpr int64_t longest_strip = 4;  // lines
/// Examples that pass through all layers together where hidden units are not kept: whole strips at every level.
constexpr int64_t passing = 192;

/// A level's vectors, and how many sums its registers hold: `strip` vectors of examples by `outputs` in products,
/// `outputs` by `inputs` in gradients of weights. The sums, the vectors that they share and one more must find room: in
/// 32 registers with AVX-512, in 16 else.
template <class T, CKLevel level> struct Registers {
  static constexpr int bytes = level == CKLevelAVX512 ? 64 : level == CKLevelAVX2 ? 32 : 16;
  static constexpr int64_t lanes = bytes / sizeof(T);
  static constexpr int strip = level == CKLevelAVX512 ? 4 : 3, outputs = 4, inputs = strip;
  /// Whether there is room beside the sums for what an activation needs; else it follows each block, from the nearest
  /// cache.
  static constexpr bool activates_sums = level == CKLevelAVX512;
  typedef T Vector __attribute__((vector_size(bytes)));
};

// ---- activations ----------------------------------------------------------------------------------------------

/// z := a(z)
template <class V> CT_INLINE void activate(CTActivation activation, V &z) {
  if constexpr (sizeof(z[0]) == sizeof(double)) {  // float64 is for checking gradients: the formula as it stands
    for (size_t lane = 0; lane < sizeof(V) / sizeof(double); lane++) {
      const double x = z[lane];
      switch (activation) {
        case CTActivationIdentity: break;
        case CTActivationTanh: z[lane] = std::tanh(x); break;
        case CTActivationReLU: z[lane] = x < 0 ? 0 : x; break;
        case CTActivationLeakyReLU: z[lane] = x < 0 ? leak * x : x; break;
        case CTActivationSoftplus: z[lane] = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); break;
        case CTActivationSigmoid: z[lane] = 1 / (1 + std::exp(-x)); break;
      }
    }
  } else {
    switch (activation) {
      case CTActivationIdentity: break;
      case CTActivationTanh: tanh_of<V>(z, z); break;
      case CTActivationReLU: choose<V>(z < 0.0f, V{}, z, z); break;
      case CTActivationLeakyReLU: choose<V>(z < 0.0f, z * static_cast<float>(leak), z, z); break;
      case CTActivationSoftplus: softplus_of<V>(z, z); break;
      case CTActivationSigmoid: sigmoid_of<V>(z, z); break;
    }
  }
}

/// 1 - exp(-y), which is sigma(x) for y = softplus(x); as a series where the difference loses its digits.
template <class V> CT_INLINE void one_less_exp_of_minus(const V &y, V &result) {
  if constexpr (sizeof(y[0]) == sizeof(double)) {
    for (size_t lane = 0; lane < sizeof(V) / sizeof(double); lane++) result[lane] = -std::expm1(-y[lane]);
  } else {
    V e;
    exp_of_minus<V>(y, e);
    choose<V>(y < 0.02f, y * (1.0f - y * (0.5f - y * (1 / 6.0f - y / 24.0f))), 1.0f - e, result);
  }
}

/// d := d a'(z), from y = a(z).
template <class T, class V> CT_INLINE void differentiate(CTActivation activation, const V &y, V &d) {
  const T one = 1;
  switch (activation) {
    case CTActivationIdentity: break;
    case CTActivationTanh: d *= one - y * y; break;
    case CTActivationReLU: choose<V>(y <= T{}, V{}, d, d); break;
    case CTActivationLeakyReLU: choose<V>(y <= T{}, d * static_cast<T>(leak), d, d); break;
    case CTActivationSoftplus: {
      V slope;
      one_less_exp_of_minus(y, slope);
      d *= slope;
      break;
    }
    case CTActivationSigmoid: d *= y * (one - y); break;
  }
}

/// Calls `body` with the activation as a constant, so that loops inside have no choice to make.
template <class Body> CT_INLINE void with_constant(CTActivation activation, Body &&body) {
  switch (activation) {
#define CASE(name) case name: body(std::integral_constant<CTActivation, name>()); break;
    CASE(CTActivationIdentity) CASE(CTActivationTanh) CASE(CTActivationReLU) CASE(CTActivationLeakyReLU)
    CASE(CTActivationSoftplus) CASE(CTActivationSigmoid)
#undef CASE
  }
}

/// z := a(z) for `rows` rows of `vectors` vectors.
template <class R, class T>
CT_INLINE void activate_rows(CTActivation activation, T *z, int64_t rows, int64_t vectors, int64_t stride) {
  if (activation == CTActivationIdentity) return;
  with_constant(activation, [&](auto activation) __attribute__((always_inline)) {
    for (int64_t row = 0; row < rows; row++)
      for (int64_t c = 0; c < vectors; c++) {
        typename R::Vector x;
        load(z + row * stride + c * R::lanes, x);
        activate(activation(), x);
        store(z + row * stride + c * R::lanes, x);
      }
  });
}

/// d := (d + more) a'(z) for as many, from y = a(z); without `more` where it is null.
template <class R, class T>
CT_INLINE void differentiate_rows(CTActivation activation, const T *y, const T *more, T *d, int64_t rows,
                                  int64_t vectors, int64_t stride) {
  if (activation == CTActivationIdentity && !more) return;
  with_constant(activation, [&](auto activation) __attribute__((always_inline)) {
    for (int64_t row = 0; row < rows; row++)
      for (int64_t c = 0; c < vectors; c++) {
        const int64_t at = row * stride + c * R::lanes;
        typename R::Vector cotangent, from;
        load(d + at, cotangent);
        if (more) {
          load(more + at, from);
          cotangent += from;
        }
        load(y + at, from);
        differentiate<T>(activation(), from, cotangent);
        store(d + at, cotangent);
      }
  });
}

// ---- the passes -----------------------------------------------------------------------------------------------

template <class T> struct Layer {
  int64_t inputs, outputs;
  const T *weight, *bias;  // [outputs][inputs], [outputs] or null
  T *weight_gradient, *bias_gradient;
  CTActivation activation;
  int64_t row;  // the first of its outputs among all units
};

/// One seed's chain. Rows of `units` are those of x, then every layer's outputs, each `stride` examples long.
template <class T> struct Chain {
  const Layer<T> *layers;
  int count;
  T *units;
  T *cotangents;  // of the pre-activations, laid out as `units`; those of x in its own rows
  int64_t stride;
};

/// y[o] = sum_i w[o wo + i wi] x[i] (+ b[o]), changed by `change`, for `outs` outputs from o on and a strip of n
/// vectors.
template <class R, int n, int outs, class T, class Change>
CT_INLINE void multiply_block(const T *w, int64_t wo, int64_t wi, int64_t o, int64_t inputs, const T *x, const T *b,
                              T *y, int64_t stride, Change &&change) {
  typename R::Vector sums[n][outs];
  for (int k = 0; k < outs; k++)
    for (int c = 0; c < n; c++) sums[c][k] = typename R::Vector{} + (b ? b[o + k] : T{});
  for (int64_t i = 0; i < inputs; i++) {
    typename R::Vector in[n];
    for (int c = 0; c < n; c++) load(x + i * stride + c * R::lanes, in[c]);
    for (int k = 0; k < outs; k++)
      for (int c = 0; c < n; c++) sums[c][k] += in[c] * w[(o + k) * wo + i * wi];
  }
  // Written out: an index known only at run time would keep the sums in memory.
#pragma unroll
  for (int c = 0; c < n; c++) {
#pragma unroll
    for (int k = 0; k < outs; k++) {
      change(o + k, c, sums[c][k]);
      store(y + (o + k) * stride + c * R::lanes, sums[c][k]);
    }
  }
}
constexpr auto nothing = [](auto &&...) __attribute__((always_inline)) {};
/// The same for all outputs, as many at a time as there are registers for; `finish` follows each block while it is
/// near.
template <class R, int n, class T, class Change, class Finish>
CT_INLINE void multiply(const T *w, int64_t wo, int64_t wi, int64_t outputs, int64_t inputs, const T *x, const T *b,
                        T *y, int64_t stride, Change &&change, Finish &&finish) {
  int64_t o = 0;
  for (; o + R::outputs <= outputs; o += R::outputs) {
    multiply_block<R, n, R::outputs>(w, wo, wi, o, inputs, x, b, y, stride, change);
    finish(o, R::outputs);
  }
  for (; o < outputs; o++) {
    multiply_block<R, n, 1>(w, wo, wi, o, inputs, x, b, y, stride, change);
    finish(o, 1);
  }
}

template <class R, int n, class T> CT_INLINE void forward_strip(const Chain<T> &chain, int64_t from) {
  const T *x = chain.units + from;
  for (int l = 0; l < chain.count; l++) {
    const Layer<T> &layer = chain.layers[l];
    T *y = chain.units + layer.row * chain.stride + from;
    if constexpr (R::activates_sums)
      with_constant(layer.activation, [&](auto activation) __attribute__((always_inline)) {
        multiply<R, n>(layer.weight, layer.inputs, 1, layer.outputs, layer.inputs, x, layer.bias, y, chain.stride,
                       [&](int64_t, int, auto &z) __attribute__((always_inline)) { activate(activation(), z); },
                       nothing);
      });
    else
      multiply<R, n>(layer.weight, layer.inputs, 1, layer.outputs, layer.inputs, x, layer.bias, y, chain.stride,
                     nothing, [&](int64_t o, int64_t rows) __attribute__((always_inline)) {
                       activate_rows<R>(layer.activation, y + o * chain.stride, rows, n, chain.stride);
                     });
    x = y;
  }
}

/// From the cotangents of the last layer's outputs, and of the one's before where `features`, those of all
/// pre-activations.
template <class R, int n, class T>
CT_INLINE void backward_strip(const Chain<T> &chain, int64_t from, const T *features, bool input_needed) {
  const int64_t stride = chain.stride;
  /// Cotangents of `rows` outputs of layer l from o on become those of its pre-activations.
  auto pull_back = [&](int l, int64_t o, int64_t rows) __attribute__((always_inline)) {
    const int64_t at = (chain.layers[l].row + o) * stride + from;
    differentiate_rows<R>(chain.layers[l].activation, chain.units + at,
                          features && l == chain.count - 2 ? features + o * stride + from : nullptr,
                          chain.cotangents + at, rows, n, stride);
  };
  const int last = chain.count - 1;
  pull_back(last, 0, chain.layers[last].outputs);
  for (int l = last; l >= (input_needed ? 0 : 1); l--) {
    const Layer<T> &layer = chain.layers[l];
    const int64_t to = l == 0 ? 0 : chain.layers[l - 1].row;
    auto back = [&](auto &&change, auto &&finish) __attribute__((always_inline)) {
      multiply<R, n>(layer.weight, 1, layer.inputs, layer.inputs, layer.outputs,
                     chain.cotangents + layer.row * stride + from, static_cast<const T *>(nullptr),
                     chain.cotangents + to * stride + from, stride, change, finish);
    };
    if constexpr (R::activates_sums) {
      if (l == 0) back(nothing, nothing);
      else
        with_constant(chain.layers[l - 1].activation, [&](auto activation) __attribute__((always_inline)) {
          const T *more = features && l == chain.count - 1 ? features + from : nullptr;
          const T *before = chain.units + to * stride + from;
          back([&](int64_t o, int c, auto &d) __attribute__((always_inline)) {
            typename R::Vector value;
            if (more) {
              load(more + o * stride + c * R::lanes, value);
              d += value;
            }
            if (activation() == CTActivationIdentity) return;
            load(before + o * stride + c * R::lanes, value);
            differentiate<T>(activation(), value, d);
          }, nothing);
        });
    } else {
      back(nothing, [&](int64_t o, int64_t rows) __attribute__((always_inline)) {
        if (l > 0) pull_back(l - 1, o, rows);
      });
    }
  }
}

/// The sums over the lanes of four vectors of sixteen, in `totals[0]` to `totals[3]`: lanes are added in halves, each
/// by its partner of the other half, as a sum of one vector alone would be.
CT_INLINE void total_of_four(const Wide<float> (&x)[4], float (&totals)[4]) {
  typedef float Four __attribute__((vector_size(16)));
  Floats eight[4];
#pragma unroll
  for (int k = 0; k < 4; k++)
    eight[k] = __builtin_shufflevector(x[k], x[k], 0, 1, 2, 3, 4, 5, 6, 7) +
               __builtin_shufflevector(x[k], x[k], 8, 9, 10, 11, 12, 13, 14, 15);
  Floats four[2];
#pragma unroll
  for (int k = 0; k < 2; k++)
    four[k] = __builtin_shufflevector(eight[2 * k], eight[2 * k + 1], 0, 1, 2, 3, 8, 9, 10, 11) +
              __builtin_shufflevector(eight[2 * k], eight[2 * k + 1], 4, 5, 6, 7, 12, 13, 14, 15);
  // Of each: the first and second sum of x[0], x[2], x[1], x[3].
  const Floats two = __builtin_shufflevector(four[0], four[1], 0, 1, 8, 9, 4, 5, 12, 13) +
                     __builtin_shufflevector(four[0], four[1], 2, 3, 10, 11, 6, 7, 14, 15);
  const Four one = __builtin_shufflevector(two, two, 0, 4, 2, 6) + __builtin_shufflevector(two, two, 1, 5, 3, 7);
  store(totals, one);
}
template <class T> CT_INLINE T total(const Wide<T> &x) {
  if constexpr (sizeof(T) == sizeof(float)) {
    float totals[4];
    total_of_four({x, x, x, x}, totals);
    return totals[0];
  } else {
    T sum = 0;
    for (int lane = 0; lane < line<T>; lane++) sum += x[lane];
    return sum;
  }
}

/// d[o][i] = sum over examples of dz[o] x[i] for `outs` x `ins` of them.
template <class R, int outs, int ins, class T>
CT_INLINE void weigh(const T *dz, const T *x, int64_t stride, T *gradient, int64_t row) {
  Wide<T> lines[ins][outs];
  // A part of each line at a time, where a line is longer than a vector.
  for (int64_t part = 0; part < line<T>; part += R::lanes) {
    typename R::Vector sums[ins][outs] = {};
    for (int64_t n = part; n < stride; n += line<T>) {
      typename R::Vector in[ins];
      for (int i = 0; i < ins; i++) load(x + i * stride + n, in[i]);
      for (int o = 0; o < outs; o++) {
        typename R::Vector out;
        load(dz + o * stride + n, out);
        for (int i = 0; i < ins; i++) sums[i][o] += out * in[i];
      }
    }
#pragma unroll
    for (int i = 0; i < ins; i++)
#pragma unroll
      for (int o = 0; o < outs; o++) store(reinterpret_cast<T *>(&lines[i][o]) + part, sums[i][o]);
  }
  for (int i = 0; i < ins; i++) {
    if constexpr (outs == 4 && sizeof(T) == sizeof(float)) {
      float totals[4];
      total_of_four(lines[i], totals);
      for (int o = 0; o < outs; o++) gradient[o * row + i] = totals[o];
    } else {
      for (int o = 0; o < outs; o++) gradient[o * row + i] = total<T>(lines[i][o]);
    }
  }
}

/// The same for all inputs of `outs` outputs from o on.
template <class R, int outs, class T>
CT_INLINE void weigh_inputs(const Layer<T> &layer, const T *dz, const T *x, int64_t stride, int64_t o) {
  T *gradient = layer.weight_gradient + o * layer.inputs;
  int64_t i = 0;
  for (; i + R::inputs <= layer.inputs; i += R::inputs)
    weigh<R, outs, R::inputs>(dz + o * stride, x + i * stride, stride, gradient + i, layer.inputs);
  for (; i < layer.inputs; i++) weigh<R, outs, 1>(dz + o * stride, x + i * stride, stride, gradient + i, layer.inputs);
}

/// The gradients of the weights and biases of the outputs [begin, end) of a layer.
template <class R, class T>
CT_INLINE void weight_gradients(const Chain<T> &chain, int l, int64_t begin, int64_t end) {
  const Layer<T> &layer = chain.layers[l];
  const int64_t stride = chain.stride;
  const T *x = chain.units + (l == 0 ? 0 : chain.layers[l - 1].row) * stride;
  const T *dz = chain.cotangents + layer.row * stride;
  if (layer.bias_gradient)
    for (int64_t o = begin; o < end; o++) {
      Wide<T> sum = {};
      for (int64_t n = 0; n < stride; n += line<T>) {
        Wide<T> d;
        load(dz + o * stride + n, d);
        sum += d;
      }
      layer.bias_gradient[o] = total<T>(sum);
    }
  if (!layer.weight_gradient) return;
  int64_t o = begin;
  for (; o + R::outputs <= end; o += R::outputs) weigh_inputs<R, R::outputs>(layer, dz, x, stride, o);
  for (; o < end; o++) weigh_inputs<R, 1>(layer, dz, x, stride, o);
}

/// Calls `strip` with the number of its vectors as a constant, from example `begin` on to `end`, both multiples of a
/// line.
template <class R, class Strip> CT_INLINE void each_strip(int64_t begin, int64_t end, Strip &&strip) {
  int64_t from = begin;
  for (; from + R::strip * R::lanes <= end; from += R::strip * R::lanes)
    strip(std::integral_constant<int, R::strip>(), from);
  for (; from + 2 * R::lanes <= end; from += 2 * R::lanes) strip(std::integral_constant<int, 2>(), from);
  if (from < end) strip(std::integral_constant<int, 1>(), from);
}

template <class R, class T> CT_INLINE void forward_part(const Chain<T> &chain, int64_t begin, int64_t end) {
  each_strip<R>(begin, end, [&](auto n, int64_t from) __attribute__((always_inline)) {
    forward_strip<R, n()>(chain, from);
  });
}
template <class R, class T>
CT_INLINE void backward_part(const Chain<T> &chain, const T *features, bool input_needed, int64_t begin, int64_t end) {
  each_strip<R>(begin, end, [&](auto n, int64_t from) __attribute__((always_inline)) {
    backward_strip<R, n()>(chain, from, features, input_needed);
  });
}

CT_WIDE_KERNEL(void, run_forward, (const Chain<float> &chain, int64_t begin, int64_t end), (chain, begin, end)) {
  forward_part<Registers<float, level>>(chain, begin, end);
}
CT_WIDE_KERNEL(void, run_backward,
               (const Chain<float> &chain, const float *features, bool input_needed, int64_t begin, int64_t end),
               (chain, features, input_needed, begin, end)) {
  backward_part<Registers<float, level>>(chain, features, input_needed, begin, end);
}
CT_WIDE_KERNEL(void, run_weight_gradients,
               (const Chain<float> &chain, int l, int64_t begin, int64_t end), (chain, l, begin, end)) {
  weight_gradients<Registers<float, level>>(chain, l, begin, end);
}
using Doubles = Registers<double, CKLevelBaseline>;
void run_forward(const Chain<double> &chain, int64_t begin, int64_t end) { forward_part<Doubles>(chain, begin, end); }
void run_backward(const Chain<double> &chain, const double *features, bool input_needed, int64_t begin, int64_t end) {
  backward_part<Doubles>(chain, features, input_needed, begin, end);
}
void run_weight_gradients(const Chain<double> &chain, int l, int64_t begin, int64_t end) {
  weight_gradients<Doubles>(chain, l, begin, end);
}

// ---- layouts --------------------------------------------------------------------------------------------------

/// [rows][width] with a row length -> [width][stride], the rest of every row 0.
template <class T>
void to_units(const T *from, int64_t row, int64_t column, int64_t rows, int64_t width, T *to, int64_t stride) {
  for (int64_t i = 0; i < width; i++) {
    T *unit = to + i * stride;
    if (row == 1) std::copy_n(from + i * column, rows, unit);
    else
      for (int64_t n = 0; n < rows; n++) unit[n] = from[n * row + i * column];
    std::fill(unit + rows, unit + stride, T{});
  }
}
template <class T> void from_units(const T *from, int64_t stride, int64_t rows, int64_t width, T *to) {
  if (width == 1) {
    std::copy_n(from, rows, to);
    return;
  }
  for (int64_t n = 0; n < rows; n++)
    for (int64_t i = 0; i < width; i++) to[n * width + i] = from[i * stride + n];
}

/// What all seeds share.
struct Sizes {
  int64_t seeds, rows, stride, inputs, units;
  std::vector<int64_t> widths;
  std::vector<CTActivation> activations;
  int64_t last() const { return widths.back(); }
  int64_t before_last() const { return widths.size() > 1 ? widths[widths.size() - 2] : inputs; }
};

/// All seeds' layers, one seed after the other, pointing into weights [seeds, out, in] and biases whose slices for a
/// seed are contiguous each.
template <class T>
std::vector<Layer<T>> layers_of(const Sizes &s, const std::vector<at::Tensor> &parameters,
                                const std::vector<at::Tensor> *gradients) {
  const size_t count = s.widths.size();
  std::vector<Layer<T>> layers(s.seeds * count);
  int64_t inputs = s.inputs, row = s.inputs;
  for (size_t l = 0; l < count; l++) {
    const at::Tensor &weight = parameters[2 * l], &bias = parameters[2 * l + 1];
    const T *w = weight.const_data_ptr<T>(), *b = bias.const_data_ptr<T>();
    auto room = [&](size_t index) -> T * {
      return gradients && (*gradients)[index].defined() ? (*gradients)[index].template mutable_data_ptr<T>() : nullptr;
    };
    T *dw = room(2 * l), *db = room(2 * l + 1);
    for (int64_t seed = 0; seed < s.seeds; seed++) {
      auto of_seed = [&](auto *start, const at::Tensor &tensor) {
        return start && seed > 0 ? start + seed * tensor.stride(0) : start;
      };
      layers[seed * count + l] = {inputs, s.widths[l], of_seed(w, weight), of_seed(b, bias),
                                  dw ? of_seed(dw, (*gradients)[2 * l]) : nullptr,
                                  db ? of_seed(db, (*gradients)[2 * l + 1]) : nullptr, s.activations[l], row};
    }
    row += s.widths[l];
    inputs = s.widths[l];
  }
  return layers;
}

/// This thread's memory for `count` numbers, the same in every pass, in whole cache lines.
template <class T> T *own_room(int64_t count) {
  thread_local std::vector<T> room;
  if (static_cast<int64_t>(room.size()) < count + line<T>) room.resize(count + line<T>);
  void *start = room.data();
  size_t space = room.size() * sizeof(T);
  return static_cast<T *>(std::align(sizeof(T) * line<T>, count * sizeof(T), start, space));
}

/// Strips of all seeds, shared out among threads.
template <class Body> void each_part(const Sizes &s, int64_t lanes, Body body) {
  const int64_t per_seed = s.stride / lanes;
  const int64_t work = std::max<int64_t>(1, lanes * s.units * s.units / static_cast<int64_t>(s.widths.size() + 1));
  const int64_t grain = std::max<int64_t>(longest_strip, 400000 / work / longest_strip * longest_strip);
  parallel_for(0, s.seeds * per_seed, grain, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      int64_t seed = begin / per_seed, first = begin % per_seed, last = std::min(per_seed, first + end - begin);
      body(seed, first * lanes, last * lanes);
      begin += last - first;
    }
  });
}

/// The chain in a graph. A node of its own: libtorch's custom functions take no lists of tensors.
struct DenseChain : torch::autograd::Node {
  using Node::Node;
  SavedVariable units;
  std::vector<SavedVariable> parameters;
  Sizes sizes;
  bool stacked, shared_input;

  std::string name() const override { return "DenseChain"; }
  void release_variables() override {
    units.reset_data();
    for (auto &parameter : parameters) parameter.reset_data();
  }
  variable_list apply(variable_list &&cotangents) override {
    auto all = units.unpack();
    return once_differentiable(
        "a chain of dense layers", cotangents,
        all.scalar_type() == at::kDouble ? backward<double>(all, cotangents) : backward<float>(all, cotangents));
  }

  template <class T>
  variable_list backward(const at::Tensor &all_units, const variable_list &cotangents) {
    const Sizes &s = sizes;
    if (std::none_of(cotangents.begin(), cotangents.end(), [](const at::Tensor &t) { return t.defined(); }))
      return variable_list(parameters.size() + 1);
    std::vector<at::Tensor> weights;
    weights.reserve(parameters.size());
    for (const auto &parameter : parameters) weights.push_back(parameter.unpack());

    variable_list gradients(weights.size() + 1);
    std::vector<at::Tensor> room(weights.size());
    bool weights_needed = false;
    for (size_t i = 0; i < weights.size(); i++) weights_needed |= task_should_compute_output(i + 1);
    if (weights_needed) {
      // One after the other, seed by seed, as a network lays its parameters out: nobody has to put them together then.
      int64_t count = 0, offset = 0;
      for (const auto &weight : weights) count += weight.numel() / s.seeds;
      auto block = at::empty({s.seeds, count}, all_units.options());
      for (size_t i = 0; i < weights.size(); i++) {
        auto strides = weights[i].strides().vec();
        int64_t size = 1;
        for (int64_t d = weights[i].dim() - 1; d >= (stacked ? 1 : 0); d--) {
          strides[d] = size;
          size *= weights[i].size(d);
        }
        if (stacked) strides[0] = count;
        room[i] = memory_view(block, weights[i].sizes(), strides, offset);
        if (task_should_compute_output(i + 1)) gradients[i + 1] = room[i];
        offset += size;
      }
    }
    const bool input_needed = task_should_compute_output(0);
    const bool features = cotangents.size() > 1 && cotangents[1].defined();
    const auto layers = layers_of<T>(s, weights, &room);
    const int layer_count = static_cast<int>(s.widths.size());
    const int64_t block = s.units * s.stride, features_block = features ? s.before_last() * s.stride : 0;
    T *const all = all_units.mutable_data_ptr<T>();
    auto chain = [&](int64_t seed, T *d) {
      return Chain<T>{layers.data() + seed * layer_count, layer_count, all + seed * block, d, s.stride};
    };
    auto spread = [&](const at::Tensor &from, int64_t seed, int64_t width, T *to) {
      const T *start = from.const_data_ptr<T>() + (stacked ? seed * from.stride(0) : 0);
      to_units(start, from.stride(-2), from.stride(-1), s.rows, width, to, s.stride);
    };
    /// Places the cotangents of the outputs among those of all units, at d, and those of the features at f.
    auto begin_seed = [&](int64_t seed, T *d, T *f) {
      T *end = d + (s.units - s.last()) * s.stride;
      if (cotangents[0].defined()) spread(cotangents[0], seed, s.last(), end);
      else std::fill_n(end, s.last() * s.stride, T{});
      if (features) spread(cotangents[1], seed, s.before_last(), f);
    };
    if (input_needed)
      gradients[0] = at::empty(stacked && !shared_input ? std::vector<int64_t>{s.seeds, s.rows, s.inputs}
                                                        : std::vector<int64_t>{s.rows, s.inputs},
                               all_units.options());
    T *const dx = input_needed ? gradients[0].template mutable_data_ptr<T>() : nullptr;

    if (s.seeds >= at::get_num_threads() && !(input_needed && shared_input && s.seeds > 1)) {
      parallel_for(0, s.seeds, 1, [&](int64_t begin, int64_t end) {
        T *const d = own_room<T>(block + features_block), *const f = features ? d + block : nullptr;
        for (int64_t seed = begin; seed < end; seed++) {
          begin_seed(seed, d, f);
          run_backward(chain(seed, d), f, input_needed, 0, s.stride);
          if (weights_needed)
            for (int l = 0; l < layer_count; l++) run_weight_gradients(chain(seed, d), l, 0, s.widths[l]);
          if (dx) input_gradient(d, f, 1, dx + seed * s.rows * s.inputs);
        }
      });
      return gradients;
    }
    T *const d = own_room<T>(s.seeds * (block + features_block)), *const f = features ? d + s.seeds * block : nullptr;
    auto f_of = [&](int64_t seed) { return features ? f + seed * features_block : nullptr; };
    for (int64_t seed = 0; seed < s.seeds; seed++) begin_seed(seed, d + seed * block, f_of(seed));
    each_part(s, line<T>, [&](int64_t seed, int64_t begin, int64_t end) {
      run_backward(chain(seed, d + seed * block), f_of(seed), input_needed, begin, end);
    });
    if (weights_needed)
      parallel_for(0, s.seeds * layer_count, s.seeds == 1 ? layer_count : 1, [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; task++) {
          const int64_t seed = task / layer_count, l = task % layer_count;
          run_weight_gradients(chain(seed, d + seed * block), static_cast<int>(l), 0, s.widths[l]);
        }
      });
    if (dx) input_gradient(d, f, s.seeds, dx);
    return gradients;
  }

  /// That of x, from the cotangents of `seeds` seeds' units; where x is shared, the sum over them. Changes d.
  template <class T> void input_gradient(T *d, const T *features, int64_t seeds, T *dx) const {
    const Sizes &s = sizes;
    const int64_t block = s.units * s.stride, inputs = s.inputs * s.stride;
    if (s.widths.size() == 1 && features)  // of one layer the features are x
      for (int64_t seed = 0; seed < seeds; seed++)
        for (int64_t i = 0; i < inputs; i++) d[seed * block + i] += features[seed * inputs + i];
    if (shared_input)
      for (int64_t seed = 1; seed < seeds; seed++)
        for (int64_t i = 0; i < inputs; i++) d[i] += d[seed * block + i];
    for (int64_t seed = 0; seed < (shared_input ? 1 : seeds); seed++)
      from_units(d + seed * block, s.stride, s.rows, s.inputs, dx + seed * s.rows * s.inputs);
  }
};

/// -> {the last layer's outputs, those of the layer before it}
template <class T>
variable_list fused_chain(const at::Tensor &x, const std::vector<at::Tensor> &parameters,
                                           const std::vector<CTActivation> &activations, bool features) {
  auto node = node_of<DenseChain>(x, parameters);
  const bool stacked = parameters[0].dim() == 3;
  Sizes s;
  s.seeds = stacked ? parameters[0].size(0) : 1;
  s.rows = x.size(-2);
  s.stride = std::max<int64_t>(1, (s.rows + line<T> - 1) / line<T>) * line<T>;
  s.inputs = s.units = x.size(-1);
  s.activations = activations;
  for (size_t l = 0; l < activations.size(); l++) {
    s.widths.push_back(parameters[2 * l].size(-2));
    s.units += s.widths.back();
  }
  const int64_t last = s.units - s.last();
  // Where no gradient will ask for them, hidden units are not kept.
  const bool kept = node || features;
  const int64_t block = (kept ? s.units : s.last()) * s.stride;
  at::Tensor units, y, hidden;
  {
    at::AutoDispatchBelowADInplaceOrView below_gradients;
    units = at::empty({s.seeds, kept ? s.units : s.last(), s.stride}, x.options());
  }
  // Nothing is copied out: examples x units is another view of what is computed. To change one is to change what is
  // saved.
  auto view = [&](int64_t first, int64_t width) {
    return stacked ? memory_view(units, {s.seeds, s.rows, width}, {block, 1, s.stride}, first * s.stride)
                   : memory_view(units, {s.rows, width}, {1, s.stride}, first * s.stride);
  };
  y = view(kept ? last : 0, s.last());
  if (features) hidden = view(last - s.before_last(), s.before_last());
  const T *from = x.const_data_ptr<T>();
  T *all = units.template mutable_data_ptr<T>();
  const int64_t seed_step = x.dim() == 3 ? x.stride(0) : 0, row_step = x.stride(-2), column_step = x.stride(-1);
  const auto layers = layers_of<T>(s, parameters, nullptr);
  const int count = static_cast<int>(s.widths.size());
  if (kept) {
    for (int64_t seed = 0; seed < s.seeds; seed++)
      to_units(from + seed * seed_step, row_step, column_step, s.rows, s.inputs, all + seed * block, s.stride);
    each_part(s, line<T>, [&](int64_t seed, int64_t begin, int64_t end) {
      run_forward({layers.data() + seed * count, count, all + seed * block, nullptr, s.stride}, begin, end);
    });
  } else {
    each_part(s, line<T>, [&](int64_t seed, int64_t begin, int64_t end) {
      T *const own = own_room<T>(s.units * std::min(end - begin, passing));
      for (; begin < end; begin += passing) {
        const int64_t examples = std::min(end - begin, passing);
        to_units(from + seed * seed_step + begin * row_step, row_step, column_step,
                 std::clamp<int64_t>(s.rows - begin, 0, examples), s.inputs, own, examples);
        run_forward({layers.data() + seed * count, count, own, nullptr, examples}, 0, examples);
        for (int64_t o = 0; o < s.last(); o++)
          std::copy_n(own + (last + o) * examples, examples, all + seed * block + o * s.stride + begin);
      }
    });
  }
  if (node) {
    node->units = SavedVariable(units, /*is_output=*/false);
    node->parameters.reserve(parameters.size());
    for (const auto &parameter : parameters) node->parameters.emplace_back(parameter, /*is_output=*/false);
    node->sizes = s;
    node->stacked = stacked;
    node->shared_input = x.dim() == 2;
    torch::autograd::set_history(y, node);
    if (features) torch::autograd::set_history(hidden, node);
  }
  if (features) return {y, hidden};
  return {y};
}

at::Tensor activated(const at::Tensor &z, CTActivation activation) {
  switch (activation) {
    case CTActivationIdentity: return z;
    case CTActivationTanh: return at::tanh(z);
    case CTActivationReLU: return at::relu(z);
    case CTActivationLeakyReLU: return at::leaky_relu(z, leak);
    case CTActivationSoftplus: return at::softplus(z, 1, 40);
    case CTActivationSigmoid: return at::sigmoid(z);
  }
  return z;
}

/// Whether the dimensions from `first` on are laid out row by row without gaps.
bool is_whole(const at::Tensor &x, int64_t first) {
  int64_t expected = 1;
  for (int64_t d = x.dim() - 1; d >= first; d--) {
    if (x.size(d) != 1 && x.stride(d) != expected) return false;
    expected *= x.size(d);
  }
  return true;
}

variable_list dense_chain(const at::Tensor &x, std::vector<at::Tensor> parameters,
                          const std::vector<CTActivation> &activations, bool features, bool fused) {
  TORCH_CHECK(x.dim() >= 2, "the input has the shape [..., N, in]");
  TORCH_CHECK(!activations.empty(), "there are no layers");
  int64_t inputs = x.size(-1);
  bool narrow = inputs <= widest, plain = x.dim() <= 3;
  for (size_t l = 0; l < activations.size(); l++) {
    const auto &weight = parameters[2 * l], &bias = parameters[2 * l + 1];
    TORCH_CHECK(weight.dim() >= 2 && weight.size(-1) == inputs, "layer ", l, " takes ",
                weight.dim() < 2 ? 0 : weight.size(-1), " features, is given ", inputs);
    inputs = weight.size(-2);
    TORCH_CHECK(bias.dim() == weight.dim() - 1 && bias.size(-1) == inputs, "layer ", l, " has ", inputs,
                " outputs, its bias ", bias.dim() < 1 ? 0 : bias.size(-1), " elements");
    narrow = narrow && inputs <= widest;
    plain = plain && weight.dim() == parameters[0].dim() && weight.scalar_type() == x.scalar_type() &&
            bias.scalar_type() == x.scalar_type() && weight.device().is_cpu();
    if (weight.dim() == 3 && plain)
      plain = weight.size(0) == parameters[0].size(0) && bias.size(0) == parameters[0].size(0);
  }
  plain = plain && x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble) &&
          parameters[0].dim() <= 3 &&
          (x.dim() == 2 || (parameters[0].dim() == 3 && x.size(0) == parameters[0].size(0)));
  const bool stacked = parameters[0].dim() == 3;
  if (fused && narrow && plain && !wants_plain_operations()) {
    // The seeds' slices may stand apart, as those of a flat buffer do; each by itself has to be in one piece.
    for (auto &parameter : parameters)
      if (!is_whole(parameter, stacked ? 1 : 0)) parameter = parameter.contiguous();
    return x.scalar_type() == at::kDouble ? fused_chain<double>(x, parameters, activations, features)
                                          : fused_chain<float>(x, parameters, activations, features);
  }
  at::Tensor h = x, before = x;
  for (size_t l = 0; l < activations.size(); l++) {
    before = h;
    h = activated(dense(h, parameters[2 * l], parameters[2 * l + 1]), activations[l]);
  }
  // x shared by all seeds is every seed's.
  if (features)
    return {h, before.dim() < h.dim() ? before.expand({h.size(0), before.size(0), before.size(1)}) : before};
  return {h};
}

}  // namespace
}  // namespace ctorch

void ct_dense_chain(CTensor *x, CTensor *const *parameters, const CTActivation *activations, int count, bool features,
                    bool fused, CTensor **results) {
  using namespace ctorch;
  std::vector<Handle> operands = {x};
  operands.insert(operands.end(), parameters, parameters + 2 * count);
  operation("denseChain", operands.data(), operands.size(), results, features ? 2 : 1, [&] {
    std::vector<at::Tensor> tensors;
    for (int i = 0; i < 2 * count; i++) tensors.push_back(tensor(parameters[i]));
    return dense_chain(tensor(x), std::move(tensors), std::vector<CTActivation>(activations, activations + count),
                       features, fused);
  });
}
