// Historical averaging: the running average of a player's parameters and the gradient of the distance from it.
//
// The average is of the parameters' kind. In float32 its share 1 / t of a change falls below a unit in the last place
// after some 10^7 steps, and the average then stands still; finer sums would change what saved runs go on to.
#include "Internal.h"
#include "parallel.h"
#include "vector_math.h"

#include <c10/core/GradMode.h>

using namespace ctorch;

namespace {

template <class T>
CT_INLINE void step(T *__restrict average, const T *__restrict parameters, T *__restrict gradient, int64_t begin,
                    int64_t end, T share, T twice_weight) {
  for (int64_t i = begin; i < end; i++) {
    T a = average[i] + (parameters[i] - average[i]) * share;
    average[i] = a;
    gradient[i] += twice_weight * (parameters[i] - a);
  }
}
CT_KERNEL(void, step_float,
          (float *average, const float *parameters, float *gradient, int64_t begin, int64_t end, float share,
           float twice_weight),
          (average, parameters, gradient, begin, end, share, twice_weight)) {
  step(average, parameters, gradient, begin, end, share, twice_weight);
}
CT_KERNEL(void, step_double,
          (double *average, const double *parameters, double *gradient, int64_t begin, int64_t end,
           double share, double twice_weight),
          (average, parameters, gradient, begin, end, share, twice_weight)) {
  step(average, parameters, gradient, begin, end, share, twice_weight);
}

/// Three streams in, two out: below this many elements another thread costs more than it saves.
constexpr int64_t grain = 32768;

template <class T, class Kernel>
void in_one_pass(at::Tensor &average, const at::Tensor &parameters, at::Tensor &gradient, double share,
                 double twice_weight, Kernel kernel) {
  T *a = average.mutable_data_ptr<T>(), *g = gradient.mutable_data_ptr<T>();
  const T *p = parameters.const_data_ptr<T>();
  parallel_for(0, average.numel(), grain, [&](int64_t begin, int64_t end) {
    kernel(a, p, g, begin, end, static_cast<T>(share), static_cast<T>(twice_weight));
  });
}

}  // namespace

CTensor *ct_historical_average_step(CTensor *average, CTensor *parameters, CTensor *gradient, int64_t count,
                                double weight) {
  return attempt("historicalAverageStep", {average, parameters, gradient}, [&] {
    c10::NoGradGuard without_gradient;
    auto a = tensor(average), p = tensor(parameters), g = tensor(gradient);
    TORCH_CHECK(count >= 1, "the count is ", count, ", must be at least 1");
    TORCH_CHECK(a.sizes() == p.sizes() && g.sizes() == p.sizes(), "the shapes differ");
    TORCH_CHECK(a.scalar_type() == p.scalar_type() && g.scalar_type() == p.scalar_type(), "the kinds differ");
    const double share = 1 / static_cast<double>(count), twice_weight = 2 * weight;
    bool is_flat = true;
    for (const auto &x : {a, p, g}) is_flat = is_flat && x.is_cpu() && x.is_contiguous();
    const auto kind = p.scalar_type();
    if (is_flat && kind == at::kFloat) return in_one_pass<float>(a, p, g, share, twice_weight, step_float);
    if (is_flat && kind == at::kDouble) return in_one_pass<double>(a, p, g, share, twice_weight, step_double);
    a.add_(p.sub(a), share);
    g.add_(p.sub(a), twice_weight);
  });
}
