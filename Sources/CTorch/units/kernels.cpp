// The kernels with vectors of their own, as one translation unit: libtorch's headers cost more to compile than what we
// write.

#include "../dense_chain.cpp"
#include "../weight_norm_linear.cpp"
#include "../virtual_batch_norm.cpp"
#include "../pairwise_l1_similarity.cpp"
#include "../logistic_loss.cpp"
#include "../matrix_product.cpp"
#include "../winograd.cpp"
#include "../patches.cpp"
