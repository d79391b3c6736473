// Optimiser steps on one flat tensor, in place.
#include "Internal.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/isfinite.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <cmath>
#include <cstring>

using namespace ctorch;

namespace {

/// What an Adam step needs of its constants: `rate` divided by what the first moment lacks, and the like.
struct Adam {
  float beta1, beta2, unbias_second, epsilon, rate;
};

/// One pass over four arrays; the composed operations would make nine. Whether a second moment is infinite or NaN
/// afterwards: the square of a finite gradient overflows from 1.8e19 on, and freezes its parameter.
///
/// 1 - beta2 is a float's: v is too large by 5e-5 of itself for beta2 = 0.999, a step too small by half of that. It
/// stays so, since another rounding would make runs that are resumed differ from runs that were not interrupted.
template <bool inside_root>
CT_INLINE bool adam(float *p, const float *g, float *m, float *v, int64_t begin, int64_t end, const Adam &constants) {
  const Adam c = constants;
  const float inside = inside_root ? c.epsilon : 0, beside = inside_root ? 0 : c.epsilon;
  constexpr uint32_t exponent = 0x7f800000;  // all of these bits: no finite number
  uint32_t found = 0;
  for (int64_t i = begin; i < end; i++) {
    m[i] += (1 - c.beta1) * (g[i] - m[i]);
    v[i] = c.beta2 * v[i] + (1 - c.beta2) * g[i] * g[i];
    p[i] -= c.rate * m[i] / (__builtin_elementwise_sqrt(v[i] * c.unbias_second + inside) + beside);
    uint32_t bits;
    std::memcpy(&bits, v + i, sizeof bits);
    found |= (bits & exponent) == exponent;
  }
  return found != 0;
}
CT_WIDE_KERNEL(bool, adam_inside_root,
               (float *p, const float *g, float *m, float *v, int64_t begin, int64_t end, const Adam &constants),
               (p, g, m, v, begin, end, constants)) {
  return adam<true>(p, g, m, v, begin, end, constants);
}
CT_WIDE_KERNEL(bool, adam_beside_root,
               (float *p, const float *g, float *m, float *v, int64_t begin, int64_t end, const Adam &constants),
               (p, g, m, v, begin, end, constants)) {
  return adam<false>(p, g, m, v, begin, end, constants);
}

bool is_plain(const at::Tensor &x) { return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous(); }

}  // namespace

CTensor *ct_momentum_step(CTensor *parameters, CTensor *gradient, CTensor *velocity, double rate, double momentum) {
  return attempt("momentumStep", {parameters, gradient, velocity}, [&] {
    c10::NoGradGuard without_gradient;
    auto v = tensor(velocity).mul_(momentum).add_(tensor(gradient));
    tensor(parameters).sub_(v, rate);
  });
}

CTensor *ct_adam_step(CTensor *parameters, CTensor *gradient, CTensor *first_moment, CTensor *second_moment,
                  int64_t step, double rate, double beta1, double beta2, double epsilon,
                  bool epsilon_inside_root, bool *overflowed) {
  return attempt("adamStep", {parameters, gradient, first_moment, second_moment}, [&] {
    c10::NoGradGuard without_gradient;
    auto p = tensor(parameters), g = tensor(gradient), m = tensor(first_moment), v = tensor(second_moment);
    const double rate_now = rate / (1 - std::pow(beta1, step)), unbias_second = 1 / (1 - std::pow(beta2, step));
    if (is_plain(p) && is_plain(g) && is_plain(m) && is_plain(v)) {
      TORCH_CHECK(g.numel() == p.numel() && m.numel() == p.numel() && v.numel() == p.numel(),
                  "the gradient and the moments need the parameters' shape");
      const Adam constants = {static_cast<float>(beta1), static_cast<float>(beta2),
                              static_cast<float>(unbias_second), static_cast<float>(epsilon),
                              static_cast<float>(rate_now)};
      auto *parameters_data = p.mutable_data_ptr<float>(), *m_data = m.mutable_data_ptr<float>(),
           *v_data = v.mutable_data_ptr<float>();
      const auto *g_data = g.const_data_ptr<float>();
      // Graphs that still hold the old values are not to be differentiated with the new.
      for (const auto *changed : {&p, &m, &v}) changed->unsafeGetTensorImpl()->bump_version();
      std::atomic<bool> found = false;
      parallel_for(0, p.numel(), 16384, [&](int64_t begin, int64_t end) {
        if ((epsilon_inside_root ? adam_inside_root : adam_beside_root)(parameters_data, g_data, m_data, v_data, begin,
                                                                        end, constants))
          found = true;
      });
      *overflowed = found;
      return;
    }
    m.lerp_(g, 1 - beta1);
    v.mul_(beta2).addcmul_(g, g, 1 - beta2);
    auto root = v.mul(unbias_second);
    if (epsilon_inside_root) root.add_(epsilon).sqrt_();
    else root.sqrt_().add_(epsilon);
    p.addcdiv_(m, root, -rate_now);
    *overflowed = !at::isfinite(v).all().item<bool>();
  });
}

CTensor *ct_average_step(CTensor *average, CTensor *x, double rate) {
  return attempt("averageStep", {average, x}, [&] {
    c10::NoGradGuard without_gradient;
    tensor(average).lerp_(tensor(x), rate);
  });
}
