// The logistic loss of batches, the sum over them of the mean over n of softplus(a_n) - t a_n, forward and backward,
// each in one call.
#include "Internal.h"
#include "graph_node.h"
#include "vector_math.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/softplus.h>

#include <string>
#include <vector>

namespace ctorch {
namespace {

constexpr int64_t loss_lanes = 16;

// From e = exp(-|a|), so that losses and slopes keep their digits however sure the logit is: softplus(a) - t a is log(1
// + e) and (1 - t) a above 0, -t a below; sigma(a) - t is (1 - t) - e / (1 + e) above, e / (1 + e) - t below.

CT_INLINE void logistic_loss_of(const Wide<float> &a, float target, Wide<float> &loss) {
  Wide<float> e;
  exp_of_minus<Wide<float>>(__builtin_elementwise_abs(a), e);
  log_of_one_plus<Wide<float>>(e, loss);
  // No product of 0 and an infinite logit.
  const float above = 1 - target, below = -target;
  Wide<float> line = {};
  if (above != 0) choose<Wide<float>>(a > 0.0f, a * above, line, line);
  if (below != 0) choose<Wide<float>>(a < 0.0f, a * below, line, line);
  loss += line;
}
CT_INLINE void logistic_slope_of(const Wide<float> &a, float target, Wide<float> &slope) {
  Wide<float> e;
  exp_of_minus<Wide<float>>(__builtin_elementwise_abs(a), e);
  e /= 1.0f + e;
  choose<Wide<float>>(a > 0.0f, (1 - target) - e, e - target, slope);
}

/// The sum over `count` logits of softplus(a) - t a.
CT_WIDE_KERNEL(void, sum_of_losses,
               (const float *a, int64_t count, float target, double *sum), (a, count, target, sum)) {
  Wide<float> total = {};
  for (int64_t i = 0; i < count; i += loss_lanes) {
    Wide<float> x, loss;
    float last[loss_lanes];
    if (i + loss_lanes <= count) {
      load(a + i, x);
    } else {
      for (int64_t lane = 0; lane < loss_lanes; lane++) last[lane] = i + lane < count ? a[i + lane] : 0;
      load(last, x);
    }
    logistic_loss_of(x, target, loss);
    if (i + loss_lanes > count)
      for (int64_t lane = count - i; lane < loss_lanes; lane++) loss[lane] = 0;
    total += loss;
  }
  *sum = 0;
  for (int lane = 0; lane < loss_lanes; lane++) *sum += total[lane];
}
/// d = (sigma(a) - t) scale
CT_WIDE_KERNEL(void, differentiate_losses,
               (const float *a, float *d, int64_t count, float target, float scale), (a, d, count, target, scale)) {
  int64_t i = 0;
  for (; i + loss_lanes <= count; i += loss_lanes) {
    Wide<float> x, s;
    load(a + i, x);
    logistic_slope_of(x, target, s);
    store(d + i, s * scale);
  }
  if (i == count) return;
  float last[loss_lanes] = {};
  std::memcpy(last, a + i, (count - i) * sizeof(float));
  Wide<float> x, s;
  load(last, x);
  logistic_slope_of(x, target, s);
  s *= scale;
  for (int64_t lane = 0; i + lane < count; lane++) d[i + lane] = s[lane];
}

/// Of batches [sets, count] each, one loss a set.
struct LogisticLoss : torch::autograd::Node {
  using Node::Node;
  std::vector<SavedVariable> logits;
  std::vector<float> targets;

  std::string name() const override { return "LogisticLoss"; }
  void release_variables() override {
    for (auto &batch : logits) batch.reset_data();
  }
  variable_list apply(variable_list &&cotangents) override {
    variable_list gradients(logits.size());
    if (!cotangents[0].defined()) return gradients;
    auto cotangent = cotangents[0].contiguous();
    const int64_t sets = cotangent.numel();
    const float *weights = cotangent.const_data_ptr<float>();
    for (size_t i = 0; i < logits.size(); i++) {
      if (!task_should_compute_output(i)) continue;
      auto a = logits[i].unpack();
      gradients[i] = at::empty(a.sizes(), a.options());
      const int64_t count = a.numel() / sets;
      const float *from = a.const_data_ptr<float>();
      float *to = gradients[i].mutable_data_ptr<float>();
      for (int64_t set = 0; set < sets; set++)
        differentiate_losses(from + set * count, to + set * count, count, targets[i],
                             weights[set] / static_cast<float>(count));
    }
    return once_differentiable("the logistic loss", cotangents, std::move(gradients));
  }
};

at::Tensor fused_logistic_loss(const std::vector<at::Tensor> &batches, const double *targets, int64_t sets) {
  auto node = node_of<LogisticLoss>(batches[0], c10::ArrayRef(batches).slice(1));
  at::Tensor losses;
  std::vector<at::Tensor> rows;
  {
    at::AutoDispatchBelowADInplaceOrView below_gradients;
    for (const auto &batch : batches) rows.push_back(batch.contiguous());
    losses = at::empty(batches[0].sizes().slice(0, batches[0].dim() - 2), batches[0].options());
  }
  float *to = losses.mutable_data_ptr<float>();
  for (int64_t set = 0; set < sets; set++) {
    double total = 0;
    for (size_t i = 0; i < rows.size(); i++) {
      const int64_t count = rows[i].numel() / sets;
      double sum;
      sum_of_losses(rows[i].const_data_ptr<float>() + set * count, count, static_cast<float>(targets[i]), &sum);
      total += sum / static_cast<double>(count);
    }
    to[set] = static_cast<float>(total);
  }
  if (node) {
    for (size_t i = 0; i < rows.size(); i++) {
      node->logits.emplace_back(rows[i].is_same(batches[i]) ? batches[i] : rows[i], /*is_output=*/false);
      node->targets.push_back(static_cast<float>(targets[i]));
    }
    torch::autograd::set_history(losses, node);
  }
  return losses;
}

at::Tensor logistic_loss(const std::vector<at::Tensor> &batches, const double *targets, bool fused) {
  TORCH_CHECK(!batches.empty(), "there is no batch");
  bool plain = true;
  for (const auto &logits : batches) {
    TORCH_CHECK(logits.dim() >= 2, "takes logits [..., N, K]");
    TORCH_CHECK(logits.size(-1) * logits.size(-2) > 0, "the batch is empty");
    TORCH_CHECK(logits.sizes().slice(0, logits.dim() - 2) == batches[0].sizes().slice(0, batches[0].dim() - 2),
                "the batches are of different numbers of seeds");
    plain = plain && logits.device().is_cpu() && logits.scalar_type() == at::kFloat && logits.numel() > 0;
  }
  if (fused && plain && !wants_plain_operations())
    return fused_logistic_loss(batches, targets, batches[0].numel() / (batches[0].size(-1) * batches[0].size(-2)));
  at::Tensor total;
  for (size_t i = 0; i < batches.size(); i++) {
    auto loss = at::softplus(batches[i], 1, 40).sub(batches[i].mul(targets[i])).mean({-2, -1});
    total = total.defined() ? total.add(loss) : loss;
  }
  return total;
}

}  // namespace
}  // namespace ctorch

CTensor *ct_logistic_loss(CTensor *const *batches, const double *targets, int count, bool fused) {
  return ctorch::operation("logisticLoss", batches, count, [&] {
    std::vector<at::Tensor> tensors;
    for (int i = 0; i < count; i++) tensors.push_back(ctorch::tensor(batches[i]));
    return ctorch::logistic_loss(tensors, targets, fused);
  });
}
