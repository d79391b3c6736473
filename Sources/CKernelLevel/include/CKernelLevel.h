// What Swift imports. C and C++ include kernel_level.h.
#pragma once
#include "kernel_level.h"
