// The pairwise part of minibatch discrimination: o_ib = sum_j exp(-||m_ib - m_jb||_1), with its gradient
//   d/dm_ibc = -sum_j (g_ib + g_jb) exp(-||m_ib - m_jb||_1) sign(m_ibc - m_jbc),   sign(0) = 0.
//
// Every kernel b of every batch is a task of its own. Its points are laid out dimension by dimension, so that vector
// lanes run over j; a pair is computed once and serves both its rows, and the backward pass computes the
// similarities anew: memory stays proportional to m. Tasks do not share sums, hence the result does not depend on
// the number of threads.
#include "Internal.h"
#include "graph_node.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <memory>
#include <vector>

namespace ctorch {
namespace {

constexpr float far = 1e30f;  // where padding stands: similarity exactly 0 to every point

struct SimilarityTask {
  const float *points;     // [C][padded N]
  const float *cotangent;  // [padded N], backward only
  float *similarity;       // [padded N], forward only
  float *gradient;         // [C][padded N], backward only
  int64_t count, padded, dimensions;
  Floats *scratch;  // 2 C
};

/// The similarities of point i with the eight points from j on, and the differences they came from.
template <int known, class Differences>
CT_INLINE void similarities(const SimilarityTask &task, int64_t dimensions, int64_t i, int64_t j,
                            Differences &&difference, Floats &e) {
  Floats distance = {};
  for (int64_t c = 0; c < dimensions; c++) {
    const float *row = task.points + c * task.padded;
    Floats others;
    load(row + j, others);
    Floats d = row[i] - others;
    difference[c] = d;
    distance += __builtin_elementwise_abs(d);
  }
  exp_of_minus(distance, e);
}

template <int known, class Scratch>
CT_INLINE void forward(const SimilarityTask &task, Scratch &&difference) {
  const int64_t dimensions = known ? known : task.dimensions;
  for (int64_t i = 0; i < task.count; i++) {
    const int64_t own = i / lanes * lanes;
    Floats e, total;
    similarities<known>(task, dimensions, i, own, difference, total);  // both orders of a pair, i itself included
    for (int64_t j = own + lanes; j < task.padded; j += lanes) {
      similarities<known>(task, dimensions, i, j, difference, e);
      total += e;
      Floats sums;
      load(task.similarity + j, sums);
      sums += e;
      store(task.similarity + j, sums);
    }
    task.similarity[i] += sum(total);
  }
}

template <int known, class Scratch, class Total>
CT_INLINE void backward(const SimilarityTask &task, Scratch &&difference, Total &&total) {
  const int64_t dimensions = known ? known : task.dimensions;
  for (int64_t i = 0; i < task.count; i++) {
    const int64_t own = i / lanes * lanes;
    for (int64_t c = 0; c < dimensions; c++) total[c] = Floats{};
    for (int64_t j = own; j < task.padded; j += lanes) {
      Floats e, g;
      similarities<known>(task, dimensions, i, j, difference, e);
      load(task.cotangent + j, g);
      Floats weight = (g + task.cotangent[i]) * e;
      for (int64_t c = 0; c < dimensions; c++) {
        Floats d = difference[c];
        Floats pull = (Floats)((Ints)weight & (Ints)(d > 0.0f)) - (Floats)((Ints)weight & (Ints)(d < 0.0f));
        total[c] -= pull;
        if (j == own) continue;
        float *gradient = task.gradient + c * task.padded + j;
        Floats sums;
        load(gradient, sums);
        sums += pull;
        store(gradient, sums);
      }
    }
    for (int64_t c = 0; c < dimensions; c++) task.gradient[c * task.padded + i] += sum(total[c]);
  }
}

CT_KERNEL(void, run_forward, (const SimilarityTask &task), (task)) {
  switch (task.dimensions) {
#define CASE(n) case n: { Floats difference[n]; return forward<n>(task, difference); }
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(8)
#undef CASE
    default: forward<0>(task, task.scratch);
  }
}
CT_KERNEL(void, run_backward, (const SimilarityTask &task), (task)) {
  switch (task.dimensions) {
#define CASE(n) case n: { Floats difference[n], total[n]; return backward<n>(task, difference, total); }
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(8)
#undef CASE
    default: {
      Floats *total = task.scratch + task.dimensions;
      backward<0>(task, task.scratch, total);
    }
  }
}

/// m [G, N, B, C] seen as G * B tasks.
struct SimilarityShape {
  int64_t groups, count, kernels, dimensions;
  explicit SimilarityShape(const at::Tensor &m)
      : count(m.size(-3)), kernels(m.size(-2)), dimensions(m.size(-1)) {
    groups = 1;
    for (int64_t d = 0; d + 3 < m.dim(); d++) groups *= m.size(d);
  }
  template <class Body>
  void each_task(Body body) const {
    int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(1, count * count * dimensions));
    parallel_for(0, groups * kernels, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) body(task / kernels, task % kernels);
    });
  }
  int64_t row(int64_t group, int64_t i, int64_t kernel) const { return (group * count + i) * kernels + kernel; }
};

std::vector<float> gather_points(const SimilarityShape &s, const float *m, int64_t group, int64_t kernel,
                                 int64_t padded) {
  std::vector<float> points(s.dimensions * padded, far);
  for (int64_t i = 0; i < s.count; i++)
    for (int64_t c = 0; c < s.dimensions; c++) points[c * padded + i] = m[s.row(group, i, kernel) * s.dimensions + c];
  return points;
}

void forward_float(const SimilarityShape &s, const float *m, float *o) {
  const int64_t padded = (s.count + lanes - 1) / lanes * lanes;
  s.each_task([&](int64_t group, int64_t kernel) {
    auto points = gather_points(s, m, group, kernel, padded);
    std::vector<float> similarity(padded, 0.0f);
    std::unique_ptr<Floats[]> scratch(new Floats[2 * s.dimensions]);
    run_forward({points.data(), nullptr, similarity.data(), nullptr, s.count, padded, s.dimensions, scratch.get()});
    for (int64_t i = 0; i < s.count; i++) o[s.row(group, i, kernel)] = similarity[i];
  });
}
void backward_float(const SimilarityShape &s, const float *m, const float *g, float *dm) {
  const int64_t padded = (s.count + lanes - 1) / lanes * lanes;
  s.each_task([&](int64_t group, int64_t kernel) {
    auto points = gather_points(s, m, group, kernel, padded);
    std::vector<float> cotangent(padded, 0.0f), gradient(s.dimensions * padded, 0.0f);
    for (int64_t i = 0; i < s.count; i++) cotangent[i] = g[s.row(group, i, kernel)];
    std::unique_ptr<Floats[]> scratch(new Floats[2 * s.dimensions]);
    run_backward(
        {points.data(), cotangent.data(), nullptr, gradient.data(), s.count, padded, s.dimensions, scratch.get()});
    for (int64_t i = 0; i < s.count; i++)
      for (int64_t c = 0; c < s.dimensions; c++)
        dm[s.row(group, i, kernel) * s.dimensions + c] = gradient[c * padded + i];
  });
}

// float64 is for checking gradients: the formula as it stands.
double distance(const SimilarityShape &s, const double *m, int64_t group, int64_t i, int64_t j, int64_t kernel) {
  double total = 0;
  for (int64_t c = 0; c < s.dimensions; c++)
    total += std::abs(m[s.row(group, i, kernel) * s.dimensions + c] - m[s.row(group, j, kernel) * s.dimensions + c]);
  return total;
}
void forward_double(const SimilarityShape &s, const double *m, double *o) {
  s.each_task([&](int64_t group, int64_t kernel) {
    for (int64_t i = 0; i < s.count; i++) {
      double total = 0;
      for (int64_t j = 0; j < s.count; j++) total += std::exp(-distance(s, m, group, i, j, kernel));
      o[s.row(group, i, kernel)] = total;
    }
  });
}
void backward_double(const SimilarityShape &s, const double *m, const double *g, double *dm) {
  s.each_task([&](int64_t group, int64_t kernel) {
    for (int64_t i = 0; i < s.count; i++) {
      int64_t row = s.row(group, i, kernel);
      for (int64_t c = 0; c < s.dimensions; c++) dm[row * s.dimensions + c] = 0;
      for (int64_t j = 0; j < s.count; j++) {
        int64_t other = s.row(group, j, kernel);
        double weight = (g[row] + g[other]) * std::exp(-distance(s, m, group, i, j, kernel));
        for (int64_t c = 0; c < s.dimensions; c++) {
          double d = m[row * s.dimensions + c] - m[other * s.dimensions + c];
          dm[row * s.dimensions + c] -= weight * ((d > 0) - (d < 0));
        }
      }
    }
  });
}

struct PairwiseL1Similarity : torch::autograd::Function<PairwiseL1Similarity> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &m) {
    auto points = m.contiguous();
    context->save_for_backward({points});
    auto o = at::empty(points.sizes().slice(0, points.dim() - 1), points.options());
    SimilarityShape shape(points);
    if (points.scalar_type() == at::kDouble)
      forward_double(shape, points.const_data_ptr<double>(), o.mutable_data_ptr<double>());
    else
      forward_float(shape, points.const_data_ptr<float>(), o.mutable_data_ptr<float>());
    return o;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list cotangents) {
    auto points = context->get_saved_variables()[0];
    auto cotangent = cotangents[0].contiguous();
    auto gradient = at::empty_like(points);
    SimilarityShape shape(points);
    if (points.scalar_type() == at::kDouble)
      backward_double(shape, points.const_data_ptr<double>(), cotangent.const_data_ptr<double>(),
                      gradient.mutable_data_ptr<double>());
    else
      backward_float(shape, points.const_data_ptr<float>(), cotangent.const_data_ptr<float>(),
                     gradient.mutable_data_ptr<float>());
    return once_differentiable("pairwise similarities", cotangents, {gradient});
  }
};

at::Tensor pairwise_l1_similarity(const at::Tensor &m) {
  TORCH_CHECK(m.dim() >= 3, "takes [..., N, B, C]");
  TORCH_CHECK(m.size(-3) > 0, "the batch is empty");
  TORCH_CHECK(m.size(-1) > 0, "there are no dimensions to measure in");
  if (!m.device().is_cpu() || wants_plain_operations())  // the plain formula, in memory proportional to N^2
    return m.unsqueeze(-3).sub(m.unsqueeze(-4)).abs().sum(-1).neg().exp().sum(-2);
  if (m.scalar_type() == at::kFloat || m.scalar_type() == at::kDouble) return PairwiseL1Similarity::apply(m);
  return PairwiseL1Similarity::apply(m.to(at::kFloat)).to(m.scalar_type());
}

}  // namespace
}  // namespace ctorch

CTensor *ct_pairwise_l1_similarity(CTensor *m) {
  return ctorch::operation("pairwiseL1Similarity", {m},
                           [&] { return ctorch::pairwise_l1_similarity(ctorch::tensor(m)); });
}
