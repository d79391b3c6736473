"""Reference values for the tests, computed by PyTorch and NumPy without this project's code.

    python3 Tests/Golden/generate.py            writes the .safetensors files beside this script
    python3 Tests/Golden/generate.py --check    compares them with what it would write

The TorchScript files in classifiers/ are written too, and not compared: their bytes are PyTorch's affair. What they
compute is compared through inception_score.safetensors.

Needs torch 2.13.0, numpy, scipy and safetensors. Names in a file are

    CASE.DTYPE.in.NAME  CASE.DTYPE.out.NAME  CASE.DTYPE.cotangent.NAME  CASE.DTYPE.grad.NAME

where DTYPE is f64 or f32 and the gradient is that of sum(out * cotangent) over all outputs. The float32 inputs are
rounded float64 ones; their outputs and gradients are computed in float64 from the rounded inputs and rounded last, so
that the reference is exact. Every case has a generator of its own: adding one does not change the others.
"""

import argparse
import io
import math
import pathlib
import sys
import zlib

import numpy as np
import scipy.special
import scipy.stats
import torch
from safetensors.torch import load_file, save_file

F = torch.nn.functional
HERE = pathlib.Path(__file__).parent
torch.set_num_threads(1)


class File:
    """The cases of one .safetensors file."""

    def __init__(self, name):
        self.name, self.tensors = name, {}

    def case(self, name, inputs, body, constants=(), differentiable=True):
        """`inputs` maps a name to a shape (drawn from N(0, 1)), or to a function of the case's generator."""
        generator = torch.Generator().manual_seed(zlib.crc32(f"{self.name}/{name}".encode()))

        def draw(*shape):
            return torch.randn(shape, generator=generator, dtype=torch.float64)

        exact = {k: draw(*v) if isinstance(v, tuple) else v(generator) for k, v in inputs.items()}
        cotangents = None
        for label, kind in (("f64", torch.float64), ("f32", torch.float32)):
            prefix = f"{name}.{label}"
            values = {k: v.to(kind).double() if v.is_floating_point() else v for k, v in exact.items()}
            variables = {
                k: v.clone().requires_grad_(differentiable and k not in constants) if v.is_floating_point() else v
                for k, v in values.items()
            }
            outputs = body(**variables)
            outputs = outputs if isinstance(outputs, dict) else {"y": outputs}
            if cotangents is None:
                cotangents = {k: draw(*v.shape) for k, v in outputs.items() if v.requires_grad}

            def put(role, key, value):
                value = value.detach()
                value = value.to(kind) if value.is_floating_point() else value
                self.tensors[f"{prefix}.{role}.{key}"] = value.clone().contiguous()

            for k, v in values.items():
                put("in", k, v)
            for k, v in outputs.items():
                put("out", k, v)
            total = sum((outputs[k] * c.to(kind).double()).sum() for k, c in cotangents.items())
            for k, c in cotangents.items():
                put("cotangent", k, c)
            wanted = [k for k, v in variables.items() if v.requires_grad]
            if wanted and cotangents:
                for k, g in zip(wanted, torch.autograd.grad(total, [variables[k] for k in wanted])):
                    put("grad", k, g)


def uniform(low, high, *shape):
    return lambda generator: low + (high - low) * torch.rand(*shape, generator=generator, dtype=torch.float64)


def wide(*shape):
    """N(0, 1), but for a few elements of size 20, where careless formulas overflow or lose their digits."""

    def make(generator):
        x = torch.randn(shape, generator=generator, dtype=torch.float64)
        x.view(-1)[0], x.view(-1)[-1] = 20, -20
        return x

    return make


def indices(high, *shape):
    return lambda generator: torch.randint(0, high, shape, generator=generator)


def operations():
    file = File("operations")
    unary = {
        "neg": torch.neg, "abs": torch.abs, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "softplus": F.softplus,
        "relu": torch.relu, "leaky-relu": lambda x: F.leaky_relu(x, 0.2), "sin": torch.sin, "cos": torch.cos,
        "square": torch.square, "clamp": lambda x: x.clamp(-0.5, 0.5),
    }
    for name, body in unary.items():
        file.case(name, {"x": wide(3, 5)}, lambda x: body(x))
    positive = {
        "exp": torch.exp, "log": torch.log, "log1p": torch.log1p, "sqrt": torch.sqrt, "reciprocal": torch.reciprocal,
        "pow-scalar": lambda x: x**2.5,
    }
    for name, body in positive.items():
        file.case(name, {"x": uniform(0.1, 4, 3, 5)}, lambda x: body(x))
    binary = {
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "maximum": torch.maximum, "minimum": torch.minimum,
    }
    for name, body in binary.items():
        file.case(name, {"x": (4, 1, 3), "y": (5, 1)}, lambda x, y: body(x, y))
    file.case("div", {"x": (4, 1, 3), "y": uniform(0.5, 2, 5, 1)}, lambda x, y: x / y)
    reductions = {
        "sum-all": lambda x: x.sum(), "mean-all": lambda x: x.mean(), "sum-dim1": lambda x: x.sum(1),
        "sum-dims02": lambda x: x.sum((0, 2)), "mean-lastdim-keep": lambda x: x.mean(-1, keepdim=True),
        "amax-dim1": lambda x: x.amax(1), "amin-dim1": lambda x: x.amin(1),
        "logsumexp-lastdim": lambda x: x.logsumexp(-1), "variance-dim0": lambda x: x.var(0, unbiased=False),
        "cumsum-dim1": lambda x: x.cumsum(1), "argmax-dim1": lambda x: x.argmax(1),
        "transpose-01": lambda x: x.transpose(0, 1), "permute-201": lambda x: x.permute(2, 0, 1),
    }
    for name, body in reductions.items():
        file.case(name, {"x": wide(3, 4, 5)}, lambda x: body(x))
    file.case("reshape", {"x": (3, 4)}, lambda x: x.reshape(2, 6))
    file.case("narrow", {"x": (3, 4)}, lambda x: x[:, 1:3])
    file.case("flip", {"x": (3, 4)}, lambda x: x.flip(0))
    file.case("expand", {"x": (1, 3)}, lambda x: x.expand(4, 3))
    file.case("concat", {"x": (2, 3), "y": (4, 3)}, lambda x, y: torch.cat([x, y], 0))
    file.case("stack", {"x": (2, 3), "y": (2, 3)}, lambda x, y: torch.stack([x, y], 0))
    file.case("sort-lastdim", {"x": (3, 5)}, lambda x: dict(zip(("values", "indices"), x.sort(-1))))
    file.case("gather-dim1", {"x": (4, 3), "index": indices(3, 4, 2)}, lambda x, index: x.gather(1, index))
    file.case("index-select", {"x": (4, 3), "index": indices(4, 6)}, lambda x, index: x.index_select(0, index))
    file.case(
        "where", {"condition": indices(2, 3, 4), "x": (3, 4), "y": (3, 4)},
        lambda condition, x, y: torch.where(condition.bool(), x, y))
    file.case("matmul", {"x": (3, 4), "y": (4, 5)}, lambda x, y: x @ y)
    file.case("matmul-batched", {"x": (2, 3, 4), "y": (2, 4, 5)}, lambda x, y: x @ y)
    file.case("linear", {"x": (6, 4), "weight": (5, 4), "bias": (5,)}, lambda x, weight, bias: x @ weight.T + bias)
    file.case("linear-no-bias", {"x": (6, 4), "weight": (5, 4)}, lambda x, weight: x @ weight.T)
    file.case(
        "linear-seeds", {"x": (2, 6, 4), "weight": (2, 5, 4), "bias": (2, 5)},
        lambda x, weight, bias: torch.stack([x[s] @ weight[s].T + bias[s] for s in range(2)]))
    file.case(
        "linear-seeds-shared-input", {"x": (6, 4), "weight": (2, 5, 4), "bias": (2, 5)},
        lambda x, weight, bias: torch.stack([x @ weight[s].T + bias[s] for s in range(2)]))
    file.case(
        "conv2d", {"x": (2, 3, 7, 6), "weight": (4, 3, 3, 3), "bias": (4,)},
        lambda x, weight, bias: F.conv2d(x, weight, bias, stride=2, padding=1))
    file.case(
        "conv-transpose2d", {"x": (2, 3, 4, 5), "weight": (3, 4, 5, 5), "bias": (4,)},
        lambda x, weight, bias: F.conv_transpose2d(x, weight, bias, stride=2, padding=2, output_padding=1))
    # The two that are dense layers: the kernel sees all of the image, and the image is one pixel.
    file.case(
        "conv2d-whole", {"x": (3, 5, 4, 2), "weight": (6, 5, 4, 2), "bias": (6,)},
        lambda x, weight, bias: F.conv2d(x, weight, bias))
    file.case(
        "conv-transpose2d-pixel", {"x": (3, 5, 1, 1), "weight": (5, 6, 4, 2), "bias": (6,)},
        lambda x, weight, bias: F.conv_transpose2d(x, weight, bias))
    return file


def normalized_weight(direction, gain):
    return direction * (gain / (direction.square().sum(1) + 1e-6).sqrt())[:, None]


def batch_norm(x, epsilon):
    return (x - x.mean(0)) / (x.var(0, unbiased=False) + epsilon).sqrt()


def similarities(points, self_term):
    """points [N, B, C] -> [N, B], pair by pair. `self_term` is what an example adds for itself."""
    rows = []
    for i in range(points.shape[0]):
        total = torch.full(points.shape[1:2], self_term, dtype=torch.float64)
        for j in range(points.shape[0]):
            if i != j:
                total = total + torch.exp(-(points[i] - points[j]).abs().sum(-1))
        rows.append(total)
    return torch.stack(rows)


def release_points(x, theta, log_scale, kernels):
    scaled = theta * (log_scale.reshape(-1).exp() / theta.square().sum(0).sqrt())
    return (x @ scaled).reshape(x.shape[0], kernels, -1)


def release_initialization(x, theta, log_scale):
    """Distances divided by half the mean distance to the nearest neighbour, then b := -mean(o)."""
    points = release_points(x, theta, log_scale, 3)
    distances = (points[:, None] - points[None]).abs().sum(-1) + 1e6 * torch.eye(x.shape[0])[:, :, None]
    log_scale = log_scale - (0.5 * distances.amin(1).mean(0)).log()[:, None]
    o = similarities(release_points(x, theta, log_scale, 3), 0.0)
    bias = -o.mean(0)
    return {"bias": bias, "log-scale": log_scale, "y": torch.cat([x, o + bias], 1)}


def layers():
    file = File("layers")
    file.case("batch-norm", {"x": (6, 4), "bias": (4,)}, lambda x, bias: batch_norm(x, 1e-6) + bias)
    file.case(
        "batch-norm-gain", {"x": (6, 4), "gain": (4,), "bias": (4,)},
        lambda x, gain, bias: batch_norm(x, 1e-5) * gain + bias)
    file.case(
        "weight-norm-linear", {"x": (6, 4), "direction": (5, 4), "gain": (5,), "bias": (5,)},
        lambda x, direction, gain, bias: x @ normalized_weight(direction, gain).T + bias)

    def initialized(x, direction):
        t = x @ normalized_weight(direction, torch.ones(5, dtype=torch.float64)).T
        mean, deviation = t.mean(0), (t.var(0, unbiased=False) + 1e-6).sqrt()
        return {"bias": -mean / deviation, "gain": 1 / deviation, "y": (t - mean) / deviation}

    file.case("weight-norm-init", {"x": (20, 4), "direction": (5, 4)}, initialized, differentiable=False)

    # libtorch's own batch norm of images, and a transposed convolution whose weights are normalised per output channel.
    file.case(
        "batch-norm-2d", {"x": (3, 4, 5, 2), "gain": (4,), "bias": (4,)},
        lambda x, gain, bias: F.batch_norm(x, None, None, gain, bias, training=True, eps=1e-5))

    def weight_norm_deconvolution(x, direction, gain, bias=None):
        lengths = torch.stack([(direction[:, c].square().sum() + 1e-6).sqrt() for c in range(direction.shape[1])])
        weight = direction * (gain / lengths)[None, :, None, None]
        return F.conv_transpose2d(x, weight, bias, stride=2, padding=2, output_padding=1)

    file.case(
        "weight-norm-conv-transpose2d", {"x": (2, 4, 3, 5), "direction": (4, 3, 5, 5), "gain": (3,), "bias": (3,)},
        weight_norm_deconvolution)

    def deconvolution_initialized(x, direction):
        t = weight_norm_deconvolution(x, direction, torch.ones(3, dtype=torch.float64))
        mean, deviation = t.mean((0, 2, 3)), (t.var((0, 2, 3), unbiased=False) + 1e-6).sqrt()
        each = lambda v: v[:, None, None]
        return {"bias": -mean / deviation, "gain": 1 / deviation, "y": (t - each(mean)) / each(deviation)}

    file.case(
        "weight-norm-conv-transpose2d-init", {"x": (4, 4, 3, 5), "direction": (4, 3, 5, 5)}, deconvolution_initialized,
        differentiable=False)

    def paper(x, kernel):
        return torch.cat([x, similarities((x @ kernel).reshape(x.shape[0], 3, 2), 1.0)], 1)

    file.case("minibatch-paper", {"x": (7, 4), "kernel": (4, 6)}, paper)
    file.case(
        "minibatch-paper-groups", {"x": (14, 4), "kernel": (4, 6)},
        lambda x, kernel: torch.cat([paper(x[:7], kernel), paper(x[7:], kernel)]))
    file.case(
        "minibatch-paper-seeds", {"x": (2, 7, 4), "kernel": (2, 4, 6)},
        lambda x, kernel: torch.stack([paper(x[s], kernel[s]) for s in range(2)]))
    file.case(
        "minibatch-release", {"x": (7, 4), "theta": (4, 6), "logScale": (3, 2), "bias": (3,)},
        lambda x, theta, logScale, bias: torch.cat(
            [x, similarities(release_points(x, theta, logScale, 3), 0.0) + bias], 1))
    file.case(
        "minibatch-release-init", {"x": (7, 4), "theta": (4, 6)},
        lambda x, theta: release_initialization(x, theta, torch.zeros(3, 2, dtype=torch.float64)),
        differentiable=False)
    file.case(
        "minibatch-tutorial", {"x": (7, 4), "kernel": (4, 6), "bias": (6,)},
        lambda x, kernel, bias: torch.cat(
            [x, similarities((x @ kernel + bias).reshape(7, 3, 2), math.exp(-1))], 1))
    for n, b, c in ((1, 1, 1), (7, 1, 3), (33, 5, 1), (9, 4, 5)):
        file.case(f"pairwise-l1-similarity-{n}-{b}-{c}", {"m": (n, b, c)}, lambda m: similarities(m, 1.0) + 0 * m.sum())
    return file


def objectives():
    file = File("objectives")
    logits = {"real": wide(6, 1), "generated": wide(6, 1)}

    def smoothed(alpha):
        # Cross entropy with target alpha for real and 0 for generated examples, written out in logits.
        def loss(real, generated):
            towards_real = alpha * F.softplus(-real) + (1 - alpha) * F.softplus(real)
            return towards_real.mean((-2, -1)) + F.softplus(generated).mean((-2, -1))

        return loss

    file.case("logistic-discriminator", logits, smoothed(1.0))
    file.case("logistic-discriminator-smoothed", logits, smoothed(0.9))
    file.case("logistic-discriminator-seeds", {"real": (2, 6, 1), "generated": (2, 6, 1)}, smoothed(1.0))
    file.case(
        "logistic-generator-saturating", {"generated": wide(6, 1)}, lambda generated: F.logsigmoid(-generated).mean())
    file.case(
        "logistic-generator-non-saturating", {"generated": wide(6, 1)},
        lambda generated: -F.logsigmoid(generated).mean())
    clamp = lambda d: d.clamp(0.01, 0.99)
    outputs = {"real": uniform(-1, 1, 6, 1), "generated": uniform(-1, 1, 6, 1)}
    file.case(
        "tutorial-discriminator", outputs,
        lambda real, generated: -clamp(real).log().mean() - (1 - clamp(generated)).log().mean())
    file.case(
        "tutorial-generator", {"generated": uniform(-1, 1, 6, 1)}, lambda generated: -clamp(generated).log().mean())

    # Least squares, as in the paper: a for generated, b for real examples, c for what G wants.
    for name, (a, b, c) in {"0-1": (0, 1, 1), "pearson": (-1, 1, 0)}.items():
        file.case(
            f"least-squares-discriminator-{name}", logits,
            lambda real, generated: F.mse_loss(real, torch.full_like(real, b)) / 2
            + F.mse_loss(generated, torch.full_like(generated, a)) / 2)
        file.case(
            f"least-squares-generator-{name}", {"generated": wide(6, 1)},
            lambda generated: F.mse_loss(generated, torch.full_like(generated, c)) / 2)
    # Without an element on a margin, where the slope is a matter of taste; N(0, 1) has some on either side.
    hinge = lambda y, sign: F.hinge_embedding_loss(sign * y, torch.full_like(y, -1), margin=1.0, reduction="none")
    file.case(
        "hinge-discriminator", logits,
        lambda real, generated: hinge(real, 1).mean((-2, -1)) + hinge(generated, -1).mean((-2, -1)))
    file.case("hinge-generator", {"generated": wide(6, 1)}, lambda generated: -generated.mean())
    compared = lambda better, worse: F.binary_cross_entropy_with_logits(
        better - worse, torch.ones_like(better), reduction="none").mean((-2, -1))
    file.case("relativistic-discriminator", logits, lambda real, generated: compared(real, generated))
    file.case("relativistic-generator", logits, lambda real, generated: compared(generated, real))
    two_seeds = {"real": (2, 6, 1), "generated": (2, 6, 1)}
    file.case("relativistic-discriminator-seeds", two_seeds, lambda real, generated: compared(real, generated))
    file.case(
        "hinge-discriminator-seeds", two_seeds,
        lambda real, generated: hinge(real, 1).mean((-2, -1)) + hinge(generated, -1).mean((-2, -1)))
    critic = lambda real, generated: generated.mean((-2, -1)) - real.mean((-2, -1))
    file.case("wasserstein-discriminator", logits, critic)
    file.case("wasserstein-discriminator-seeds", two_seeds, critic)
    file.case("wasserstein-generator", {"generated": wide(6, 1)}, lambda generated: -generated.mean())

    features = {"real": (6, 4), "generated": (6, 4)}
    gap = lambda real, generated: real.mean(-2) - generated.mean(-2)
    readings = {
        "paper": lambda real, generated: gap(real, generated).square().sum(-1),
        "release-squared": lambda real, generated: gap(real, generated).square().mean(-1),
        "release-absolute": lambda real, generated: gap(real, generated).abs().mean(-1),
        "tutorial": lambda real, generated: (real - generated).square().sum().sqrt(),
    }
    for name, body in readings.items():
        file.case(f"feature-matching-{name}", features, lambda real, generated: body(real, generated))
    file.case("feature-matching-paper-seeds", {"real": (2, 6, 4), "generated": (2, 6, 4)}, readings["paper"])
    file.case(
        "pretraining-mse", {"logits": (6, 1), "density": uniform(0, 0.4, 6, 1)},
        lambda logits, density: (torch.sigmoid(logits) - density).square().mean(), constants=("density",))
    return file


def semi_supervised():
    """K classes and "generated", as one softmax over K + 1 logits of which the last is 0."""
    file = File("semi_supervised")
    classes = 4

    def shares(logits):  # log p over classes and "generated"
        return F.log_softmax(torch.cat([logits, torch.zeros_like(logits[..., :1])], -1), -1)

    def real_and_not(logits):
        log_p = shares(logits)
        return torch.logsumexp(log_p[..., :-1], -1), log_p[..., -1]

    def unlabelled(alpha):
        def loss(real, generated):
            log_real, log_not = real_and_not(real)
            target = alpha * log_real + (1 - alpha) * log_not
            return -0.5 * target.mean(-1) - 0.5 * real_and_not(generated)[1].mean(-1)

        return loss

    labels = lambda *shape: {"logits": wide(*shape, classes), "labels": indices(classes, *shape)}
    cross_entropy = lambda logits, labels: -F.log_softmax(logits, -1).gather(-1, labels[..., None])[..., 0].mean(-1)
    file.case("labelled", labels(7), cross_entropy)
    file.case("labelled-seeds", labels(2, 7), cross_entropy)
    both = {"real": wide(7, classes), "generated": wide(7, classes)}
    file.case("unlabelled", both, unlabelled(1.0))
    file.case("unlabelled-smoothed", both, unlabelled(0.9))
    file.case("unlabelled-seeds", {"real": (2, 7, classes), "generated": (2, 7, classes)}, unlabelled(1.0))
    file.case(
        "generator-non-saturating", {"generated": wide(7, classes)},
        lambda generated: -real_and_not(generated)[0].mean(-1))
    file.case(
        "generator-saturating", {"generated": wide(7, classes)}, lambda generated: real_and_not(generated)[1].mean(-1))
    # PyTorch's own divergence, of whole batches; the clean side is a constant.
    consistency = lambda clean, noisy: 0.7 * F.kl_div(
        F.log_softmax(noisy, -1), F.log_softmax(clean, -1), reduction="none", log_target=True).sum(-1).mean(-1)
    file.case(
        "consistency", {"clean": wide(7, classes), "noisy": wide(7, classes)}, consistency, constants=("clean",))
    file.case(
        "consistency-seeds", {"clean": (2, 7, classes), "noisy": (2, 7, classes)}, consistency, constants=("clean",))
    # log K less the entropy of the mean, in float64's own terms.
    def marginal_entropy(logits):
        mean = logits.softmax(-1).mean(-2)
        return 0.7 * (math.log(mean.shape[-1]) - torch.distributions.Categorical(probs=mean).entropy())
    file.case("marginal-entropy", {"logits": wide(7, classes)}, marginal_entropy)
    file.case("marginal-entropy-seeds", {"logits": (2, 7, classes)}, marginal_entropy)
    # UDA's: a sharpened clean side, and only examples that it is confident of.
    def sharpened(clean, noisy):
        target = (clean / 0.4).softmax(-1)
        each = F.kl_div(F.log_softmax(noisy, -1), target, reduction="none").sum(-1)
        return 0.7 * (each * (clean.softmax(-1).amax(-1) >= 0.6)).mean(-1)
    file.case("consistency-sharpened", {"clean": wide(7, classes), "noisy": wide(7, classes)}, sharpened,
              constants=("clean",))
    def conditional_entropy(logits):
        return 0.7 * torch.distributions.Categorical(logits=logits).entropy().mean(-1)
    file.case("conditional-entropy", {"logits": wide(7, classes)}, conditional_entropy)
    file.case("conditional-entropy-seeds", {"logits": (2, 7, classes)}, conditional_entropy)
    # Pair by pair, as the formula reads.
    def pull_away(features):
        n = len(features)
        pairs = [F.cosine_similarity(features[i], features[j], dim=0) ** 2
                 for i in range(n) for j in range(n) if i != j]
        return 0.7 * sum(pairs) / (n * (n - 1))
    file.case("pull-away", {"features": (6, 5)}, pull_away)
    file.case("pull-away-seeds", {"features": (2, 6, 5)},
              lambda features: torch.stack([pull_away(one) for one in features]))
    # With a small G and D, one after the other.
    def manifold(z, r, g, w1, w2):
        d = lambda z: torch.tanh(torch.tanh(z @ g) @ w1) @ w2
        moved = z + 0.3 * r / r.norm(dim=-1, keepdim=True)
        return 0.7 * (d(z) - d(moved)).square().sum(-1).mean(-1)
    file.case("manifold-regularization", {"z": (7, 4), "r": (7, 4), "g": (4, 5), "w1": (5, 6), "w2": (6, 3)}, manifold,
              constants=("z", "r", "g"))
    file.case("probability", {"logits": wide(7, classes)}, lambda logits: real_and_not(logits)[0].exp()[:, None])
    return file


def gradient_penalties():
    """gamma / 2 times the mean squared length of D's slope, by autograd twice; gradients are those by D's
    parameters."""
    file = File("gradient_penalties")
    gamma = 0.8

    def penalty(x, judge):
        x = x.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(judge(x).sum(), x, create_graph=True)
        return gamma / 2 * slope.flatten(1).square().sum(1).mean()

    def dense(x, w1, b1, w2, b2):
        return penalty(x, lambda x: torch.tanh(x @ w1.T + b1) @ w2.T + b2 + 0 * b1.sum())

    layers = {"x": (5, 3), "w1": (6, 3), "b1": (6,), "w2": (1, 6), "b2": (1,)}

    def with_unused_bias(body):
        # A bias of the last layer does not reach the slope: its gradient is 0, which autograd leaves out.
        return lambda **inputs: body(**inputs) + 0 * inputs["b2"].sum()

    file.case("dense", layers, with_unused_bias(dense), constants=("x",))
    file.case(
        "dense-seeds", {name: (2, *shape) for name, shape in layers.items()},
        with_unused_bias(
            lambda **inputs: torch.stack([dense(**{k: v[s] for k, v in inputs.items()}) for s in range(2)])),
        constants=("x",))

    def convolutional(x, w1, b1, w2, b2):
        hidden = lambda x: F.leaky_relu(F.conv2d(x, w1, b1, stride=2, padding=1), 0.2)
        return penalty(x, lambda x: F.softplus(F.conv2d(hidden(x), w2, b2)).flatten(1))

    file.case(
        "convolutional", {"x": (3, 2, 5, 5), "w1": (4, 2, 3, 3), "b1": (4,), "w2": (1, 4, 3, 3), "b2": (1,)},
        convolutional, constants=("x",))

    def classes(x, w1, b1, w2, b2):
        # Of K classes, D's logit is the logsumexp.
        return penalty(x, lambda x: (torch.tanh(x @ w1.T + b1) @ w2.T + b2).logsumexp(1))

    file.case(
        "classes", {"x": (5, 3), "w1": (6, 3), "b1": (6,), "w2": (4, 6), "b2": (4,)}, classes, constants=("x",))
    return file


def augmentations():
    """DiffAugment written out image by image; draws: brightness, saturation, contrast, down, right, row and column
    of the cutout."""
    file = File("augmentations")

    def color(image, draws):
        image = image + (draws[0] - 0.5)
        image = torch.lerp(image.mean(0, keepdim=True).expand_as(image), image, draws[1] * 2)
        return torch.lerp(image.mean().expand_as(image), image, draws[2] + 0.5)

    def translation(image, draws):
        shift = []
        for side, draw in zip(image.shape[1:], draws[3:5]):
            most = math.floor(side / 8 + 0.5)
            shift.append(math.floor(draw.item() * (2 * most + 1)) - most)
        (down, right), (height, width) = shift, image.shape[1:]
        padded = F.pad(image, (width, width, height, height))
        return padded[:, height - down : 2 * height - down, width - right : 2 * width - right]

    def cutout(image, draws):
        kept = torch.ones(image.shape[1:], dtype=torch.float64)
        inside = []
        for side, draw in zip(image.shape[1:], draws[5:7]):
            size = math.floor(side / 2 + 0.5)
            first = math.floor(draw.item() * (side + 1 - size % 2)) - size // 2
            inside.append([i for i in range(first, first + size) if 0 <= i < side])
        for i in inside[0]:
            for j in inside[1]:
                kept[i, j] = 0
        return image * kept

    policies = {"color": [color], "translation": [translation], "cutout": [cutout], "all": [color, translation, cutout]}
    for name, changes in policies.items():
        def body(x, draws):
            images = []
            for image, own in zip(x, draws):
                for change in changes:
                    image = change(image, own)
                images.append(image)
            return torch.stack(images)

        file.case(name, {"x": (3, 2, 8, 6), "draws": uniform(0, 1, 3, 8)}, body, constants=("draws",))
    return file


def dense_weight_norm():
    """Sizes at which vectorised loops have remainders."""
    file = File("weight_norm")
    for name, rows, inputs, outputs in (("one", 1, 2, 1), ("odd", 7, 33, 5), ("wide", 3, 70, 67)):
        file.case(
            name, {"x": (rows, inputs), "direction": (outputs, inputs), "gain": (outputs,), "bias": (outputs,)},
            lambda x, direction, gain, bias: x @ normalized_weight(direction, gain).T + bias)
    file.case(
        "seeds", {"x": (2, 7, 33), "direction": (2, 5, 33), "gain": (2, 5), "bias": (2, 5)},
        lambda x, direction, gain, bias: torch.stack(
            [x[i] @ normalized_weight(direction[i], gain[i]).T + bias[i] for i in range(2)]))
    return file


def virtual_batch_norm(reference, x, gain, bias, epsilon=1e-5):
    """One example at a time, by raw moments: reference [R, C, ...] and x [N, C, ...] -> [R + N, C, ...]."""
    share = 1 / (reference.shape[0] + 1)
    per_channel = lambda t: t.reshape(-1, *[1] * (x.dim() - 2))
    pixels = tuple(range(1, x.dim() - 1))  # of one example [C, ...]; none of a vector
    everything = (0, *range(2, x.dim()))
    own_mean = lambda t: t.mean(pixels) if pixels else t
    mean, second = reference.mean(everything), reference.square().mean(everything)

    def normalized(example, mu, e2):
        sigma = (epsilon + e2 - mu.square()).sqrt()
        return (example - per_channel(mu)) / per_channel(sigma) * per_channel(gain) + per_channel(bias)

    rows = [normalized(r, mean, second) for r in reference]
    for example in x:
        mu = share * own_mean(example) + (1 - share) * mean
        e2 = share * own_mean(example.square()) + (1 - share) * second
        rows.append(normalized(example, mu, e2))
    return torch.stack(rows)


def historical_averaging(path, gradient, weight):
    """The penalty's gradient by theta[t] alone, against the plain mean of theta[1] ... theta[t]."""
    averages, gradients, values = [], [], []
    for t in range(1, len(path) + 1):
        average = torch.stack([path[i] for i in range(t)]).mean(0)
        theta = path[t - 1].clone().requires_grad_(True)
        value = weight * (theta - average).square().sum()
        (slope,) = torch.autograd.grad(value, theta)
        averages.append(average)
        gradients.append(gradient[t - 1] + slope)
        values.append(value.detach())
    return {"average": torch.stack(averages), "gradient": torch.stack(gradients), "value": torch.stack(values)}


def averaging_game(start, rate, weight, steps):
    """Both players' descent on (f(x) - 1)(y - 1), gradients by autograd, the mean over the path kept in full."""
    player, path = start.clone(), [start.clone()]
    for _ in range(steps):
        x, y = player[0].clone().requires_grad_(True), player[1].clone().requires_grad_(True)
        value = (torch.where(x < 0, x, x * x) - 1) * (y - 1)
        by_x, by_y = torch.autograd.grad(value, (x, y))
        slope = torch.stack([by_x, -by_y]) + 2 * weight * (player - torch.stack(path).mean(0))
        player = player - rate * slope
        path.append(player)
    return torch.stack(path)


def techniques():
    file = File("techniques")
    dense = {"reference": (5, 4), "x": (3, 4), "gain": (4,), "bias": (4,)}
    images = {"reference": (4, 3, 2, 5), "x": (2, 3, 2, 5), "gain": (3,), "bias": (3,)}
    # More than the columns of one task and the pixels of a register, and no multiple of either.
    wide_dense = {"reference": (9, 67), "x": (6, 67), "gain": (67,), "bias": (67,)}
    wide_images = {"reference": (3, 2, 5, 7), "x": (3, 2, 5, 7), "gain": (2,), "bias": (2,)}
    for name, inputs in (
        ("dense", dense), ("images", images), ("dense-wide", wide_dense), ("images-wide", wide_images),
        ("pixels", {"reference": (4, 3, 1, 1), "x": (2, 3, 1, 1), "gain": (3,), "bias": (3,)}),
        ("one-reference", {"reference": (1, 3, 4, 3), "x": (2, 3, 4, 3), "gain": (3,), "bias": (3,)}),
    ):
        file.case(f"virtual-batch-norm-{name}", inputs, virtual_batch_norm)
    file.case(
        "virtual-batch-norm-seeds", {"reference": (2, 5, 4), "x": (2, 3, 4), "gain": (2, 4), "bias": (2, 4)},
        lambda reference, x, gain, bias: torch.stack(
            [virtual_batch_norm(reference[s], x[s], gain[s], bias[s]) for s in range(2)]))
    file.case(
        "historical-averaging", {"path": (6, 11), "gradient": (6, 11)},
        lambda path, gradient: historical_averaging(path, gradient, 0.3), differentiable=False)
    for name, weight in (("plain", 0.0), ("averaging", 0.25)):
        for side, start in (("right", [0.5, 0.5]), ("left", [-0.3, 1.5])):
            path = averaging_game(torch.tensor(start, dtype=torch.float64), 0.05, weight, 40)
            file.tensors[f"averaging-game-{name}-{side}.f64.out.path"] = path
    return file


def optimizers():
    file = File("optimizers")

    def torch_steps(make):
        def body(p, g):
            parameter = p.clone().requires_grad_(True)
            optimizer, path = make(parameter), []
            for gradient in g:
                parameter.grad = gradient.clone()
                optimizer.step()
                path.append(parameter.detach().clone())
            return torch.stack(path)

        return body

    def adam_release(p, g):
        # The stabiliser inside the square root, as in the code released with the paper.
        m, v, path = torch.zeros_like(p), torch.zeros_like(p), []
        for t, gradient in enumerate(g, 1):
            m, v = 0.5 * m + 0.5 * gradient, 0.999 * v + 0.001 * gradient**2
            p = p - 0.003 * (m / (1 - 0.5**t)) / torch.sqrt(v / (1 - 0.999**t) + 1e-8)
            path.append(p)
        return torch.stack(path)

    adam = lambda epsilon: torch_steps(lambda p: torch.optim.Adam([p], 0.003, betas=(0.5, 0.999), eps=epsilon))
    cases = {
        "sgd": torch_steps(lambda p: torch.optim.SGD([p], 0.1)),
        "momentum": torch_steps(lambda p: torch.optim.SGD([p], 0.1, momentum=0.6)),
        "adam-torch": adam(1e-8), "adam-outside-1e-4": adam(1e-4), "adam-release": adam_release,
    }
    for name, body in cases.items():
        # Small gradients too: they are where the place of the stabiliser matters.
        scale = torch.tensor([1, 1, 1e-2, 1e-4, 1e-5, 1e-6, 0], dtype=torch.float64)
        steps = lambda generator: torch.randn(5, 7, generator=generator, dtype=torch.float64) * scale
        file.case(name, {"p": (7,), "g": steps}, body, differentiable=False)

    def weighted_means(start):
        """After each of the updates, the mean of the path so far with the weight (1 - r)^(n - k) r for its k-th
        point of n."""
        def body(path):
            rate, means = 0.3, []
            for n in range(1, len(path)):
                weights = torch.tensor([rate * (1 - rate) ** (n - k) for k in range(1, n + 1)], dtype=torch.float64)
                mean = (weights[:, None] * path[1 : n + 1]).sum(0)
                if start == "parameters":
                    mean = mean + (1 - rate) ** n * path[0]
                if start == "zero-corrected":
                    mean = mean / weights.sum()
                means.append(mean)
            return torch.stack(means)

        return body

    for start in ("parameters", "zero", "zero-corrected"):
        file.case(f"weight-average-{start}", {"path": (6, 7)}, weighted_means(start), differentiable=False)
    def beta2_by_cosine(p, g):
        parameter = p.clone().requires_grad_(True)
        optimizer, path = torch.optim.Adam([parameter], 0.003, betas=(0.0, 0.9), eps=1e-8), []
        for t, gradient in enumerate(g):
            optimizer.param_groups[0]["betas"] = (0.0, 0.99 + (0.9 - 0.99) * (1 + math.cos(math.pi * t / 4)) / 2)
            parameter.grad = gradient.clone()
            optimizer.step()
            path.append(parameter.detach().clone())
        return torch.stack(path)

    file.case(
        "adam-beta2-cosine", {"p": (7,), "g": (5, 7)}, beta2_by_cosine, differentiable=False)
    annealed = torch.optim.SGD([torch.zeros(1)], 2e-4)
    schedule, rates = torch.optim.lr_scheduler.CosineAnnealingLR(annealed, T_max=8, eta_min=5e-5), []
    for _ in range(9):
        rates.append(annealed.param_groups[0]["lr"])
        annealed.step()
        schedule.step()
    file.tensors["cosine-schedule.f64.out.lr"] = torch.tensor(rates, dtype=torch.float64)
    rates = torch.tensor([0.001 * 0.95 ** (t // 3) for t in range(10)], dtype=torch.float64)
    file.tensors["stepwise-decay.f64.out.lr"] = rates
    return file


def philox(key, block):
    """Philox 4x32-10 of the counter (block, 0): four words."""
    c = [block & 0xFFFFFFFF, block >> 32, 0, 0] if isinstance(block, int) else list(block)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def random():
    # Published known answers (Random123).
    assert philox(0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    ones = 0xFFFFFFFF
    assert philox(2**64 - 1, (ones,) * 4) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    assert philox(0x299F31D0A4093822, pi) == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
    file, count = File("random"), 37
    for index, key in enumerate((0, 1, 0x123456789ABCDEF0, 2**64 - 1)):
        words = [w for block in range(count) for w in philox(key, block)]
        unit = lambda low, high, plus: (((high << 32 | low) >> 11) + plus) * 2.0**-53
        u32 = [(w >> 8) * 2.0**-24 for w in words]
        n32, n64 = [], []
        for b in range(count):
            w = words[4 * b : 4 * b + 4]
            for first, second in ((w[0], w[1]), (w[2], w[3])):
                r, a = math.sqrt(-2 * math.log(((first >> 8) + 1) * 2.0**-24)), 2 * math.pi * (second >> 8) * 2.0**-24
                n32 += [r * math.cos(a), r * math.sin(a)]
            r, a = math.sqrt(-2 * math.log(unit(w[0], w[1], 1))), 2 * math.pi * unit(w[2], w[3], 0)
            n64 += [r * math.cos(a), r * math.sin(a)]
        u64 = [unit(words[2 * i], words[2 * i + 1], 0) for i in range(count)]
        for name, values, kind in (
            ("uniform32", u32, torch.float32), ("uniform64", u64, torch.float64),
            ("normal32", n32, torch.float32), ("normal64", n64, torch.float64),
        ):
            file.tensors[f"{name}.{index}.out"] = torch.tensor(values[:count], dtype=torch.float64).to(kind)
    return file


def metrics():
    file, generator = File("metrics"), np.random.default_rng(1)
    for name, sizes in (("equal", (37, 37)), ("different", (37, 53))):
        x, y = generator.normal(size=sizes[0]), generator.normal(0.5, 2, size=sizes[1])
        prefix = f"wasserstein-1d-{name}.f64"
        file.tensors[f"{prefix}.in.x"], file.tensors[f"{prefix}.in.y"] = torch.tensor(x), torch.tensor(y)
        distance = scipy.stats.wasserstein_distance(x, y)
        file.tensors[f"{prefix}.out.distance"] = torch.tensor(distance, dtype=torch.float64)
    for name, width, shift in (("line", 1, 0.5), ("plane", 2, 1.5), ("wide", 9, 0.7)):
        real, generated = generator.normal(size=(61, width)), generator.normal(shift, 0.6, size=(47, width))
        # Some samples that are all but the same, and one that is the same.
        generated[:9] = generated[9] + 1e-4 * generator.normal(size=(9, width))
        generated[20] = generated[21]
        prefix = f"neighbours-{name}.f64"
        file.tensors[f"{prefix}.in.real"], file.tensors[f"{prefix}.in.generated"] = (
            torch.tensor(real), torch.tensor(generated))
        for key, value in neighbours(real, generated, 5).items():
            file.tensors[f"{prefix}.out.{key}"] = torch.tensor(value, dtype=torch.float64)
    return file


def neighbours(real, generated, k):
    """Precision, recall, density, coverage, near-duplicates and spread, one example at a time."""

    def distances(x, points):
        return sorted(np.linalg.norm(points - x, axis=1))

    radii = [distances(x, np.delete(real, i, 0))[k - 1] for i, x in enumerate(real)]
    coverage = np.mean([distances(x, generated)[0] <= radius for x, radius in zip(real, radii)])
    balls = [np.sum(np.linalg.norm(real - y, axis=1) <= radii) for y in generated]
    own = [distances(x, np.delete(generated, i, 0))[k - 1] for i, x in enumerate(generated)]
    recall = np.mean([any(np.linalg.norm(generated - x, axis=1) <= own) for x in real])
    typical = np.sort([distances(x, np.delete(real, i, 0))[0] for i, x in enumerate(real)])[len(real) // 2]
    nearest = np.array([distances(y, np.delete(generated, i, 0))[0] for i, y in enumerate(generated)])
    spread = np.sqrt(generated.var(0).sum() / real.var(0).sum())
    return {"precision": np.mean(np.array(balls) > 0), "recall": recall, "density": np.mean(balls) / k,
            "coverage": coverage, "duplicates": np.mean(nearest < typical / 10), "spread": spread}


def split_scores(probabilities, splits):
    """exp(E_x KL(p(y|x) || p(y))) of each split, every divergence by itself."""
    scores = []
    for part in np.split(probabilities, splits):
        divergences = scipy.special.rel_entr(part, part.mean(0)).sum(1)
        scores.append(np.exp(divergences.mean()))
    return np.array(scores)


def script(source, **parameters):
    """A TorchScript module whose code is `source`: compiled from text, it carries no path of this file."""

    class Classifier(torch.nn.Module):
        pass

    plain = Classifier()
    for name, value in parameters.items():
        plain.register_parameter(name, torch.nn.Parameter(value.clone()))
    module = torch.jit._recursive.create_script_module(plain, lambda _: (), share_types=False)
    module.define(source)
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    return buffer.getvalue()


LINEAR = """
def forward(self, x):
    return torch.nn.functional.linear(torch.nn.functional.avg_pool2d(x, 4).flatten(1), self.weight, self.bias)
"""


def classifiers():
    """Files and their bytes: one classifier of grey 28 x 28 images in 0 ... 1, and others that test the callers."""
    generator = torch.Generator().manual_seed(7)
    weight, bias = torch.randn(10, 49, generator=generator), torch.randn(10, generator=generator)
    files = {"linear.pt": script(LINEAR, weight=weight, bias=bias)}
    files["probabilities.pt"] = script(LINEAR.replace("return ", "return torch.softmax(") [:-1] + ", 1)\n",
                                       weight=weight, bias=bias)
    bodies = {
        "echo": "return x.flatten(1)",
        # Takes what the published Inception network takes: bytes of three channels.
        "bytes": "assert x.dtype == torch.uint8\n    assert x.size(1) == 3\n    return x.double().flatten(1)",
        "tuple": "return x, x", "vector": "return x.flatten(1).sum(1)", "rows": "return x.flatten(1)[1:]",
        "infinite": "return x.flatten(1) / 0", "integers": "return x.flatten(1).long()",
        # Right in evaluation mode alone.
        "dropout": "return torch.nn.functional.dropout(x.flatten(1), 0.5, self.training)",
    }
    for name, body in bodies.items():
        files[f"{name}.pt"] = script(f"def forward(self, x):\n    {body}\n")
    files["headless.pt"] = script("def backward(self, x):\n    return x\n")
    # A bias that can be left out, as in the form in which the Inception network is passed on.
    files["unbiased.pt"] = script(
        LINEAR.replace("self, x", "self, x, no_output_bias: bool = False").replace(
            "return ", "logits = ")[:-1] + "\n    return logits - self.bias if no_output_bias else logits\n",
        weight=weight, bias=bias)
    files["text.pt"] = b"a classifier, but not one that a machine can read\n"
    state = io.BytesIO()
    torch.save({"weight": weight[:1, :1].clone()}, state)
    files["state.pt"] = state.getvalue()
    return files, weight, bias


def inception_score(weight, bias):
    file, generator = File("inception_score"), np.random.default_rng(2)

    def put(name, splits, key, x, probabilities):
        scores = split_scores(probabilities, splits)
        values = {"in." + key: x, "out.scores": scores, "out.mean": scores.mean(), "out.deviation": scores.std()}
        for role, value in values.items():
            file.tensors[f"{name}.f64.{role}"] = torch.tensor(value, dtype=torch.float64)

    for name, splits, logits in (
        ("one-split", 1, generator.normal(0, 2, (24, 5))), ("ten-splits", 10, generator.normal(0, 3, (120, 10))),
        # Of a size at which exp overflows, and differences at which probabilities vanish.
        ("large-logits", 4, generator.normal(0, 3000, (40, 6)) + 1e6),
        ("all-alike", 5, np.tile(generator.normal(0, 2, (1, 7)), (20, 1))),
        ("all-sure", 3, np.tile(1000 * np.eye(8), (3, 1))),
    ):
        put(name, splits, "logits", logits, scipy.special.softmax(logits, 1))
    sparse = generator.dirichlet(np.full(6, 0.1), 30) * (generator.random((30, 6)) < 0.6) + 1e-300
    sparse[0] = [1, 0, 0, 0, 0, 0]
    sparse /= sparse.sum(1, keepdims=True)
    put("probabilities", 3, "probabilities", sparse, sparse)

    images = torch.tensor(generator.random((4, 1, 28, 28)), dtype=torch.float32)
    logits = F.linear(F.avg_pool2d(images.double(), 4).flatten(1), weight.double(), bias.double())
    unbiased = F.linear(F.avg_pool2d(images.double(), 4).flatten(1), weight.double())
    outputs = {"out.logits": logits.float(), "out.unbiased": unbiased.float()}
    for role, value in {"in.images": images, "in.weight": weight, "in.bias": bias, **outputs}.items():
        file.tensors[f"linear.f32.{role}"] = value
    return file


def all_files(check):
    scripts, weight, bias = classifiers()
    if not check:
        (HERE / "classifiers").mkdir(exist_ok=True)
        for name, data in scripts.items():
            (HERE / "classifiers" / name).write_bytes(data)
    return (
        operations(), layers(), dense_weight_norm(), objectives(), semi_supervised(), techniques(), optimizers(),
        gradient_penalties(), augmentations(), random(), metrics(), inception_score(weight, bias),
    )


def main(files=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    check, differences = parser.parse_args().check, 0
    for file in files or all_files(check):
        path = HERE / f"{file.name}.safetensors"
        if not check:
            save_file(dict(sorted(file.tensors.items())), path)
            print(f"{path.name}: {len(file.tensors)} tensors, {path.stat().st_size} bytes")
            continue
        stored = load_file(path)
        for name in sorted(stored.keys() | file.tensors.keys()):
            a, b = stored.get(name), file.tensors.get(name)
            tolerance = 1e-6 if ".f32." in name else 1e-12
            if a is None or b is None or a.shape != b.shape or not torch.allclose(a, b, rtol=tolerance, atol=tolerance):
                differences += 1
                print(f"{path.name}: {name} differs")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
