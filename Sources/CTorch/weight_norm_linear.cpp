// A weight-normalised dense layer: y = s u + b with u = x v^T and s = g / sqrt(|v|^2 + epsilon) for each output.
//
// Scaling the outputs instead of the weights never makes the normalised weights, which are larger than a batch's
// outputs, nor their gradient: besides the matrix products the forward pass reads v once, and the backward pass reads
// and writes its gradient once.
#include "Internal.h"
#include "graph_node.h"
#include "matrix_product.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace ctorch {
namespace {

/// Rows of a matrix per task, so that a task has a few thousand elements.
int64_t grain(int64_t columns) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, columns)); }

// One body for both kinds of numbers; only float's is compiled for several processors, double is for checking
// gradients.

template <class T>
CT_INLINE void inverse_lengths_of(const T *v, T *result, int64_t begin, int64_t end, int64_t columns, T epsilon) {
  for (int64_t row = begin; row < end; row++) {
    const T *from = v + row * columns;
    T partial[16] = {};
    int64_t i = 0;
    for (; i + 16 <= columns; i += 16)
      for (int lane = 0; lane < 16; lane++) partial[lane] += from[i + lane] * from[i + lane];
    T total = 0;
    for (; i < columns; i++) total += from[i] * from[i];
    for (int lane = 0; lane < 16; lane++) total += partial[lane];
    result[row] = 1 / __builtin_elementwise_sqrt(total + epsilon);
  }
}
CT_KERNEL(void, inverse_lengths,
          (const float *v, float *result, int64_t begin, int64_t end, int64_t columns, float epsilon),
          (v, result, begin, end, columns, epsilon)) {
  inverse_lengths_of(v, result, begin, end, columns, epsilon);
}
void inverse_lengths(const double *v, double *result, int64_t begin, int64_t end, int64_t columns, double epsilon) {
  inverse_lengths_of(v, result, begin, end, columns, epsilon);
}

/// y = s u + b
template <class T>
CT_INLINE void scale_rows_of(const T *u, const T *s, const T *b, T *y, int64_t begin, int64_t end, int64_t columns) {
  for (int64_t row = begin; row < end; row++)
    for (int64_t i = 0; i < columns; i++) y[row * columns + i] = u[row * columns + i] * s[i] + b[i];
}
CT_KERNEL(void, scale_rows,
          (const float *u, const float *s, const float *b, float *y, int64_t begin, int64_t end, int64_t columns),
          (u, s, b, y, begin, end, columns)) {
  scale_rows_of(u, s, b, y, begin, end, columns);
}
void scale_rows(const double *u, const double *s, const double *b, double *y, int64_t begin, int64_t end,
                int64_t columns) {
  scale_rows_of(u, s, b, y, begin, end, columns);
}

template <class T>
struct Cotangents {
  const T *dy, *u, *s;
  T *du, *db, *ds;
  int64_t rows, columns;
};
/// For the columns [begin, end): du = dy s, db = sum dy, ds = sum dy u, sums over rows.
template <class T>
CT_INLINE void unscale_of(const Cotangents<T> &c, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i++) c.db[i] = c.ds[i] = 0;
  for (int64_t row = 0; row < c.rows; row++)
    for (int64_t i = begin; i < end; i++) {
      T cotangent = c.dy[row * c.columns + i];
      c.du[row * c.columns + i] = cotangent * c.s[i];
      c.db[i] += cotangent;
      c.ds[i] += cotangent * c.u[row * c.columns + i];
    }
}
CT_KERNEL(void, unscale, (const Cotangents<float> &c, int64_t begin, int64_t end), (c, begin, end)) {
  unscale_of(c, begin, end);
}
void unscale(const Cotangents<double> &c, int64_t begin, int64_t end) { unscale_of(c, begin, end); }

/// dv += factor v, row by row.
template <class T>
CT_INLINE void add_scaled_rows_of(T *dv, const T *v, const T *factor, int64_t begin, int64_t end, int64_t columns) {
  for (int64_t row = begin; row < end; row++)
    for (int64_t i = 0; i < columns; i++) dv[row * columns + i] += factor[row] * v[row * columns + i];
}
CT_KERNEL(void, add_scaled_rows,
          (float *dv, const float *v, const float *factor, int64_t begin, int64_t end, int64_t columns),
          (dv, v, factor, begin, end, columns)) {
  add_scaled_rows_of(dv, v, factor, begin, end, columns);
}
void add_scaled_rows(double *dv, const double *v, const double *factor, int64_t begin, int64_t end, int64_t columns) {
  add_scaled_rows_of(dv, v, factor, begin, end, columns);
}

template <class T>
struct Passes {
  static at::Tensor inverse_lengths(const at::Tensor &v, double epsilon) {
    auto result = at::empty({v.size(0)}, v.options());
    const T *from = v.const_data_ptr<T>();
    T *to = result.template mutable_data_ptr<T>();
    parallel_for(0, v.size(0), grain(v.size(1)), [&](int64_t begin, int64_t end) {
      ctorch::inverse_lengths(from, to, begin, end, v.size(1), static_cast<T>(epsilon));
    });
    return result;
  }
  static at::Tensor scaled(const at::Tensor &u, const at::Tensor &s, const at::Tensor &b) {
    auto y = at::empty_like(u);
    const T *from = u.const_data_ptr<T>(), *scale = s.const_data_ptr<T>(), *bias = b.const_data_ptr<T>();
    T *to = y.template mutable_data_ptr<T>();
    parallel_for(0, u.size(0), grain(u.size(1)), [&](int64_t begin, int64_t end) {
      scale_rows(from, scale, bias, to, begin, end, u.size(1));
    });
    return y;
  }
  static void backward(const at::Tensor &dy, const at::Tensor &u, const at::Tensor &s, at::Tensor &du, at::Tensor &db,
                       at::Tensor &ds) {
    const int64_t rows = u.size(0), columns = u.size(1);
    const Cotangents<T> arrays = {dy.const_data_ptr<T>(), u.const_data_ptr<T>(), s.const_data_ptr<T>(),
                                  du.template mutable_data_ptr<T>(), db.template mutable_data_ptr<T>(),
                                  ds.template mutable_data_ptr<T>(), rows, columns};
    parallel_for(0, columns, std::max<int64_t>(64, grain(rows)),
                     [&](int64_t begin, int64_t end) { unscale(arrays, begin, end); });
  }
  static void add_projection(at::Tensor &dv, const at::Tensor &v, const at::Tensor &factor) {
    T *to = dv.template mutable_data_ptr<T>();
    const T *from = v.const_data_ptr<T>(), *factors = factor.const_data_ptr<T>();
    parallel_for(0, v.size(0), grain(v.size(1)), [&](int64_t begin, int64_t end) {
      add_scaled_rows(to, from, factors, begin, end, v.size(1));
    });
  }
};

struct WeightNormLinear : torch::autograd::Function<WeightNormLinear> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &v,
                            const at::Tensor &g, const at::Tensor &b, double epsilon) {
    return v.scalar_type() == at::kDouble ? forward<double>(context, x, v, g, b, epsilon)
                                          : forward<float>(context, x, v, g, b, epsilon);
  }
  template <class T>
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &v,
                            const at::Tensor &g, const at::Tensor &b, double epsilon) {
    auto inverse = Passes<T>::inverse_lengths(v, epsilon);
    auto scale = inverse.mul(g);
    auto [left, right] = operands(x, v);
    auto u = times_transpose(left, right);
    auto y = Passes<T>::scaled(u, scale, b);
    context->save_for_backward({left, v, inverse, scale, u, right});
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list cotangents) {
    auto saved = context->get_saved_variables();
    return once_differentiable("a weight-normalised dense layer", cotangents,
                               saved[1].scalar_type() == at::kDouble ? backward<double>(context, saved, cotangents[0])
                                                                     : backward<float>(context, saved, cotangents[0]));
  }
  template <class T>
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list &saved, at::Tensor cotangent) {
    auto &[x, v, inverse, scale, u, direction] = reinterpret_cast<at::Tensor(&)[6]>(*saved.data());
    auto dy = cotangent.contiguous();
    auto du = at::empty_like(u), db = at::empty_like(scale), ds = at::empty_like(scale);
    Passes<T>::backward(dy, u, scale, du, db, ds);
    torch::autograd::variable_list gradients(5);
    const auto left = operand_like(du, x);
    if (context->needs_input_grad(0)) gradients[0] = times_transpose(left, direction.t());
    if (context->needs_input_grad(1)) {
      // d s / d v = -g v / (|v|^2 + epsilon)^(3/2)
      auto factor = ds.mul(scale).mul_(inverse).mul_(inverse).neg_();
      auto dv = times_transpose(left.t(), x.t());
      if (!dv.is_contiguous()) dv = dv.contiguous();
      Passes<T>::add_projection(dv, v, factor);
      gradients[1] = dv;
    }
    if (context->needs_input_grad(2)) gradients[2] = ds.mul(inverse);
    if (context->needs_input_grad(3)) gradients[3] = db;
    return gradients;
  }
};

/// The formula as it stands, for several seeds at once, other kinds of numbers, other devices and traces.
at::Tensor composed(const at::Tensor &x, const at::Tensor &v, const at::Tensor &g, const at::Tensor &b,
                    double epsilon) {
  auto scale = v.square().sum(-1).add(epsilon).rsqrt().mul(g);
  return at::matmul(x, v.transpose(-1, -2)).mul(scale.unsqueeze(-2)).add(b.unsqueeze(-2));
}

at::Tensor weight_norm_linear(const at::Tensor &x, const at::Tensor &v, const at::Tensor &g, const at::Tensor &b,
                              double epsilon) {
  TORCH_CHECK(v.dim() >= 2, "the direction has the shape [..., out, in]");
  TORCH_CHECK(x.dim() >= 2 && x.size(-1) == v.size(-1), "the input has ", x.dim() < 2 ? 0 : x.size(-1),
              " features, the layer takes ", v.size(-1));
  auto isPlain = [](const at::Tensor &t) {
    return t.device().is_cpu() && (t.scalar_type() == at::kFloat || t.scalar_type() == at::kDouble);
  };
  bool sameKind = x.scalar_type() == v.scalar_type() && g.scalar_type() == v.scalar_type() &&
                  b.scalar_type() == v.scalar_type();
  if (v.dim() != 2 || x.dim() != 2 || g.dim() != 1 || b.dim() != 1 || !isPlain(v) || !isPlain(x) || !sameKind ||
      wants_plain_operations())
    return composed(x, v, g, b, epsilon);
  TORCH_CHECK(g.size(0) == v.size(0) && b.size(0) == v.size(0), "gain and bias need one element for each of ",
              v.size(0), " outputs");
  return WeightNormLinear::apply(x, v.contiguous(), g.contiguous(), b.contiguous(), epsilon);
}

}  // namespace
}  // namespace ctorch

CTensor *ct_weight_norm_linear(CTensor *x, CTensor *direction, CTensor *gain, CTensor *bias, double epsilon) {
  using ctorch::tensor;
  return ctorch::operation("weightNormLinear", {x, direction, gain, bias}, [&] {
    return ctorch::weight_norm_linear(tensor(x), tensor(direction), tensor(gain), tensor(bias), epsilon);
  });
}
