// Every kernel of ours, through the C face and without Swift, so that a cross compiler and an emulator are all that it
// takes to test them for another processor: Scripts/test-kernels.
//
//   compare_kernels FILE            writes what the kernels give here
//   compare_kernels FILE REFERENCE  the same, and compares it with what they gave elsewhere
//
// Each is compared with the same formula in float64, within what rounding allows
// (Tests/GoldenSupport/RoundingBound.swift; where several kinds of sums meet, the longest counts). What is drawn, moved
// or compared and not computed has the same bits everywhere.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "CTorch.h"

namespace {

[[noreturn]] void give_up(const std::string &reason) {
  std::fprintf(stderr, "kernels: %s\n", reason.c_str());
  std::exit(1);
}

/// A tensor of the C face, released when it goes.
class Tensor {
 public:
  Tensor() = default;
  Tensor(CTensor *given) : handle_(given) {
    if (given && ct_failure(given)) give_up(ct_failure(given));
  }
  Tensor(const Tensor &other) : handle_(other.handle_) {
    if (handle_) ct_retain(handle_);
  }
  Tensor(Tensor &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Tensor &operator=(Tensor other) {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Tensor() {
    if (handle_) ct_release(handle_);
  }
  operator CTensor *() const { return handle_; }

  std::vector<int64_t> shape() const {
    std::vector<int64_t> sizes;
    for (int i = 0; i < ct_rank(handle_); i++) sizes.push_back(ct_size(handle_, i));
    return sizes;
  }
  template <class T>
  std::vector<T> values(CTDType dtype) const {
    int64_t count = 1;
    for (int64_t size : shape()) count *= size;
    std::vector<T> result(count);
    done(ct_copy_to(handle_, dtype, result.data(), count * static_cast<int64_t>(sizeof(T))));
    return result;
  }
  static void done(CTensor *failure) {
    if (failure) give_up(ct_failure(failure));
  }

 private:
  CTensor *handle_ = nullptr;
};

/// Fills `count` results.
std::vector<Tensor> results(int count, const auto &operation) {
  std::vector<CTensor *> handles(count, nullptr);
  operation(handles.data());
  return std::vector<Tensor>(handles.begin(), handles.end());
}

/// Numbers that are the same in float32 and in float64.
Tensor draw(uint64_t key, const std::vector<int64_t> &shape, CTDType dtype) {
  const Tensor drawn =
      ct_normal(&key, 1, false, nullptr, 0, shape.data(), static_cast<int>(shape.size()), CTDTypeFloat32, CTDeviceCPU);
  const Tensor x = ct_to(drawn, dtype, CTDeviceCPU);
  // Of its own: what is differentiated by has no history.
  return ct_clone(x);
}

/// The outcome and its gradients by all of `xs`, contracted with numbers like 1.
std::vector<Tensor> with_gradients(const std::vector<Tensor> &xs, CTDType dtype, const auto &forward) {
  for (const Tensor &x : xs) Tensor::done(ct_require_gradient(x));
  const Tensor y = forward(xs);
  const Tensor cotangent = draw(99, y.shape(), dtype);
  std::vector<CTensor *> by(xs.begin(), xs.end());
  auto found = results(static_cast<int>(xs.size()), [&](CTensor **place) {
    ct_gradient(y, cotangent, true, by.data(), static_cast<int>(xs.size()), false, false, place);
  });
  found.insert(found.begin(), y);
  return found;
}

struct Outcome {
  std::string name;
  std::vector<float> values;
  /// How far from what it is elsewhere, in units of the largest; below 0 where only float64 counts.
  double apart_at_most;
};

class Report {
 public:
  /// What a kernel gives in float32, and the formula in float64: `bound` in units of the largest.
  void compare(const std::string &name, const std::vector<float> &found, const std::vector<double> &exact,
               double bound) {
    double largest = 0, apart = 0;
    bool is_finite = found.size() == exact.size();
    for (size_t i = 0; is_finite && i < found.size(); i++) {
      largest = std::max(largest, std::abs(exact[i]));
      apart = std::max(apart, std::abs(found[i] - exact[i]));
      is_finite = std::isfinite(found[i]) && std::isfinite(exact[i]);
    }
    const double relative = largest > 0 ? apart / largest : apart;
    tell(name, is_finite && relative <= bound, relative, bound);
    outcomes_.push_back({name, found, -1});
  }
  /// `make` gives an outcome and its gradients in either kind.
  void compare(const std::string &name, double bound, const auto &make) {
    const std::vector<Tensor> low = make(CTDTypeFloat32), high = make(CTDTypeFloat64);
    for (size_t i = 0; i < low.size(); i++)
      compare(i ? name + ", gradient " + std::to_string(i) : name, low[i].values<float>(CTDTypeFloat32),
              high[i].values<double>(CTDTypeFloat64), bound);
  }
  /// What has the same bits elsewhere, or is that far from them at most.
  void keep(const std::string &name, const std::vector<float> &found, bool is_right = true, double apart_at_most = 0) {
    tell(name, is_right, 0, 0);
    outcomes_.push_back({name, found, apart_at_most});
  }

  void write(const char *path) const {
    std::ofstream file(path, std::ios::binary);
    for (const Outcome &one : outcomes_) {
      file << one.name << '\n' << one.values.size() << '\n';
      file.write(reinterpret_cast<const char *>(one.values.data()),
                 static_cast<std::streamsize>(one.values.size() * sizeof(float)));
    }
    if (!file.flush()) give_up(std::string(path) + ": cannot be written");
  }
  /// Whether what must have the same bits has those of `path`.
  void compare_bits(const char *path) {
    std::ifstream file(path, std::ios::binary);
    for (const Outcome &one : outcomes_) {
      std::string name, count;
      std::getline(file, name);
      std::getline(file, count);
      if (!file || name != one.name || count != std::to_string(one.values.size()))
        give_up(std::string(path) + ": is not of the same kernels");
      std::vector<float> other(one.values.size());
      file.read(reinterpret_cast<char *>(other.data()), static_cast<std::streamsize>(other.size() * sizeof(float)));
      if (one.apart_at_most < 0) continue;
      if (one.apart_at_most == 0) {
        const bool is_same = std::memcmp(other.data(), one.values.data(), other.size() * sizeof(float)) == 0;
        tell(name + ", as elsewhere", is_same, 0, 0);
        continue;
      }
      double largest = 0, apart = 0;
      for (size_t i = 0; i < other.size(); i++) {
        largest = std::max<double>(largest, std::abs(other[i]));
        apart = std::max<double>(apart, std::abs(other[i] - one.values[i]));
      }
      tell(name + ", as elsewhere", apart <= one.apart_at_most * largest, apart / largest, one.apart_at_most);
    }
  }
  bool is_good() const { return failures_ == 0; }
  int count() const { return count_; }

 private:
  void tell(const std::string &name, bool is_right, double relative, double bound) {
    count_++;
    if (!is_right) failures_++;
    std::printf("%s  %-60s %.1e of %.1e\n", is_right ? "ok    " : "FAILED", name.c_str(), relative, bound);
  }
  std::vector<Outcome> outcomes_;
  int failures_ = 0, count_ = 0;
};

double bound(std::initializer_list<double> sums, int functions, double amplification = 1) {
  double of_sums = 0;
  for (double terms : sums) of_sums += 6 * std::sqrt(terms);
  return amplification * 0x1p-24 * (of_sums + 8 * functions);
}

void draws(Report &report) {
  const uint64_t key = 0x0123456789abcdef;
  std::vector<uint32_t> words(1001);
  ct_random_words(key, words.data(), static_cast<int64_t>(words.size()));
  std::vector<float> halves;
  for (uint32_t word : words)
    halves.insert(halves.end(), {static_cast<float>(word >> 16), static_cast<float>(word & 0xffff)});
  report.keep("words of a stream", halves);
  const int64_t count = 1001, sizes[] = {40, 333};
  const Tensor uniform = ct_uniform(&key, 1, false, nullptr, 0, &count, 1, CTDTypeFloat32, CTDeviceCPU);
  const auto values = uniform.values<float>(CTDTypeFloat32);
  report.keep("uniform draws", values,
              std::all_of(values.begin(), values.end(), [](float u) { return u >= 0 && u < 1; }));
  const Tensor rows = ct_uniform(&key, 1, false, nullptr, 0, sizes, 2, CTDTypeFloat32, CTDeviceCPU);
  const Tensor sorted = ct_sorted_values(rows, -1);
  auto wanted = rows.values<float>(CTDTypeFloat32);
  for (int64_t row = 0; row < sizes[0]; row++)
    std::sort(wanted.begin() + row * sizes[1], wanted.begin() + (row + 1) * sizes[1]);
  const auto found = sorted.values<float>(CTDTypeFloat32);
  report.keep("sorted rows", found, found == wanted);

  // A logarithm, a root and a sine of uniform draws: each processor is a bound away from them. Five standard errors are
  // allowed to the moments.
  const Tensor normal = ct_normal(&key, 1, false, nullptr, 0, &count, 1, CTDTypeFloat32, CTDeviceCPU);
  const auto drawn = normal.values<float>(CTDTypeFloat32);
  double sum = 0, squares = 0;
  for (float x : drawn) sum += x, squares += static_cast<double>(x) * x;
  const double mean = sum / count, variance = squares / count - mean * mean;
  report.keep("normal draws", drawn,
              std::abs(mean) < 5 / std::sqrt(count) && std::abs(variance - 1) < 5 * std::sqrt(2.0 / count),
              2 * bound({}, 3));
  const Tensor zeros = ct_full(0, &count, 1, CTDTypeFloat32, CTDeviceCPU);
  const Tensor added = ct_add_normal(zeros, &key, 1, false, nullptr, 0, 1);
  report.keep("added noise is that which is drawn", {}, added.values<float>(CTDTypeFloat32) == drawn);
  const Tensor dropped =
      ct_dropout(ct_full(1, &count, 1, CTDTypeFloat32, CTDeviceCPU), &key, 1, false, nullptr, 0, 0.25);
  const auto kept = dropped.values<float>(CTDTypeFloat32);
  bool is_mask = true;
  for (int64_t i = 0; i < count; i++)
    is_mask = is_mask && kept[i] == (values[i] < 0.25f ? 0 : static_cast<float>(1 / 0.75));
  report.keep("dropout drops where the uniform draw says so", kept, is_mask);
}

void pictures(Report &report) {
  const int64_t size = 3 * 7 * 9;
  std::vector<uint8_t> pixels(4 * size);
  for (size_t i = 0; i < pixels.size(); i++) pixels[i] = static_cast<uint8_t>(i * 37 + i / 251);
  const int64_t chosen[] = {2, 0, 3};
  const CTImageMove moves[] = {{true, 1, -2}, {false, -1, 1}, {true, 0, 0}};
  for (bool reflects : {false, true}) {
    const Tensor batch =
        ct_image_batch(pixels.data(), 4, 3, 7, 9, chosen, 3, moves, reflects, 1 / 127.5, -1, false, CTDeviceCPU);
    report.keep(reflects ? "pictures moved and reflected" : "pictures moved", batch.values<float>(CTDTypeFloat32));
  }
  const Tensor batch =
      ct_image_batch(pixels.data(), 4, 3, 7, 9, chosen, 3, nullptr, false, 1 / 127.5, -1, false, CTDeviceCPU);
  const Tensor bytes = ct_image_bytes(batch, -1, 1);
  std::vector<float> again;
  for (uint8_t byte : bytes.values<uint8_t>(CTDTypeUInt8)) again.push_back(byte);
  bool is_same = true;
  for (int n = 0; n < 3; n++)
    for (int c = 0; c < 3; c++)
      for (int at = 0; at < 63; at++)
        is_same = is_same && again[(n * 63 + at) * 3 + c] == pixels[chosen[n] * size + c * 63 + at];
  report.keep("pictures come back as their bytes", again, is_same);
}

void layers(Report &report) {
  report.compare("pairwise similarity", bound({70, 5}, 1), [](CTDType dtype) {
    return with_gradients({draw(1, {70, 9, 5}, dtype)}, dtype,
                          [](const auto &x) { return Tensor(ct_pairwise_l1_similarity(x[0])); });
  });
  const char *names[] = {"identity", "tanh", "ReLU", "leaky ReLU", "softplus", "sigmoid"};
  for (int activation = CTActivationIdentity; activation <= CTActivationSigmoid; activation++)
    report.compare(
        std::string("dense chain with ") + names[activation], bound({333, 21, 21, 4}, 2), [&](CTDType dtype) {
          return with_gradients(
              {draw(2, {3, 333, 4}, dtype), draw(3, {3, 21, 4}, dtype), draw(4, {3, 21}, dtype),
               draw(5, {3, 2, 21}, dtype), draw(6, {3, 2}, dtype)},
              dtype, [&](const auto &x) {
                CTensor *parameters[] = {x[1], x[2], x[3], x[4]};
                const CTActivation activations[] = {static_cast<CTActivation>(activation), CTActivationIdentity};
                return results(1, [&](CTensor **place) {
                  ct_dense_chain(x[0], parameters, activations, 2, false, dtype == CTDTypeFloat32, place);
                })[0];
              });
        });
  report.compare("logistic loss", bound({201}, 2), [](CTDType dtype) {
    return with_gradients({draw(7, {201, 1}, dtype)}, dtype, [&](const auto &x) {
      CTensor *batches[] = {x[0]};
      const double target = 0.9;
      return Tensor(ct_logistic_loss(batches, &target, 1, dtype == CTDTypeFloat32));
    });
  });
  for (const std::vector<int64_t> &shape : {std::vector<int64_t>{40, 77}, {20, 7, 5, 9}})
    report.compare("virtual batch norm of " + std::to_string(shape.size()) + " dimensions", bound({40, 40, 20 * 45}, 2),
                   [&](CTDType dtype) {
                     return with_gradients(
                         {draw(8, shape, dtype), draw(9, {shape[1]}, dtype), draw(10, {shape[1]}, dtype)}, dtype,
                         [&](const auto &x) {
                           return Tensor(ct_virtual_batch_norm(x[0], x[1], x[2], 9, 1e-5, dtype == CTDTypeFloat32));
                         });
                   });
  report.compare("weight norm, linear", bound({64, 50, 64}, 2), [](CTDType dtype) {
    return with_gradients(
        {draw(11, {50, 64}, dtype), draw(12, {33, 64}, dtype), draw(13, {33}, dtype), draw(14, {33}, dtype)}, dtype,
        [](const auto &x) { return Tensor(ct_weight_norm_linear(x[0], x[1], x[2], x[3], 1e-12)); });
  });
}

/// By Winograd's algorithm: 8.8 times larger numbers are summed between the transforms (Docs/Convolutions.md).
void convolutions(Report &report) {
  struct Case {
    int64_t batch, in, height, width, out, kernel, stride, padding;
    bool is_transposed;
    double slope;
  };
  const Case cases[] = {
      {3, 16, 9, 11, 32, 3, 1, 1, false, 1}, {2, 48, 8, 6, 16, 3, 1, 0, false, 0.2},
      {2, 16, 7, 8, 16, 2, 1, 0, false, 1},  {2, 32, 12, 14, 48, 4, 2, 1, false, 1},
      {3, 16, 10, 9, 32, 3, 2, 1, false, 1}, {2, 16, 11, 8, 16, 5, 2, 2, false, 1},
      {2, 16, 4, 5, 32, 4, 2, 1, true, 1},
  };
  for (const Case &one : cases) {
    const double terms = static_cast<double>(
        std::max(one.batch * one.height * one.width * 4, std::max(one.in, one.out) * one.kernel * one.kernel));
    const std::string name = std::string(one.is_transposed ? "transposed convolution" : "convolution") + " of " +
                             std::to_string(one.kernel) + " by " + std::to_string(one.stride);
    report.compare(name, bound({terms, 6, 6, 6, 6}, 0, 8.8), [&](CTDType dtype) {
      const CTConvolutions before =
          ct_set_convolutions(dtype == CTDTypeFloat32 ? CTConvolutionsWinograd : CTConvolutionsDirect);
      const int64_t first = one.is_transposed ? one.in : one.out, second = one.is_transposed ? one.out : one.in;
      auto found = with_gradients(
          {draw(15, {one.batch, one.in, one.height, one.width}, dtype),
           draw(16, {first, second, one.kernel, one.kernel}, dtype), draw(17, {one.out}, dtype)},
          dtype, [&](const auto &x) {
            return Tensor(one.is_transposed ? ct_conv_transpose2d(x[0], x[1], x[2], true, one.stride, one.padding, 0, 1)
                                            : ct_conv2d(x[0], x[1], x[2], true, one.stride, one.padding, 1, one.slope));
          });
      ct_set_convolutions(before);
      return found;
    });
  }
}

void optimizers(Report &report) {
  for (bool is_inside : {true, false})
    report.compare(is_inside ? "Adam, epsilon inside the root" : "Adam", bound({4}, 3), [&](CTDType dtype) {
      const Tensor p = draw(18, {777}, dtype), gradient = draw(19, {777}, dtype), first = draw(20, {777}, dtype);
      const Tensor root = draw(21, {777}, dtype), second = ct_square(root);
      bool overflowed = false;
      Tensor::done(ct_adam_step(p, gradient, first, second, 3, 0.1, 0.9, 0.99, 1e-4, is_inside, &overflowed));
      return std::vector<Tensor>{p, first, second};
    });
  report.compare("historical averaging", bound({4}, 1), [](CTDType dtype) {
    const Tensor average = draw(22, {777}, dtype), p = draw(23, {777}, dtype), gradient = draw(24, {777}, dtype);
    Tensor::done(ct_historical_average_step(average, p, gradient, 3, 0.7));
    return std::vector<Tensor>{average, gradient};
  });
}

/// In float64 already: against plain loops.
void scores(Report &report) {
  const int64_t count = 90, dimensions = 33;
  const auto rows = draw(25, {count, dimensions}, CTDTypeFloat32).values<float>(CTDTypeFloat32);
  std::vector<double> found(count * 2), wanted;
  Tensor::done(ct_neighbour_distances(rows.data(), count, dimensions, 2, found.data()));
  for (int64_t i = 0; i < count; i++) {
    std::vector<double> others;
    for (int64_t j = 0; j < count; j++) {
      double sum = 0;
      for (int64_t d = 0; d < dimensions; d++) {
        const double apart = static_cast<double>(rows[i * dimensions + d]) - rows[j * dimensions + d];
        sum += apart * apart;
      }
      if (j != i) others.push_back(sum);
    }
    std::partial_sort(others.begin(), others.begin() + 2, others.end());
    wanted.insert(wanted.end(), others.begin(), others.begin() + 2);
  }
  report.compare("nearest neighbours", std::vector<float>(found.begin(), found.end()), wanted, bound({1}, 0));
  std::vector<double> mean(dimensions, 0), scatter(dimensions * dimensions, 0), plain(dimensions * dimensions, 0);
  for (int64_t first : {0, 40})
    Tensor::done(ct_add_to_moments(rows.data() + first * dimensions, first ? count - 40 : 40, dimensions, first,
                                   mean.data(), scatter.data()));
  for (int64_t i = 0; i < dimensions; i++)
    for (int64_t j = 0; j < dimensions; j++)
      for (int64_t row = 0; row < count; row++)
        plain[i * dimensions + j] += (rows[row * dimensions + i] - mean[i]) * (rows[row * dimensions + j] - mean[j]);
  report.compare("scatter of features", std::vector<float>(scatter.begin(), scatter.end()), plain, bound({1}, 0));
}

}  // namespace

int main(int count, char **arguments) {
  if (count < 2) give_up("say which file to write");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what was right is to be seen should a kernel end the program
  ct_set_threads(2);
  Report report;
  draws(report);
  pictures(report);
  layers(report);
  convolutions(report);
  optimizers(report);
  scores(report);
  report.write(arguments[1]);
  if (count > 2) report.compare_bits(arguments[2]);
  std::printf("%d comparisons, %s\n", report.count(), report.is_good() ? "all as they should be" : "some FAILED");
  return report.is_good() ? 0 : 1;
}
