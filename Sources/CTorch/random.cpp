// Random numbers that are a pure function of a key and a position: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", 2011). Position i of stream k is the same on every device and for
// every number of threads.
//
// Block b of stream k is Philox of counter (b, 0) under key k: four words. A float takes one word (24 bits), a double
// two (53 bits); normal deviates come in pairs by Box and Muller from two words (float) or four (double).
#include "Internal.h"
#include "graph_node.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace ctorch {
namespace {

constexpr int blocks = 16;  // computed side by side

/// words[w][b]: word w of block `first` + b.
CT_INLINE void philox(uint64_t key, uint64_t first, uint32_t (&words)[4][blocks]) {
  // Of every 64 bits the lower half counts: a product of two such halves is one instruction, and nothing has to be packed
  // between the rounds.
  constexpr uint64_t low = 0xFFFFFFFF;
  uint64_t w0[blocks], w1[blocks], w2[blocks], w3[blocks];
  for (int b = 0; b < blocks; b++) {
    w0[b] = first + b;
    w1[b] = (first + b) >> 32;
    w2[b] = w3[b] = 0;
  }
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; round++) {
    for (int b = 0; b < blocks; b++) {
      uint64_t p0 = (w0[b] & low) * 0xD2511F53, p1 = (w2[b] & low) * 0xCD9E8D57;
      w0[b] = (p1 >> 32) ^ w1[b] ^ k0;
      w2[b] = (p0 >> 32) ^ w3[b] ^ k1;
      w1[b] = p1;
      w3[b] = p0;
    }
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  for (int b = 0; b < blocks; b++) {
    words[0][b] = static_cast<uint32_t>(w0[b]);
    words[1][b] = static_cast<uint32_t>(w1[b]);
    words[2][b] = static_cast<uint32_t>(w2[b]);
    words[3][b] = static_cast<uint32_t>(w3[b]);
  }
}

/// group[4 b + w] = words[w][b]
CT_INLINE void interleave(const Wide<float> (&words)[4], float (&group)[4 * blocks]) {
  typedef double Pairs __attribute__((vector_size(sizeof(Wide<float>))));
  static_assert(blocks == sizeof(Wide<float>) / sizeof(float), "a vector takes one word of every block");
  Pairs halves[2][2];  // [words 0 and 1, words 2 and 3][blocks 0 to 7, 8 to 15]
#pragma unroll
  for (int pair = 0; pair < 2; pair++) {
    const Wide<float> &a = words[2 * pair], &b = words[2 * pair + 1];
    halves[pair][0] = (Pairs)__builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    halves[pair][1] = (Pairs)__builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const Pairs &a = halves[0][half], &b = halves[1][half];
    store(group + 2 * half * blocks, __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
    store(group + (2 * half + 1) * blocks, __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
  }
}

/// Copies as much of a finished group of blocks as still fits.
template <class T, size_t n>
CT_INLINE void emit(const T (&group)[n], T *to, int64_t &done, int64_t end) {
  const int64_t count = std::min<int64_t>(n, end - done);
  if (count == n) std::memcpy(to + done, group, sizeof group);  // of a constant size: no call
  else std::memcpy(to + done, group, count * sizeof(T));
  done += count;
}

/// The upper 24 bits of each word, as a number.
CT_INLINE void upper_bits(const Mask<Wide<float>> &words, Wide<float> &numbers) {
  // Shifted as signed numbers, hence the mask.
  numbers = __builtin_convertvector((words >> 8) & 0xffffff, Wide<float>);
}

// Each filler writes elements [begin, end) of a stream; `begin` is a multiple of the group of `blocks` blocks.

CT_KERNEL(void, fill_words, (uint64_t key, uint32_t *to, int64_t begin, int64_t end), (key, to, begin, end)) {
  uint32_t words[4][blocks], group[4 * blocks];
  for (int64_t done = begin; done < end;) {
    philox(key, done / 4, words);
    for (int b = 0; b < blocks; b++)
      for (int w = 0; w < 4; w++) group[4 * b + w] = words[w][b];
    emit(group, to, done, end);
  }
}

CT_WIDE_KERNEL(void, fill_uniform, (uint64_t key, float *to, int64_t begin, int64_t end), (key, to, begin, end)) {
  uint32_t words[4][blocks];
  float group[4 * blocks];
  for (int64_t done = begin; done < end;) {
    philox(key, done / 4, words);
    Wide<float> numbers[4];
    for (int w = 0; w < 4; w++) {
      Mask<Wide<float>> word;
      load(words[w], word);
      upper_bits(word, numbers[w]);
      numbers[w] *= 0x1p-24f;
    }
    interleave(numbers, group);
    emit(group, to, done, end);
  }
}

CT_WIDE_KERNEL(void, fill_normal, (uint64_t key, float *to, int64_t begin, int64_t end), (key, to, begin, end)) {
  using Vector = Wide<float>;
  uint32_t words[4][blocks];
  float group[4 * blocks];
  for (int64_t done = begin; done < end;) {
    philox(key, done / 4, words);
    Vector numbers[4];
    for (int half = 0; half < 4; half += 2) {
      Mask<Vector> first, second;
      load(words[half], first);
      load(words[half + 1], second);
      Vector radius, angle;
      upper_bits(first, radius);
      upper_bits(second, angle);
      radius = (radius + 1.0f) * 0x1p-24f;
      log_of<Vector>(radius, radius);
      radius = __builtin_elementwise_sqrt(radius * -2.0f);
      turn<Vector>(angle * 0x1p-24f, numbers[half], numbers[half + 1]);
      numbers[half] *= radius;
      numbers[half + 1] *= radius;
    }
    interleave(numbers, group);
    emit(group, to, done, end);
  }
}

/// to = x + deviation n over [begin, end), n what `fill_normal` would write.
CT_WIDE_KERNEL(void, scale_and_add,
               (const float *x, float *to, float deviation, int64_t begin, int64_t end),
               (x, to, deviation, begin, end)) {
  for (int64_t i = begin; i < end; i++) to[i] = x[i] + to[i] * deviation;
}
void add_normal(uint64_t key, const float *x, float *to, float deviation, int64_t begin, int64_t end) {
  constexpr int64_t part = 32 * 4 * blocks;  // of the nearest cache
  for (int64_t from = begin; from < end; from += part) {
    const int64_t until = std::min(end, from + part);
    fill_normal(key, to, from, until);
    scale_and_add(x, to, deviation, from, until);
  }
}

double unit(uint32_t low, uint32_t high, uint64_t plus) {
  return static_cast<double>((((uint64_t{high} << 32) | low) >> 11) + plus) * 0x1p-53;
}

void fill_uniform(uint64_t key, double *to, int64_t begin, int64_t end) {
  uint32_t words[4][blocks];
  double group[2 * blocks];
  for (int64_t done = begin; done < end;) {
    philox(key, done / 2, words);
    for (int b = 0; b < blocks; b++) {
      group[2 * b] = unit(words[0][b], words[1][b], 0);
      group[2 * b + 1] = unit(words[2][b], words[3][b], 0);
    }
    emit(group, to, done, end);
  }
}

void fill_normal(uint64_t key, double *to, int64_t begin, int64_t end) {
  uint32_t words[4][blocks];
  double group[2 * blocks];
  for (int64_t done = begin; done < end;) {
    philox(key, done / 2, words);
    for (int b = 0; b < blocks; b++) {
      double radius = std::sqrt(-2 * std::log(unit(words[0][b], words[1][b], 1)));
      double angle = 2 * M_PI * unit(words[2][b], words[3][b], 0);
      group[2 * b] = radius * std::cos(angle);
      group[2 * b + 1] = radius * std::sin(angle);
    }
    emit(group, to, done, end);
  }
}

template <class T, class Fill>
void fill_streams(at::Tensor &out, const uint64_t *keys, int key_count, Fill fill) {
  constexpr int64_t group = 4 * blocks;  // a multiple of every filler's group
  const int64_t length = key_count > 0 ? out.numel() / key_count : 0, groups = (length + group - 1) / group;
  T *data = out.mutable_data_ptr<T>();
  parallel_for(0, key_count * groups, 128, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      int64_t stream = begin / groups, first = begin % groups, last = std::min(groups, first + (end - begin));
      fill(keys[stream], data + stream * length, first * group, std::min(length, last * group));
      begin += last - first;
    }
  });
}

enum class Distribution { uniform, normal };

/// y = x + noise, of which the gradient is that of x.
struct AddedNoise : torch::autograd::Node {
  using Node::Node;
  std::string name() const override { return "AddedNoise"; }
  variable_list apply(variable_list &&cotangents) override { return {cotangents[0]}; }
};

at::Tensor add_normal(const at::Tensor &x, const uint64_t *keys, int key_count, double deviation) {
  auto node = node_of<AddedNoise>(x);
  at::Tensor y;
  {
    at::AutoDispatchBelowADInplaceOrView below_gradients;
    auto from = x.contiguous();
    y = at::empty(from.sizes(), from.options());
    const float *data = from.const_data_ptr<float>();
    float *start = y.mutable_data_ptr<float>();
    fill_streams<float>(y, keys, key_count, [&](uint64_t key, float *to, int64_t begin, int64_t end) {
      add_normal(key, data + (to - start), to, static_cast<float>(deviation), begin, end);
    });
  }
  if (node) torch::autograd::set_history(y, node);
  return y;
}

at::Tensor fill(Distribution distribution, const uint64_t *keys, int key_count, bool stacked, at::IntArrayRef sizes,
                const at::TensorOptions &wanted) {
  std::vector<int64_t> shape = sizes.vec();
  if (stacked) shape.insert(shape.begin(), key_count);
  else TORCH_CHECK(key_count == 1, "a draw that is not stacked has one key");
  const auto dtype = wanted.dtype().toScalarType();
  if (dtype == at::kDouble) {
    auto out = at::empty(shape, at::kDouble);
    fill_streams<double>(out, keys, key_count, [&](uint64_t key, double *to, int64_t begin, int64_t end) {
      distribution == Distribution::uniform ? fill_uniform(key, to, begin, end) : fill_normal(key, to, begin, end);
    });
    return out.to(wanted.device());
  }
  TORCH_CHECK(dtype == at::kFloat || dtype == at::kBFloat16, "only floating-point tensors can be drawn");
  auto out = at::empty(shape, at::kFloat);
  fill_streams<float>(out, keys, key_count, [&](uint64_t key, float *to, int64_t begin, int64_t end) {
    distribution == Distribution::uniform ? fill_uniform(key, to, begin, end) : fill_normal(key, to, begin, end);
  });
  return out.to(wanted);
}

CTensor *draw(const char *name, Distribution distribution, const uint64_t *keys, int key_count, bool stacked,
              const int64_t *sizes, int rank, CTDType dtype, CTDevice place) {
  return operation(name, {}, [&] {
    return fill(distribution, keys, key_count, stacked, at::IntArrayRef(sizes, rank), options(dtype, place));
  });
}

}  // namespace
}  // namespace ctorch

CTensor *ct_uniform(const uint64_t *keys, int key_count, bool stacked, const int64_t *sizes, int rank, CTDType dtype,
                    CTDevice place) {
  return ctorch::draw("uniform", ctorch::Distribution::uniform, keys, key_count, stacked, sizes, rank, dtype, place);
}
CTensor *ct_normal(const uint64_t *keys, int key_count, bool stacked, const int64_t *sizes, int rank, CTDType dtype,
                   CTDevice place) {
  return ctorch::draw("normal", ctorch::Distribution::normal, keys, key_count, stacked, sizes, rank, dtype, place);
}
CTensor *ct_add_normal(CTensor *x, const uint64_t *keys, int key_count, bool stacked, double deviation) {
  using namespace ctorch;
  return operation("addNormal", {x}, [&] {
    const auto &given = tensor(x);
    TORCH_CHECK(stacked ? given.dim() > 0 && given.size(0) == key_count : key_count == 1,
                "the first dimension is to be the ", key_count, " seeds");
    if (given.device().is_cpu() && given.scalar_type() == at::kFloat) return add_normal(given, keys, key_count, deviation);
    auto shape = given.sizes().slice(stacked ? 1 : 0);
    auto noise = fill(Distribution::normal, keys, key_count, stacked, shape, given.options());
    return given.add(noise, deviation);
  });
}
namespace ctorch {
namespace {
/// What dropout multiplies by, from numbers drawn in [0, 1), [N, C, H, W] in order, to the same with channels innermost: a
/// change of layout by itself takes longer than all else of it.
at::Tensor kept_with_channels_innermost(const at::Tensor &drawn, double rate) {
  auto kept = at::empty(drawn.sizes(), drawn.options().memory_format(at::MemoryFormat::ChannelsLast));
  const int64_t channels = drawn.size(1), pixels = drawn.size(2) * drawn.size(3);
  const float *from = drawn.const_data_ptr<float>(), least = static_cast<float>(rate), scale = static_cast<float>(1 / (1 - rate));
  float *to = kept.mutable_data_ptr<float>();
  constexpr int64_t block = 16;  // a line of each
  parallel_for(0, drawn.size(0), std::max<int64_t>(1, 65536 / std::max<int64_t>(1, channels * pixels)), [&](int64_t begin, int64_t end) {
    for (int64_t picture = begin; picture < end; picture++)
      for (int64_t c = 0; c < channels; c += block)
        for (int64_t first = 0; first < pixels; first += block)
          for (int64_t pixel = first; pixel < std::min(first + block, pixels); pixel++)
            for (int64_t channel = c; channel < std::min(c + block, channels); channel++)
              to[(picture * pixels + pixel) * channels + channel] =
                  from[(picture * channels + channel) * pixels + pixel] >= least ? scale : 0;
  });
  return kept;
}
}  // namespace
}  // namespace ctorch

CTensor *ct_dropout(CTensor *x, const uint64_t *keys, int key_count, bool stacked, double rate) {
  using namespace ctorch;
  return operation("dropout", {x}, [&] {
    const auto &given = tensor(x);
    TORCH_CHECK(rate >= 0 && rate < 1, "the rate ", rate, " is not in 0 ..< 1");
    TORCH_CHECK(stacked ? given.dim() > 0 && given.size(0) == key_count : key_count == 1,
                "the first dimension is to be the ", key_count, " seeds");
    // Numbers rounded to fewer bits would fall on the rate itself.
    auto drawn = given.options().dtype(given.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
    auto mask = fill(Distribution::uniform, keys, key_count, stacked, given.sizes().slice(stacked ? 1 : 0), drawn);
    if (given.dim() == 4 && given.device().is_cpu() && given.scalar_type() == at::kFloat && !given.is_contiguous() &&
        given.is_contiguous(at::MemoryFormat::ChannelsLast) && !wants_plain_operations())
      return given.mul(kept_with_channels_innermost(mask, rate));
    mask.ge_(rate).mul_(1 / (1 - rate));
    // Laid out as x is: a product of two layouts takes several times as long.
    return given.mul(mask.to(given.scalar_type()).contiguous(given.suggest_memory_format()));
  });
}
void ct_random_words(uint64_t key, uint32_t *words, int64_t count) { ctorch::fill_words(key, words, 0, count); }
