// Eight floats at a time: the few functions that our own kernels need, written so that the compiler keeps them in
// registers. Accurate to about one unit in the last place of float (absolute, for sine and cosine).
#pragma once
#include <cstdint>
#include <cstring>

// A kernel compiled twice, for AVX2 with FMA and for the baseline, chosen when the program is loaded.
#if defined(__x86_64__) && defined(__linux__)
#define CT_KERNEL __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define CT_KERNEL
#endif
#define CT_INLINE inline __attribute__((always_inline))

namespace ctorch {

typedef float Floats __attribute__((vector_size(32)));
typedef int32_t Ints __attribute__((vector_size(32)));
constexpr int lanes = 8;

// References everywhere: vectors passed by value would change the calling convention between the two compilations.
CT_INLINE void load(const float *from, Floats &x) { std::memcpy(&x, from, sizeof x); }
CT_INLINE void store(float *to, const Floats &x) { std::memcpy(to, &x, sizeof x); }
CT_INLINE float sum(const Floats &x) {
  float total = 0;
  for (int lane = 0; lane < lanes; lane++) total += x[lane];
  return total;
}

/// y = exp(-d) for d >= 0, and 0 where d > 87. NaN stays NaN.
CT_INLINE void exp_of_minus(const Floats &d, Floats &y) {
  const Floats magic = Floats{} + 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  Floats x = -d;
  Floats shifted = x * 1.44269504088896341f + magic;
  Floats n = shifted - magic;
  Floats r = x - n * 0.693359375f + n * 2.12194440e-4f;  // x - n ln 2 in two parts
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  Ints exponent = ((Ints)shifted - (Ints)magic + 127) << 23;
  Floats scaled = p * (Floats)exponent;
  y = (Floats)((Ints)scaled & ~(Ints)(d > 87.0f));
}

/// y = log(u) for normal positive u.
CT_INLINE void log_of(const Floats &u, Floats &y) {
  Ints bits = (Ints)u;
  Ints exponent = (bits >> 23) - 126;
  Floats m = (Floats)((bits & 0x007fffff) | 0x3f000000);  // [0.5, 1)
  Ints low = (Ints)(m < 0.707106781186547524f);           // all ones where true
  Floats e = __builtin_convertvector(exponent + low, Floats);
  m = m + (Floats)((Ints)m & low) - 1.0f;
  Floats z = m * m;
  Floats p = m * 7.0376836292e-2f - 1.1514610310e-1f;
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

/// The cosine and the sine of 2 pi u, for u in [0, 1).
CT_INLINE void turn(const Floats &u, Floats &cosine, Floats &sine) {
  Ints quarter = __builtin_convertvector(u * 4.0f + 0.5f, Ints);
  Floats a = (u - __builtin_convertvector(quarter, Floats) * 0.25f) * 6.283185307179586f;  // [-pi/4, pi/4]
  Floats z = a * a;
  Floats s = ((z * -1.9515295891e-4f + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * a + a;
  Floats c = ((z * 2.443315711809948e-5f - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - z * 0.5f + 1.0f;
  Ints swap = (Ints)((quarter & 1) != 0);
  Ints flip_sine = (quarter & 2) << 30, flip_cosine = ((quarter + 1) & 2) << 30;
  sine = (Floats)((((Ints)c & swap) | ((Ints)s & ~swap)) ^ flip_sine);
  cosine = (Floats)((((Ints)s & swap) | ((Ints)c & ~swap)) ^ flip_cosine);
}

}  // namespace ctorch
