// Work whose result must not depend on how many threads there are.
#pragma once
#include "parallel.h"

namespace ctorch {

/// Calls `body(0)`, ..., `body(count - 1)`, several at a time, each on one thread and inside a parallel region, so that
/// the libraries that it calls see nothing to share out: what an iteration computes does not depend on the number of
/// threads.
inline void for_each_serially(int64_t count, const std::function<void(int64_t)> &body) {
  // Two iterations at least: a loop of one would run outside of any region, where MKL takes all threads.
  parallel_for(0, count < 2 ? 2 : count, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last && i < count; i++) body(i);
  });
}

}  // namespace ctorch
