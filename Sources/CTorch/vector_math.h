// Eight floats at a time, or sixteen: the few functions that our own kernels need, written so that the compiler keeps
// them in registers. Accurate to about one unit in the last place of float (absolute, for sine and cosine).
#pragma once
#include "kernel_level.h"

#include <cstdint>
#include <cstring>

#define CT_INLINE inline __attribute__((always_inline))

// A kernel is compiled once for each level of kernel_level.h and runs at the level of the moment:
//
//   CT_WIDE_KERNEL(void, scale, (float *x, int64_t count, float by), (x, count, by)) { ... }
//
// CT_KERNEL's AVX2 form serves AVX-512 as well. The body is a template of its level: `level` is a constant in it.
#define CT_KERNEL_AT(level_name, target, result, name, parameters, arguments) \
  target result name##_##level_name parameters { return name##_body<CKLevel##level_name> arguments; }
#if CK_HAS_LEVELS
#define CT_KERNEL(result, name, parameters, arguments)                                       \
  template <CKLevel level> CT_INLINE result name##_body parameters;                          \
  CT_KERNEL_AT(Baseline, , result, name, parameters, arguments)                              \
  CT_KERNEL_AT(AVX2, CK_TARGET_AVX2, result, name, parameters, arguments)                    \
  result name parameters {                                                                   \
    if (ck_level() == CKLevelBaseline) return name##_Baseline arguments;                     \
    return name##_AVX2 arguments;                                                            \
  }                                                                                          \
  template <CKLevel level> CT_INLINE result name##_body parameters
#define CT_WIDE_KERNEL(result, name, parameters, arguments)                                  \
  template <CKLevel level> CT_INLINE result name##_body parameters;                          \
  CT_KERNEL_AT(Baseline, , result, name, parameters, arguments)                              \
  CT_KERNEL_AT(AVX2, CK_TARGET_AVX2, result, name, parameters, arguments)                    \
  CT_KERNEL_AT(AVX512, CK_TARGET_AVX512, result, name, parameters, arguments)                \
  result name parameters {                                                                   \
    switch (ck_level()) {                                                                    \
      case CKLevelAVX512: return name##_AVX512 arguments;                                    \
      case CKLevelAVX2: return name##_AVX2 arguments;                                        \
      case CKLevelBaseline: return name##_Baseline arguments;                                \
    }                                                                                        \
  }                                                                                          \
  template <CKLevel level> CT_INLINE result name##_body parameters
#else
#define CT_KERNEL(result, name, parameters, arguments)                                       \
  template <CKLevel level> CT_INLINE result name##_body parameters;                          \
  result name parameters { return name##_body<CKLevelBaseline> arguments; }                  \
  template <CKLevel level> CT_INLINE result name##_body parameters
#define CT_WIDE_KERNEL CT_KERNEL
#endif

namespace ctorch {

typedef float Floats __attribute__((vector_size(32)));
typedef int32_t Ints __attribute__((vector_size(32)));
constexpr int lanes = 8;

/// 64 bytes of T: sixteen floats or eight doubles.
template <class T> struct WideOf { typedef T Type __attribute__((vector_size(64))); };
template <class T> using Wide = typename WideOf<T>::Type;
/// What a comparison of two vectors of type V yields: integers of the same width, all ones where it holds.
template <class V> using Mask = decltype(V{} < V{});

// References everywhere: vectors passed by value would change the calling convention between compilations for different
// levels.
template <class T, class V> CT_INLINE void load(const T *from, V &x) { std::memcpy(&x, from, sizeof x); }
template <class T, class V> CT_INLINE void store(T *to, const V &x) { std::memcpy(to, &x, sizeof x); }
template <class V> CT_INLINE void choose(const Mask<V> &where, const V &yes, const V &no, V &result) {
  result = (V)(((Mask<V>)yes & where) | ((Mask<V>)no & ~where));
}
CT_INLINE float sum(const Floats &x) {
  float total = 0;
  for (int lane = 0; lane < lanes; lane++) total += x[lane];
  return total;
}

/// y = exp(-d) for d >= 0, and 0 where d > 87. NaN stays NaN.
template <class V> CT_INLINE void exp_of_minus(const V &d, V &y) {
  using Ints = Mask<V>;
  const V magic = V{} + 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  V x = -d;
  V shifted = x * 1.44269504088896341f + magic;
  V n = shifted - magic;
  V r = x - n * 0.693359375f + n * 2.12194440e-4f;  // x - n ln 2 in two parts
  V p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  Ints exponent = ((Ints)shifted - (Ints)magic + 127) << 23;
  V scaled = p * (V)exponent;
  y = (V)((Ints)scaled & ~(Ints)(d > 87.0f));
}

/// y = log(u) for normal positive u.
template <class V> CT_INLINE void log_of(const V &u, V &y) {
  using Ints = Mask<V>;
  Ints bits = (Ints)u;
  Ints exponent = (bits >> 23) - 126;
  V m = (V)((bits & 0x007fffff) | 0x3f000000);  // [0.5, 1)
  Ints low = (Ints)(m < 0.707106781186547524f);           // all ones where true
  V e = __builtin_convertvector(exponent + low, V);
  m = m + (V)((Ints)m & low) - 1.0f;
  V z = m * m;
  V p = m * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m * z - e * 2.12194440e-4f - z * 0.5f;
  y = m + p + e * 0.693359375f;
}

/// y = log(1 + e) for e in [0, 1].
template <class V> CT_INLINE void log_of_one_plus(const V &e, V &y) {
  V u = e + 1.0f, log_u;
  log_of(u, log_u);
  y = log_u + (e - (u - 1.0f)) / u;  // what u lost of e, to first order
}

// `y` may be `x` itself below.

/// y = tanh(x), to 4e-7 of it. NaN stays NaN.
///
/// A quotient of polynomials, the best for the relative error up to 9.02, from where on tanh is 1 in float: fitted by
/// reweighted least squares.
template <class V> CT_INLINE void tanh_of(const V &x, V &y) {
  const V end = V{} + 9.02f, one = V{} + 1.0f;
  V within = end < x ? end : x;
  within = -end > within ? -end : within;
  V z = within * within;
  V p = z * 1.331955387e-8f + 2.058387256e-5f;
  V q = z * 7.762229295e-7f + 3.283133598e-4f;
  p = p * z + 3.494060391e-3f;
  q = q * z + 2.587117379e-2f;
  p = p * z + 1.337974046e-1f;
  q = q * z + 4.671305577e-1f;
  p = p * z + 9.999999792e-1f;
  q = q * z + 1.0f;
  V t = within * p / q;
  t = one < t ? one : t;
  y = -one > t ? -one : t;
}

/// y = 1 / (1 + exp(-x))
template <class V> CT_INLINE void sigmoid_of(const V &x, V &y) {
  V e;
  exp_of_minus<V>(__builtin_elementwise_abs(x), e);
  choose<V>(x < 0.0f, e, V{} + 1.0f, y);
  y /= 1.0f + e;
}

/// y = log(1 + exp(x))
template <class V> CT_INLINE void softplus_of(const V &x, V &y) {
  V e, rest;
  exp_of_minus<V>(__builtin_elementwise_abs(x), e);
  log_of_one_plus<V>(e, rest);
  choose<V>(x > 0.0f, x + rest, rest, y);
}

/// The cosine and the sine of 2 pi u, for u in [0, 1).
template <class V> CT_INLINE void turn(const V &u, V &cosine, V &sine) {
  using Ints = Mask<V>;
  Ints quarter = __builtin_convertvector(u * 4.0f + 0.5f, Ints);
  V a = (u - __builtin_convertvector(quarter, V) * 0.25f) * 6.283185307179586f;  // [-pi/4, pi/4]
  V z = a * a;
  V s = ((z * -1.9515295891e-4f + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * a + a;
  V c = ((z * 2.443315711809948e-5f - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - z * 0.5f + 1.0f;
  Ints swap = (Ints)((quarter & 1) != 0);
  Ints flip_sine = (quarter & 2) << 30, flip_cosine = ((quarter + 1) & 2) << 30;
  sine = (V)((((Ints)c & swap) | ((Ints)s & ~swap)) ^ flip_sine);
  cosine = (V)((((Ints)s & swap) | ((Ints)c & ~swap)) ^ flip_cosine);
}

}  // namespace ctorch
