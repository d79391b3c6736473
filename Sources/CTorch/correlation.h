// What a convolution is of, for those who make it.
#pragma once
#include <cstdint>

namespace ctorch {

/// y[n, i, j, k] = sum over a, b, c of w[k, c, a, b] x[n, s i + a - p, s j + b - p, c], with zeros around x. Pictures
/// are [N, height, width, channels] in memory, `w` is [out_channels, in_channels, kernel, kernel].
struct Correlation {
  int64_t batch, height, width, in_channels;    // of x
  int64_t out_height, out_width, out_channels;  // of y
  int64_t kernel, stride, padding;
};

/// What becomes of each sum: `bias` [channels of the result] is added where it is not null, and what is not above 0
/// then is multiplied by `slope`.
struct Finish {
  const float *bias = nullptr;
  float slope = 1;
};

}  // namespace ctorch
