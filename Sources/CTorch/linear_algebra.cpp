// Decompositions of float64 matrices, each on one thread: their last digits would otherwise depend on the number of
// threads.
#include "Internal.h"
#include "serial.h"

#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/linalg_svdvals.h>

#include <tuple>
#include <vector>

using namespace ctorch;

CTensor *ct_symmetric_eigenvalues(CTensor *x) {
  return operation("symmetricEigenvalues", {x}, [&] {
    at::Tensor values;
    for_each_serially(1, [&](int64_t) { values = at::linalg_eigvalsh(tensor(x)); });
    return values;
  });
}

void ct_symmetric_eigen(CTensor *x, CTensor **results) {
  operation("symmetricEigen", &x, 1, results, 2, [&] {
    at::Tensor values, vectors;
    for_each_serially(1, [&](int64_t) { std::tie(values, vectors) = at::linalg_eigh(tensor(x)); });
    return std::vector<at::Tensor>{values, vectors};
  });
}

CTensor *ct_singular_values(CTensor *x) {
  return operation("singularValues", {x}, [&] {
    at::Tensor values;
    for_each_serially(1, [&](int64_t) { values = at::linalg_svdvals(tensor(x)); });
    return values;
  });
}

CTensor *ct_cholesky(CTensor *x, bool *is_positive) {
  *is_positive = false;
  return operation("cholesky", {x}, [&] {
    at::Tensor factor, info;
    for_each_serially(1, [&](int64_t) { std::tie(factor, info) = at::linalg_cholesky_ex(tensor(x)); });
    *is_positive = info.item<int>() == 0;
    return factor;
  });
}
