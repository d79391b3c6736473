// What scores of pictures take, as one translation unit: libtorch's headers cost more to compile than what we write.

#include "../neighbours.cpp"
#include "../float64_product.cpp"
#include "../feature_sums.cpp"
#include "../linear_algebra.cpp"
#include "../picture_network.cpp"
