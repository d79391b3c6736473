// Convolutions of pictures with few channels, the first of D and the last of G, as products with matrices of patches:
// oneDNN's and Winograd's ways want vectors of channels.
#pragma once
#include "correlation.h"

namespace ctorch::patches {

/// At most 8 channels of x, a multiple of 16 of y.
bool supports(const Correlation &);

/// y, finished.
void correlate(const Correlation &, const float *x, const float *w, const Finish &, float *y);
/// The adjoint in x: dx from dy, which is the transposed convolution of y; `bias` [in_channels] is added where it is
/// not null.
void spread(const Correlation &, const float *y, const float *w, const float *bias, float *x);
/// The adjoint in w: dw from x and dy.
void gradient_of_weight(const Correlation &, const float *x, const float *dy, float *dw);

}  // namespace ctorch::patches
