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
  // Of every 64 bits the lower half counts: a product of two such halves is one instruction, and nothing has to be
  // packed between the rounds.
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
    halves[pair][1] = (Pairs)__builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30,
                                                     15, 31);
  }
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const Pairs &a = halves[0][half], &b = halves[1][half];
    store(group + 2 * half * blocks, __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
    store(group + (2 * half + 1) * blocks, __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
  }
}

/// A part of a stream: elements [begin, end) are written from `to` on.
template <class T>
struct Part {
  T *to;
  int64_t begin, end;
};

/// Copies what belongs to the part of a finished group of blocks, the one from element `at` on; the next group is then
/// at `at`.
template <class T, size_t n>
CT_INLINE void emit(const T (&group)[n], const Part<T> &part, int64_t &at) {
  if (at >= part.begin && at + static_cast<int64_t>(n) <= part.end) {
    std::memcpy(part.to + (at - part.begin), group, sizeof group);  // of a constant size: no call
  } else {
    const int64_t first = std::max(at, part.begin), last = std::min<int64_t>(at + n, part.end);
    std::memcpy(part.to + (first - part.begin), group + (first - at), (last - first) * sizeof(T));
  }
  at += n;
}

/// Where the group of `n` elements begins that holds the part's first one.
template <class T>
CT_INLINE int64_t first_group(const Part<T> &part, int64_t n) {
  return part.begin / n * n;
}

/// The upper 24 bits of each word, as a number.
CT_INLINE void upper_bits(const Mask<Wide<float>> &words, Wide<float> &numbers) {
  // Shifted as signed numbers, hence the mask.
  numbers = __builtin_convertvector((words >> 8) & 0xffffff, Wide<float>);
}

// Each filler writes a part of a stream, which may begin anywhere.

CT_KERNEL(void, fill_words, (uint64_t key, const Part<uint32_t> &part), (key, part)) {
  uint32_t words[4][blocks], group[4 * blocks];
  for (int64_t at = first_group(part, 4 * blocks); at < part.end;) {
    philox(key, at / 4, words);
    for (int b = 0; b < blocks; b++)
      for (int w = 0; w < 4; w++) group[4 * b + w] = words[w][b];
    emit(group, part, at);
  }
}

CT_WIDE_KERNEL(void, fill_uniform, (uint64_t key, const Part<float> &part), (key, part)) {
  uint32_t words[4][blocks];
  float group[4 * blocks];
  for (int64_t at = first_group(part, 4 * blocks); at < part.end;) {
    philox(key, at / 4, words);
    Wide<float> numbers[4];
    for (int w = 0; w < 4; w++) {
      Mask<Wide<float>> word;
      load(words[w], word);
      upper_bits(word, numbers[w]);
      numbers[w] *= 0x1p-24f;
    }
    interleave(numbers, group);
    emit(group, part, at);
  }
}

CT_WIDE_KERNEL(void, fill_normal, (uint64_t key, const Part<float> &part), (key, part)) {
  using Vector = Wide<float>;
  uint32_t words[4][blocks];
  float group[4 * blocks];
  for (int64_t at = first_group(part, 4 * blocks); at < part.end;) {
    philox(key, at / 4, words);
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
    emit(group, part, at);
  }
}

/// to = x + deviation to
CT_WIDE_KERNEL(void, scale_and_add, (const float *x, float *to, float deviation, int64_t count),
               (x, to, deviation, count)) {
  for (int64_t i = 0; i < count; i++) to[i] = x[i] + to[i] * deviation;
}
/// x + deviation n in the place of the part's n; `x` stands as the part does.
void add_normal(uint64_t key, const float *x, float deviation, const Part<float> &part) {
  constexpr int64_t most = 32 * 4 * blocks;  // of the nearest cache
  for (int64_t from = part.begin, until; from < part.end; from = until) {
    until = std::min(part.end, (from / most + 1) * most);
    const int64_t offset = from - part.begin;
    fill_normal(key, Part<float>{part.to + offset, from, until});
    scale_and_add(x + offset, part.to + offset, deviation, until - from);
  }
}

double unit(uint32_t low, uint32_t high, uint64_t plus) {
  return static_cast<double>((((uint64_t{high} << 32) | low) >> 11) + plus) * 0x1p-53;
}

void fill_uniform(uint64_t key, const Part<double> &part) {
  uint32_t words[4][blocks];
  double group[2 * blocks];
  for (int64_t at = first_group(part, 2 * blocks); at < part.end;) {
    philox(key, at / 2, words);
    for (int b = 0; b < blocks; b++) {
      group[2 * b] = unit(words[0][b], words[1][b], 0);
      group[2 * b + 1] = unit(words[2][b], words[3][b], 0);
    }
    emit(group, part, at);
  }
}

void fill_normal(uint64_t key, const Part<double> &part) {
  uint32_t words[4][blocks];
  double group[2 * blocks];
  for (int64_t at = first_group(part, 2 * blocks); at < part.end;) {
    philox(key, at / 2, words);
    for (int b = 0; b < blocks; b++) {
      double radius = std::sqrt(-2 * std::log(unit(words[0][b], words[1][b], 1)));
      double angle = 2 * M_PI * unit(words[2][b], words[3][b], 0);
      group[2 * b] = radius * std::cos(angle);
      group[2 * b + 1] = radius * std::sin(angle);
    }
    emit(group, part, at);
  }
}

/// Which seeds draw, and which rows of a larger draw are wanted: the first dimension of what is drawn runs over them,
/// in their order. Without any, the rows are all.
struct Draw {
  const uint64_t *keys;
  int key_count;
  bool stacked;
  const CTRows *rows;
  int row_count;

  /// Of one key, as parts of its stream with `width` elements a row, and where each is written; `length` elements in
  /// all.
  std::vector<Part<char>> parts(int64_t length, int64_t width) const {
    if (row_count == 0) return {{nullptr, 0, length}};
    std::vector<Part<char>> parts;
    for (int i = 0; i < row_count; i++)
      parts.push_back({nullptr, rows[i].first * width, (rows[i].first + rows[i].count) * width});
    return parts;
  }
  /// Of what is drawn without the dimension over seeds, whose first dimension is that of the rows.
  void check(at::IntArrayRef shape) const {
    if (row_count == 0) return;
    int64_t count = 0;
    for (int i = 0; i < row_count; i++) {
      TORCH_CHECK(rows[i].first >= 0 && rows[i].count >= 0, "rows ", rows[i].first, " to ",
                  rows[i].first + rows[i].count);
      count += rows[i].count;
    }
    TORCH_CHECK(!shape.empty() && shape[0] == count, "a draw of ", shape, " is to have the ", count,
                " rows of this process");
  }
};

/// fill(key, part) for parts of `out`, which is a slice for each key.
template <class T, class Fill>
void fill_streams(at::Tensor &out, const Draw &draw, Fill fill) {
  constexpr int64_t group = 4 * blocks;  // a multiple of every filler's group
  const int64_t length = draw.key_count > 0 ? out.numel() / draw.key_count : 0;
  const int64_t rows = draw.row_count > 0 ? out.size(draw.stacked ? 1 : 0) : 1;
  T *data = out.mutable_data_ptr<T>();
  struct Piece {
    uint64_t key;
    Part<T> part;
    int64_t groups_before;
  };
  std::vector<Piece> pieces;
  int64_t groups = 0;
  for (int key = 0; key < draw.key_count; key++) {
    T *to = data + key * length;
    for (const auto &part : draw.parts(length, rows > 0 ? length / rows : 0)) {
      if (part.end <= part.begin) continue;
      pieces.push_back({draw.keys[key], {to, part.begin, part.end}, groups});
      to += part.end - part.begin;
      groups += (part.end - 1) / group - part.begin / group + 1;
    }
  }
  if (groups == 0) return;
  parallel_for(0, groups, 128, [&](int64_t begin, int64_t end) {
    auto piece = std::upper_bound(pieces.begin(), pieces.end(), begin,
                                  [](int64_t at, const Piece &piece) { return at < piece.groups_before; }) - 1;
    for (; begin < end; piece++) {
      const int64_t until = piece + 1 == pieces.end() ? end : std::min(end, (piece + 1)->groups_before);
      const Part<T> &whole = piece->part;
      const int64_t origin = whole.begin / group - piece->groups_before;
      const int64_t first = std::max(whole.begin, (begin + origin) * group);
      const int64_t last = std::min(whole.end, (until + origin) * group);
      fill(piece->key, Part<T>{whole.to + (first - whole.begin), first, last});
      begin = until;
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

at::Tensor add_normal(const at::Tensor &x, const Draw &draw, double deviation) {
  auto node = node_of<AddedNoise>(x);
  at::Tensor y;
  {
    at::AutoDispatchBelowADInplaceOrView below_gradients;
    auto from = x.contiguous();
    y = at::empty(from.sizes(), from.options());
    const float *data = from.const_data_ptr<float>();
    float *start = y.mutable_data_ptr<float>();
    fill_streams<float>(y, draw, [&](uint64_t key, const Part<float> &part) {
      add_normal(key, data + (part.to - start), static_cast<float>(deviation), part);
    });
  }
  if (node) torch::autograd::set_history(y, node);
  return y;
}

at::Tensor fill(Distribution distribution, const Draw &draw, at::IntArrayRef sizes, const at::TensorOptions &wanted) {
  draw.check(sizes);
  std::vector<int64_t> shape = sizes.vec();
  if (draw.stacked) shape.insert(shape.begin(), draw.key_count);
  else TORCH_CHECK(draw.key_count == 1, "a draw that is not stacked has one key");
  const auto dtype = wanted.dtype().toScalarType();
  if (dtype == at::kDouble) {
    auto out = at::empty(shape, at::kDouble);
    fill_streams<double>(out, draw, [&](uint64_t key, const Part<double> &part) {
      distribution == Distribution::uniform ? fill_uniform(key, part) : fill_normal(key, part);
    });
    return out.to(wanted.device());
  }
  TORCH_CHECK(dtype == at::kFloat || dtype == at::kBFloat16, "only floating-point tensors can be drawn");
  auto out = at::empty(shape, at::kFloat);
  fill_streams<float>(out, draw, [&](uint64_t key, const Part<float> &part) {
    distribution == Distribution::uniform ? fill_uniform(key, part) : fill_normal(key, part);
  });
  return out.to(wanted);
}

/// The sizes of x without the dimension over seeds.
at::IntArrayRef sizes_of_seed(const at::Tensor &x, const Draw &draw) {
  TORCH_CHECK(draw.stacked ? x.dim() > 0 && x.size(0) == draw.key_count : draw.key_count == 1,
              "the first dimension is to be the ", draw.key_count, " seeds");
  return x.sizes().slice(draw.stacked ? 1 : 0);
}

CTensor *draw(const char *name, Distribution distribution, const Draw &draw, const int64_t *sizes, int rank,
              CTDType dtype, CTDevice place) {
  return operation(name, {}, [&] {
    return fill(distribution, draw, at::IntArrayRef(sizes, rank), options(dtype, place));
  });
}

}  // namespace
}  // namespace ctorch

CTensor *ct_uniform(const uint64_t *keys, int key_count, bool stacked, const CTRows *rows, int row_count,
                    const int64_t *sizes, int rank, CTDType dtype, CTDevice place) {
  return ctorch::draw("uniform", ctorch::Distribution::uniform, {keys, key_count, stacked, rows, row_count}, sizes,
                      rank, dtype, place);
}
CTensor *ct_normal(const uint64_t *keys, int key_count, bool stacked, const CTRows *rows, int row_count,
                   const int64_t *sizes, int rank, CTDType dtype, CTDevice place) {
  return ctorch::draw("normal", ctorch::Distribution::normal, {keys, key_count, stacked, rows, row_count}, sizes, rank,
                      dtype, place);
}
CTensor *ct_add_normal(CTensor *x, const uint64_t *keys, int key_count, bool stacked, const CTRows *rows, int row_count,
                       double deviation) {
  using namespace ctorch;
  return operation("addNormal", {x}, [&] {
    const auto &given = tensor(x);
    const Draw draw = {keys, key_count, stacked, rows, row_count};
    const auto shape = sizes_of_seed(given, draw);
    draw.check(shape);
    if (given.device().is_cpu() && given.scalar_type() == at::kFloat) return add_normal(given, draw, deviation);
    return given.add(fill(Distribution::normal, draw, shape, given.options()), deviation);
  });
}
namespace ctorch {
namespace {
/// What dropout multiplies by, from numbers drawn in [0, 1), [N, C, H, W] in order, to the same with channels
/// innermost: a change of layout by itself takes longer than all else of it.
at::Tensor kept_with_channels_innermost(const at::Tensor &drawn, double rate) {
  auto kept = at::empty(drawn.sizes(), drawn.options().memory_format(at::MemoryFormat::ChannelsLast));
  const int64_t channels = drawn.size(1), pixels = drawn.size(2) * drawn.size(3);
  const float *from = drawn.const_data_ptr<float>(), least = static_cast<float>(rate),
              scale = static_cast<float>(1 / (1 - rate));
  float *to = kept.mutable_data_ptr<float>();
  constexpr int64_t block = 16;  // a line of each
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, channels * pixels));
  parallel_for(0, drawn.size(0), grain, [&](int64_t begin, int64_t end) {
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

CTensor *ct_dropout(CTensor *x, const uint64_t *keys, int key_count, bool stacked, const CTRows *rows, int row_count,
                    double rate) {
  using namespace ctorch;
  return operation("dropout", {x}, [&] {
    const auto &given = tensor(x);
    TORCH_CHECK(rate >= 0 && rate < 1, "the rate ", rate, " is not in 0 ..< 1");
    const Draw draw = {keys, key_count, stacked, rows, row_count};
    // Numbers rounded to fewer bits would fall on the rate itself.
    auto drawn = given.options().dtype(given.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
    auto mask = fill(Distribution::uniform, draw, sizes_of_seed(given, draw), drawn);
    if (given.dim() == 4 && given.device().is_cpu() && given.scalar_type() == at::kFloat && !given.is_contiguous() &&
        given.is_contiguous(at::MemoryFormat::ChannelsLast) && !wants_plain_operations())
      return given.mul(kept_with_channels_innermost(mask, rate));
    mask.ge_(rate).mul_(1 / (1 - rate));
    // Laid out as x is: a product of two layouts takes several times as long.
    return given.mul(mask.to(given.scalar_type()).contiguous(given.suggest_memory_format()));
  });
}
void ct_random_words(uint64_t key, uint32_t *words, int64_t count) {
  ctorch::fill_words(key, ctorch::Part<uint32_t>{words, 0, count});
}
