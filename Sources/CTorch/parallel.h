// A loop shared out among libtorch's threads.
#pragma once
#include <cstdint>
#include <functional>

namespace ctorch {

/// Calls `body(first, last)` for parts of begin ..< end that together are all of it, on as many threads as libtorch
/// uses but no more than one for every `grain` iterations; on the calling thread alone inside another such loop.
///
/// Not `at::parallel_for`: it is a template with OpenMP pragmas in it, and Swift's clang brings no OpenMP, so that it
/// would silently run on one thread.
void parallel_for(int64_t begin, int64_t end, int64_t grain, const std::function<void(int64_t, int64_t)> &body);

}  // namespace ctorch
