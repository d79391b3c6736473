// What needs the headers of PyTorch's process groups and of Gloo.

#include "../process_group.cpp"
