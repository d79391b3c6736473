// Resizing as Pillow does it, to the last bit: a filter that is as much wider as the picture becomes smaller, weights
// rounded to 22 bits behind the point, first along rows, rounded to bytes, then along columns; the other way round
// where a picture loses more than twice as much height as width.
//
// One kernel does both: sums of whole rows of lanes, each row times a weight. Along columns a lane is a sample of a
// row. Along rows a strip of 16 rows is transposed first, so that a lane is a row. Lanes of two rows stand beside each
// other in pairs, as the processor's multiply-add of pairs of 16-bit numbers wants them; for it a weight is cut in two,
// of which the lower part has 15 bits. All sums are modulo 2^32, where the order of additions does not matter: every
// level has the same bits.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "CImages.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

constexpr int fraction_bits = 22;  // 32 - 8 for the sample - 2 for what weights sum up to
constexpr int lower_bits = 15;

struct Free {
  void operator()(void *memory) const { free(memory); }
};
template <class T> using Memory = std::unique_ptr<T[], Free>;

/// Zeros, so that whatever is read beyond the samples is defined. Null where there is no memory.
template <class T> Memory<T> zeros(size_t count) {
  return Memory<T>(static_cast<T *>(calloc(std::max<size_t>(count, 1), sizeof(T))));
}

// MARK: Weights

double sinc(double x) {
  if (x == 0) return 1;
  x *= M_PI;
  return std::sin(x) / x;
}

double weight(CIFilter filter, double x) {
  switch (filter) {
  case ci_box: return x > -0.5 && x <= 0.5 ? 1 : 0;
  case ci_bilinear: return std::max(0.0, 1 - std::abs(x));
  case ci_bicubic: {
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  }
  case ci_lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return 0;
}

double radius(CIFilter filter) {
  switch (filter) {
  case ci_box: return 0.5;
  case ci_bilinear: return 1;
  case ci_bicubic: return 2;
  case ci_lanczos: return 3;
  }
  return 0;
}

/// The weights of one new pixel, for `count` pairs of old ones.
struct Taps {
  const uint32_t *lower, *upper;
  int count;
};

/// The weights along one axis: for each new pixel, pairs of weights for pairs of old ones.
struct Weights {
  /// Pairs for each new pixel, at most.
  int pairs;
  /// The first pair of each new pixel, and how many.
  Memory<int32_t> first, count;
  /// By new pixel and pair: two 16-bit numbers in one word, the lower and the upper parts of the weights.
  Memory<uint32_t> lower, upper;
  /// The old pixels that have weights: from, to before.
  int from, to;

  bool make(int old_size, float begin, float end, int new_size, CIFilter filter);
  Taps taps(int pixel) const {
    const size_t at = static_cast<size_t>(pixel) * pairs;
    return {lower.get() + at, upper.get() + at, count[pixel]};
  }
};

bool Weights::make(int old_size, float begin, float end, int new_size, CIFilter filter) {
  const double scale = static_cast<double>(end - begin) / new_size, stretch = std::max(scale, 1.0);
  const double support = radius(filter) * stretch;
  const int most = static_cast<int>(std::ceil(support)) * 2 + 1;
  pairs = most / 2 + 1;
  first = zeros<int32_t>(new_size);
  count = zeros<int32_t>(new_size);
  lower = zeros<uint32_t>(static_cast<size_t>(new_size) * pairs);
  upper = zeros<uint32_t>(static_cast<size_t>(new_size) * pairs);
  auto values = zeros<double>(most);
  if (!first || !count || !lower || !upper || !values) return false;
  from = old_size;
  to = 0;
  for (int i = 0; i < new_size; i++) {
    const double centre = begin + (i + 0.5) * scale;
    const int low = std::max(0, static_cast<int>(centre - support + 0.5));
    const int high = std::min(old_size, static_cast<int>(centre + support + 0.5));
    double sum = 0;
    for (int j = low; j < high; j++) sum += values[j - low] = weight(filter, (j - centre + 0.5) * (1 / stretch));
    first[i] = low / 2;
    count[i] = std::max(0, (high + 1) / 2 - low / 2);
    for (int j = low; j < high; j++) {
      const double value = (sum != 0 ? values[j - low] / sum : values[j - low]) * (1 << fraction_bits);
      const int32_t rounded = static_cast<int32_t>(value < 0 ? value - 0.5 : value + 0.5);
      const size_t at = static_cast<size_t>(i) * pairs + (j / 2 - low / 2);
      const int shift = j % 2 * 16;
      lower[at] |= static_cast<uint32_t>(rounded & ((1 << lower_bits) - 1)) << shift;
      upper[at] |= (static_cast<uint32_t>(rounded >> lower_bits) & 0xFFFF) << shift;
    }
    from = std::min(from, low);
    to = std::max(to, high);
  }
  return true;
}

// MARK: Kernels

/// `lanes` weighted sums, a multiple of 16: `out[i]` is the sum over rows of pairs, each `stride` bytes behind the
/// last, of pair `i` times the row's pair of weights, rounded and held within 0 ... 255.
using Sums = void (*)(const uint8_t *rows, size_t stride, const Taps &taps, int lanes, uint8_t *out);

[[maybe_unused]] void sums_anywhere(const uint8_t *rows, size_t stride, const Taps &taps, int lanes, uint8_t *out) {
  for (int lane = 0; lane < lanes; lane += 16) {
    uint32_t sum[16];
    for (auto &s : sum) s = 1u << (fraction_bits - 1);
    for (int row = 0; row < taps.count; row++) {
      const uint8_t *pairs = rows + row * stride + 2 * static_cast<size_t>(lane);
      const auto whole = [&](int shift) {
        const uint32_t high = static_cast<uint32_t>(static_cast<int16_t>(taps.upper[row] >> shift));
        return (high << lower_bits) + (taps.lower[row] >> shift & 0xFFFF);
      };
      const uint32_t even = whole(0), odd = whole(16);
      for (int i = 0; i < 16; i++) sum[i] += pairs[2 * i] * even + pairs[2 * i + 1] * odd;
    }
    for (int i = 0; i < 16; i++)
      out[lane + i] = static_cast<uint8_t>(std::clamp(static_cast<int32_t>(sum[i]) >> fraction_bits, 0, 255));
  }
}

#if defined(__x86_64__)
// Blocks of several registers: enough sums side by side that none waits for the one before it.
#define CI_INLINE inline __attribute__((always_inline))
#define CI_AVX2 __attribute__((target("avx2")))
#define CI_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

void sums_baseline(const uint8_t *rows, size_t stride, const Taps &taps, int lanes, uint8_t *out) {
  const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi32(1 << (fraction_bits - 1));
  for (int lane = 0; lane < lanes; lane += 16) {
    __m128i low[4], high[4];
    for (int i = 0; i < 4; i++) low[i] = half, high[i] = zero;
    const uint8_t *pairs = rows + 2 * static_cast<size_t>(lane);
    for (int row = 0; row < taps.count; row++, pairs += stride) {
      const __m128i l = _mm_set1_epi32(static_cast<int>(taps.lower[row]));
      const __m128i h = _mm_set1_epi32(static_cast<int>(taps.upper[row]));
      for (int i = 0; i < 2; i++) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(pairs) + i);
        const __m128i x = _mm_unpacklo_epi8(bytes, zero), y = _mm_unpackhi_epi8(bytes, zero);
        low[2 * i] = _mm_add_epi32(low[2 * i], _mm_madd_epi16(x, l));
        high[2 * i] = _mm_add_epi32(high[2 * i], _mm_madd_epi16(x, h));
        low[2 * i + 1] = _mm_add_epi32(low[2 * i + 1], _mm_madd_epi16(y, l));
        high[2 * i + 1] = _mm_add_epi32(high[2 * i + 1], _mm_madd_epi16(y, h));
      }
    }
    for (int i = 0; i < 4; i++)
      low[i] = _mm_srai_epi32(_mm_add_epi32(low[i], _mm_slli_epi32(high[i], lower_bits)), fraction_bits);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(out + lane),
                     _mm_packus_epi16(_mm_packs_epi32(low[0], low[1]), _mm_packs_epi32(low[2], low[3])));
  }
}

template <int N>
CI_AVX2 CI_INLINE void block_avx2(const uint8_t *pairs, size_t stride, const Taps &taps, uint8_t *out) {
  __m256i low[2 * N], high[2 * N];
  for (auto &sum : low) sum = _mm256_set1_epi32(1 << (fraction_bits - 1));
  for (auto &sum : high) sum = _mm256_setzero_si256();
  for (int row = 0; row < taps.count; row++, pairs += stride) {
    const __m256i l = _mm256_set1_epi32(static_cast<int>(taps.lower[row]));
    const __m256i h = _mm256_set1_epi32(static_cast<int>(taps.upper[row]));
    for (int i = 0; i < 2 * N; i++) {
      const __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(pairs) + i));
      low[i] = _mm256_add_epi32(low[i], _mm256_madd_epi16(x, l));
      high[i] = _mm256_add_epi32(high[i], _mm256_madd_epi16(x, h));
    }
  }
  for (int i = 0; i < N; i++) {
    __m256i sum[2];
    for (int j = 0; j < 2; j++) {
      const __m256i upper_part = _mm256_slli_epi32(high[2 * i + j], lower_bits);
      sum[j] = _mm256_srai_epi32(_mm256_add_epi32(low[2 * i + j], upper_part), fraction_bits);
    }
    // Packing works within halves: the quarters come out as 0 2 1 3.
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(sum[0], sum[1]), 0xD8);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(out) + i,
                     _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
  }
}

CI_AVX2 void sums_avx2(const uint8_t *rows, size_t stride, const Taps &taps, int lanes, uint8_t *out) {
  int lane = 0;
  for (; lane + 48 <= lanes; lane += 48)
    block_avx2<3>(rows + 2 * static_cast<size_t>(lane), stride, taps, out + lane);
  for (; lane < lanes; lane += 16)
    block_avx2<1>(rows + 2 * static_cast<size_t>(lane), stride, taps, out + lane);
}

template <int N>
CI_AVX512 CI_INLINE void block_avx512(const uint8_t *pairs, size_t stride, const Taps &taps, uint8_t *out) {
  __m512i low[N], high[N];
  for (auto &sum : low) sum = _mm512_set1_epi32(1 << (fraction_bits - 1));
  for (auto &sum : high) sum = _mm512_setzero_si512();
  for (int row = 0; row < taps.count; row++, pairs += stride) {
    const __m512i l = _mm512_set1_epi32(static_cast<int>(taps.lower[row]));
    const __m512i h = _mm512_set1_epi32(static_cast<int>(taps.upper[row]));
    for (int i = 0; i < N; i++) {
      const __m512i x = _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(pairs) + i));
      low[i] = _mm512_add_epi32(low[i], _mm512_madd_epi16(x, l));
      high[i] = _mm512_add_epi32(high[i], _mm512_madd_epi16(x, h));
    }
  }
  for (int i = 0; i < N; i++) {
    const __m512i whole = _mm512_add_epi32(low[i], _mm512_slli_epi32(high[i], lower_bits));
    const __m512i sum = _mm512_srai_epi32(whole, fraction_bits);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(out) + i,
                     _mm512_cvtusepi32_epi8(_mm512_max_epi32(sum, _mm512_setzero_si512())));
  }
}

CI_AVX512 void sums_avx512(const uint8_t *rows, size_t stride, const Taps &taps, int lanes, uint8_t *out) {
  int lane = 0;
  for (; lane + 96 <= lanes; lane += 96)
    block_avx512<6>(rows + 2 * static_cast<size_t>(lane), stride, taps, out + lane);
  for (; lane + 48 <= lanes; lane += 48)
    block_avx512<3>(rows + 2 * static_cast<size_t>(lane), stride, taps, out + lane);
  for (; lane < lanes; lane += 16)
    block_avx512<1>(rows + 2 * static_cast<size_t>(lane), stride, taps, out + lane);
}
#endif

Sums kernel(CILevel level) {
#if defined(__x86_64__)
  switch (level) {
  case ci_baseline: return sums_baseline;
  case ci_avx2: return sums_avx2;
  case ci_avx512: return sums_avx512;
  }
#endif
  (void)level;
  return sums_anywhere;
}

// MARK: Rows and columns

typedef uint8_t Bytes __attribute__((vector_size(16)));

inline Bytes load(const uint8_t *from) {
  Bytes bytes;
  memcpy(&bytes, from, sizeof bytes);
  return bytes;
}
inline void store(uint8_t *to, Bytes bytes) { memcpy(to, &bytes, sizeof bytes); }
inline Bytes lower_halves(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Bytes upper_halves(Bytes a, Bytes b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// Sixteen rows of sixteen bytes become columns: four times rows and those eight further on are interleaved.
inline void transpose(Bytes rows[16]) {
  for (int round = 0; round < 4; round++) {
    Bytes next[16];
    for (int i = 0; i < 8; i++) {
      next[2 * i] = lower_halves(rows[i], rows[i + 8]);
      next[2 * i + 1] = upper_halves(rows[i], rows[i + 8]);
    }
    memcpy(rows, next, sizeof next);
  }
}

/// Places `even` and `odd` side by side, byte by byte.
void interleave(const uint8_t *even, const uint8_t *odd, size_t count, uint8_t *out) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const Bytes a = load(even + i), b = load(odd + i);
    store(out + 2 * i, lower_halves(a, b));
    store(out + 2 * i + 16, upper_halves(a, b));
  }
  for (; i < count; i++) out[2 * i] = even[i], out[2 * i + 1] = odd[i];
}

constexpr size_t round_up(size_t value, size_t to) { return (value + to - 1) / to * to; }

/// The pass along rows. Rows `from` ... `to` of the picture become rows of `new_width` pixels at `out`.
struct Rows {
  const uint8_t *samples;
  size_t width;
  int channels;
  int from, to;
  const Weights *weights;
  int new_width;
  Sums sums;
  uint8_t *out;
  size_t stride;

  bool run() const;

private:
  void gather(int top, int rows, uint8_t *columns, uint8_t *pairs) const;
};

/// A strip of 16 rows from `top` on, of which `rows` exist, transposed to columns of samples, and these in pairs of
/// pixels: by pair, channel and row.
void Rows::gather(int top, int rows, uint8_t *columns, uint8_t *pairs) const {
  const size_t row_bytes = width * channels;
  const uint8_t *row[16];
  // Rows that do not exist repeat the last one; what comes of them is not kept.
  for (int i = 0; i < 16; i++) row[i] = samples + (top + std::min(i, rows - 1)) * row_bytes;
  size_t x = 0;
  Bytes block[16];
  for (; x + 16 <= row_bytes; x += 16) {
    for (int i = 0; i < 16; i++) block[i] = load(row[i] + x);
    transpose(block);
    memcpy(columns + 16 * x, block, sizeof block);
  }
  for (; x < row_bytes; x++)
    for (int i = 0; i < 16; i++) columns[16 * x + i] = row[i][x];
  const size_t pixel = 16 * static_cast<size_t>(channels);
  for (size_t pair = 0; pair < (width + 1) / 2; pair++)
    interleave(columns + 2 * pair * pixel, columns + (2 * pair + 1) * pixel, pixel, pairs + 2 * pair * pixel);
}

bool Rows::run() const {
  const size_t pixel = 16 * static_cast<size_t>(channels), new_bytes = static_cast<size_t>(new_width) * channels;
  // One column more than there is where their number is odd: zeros.
  auto columns = zeros<uint8_t>(round_up(width, 2) * pixel), pairs = zeros<uint8_t>(round_up(width, 2) * pixel);
  auto sums_of_strip = zeros<uint8_t>(round_up(new_bytes, 16) * 16);
  if (!columns || !pairs || !sums_of_strip) return false;
  for (int top = from; top < to; top += 16) {
    const int rows = std::min(16, to - top);
    gather(top, rows, columns.get(), pairs.get());
    for (int x = 0; x < new_width; x++) {
      sums(pairs.get() + 2 * weights->first[x] * pixel, 2 * pixel, weights->taps(x), static_cast<int>(pixel),
           sums_of_strip.get() + x * pixel);
    }
    uint8_t *target = out + (top - from) * stride;
    for (size_t x = 0; x < new_bytes; x += 16) {
      Bytes block[16];
      memcpy(block, sums_of_strip.get() + 16 * x, sizeof block);
      transpose(block);
      const size_t count = std::min<size_t>(16, new_bytes - x);
      for (int i = 0; i < rows; i++) {
        if (count == 16) store(target + i * stride + x, block[i]);
        else memcpy(target + i * stride + x, &block[i], count);
      }
    }
  }
  return true;
}

/// The pass along columns of rows `from` ... `to`, which stand one after the other at `rows`.
bool along_columns(const uint8_t *rows, size_t row_bytes, int from, int to, const Weights &weights, int new_height,
                   Sums sums, uint8_t *resized) {
  const size_t lanes = round_up(row_bytes, 16);
  // Pairs are those of the whole picture: the first may begin above `from`, the last end below `to`.
  const int first_pair = from / 2, last_pair = (to + 1) / 2;
  auto pairs = zeros<uint8_t>(2 * lanes * static_cast<size_t>(last_pair - first_pair));
  auto row = zeros<uint8_t>(lanes), nothing = zeros<uint8_t>(row_bytes);
  if (!pairs || !row || !nothing) return false;
  const auto line = [&](int y) { return y >= from && y < to ? rows + (y - from) * row_bytes : nothing.get(); };
  for (int pair = first_pair; pair < last_pair; pair++)
    interleave(line(2 * pair), line(2 * pair + 1), row_bytes, pairs.get() + 2 * lanes * (pair - first_pair));
  for (int y = 0; y < new_height; y++) {
    sums(pairs.get() + 2 * lanes * (weights.first[y] - first_pair), 2 * lanes, weights.taps(y), static_cast<int>(lanes),
         row.get());
    memcpy(resized + y * row_bytes, row.get(), row_bytes);
  }
  return true;
}

}  // namespace

CILevel ci_highest_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return ci_avx512;
  if (__builtin_cpu_supports("avx2")) return ci_avx2;
#endif
  return ci_baseline;
}

CILevel ci_level_named(const char *name) {
  const CILevel highest = ci_highest_level();
  if (!name || !*name) return highest;
  const char *names[] = {"baseline", "avx2", "avx512"};
  for (int level = ci_baseline; level <= ci_avx512; level++) {
    if (strcmp(name, names[level])) continue;
    if (level <= highest) return static_cast<CILevel>(level);
    fprintf(stderr, "SWIFT_GAN_CPU=%s: this processor has %s at most, which is used\n", name, names[highest]);
    return highest;
  }
  fprintf(stderr, "SWIFT_GAN_CPU=%s: is none of baseline, avx2 and avx512; %s is used\n", name, names[highest]);
  return highest;
}

CILevel ci_level(void) {
  static const CILevel level = ci_level_named(getenv("SWIFT_GAN_CPU"));
  return level;
}

int ci_resize(const uint8_t *samples, int width, int height, int channels, const float box[4], int new_width,
              int new_height, CIFilter filter, CILevel level, uint8_t *resized) {
  const Sums sums = kernel(std::min(level, ci_highest_level()));
  // Where nothing changes along an axis, its pass would change nothing.
  const bool rows_change = new_width != width || box[0] != 0 || box[2] != static_cast<float>(new_width);
  const bool columns_change = new_height != height || box[1] != 0 || box[3] != static_cast<float>(new_height);
  const size_t old_bytes = static_cast<size_t>(width) * channels, new_bytes = static_cast<size_t>(new_width) * channels;
  Weights across, down;
  if (rows_change && !across.make(width, box[0], box[2], new_width, filter)) return 0;
  if (columns_change && !down.make(height, box[1], box[3], new_height, filter)) return 0;
  const auto along_rows = [&](const uint8_t *from, int first, int end, uint8_t *to) {
    return Rows{from, static_cast<size_t>(width), channels, first, end, &across, new_width, sums, to, new_bytes}.run();
  };
  if (!rows_change && !columns_change) {
    memcpy(resized, samples, old_bytes * height);
    return 1;
  }
  if (!columns_change) return along_rows(samples, 0, height, resized);
  const int first = down.from, end = down.to;
  const uint8_t *const needed = samples + first * old_bytes;
  if (!rows_change) return along_columns(needed, old_bytes, first, end, down, new_height, sums, resized);
  // Pillow's rule, by the sizes of the whole picture.
  const int64_t lost_height = height - new_height, lost_width = width - new_width;
  if (lost_height > 0 && lost_height > 2 * lost_width) {
    auto between = zeros<uint8_t>(old_bytes * new_height);
    return between && along_columns(needed, old_bytes, first, end, down, new_height, sums, between.get()) &&
           along_rows(between.get(), 0, new_height, resized);
  }
  auto between = zeros<uint8_t>(new_bytes * (end - first));
  return between && along_rows(samples, first, end, between.get()) &&
         along_columns(between.get(), new_bytes, first, end, down, new_height, sums, resized);
}
