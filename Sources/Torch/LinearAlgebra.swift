import CTorch

// Each is computed by one thread, so that the last digits do not depend on how many there are.

/// The eigenvalues of a symmetric matrix [D, D], ascending: [D].
public func symmetricEigenvalues(_ x: Tensor) -> Tensor { Tensor(ct_symmetric_eigenvalues(x.handle)) }

/// The eigenvalues of a symmetric matrix [D, D], ascending: [D]; and its eigenvectors as columns: [D, D].
public func symmetricEigen(_ x: Tensor) -> (values: Tensor, vectors: Tensor) {
  var results: [CTensor?] = [nil, nil]
  ct_symmetric_eigen(x.handle, &results)
  return (Tensor(results[0]), Tensor(results[1]))
}

/// The singular values of a matrix [N, M], descending: [min(N, M)].
public func singularValues(_ x: Tensor) -> Tensor { Tensor(ct_singular_values(x.handle)) }

/// The lower L with `x` = L L^T, of a symmetric matrix [D, D]; nil where it is not positive definite.
public func cholesky(_ x: Tensor) -> Tensor? {
  var isPositive = false
  let factor = Tensor(ct_cholesky(x.handle, &isPositive))
  return factor.isPoisoned || isPositive ? factor : nil
}

/// x y^T in float64, `x` [N, K], `y` [M, K] -> [N, M]: the same for any number of threads.
public func float64Product(_ x: Tensor, _ y: Tensor) -> Tensor { Tensor(ct_float64_product(x.handle, y.handle)) }
