// Convolutions by Winograd's algorithm (Lavin and Gray 2016): fewer multiplications, by way of transforms.
#pragma once
#include "correlation.h"

namespace ctorch::winograd {

/// Whether the functions below can: kernels that have 2 or 3 places for each of the stride's phases, strides of 1 and
/// 2, and numbers of channels that are multiples of 16.
bool supports(const Correlation &);

/// Whether it is worth it, by the shapes of one picture: how many others are in the batch must not change it.
bool is_faster(const Correlation &);

/// y, finished.
void correlate(const Correlation &, const float *x, const float *w, const Finish &, float *y);
/// The adjoint in x: dx from dy, which is the transposed convolution of y; `bias` [in_channels] is added where it is
/// not null.
void spread(const Correlation &, const float *y, const float *w, const float *bias, float *x);
/// The adjoint in w: dw from x and dy.
void gradient_of_weight(const Correlation &, const float *x, const float *dy, float *dw);

}  // namespace ctorch::winograd
