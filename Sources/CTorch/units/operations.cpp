// All but the kernels with vectors of their own, as one translation unit: libtorch's headers cost more to compile than
// what we write.

#include "../pointwise.cpp"
#include "../reduction.cpp"
#include "../shape.cpp"
#include "../creation.cpp"
#include "../product.cpp"
#include "../leaky_relu.cpp"
#include "../convolution.cpp"
#include "../batch_norm.cpp"
#include "../device.cpp"
#include "../tensor_memory.cpp"
#include "../sorted_values.cpp"
#include "../finite.cpp"
#include "../optimizer.cpp"
#include "../historical_average.cpp"
#include "../failure.cpp"
#include "../parallel.cpp"
#include "../random.cpp"
#include "../image_batch.cpp"

// autograd and TorchScript
#include "../autograd.cpp"
#include "../backward_sweep.cpp"
#include "../script.cpp"

// scores of pictures
#include "../neighbours.cpp"
#include "../float64_product.cpp"
#include "../feature_sums.cpp"
#include "../linear_algebra.cpp"
#include "../picture_network.cpp"

// PyTorch's process groups and Gloo
#include "../process_group.cpp"
