// Optimiser steps on one flat tensor, in place.
#include "Internal.h"

#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/full.h>
#include <c10/core/GradMode.h>

#include <cmath>

using namespace ctorch;

bool ct_momentum_step(CTensor *parameters, CTensor *gradient, CTensor *velocity, double rate, double momentum) {
  return guarded("momentumStep", {parameters, gradient, velocity}, [&] {
    c10::NoGradGuard without_gradient;
    auto v = tensor(velocity).mul_(momentum).add_(tensor(gradient));
    tensor(parameters).sub_(v, rate);
  });
}

bool ct_adam_step(CTensor *parameters, CTensor *gradient, CTensor *first_moment, CTensor *second_moment, int64_t step,
                  double rate, double beta1, double beta2, double epsilon, bool epsilon_inside_root) {
  return guarded("adamStep", {parameters, gradient, first_moment, second_moment}, [&] {
    c10::NoGradGuard without_gradient;
    auto p = tensor(parameters), g = tensor(gradient), m = tensor(first_moment), v = tensor(second_moment);
    if (!epsilon_inside_root) {
      auto steps = at::full({}, static_cast<double>(step), p.options().dtype(at::kFloat));
      at::_fused_adam_({p}, {g}, {m}, {v}, {}, {steps}, rate, beta1, beta2, /*weight_decay=*/0.0, epsilon,
                       /*amsgrad=*/false, /*maximize=*/false);
      return;
    }
    m.lerp_(g, 1 - beta1);
    v.mul_(beta2).addcmul_(g, g, 1 - beta2);
    auto root = v.div(1 - std::pow(beta2, step)).add_(epsilon).sqrt_();
    p.addcdiv_(m, root, -rate / (1 - std::pow(beta1, step)));
  });
}

bool ct_average_step(CTensor *average, CTensor *x, double rate) {
  return guarded("averageStep", {average, x}, [&] {
    c10::NoGradGuard without_gradient;
    tensor(average).lerp_(tensor(x), rate);
  });
}
