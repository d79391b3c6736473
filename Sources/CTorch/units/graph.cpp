// What needs autograd's and TorchScript's headers, as one translation unit: libtorch's headers cost more to compile
// than what we write.

#include "../autograd.cpp"
#include "../backward_sweep.cpp"
#include "../script.cpp"
