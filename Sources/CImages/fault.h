#pragma once
#include <stdio.h>

#include "CImages.h"

/// Notes a fault and returns 0.
static inline int ci_fail(CIFault *fault, int64_t offset, const char *reason) {
  snprintf(fault->reason, sizeof fault->reason, "%s", reason);
  fault->offset = offset;
  return 0;
}

/// A sample of 8 bits with its alpha over a background: v a + b (1 - a) where 255 is 1, rounded from the exact value.
static inline uint8_t ci_over(unsigned value, unsigned alpha, unsigned background) {
  return (uint8_t)((value * alpha + background * (255 - alpha) + 127) / 255);
}
