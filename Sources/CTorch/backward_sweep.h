#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace ctorch {

/// d y . cotangent / d xs into `gradients`, undefined where y does not depend on one; false, with nothing done, where
/// the graph wants libtorch's engine.
///
/// The engine is made for graphs that span devices and threads, and takes some ten microseconds to set up, which is
/// most of a small network's backward pass. This walks the graph once on the calling thread. It takes graphs of a y on
/// the CPU all of whose leaves are among `xs`, since only the engine can tell a node which of its gradients nobody
/// wants; hooks, which this package never sets, are not called.
bool backward_sweep(const at::Tensor &y, const at::Tensor &cotangent, const std::vector<at::Tensor> &xs,
                    bool keep_graph, std::vector<at::Tensor> &gradients);

}  // namespace ctorch
