"""Reference values for layers and networks of pictures, beside those of generate.py, whose conventions hold here too.

    python3 Tests/Golden/generate_networks.py            writes picture_layers and picture_networks.safetensors
    python3 Tests/Golden/generate_networks.py --check    compares them with what it would write

picture_networks.safetensors has float64 only. Parameters stand under NETWORK.parameter.NAME, NAME being the project's,
their gradients under NETWORK.gradient.NAME: of sum(output * c) over the network's outputs, where c holds
cos(0), cos(1), ... in row-major order. Of large outputs and gradients every 61st element is stored.
"""

import math

import torch

import generate
from generate import F, File, normalized_weight, philox

nn = torch.nn
DOUBLE = torch.float64


# ---- the project's random streams (Sources/Torch/RandomStream.swift), written again -------------------------------
MASK = 2**64 - 1


def mixed(word):
    x = (word + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


class Stream:
    def __init__(self, key):
        self.key = key

    @staticmethod
    def seeded(seed):
        return Stream(mixed(seed))

    def named(self, purpose):
        hashed = 0xCBF29CE484222325
        for byte in purpose.encode():
            hashed = ((hashed ^ byte) * 0x100000001B3) & MASK
        return Stream(mixed(self.key ^ mixed(hashed)))

    def at(self, index):
        return Stream(mixed((self.key + mixed(index & MASK)) & MASK))

    def uniform(self, shape, kind=DOUBLE):
        count = math.prod(shape)
        per_block = 2 if kind == DOUBLE else 4
        numbers = []
        for block in range(-(-count // per_block)):
            w = philox(self.key, block)
            if kind == DOUBLE:
                numbers += [((w[i + 1] << 32 | w[i]) >> 11) * 2.0**-53 for i in (0, 2)]
            else:
                numbers += [(word >> 8) * 2.0**-24 for word in w]
        return torch.tensor(numbers[:count], dtype=DOUBLE).reshape(shape)

    def normal(self, shape):
        numbers = []
        for block in range(-(-math.prod(shape) // 2)):
            w = philox(self.key, block)
            radius = math.sqrt(-2 * math.log((((w[1] << 32 | w[0]) >> 11) + 1) * 2.0**-53))
            angle = 2 * math.pi * ((w[3] << 32 | w[2]) >> 11) * 2.0**-53
            numbers += [radius * math.cos(angle), radius * math.sin(angle)]
        return torch.tensor(numbers[: math.prod(shape)], dtype=DOUBLE).reshape(shape)


class Pass:
    """What a pass through a network draws: each layer that does takes the next stream."""

    def __init__(self, stream):
        self.stream, self.draws = stream, 0

    def dropout(self, x, rate):
        self.draws += 1
        kept = self.stream.at(self.draws).uniform(x.shape) >= rate
        return x * kept / (1 - rate)


# ---- layers -------------------------------------------------------------------------------------------------------
def interpolated(x):
    """libtorch's bilinear interpolation, of the image with zeros around it."""
    padded = F.pad(x, (1, 1, 1, 1))
    return F.interpolate(padded, scale_factor=2, mode="bilinear", align_corners=False)[:, :, 2:-2, 2:-2]


def thinned(x):
    """Weighted sums of 4 x 4 pixels, tap by tap."""
    taps, padded = (1 / 8, 3 / 8, 3 / 8, 1 / 8), F.pad(x, (1, 1, 1, 1))
    h, w = x.shape[-2:]
    return sum(
        taps[i] * taps[j] * padded[:, :, i : i + h : 2, j : j + w : 2] for i in range(4) for j in range(4))


def conv_direction(direction, gain):
    """W = g v / |v| for each output channel."""
    return normalized_weight(direction.flatten(1), gain).view_as(direction)


def spectral(module, weight, u):
    """`module` under PyTorch's spectral norm (the form with hooks, whose order of steps is the authors'), with the
    given weight and u."""
    module = nn.utils.spectral_norm(module.double())
    del module._parameters["weight_orig"]
    module.weight_orig = weight
    module.weight_u = u.clone()
    return module


def layers():
    file = File("picture_layers")
    file.case(
        "conv2d-groups", {"x": (2, 6, 5, 4), "weight": (4, 3, 3, 3), "bias": (4,)},
        lambda x, weight, bias: torch.cat(
            [F.conv2d(x[:, 3 * g : 3 * g + 3], weight[2 * g : 2 * g + 2], bias[2 * g : 2 * g + 2], 2, 1)
             for g in (0, 1)],
            1))
    file.case(
        "conv-transpose2d-groups", {"x": (2, 4, 3, 2), "weight": (4, 3, 3, 3), "bias": (6,)},
        lambda x, weight, bias: torch.cat(
            [
                F.conv_transpose2d(
                    x[:, 2 * g : 2 * g + 2], weight[2 * g : 2 * g + 2], bias[3 * g : 3 * g + 3], 2, 1, 1)
                for g in (0, 1)
            ], 1))
    # A kernel of the image's size, channel by channel: not the dense layer that it is without groups.
    file.case(
        "conv2d-depthwise-whole", {"x": (3, 4, 4, 4), "weight": (4, 1, 4, 4)},
        lambda x, weight: (x * weight[None, :, 0]).sum((2, 3), keepdim=True))
    file.case(
        "weight-norm-conv2d", {"x": (2, 3, 5, 4), "direction": (4, 3, 3, 3), "gain": (4,), "bias": (4,)},
        lambda x, direction, gain, bias: F.conv2d(x, conv_direction(direction, gain), bias, 2, 1))

    def initialized(x, direction):
        t = F.conv2d(x, conv_direction(direction, torch.ones(4, dtype=DOUBLE)), None, 2, 1)
        mean, deviation = t.mean((0, 2, 3)), (t.var((0, 2, 3), unbiased=False) + 1e-6).sqrt()
        each = lambda v: v[:, None, None]
        return {
            "bias": -0.1 * mean / deviation, "gain": 0.1 / deviation, "y": 0.1 * (t - each(mean)) / each(deviation)}

    file.case(
        "weight-norm-conv2d-init", {"x": (4, 3, 5, 4), "direction": (4, 3, 3, 3)}, initialized, differentiable=False)
    file.case("global-mean-pool", {"x": (2, 3, 5, 4)}, lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1))
    file.case("upsample", {"x": (2, 3, 4, 3)}, interpolated)
    file.case("downsample", {"x": (2, 3, 6, 4)}, thinned)
    file.case(
        "embedding", {"weight": (4, 3), "labels": generate.indices(4, 7)},
        lambda weight, labels: F.embedding(labels, weight))
    file.case(
        "projection", {"weight": (4, 3), "x": (7, 3), "labels": generate.indices(4, 7)},
        lambda weight, x, labels: torch.stack([weight[labels[i]] @ x[i] for i in range(7)])[:, None])

    def passes(module, x, weight, u):
        module = spectral(module, weight, u)
        first, second = module(x), module(2 * x)  # two passes in training: two iterations
        return {"first": first, "second": second, "vector": module.weight_u.detach()}

    file.case(
        "spectral-norm-linear", {"x": (6, 4), "weight": (5, 4), "vector": (5,)},
        lambda x, weight, vector: passes(nn.Linear(4, 5, bias=False), x, weight, vector), constants=("vector",))
    file.case(
        "spectral-norm-conv2d", {"x": (2, 3, 5, 4), "weight": (4, 3, 3, 3), "vector": (4,)},
        lambda x, weight, vector: passes(nn.Conv2d(3, 4, 3, 2, 1, bias=False), x, weight, vector),
        constants=("vector",))

    # The mask of a pass's first draw, in a context whose stream is that of the seed 7.
    for label, kind in (("f64", DOUBLE), ("f32", torch.float32)):
        x = torch.randn((2, 3, 5, 4), generator=torch.Generator().manual_seed(1), dtype=DOUBLE).to(kind)
        kept = Stream.seeded(7).at(1).uniform(x.shape, kind) >= 0.2
        put = lambda name, value: file.tensors.update({f"dropout.{label}.{name}": value.to(kind)})
        put("in.x", x)
        put("out.y", x.double() * kept / 0.8)
        put("cotangent.y", x.double().cos())
        put("grad.x", x.to(kind).double().cos().to(kind).double() * kept / 0.8)
    return file


# ---- networks -----------------------------------------------------------------------------------------------------
class Parameters(dict):
    """Drawn as they are asked for, under the project's names."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def __call__(self, name, *shape, scale=None, mean=0.0):
        if name not in self:
            seed = generate.zlib.crc32(f"{self.name}/{name}".encode())
            x = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)
            fan = math.prod(shape[1:]) or 1
            x = mean + x * (scale if scale is not None else 1.5 / math.sqrt(fan))
            self[name] = x.requires_grad_()
        return self[name]


def batch_norm(p, x, name, gain=True, epsilon=1e-5):
    channels = x.shape[1]
    g = p(f"{name}.gain", channels, scale=0.2, mean=1.0) if gain else None
    return F.batch_norm(x, None, None, g, p(f"{name}.bias", channels, scale=0.2), training=True, eps=epsilon)


def virtual_batch_norm(p, x, name, count):
    """[R + N, ...], the first R rows the reference."""
    channels = x.shape[1]
    shaped = x.reshape(x.shape[0], channels, -1)
    gain = p(f"{name}.gain", channels, scale=0.2, mean=1.0)[:, None]
    bias = p(f"{name}.bias", channels, scale=0.2)[:, None]
    reference = shaped[:count]
    m1, m2 = reference.mean((0, 2))[:, None], reference.square().mean((0, 2))[:, None]
    w = 1 / (count + 1)
    rows = []
    for i in range(x.shape[0]):
        a, b = m1, m2
        if i >= count:
            a = w * shaped[i].mean(1, keepdim=True) + (1 - w) * m1
            b = w * shaped[i].square().mean(1, keepdim=True) + (1 - w) * m2
        rows.append((shaped[i] - a) / (b - a.square() + 1e-5).sqrt() * gain + bias)
    return torch.stack(rows).reshape(x.shape)


def leaky(x):
    return F.leaky_relu(x, 0.2)


def told(p, z, labels, latent, classes):
    return (z + p("conditioning.embedding.weight", classes, latent)[labels]) / math.sqrt(2)


def dcgan_generator(p, z, widths, normalization, channels=3, labels=None, classes=None, reference=None):
    latent = z.shape[1]
    if labels is not None:
        z = told(p, z, labels, latent, classes)
    count = 0
    if reference is not None:
        rows, count = reference, reference.shape[0]
        if labels is not None:
            rows = told(p, reference, torch.arange(count) % classes, latent, classes)
        z = torch.cat([rows, z])
    h = z[:, :, None, None]
    for i, (inputs, outputs) in enumerate(zip([latent] + widths, widths)):
        w = p(f"hidden.{i}.weight", inputs, outputs, 4, 4, scale=0.3)
        b = p(f"hidden.{i}.bias", outputs, scale=0.2) if normalization == "none" else None
        h = F.conv_transpose2d(h, w, b, *((1, 0) if i == 0 else (2, 1)))
        if normalization == "batch":
            h = batch_norm(p, h, f"normalizations.{i}")
        if normalization == "virtual-batch":
            h = virtual_batch_norm(p, h, f"normalizations.{i}", count)
        h = F.relu(h)
    b = p("output.bias", channels, scale=0.2) if normalization == "none" else None
    w = p("output.weight", widths[-1], channels, 4, 4, scale=0.2)
    return torch.tanh(F.conv_transpose2d(h[count:], w, b, 2, 1))


def once_spectral(p, weight, name):
    """One power iteration from a given u, the sigma of which is not differentiated through u and v."""
    u = p(f"{name}.norm.vector", weight.shape[0]).detach()
    matrix = weight.flatten(1)
    v = F.normalize(matrix.detach().T @ u, dim=0)
    u = F.normalize(matrix.detach() @ v, dim=0)
    return weight / (u @ matrix @ v)


def dcgan_discriminator(p, x, widths, normalization, labels=None, classes=None, kernels=None):
    h = x
    for i, (inputs, outputs) in enumerate(zip([x.shape[1]] + widths, widths)):
        w = p(f"layers.{i}.weight", outputs, inputs, 4, 4)
        b = p(f"layers.{i}.bias", outputs, scale=0.2) if normalization != "batch" else None
        if normalization == "spectral":
            w = once_spectral(p, w, f"layers.{i}")
        h = F.conv2d(h, w, b, 2, 1)
        if normalization == "batch" and i > 0:
            h = batch_norm(p, h, f"normalizations.{i - 1}")
        h = leaky(h)
    features = h.flatten(1)
    last = features
    if kernels:
        points = (features @ p("minibatch.kernel", features.shape[1], kernels * 2, scale=0.1)).reshape(
            len(x), kernels, 2)
        last = torch.cat([features, generate.similarities(points, 1.0)], 1)
    w = p("output.weight", 1, last.shape[1])
    b = p("output.bias", 1, scale=0.2) if normalization != "batch" else None
    if normalization == "spectral":
        w = once_spectral(p, w, "output")
    logits = F.linear(last, w, b)
    if labels is not None:
        e = p("projection.embedding.weight", classes, features.shape[1], scale=0.3)
        if normalization == "spectral":
            e = once_spectral(p, e, "projection")
        logits = logits + (e[labels] * features).sum(1, keepdim=True)
    return logits, features


# The discriminator for CIFAR-10: kernel, stride, padding of each convolution, and whether it is one of the wide ones.
CIFAR = [(3, 1, 1, 0), (3, 1, 1, 0), (3, 2, 1, 0), (3, 1, 1, 1), (3, 1, 1, 1), (3, 2, 1, 1), (3, 1, 0, 1), (1, 1, 0, 1),
         (1, 1, 0, 1)]


def cifar_discriminator(p, x, width, outputs, draws=None):
    dropout = draws.dropout if draws else lambda x, rate: x
    h = dropout(x, 0.2)
    for i, (kernel, stride, padding, wide) in enumerate(CIFAR):
        if i in (3, 6):
            h = dropout(h, 0.5)
        channels = width * (1 + wide)
        v = p(f"layers.{i}.direction", channels, h.shape[1], kernel, kernel)
        g = p(f"layers.{i}.gain", channels, scale=0.2, mean=1.5).detach()  # only the last one's is trained
        h = leaky(F.conv2d(h, conv_direction(v, g), p(f"layers.{i}.bias", channels, scale=0.2), stride, padding))
    features = h.mean((2, 3))
    w = normalized_weight(
        p("output.direction", outputs, features.shape[1]), p("output.gain", outputs, scale=0.2, mean=1.0))
    return F.linear(features, w, p("output.bias", outputs, scale=0.2)), features


def vgg_discriminator(p, x, widths, convolutions, outputs):
    h = x
    for size, (channels, count) in enumerate(zip(widths, convolutions)):
        for i in range(count):
            stride = 2 if i == count - 1 and size < len(widths) - 1 else 1
            v = p(f"layers.{size}.{i}.direction", channels, h.shape[1], 3, 3)
            g = p(f"layers.{size}.{i}.gain", channels, scale=0.2, mean=1.5).detach()  # only the last one's is trained
            b = p(f"layers.{size}.{i}.bias", channels, scale=0.2)
            h = leaky(F.conv2d(h, conv_direction(v, g), b, stride, 1))
    features = h.mean((2, 3))
    w = normalized_weight(
        p("output.direction", outputs, features.shape[1]), p("output.gain", outputs, scale=0.2, mean=1.0))
    return F.linear(features, w, p("output.bias", outputs, scale=0.2)), features


def cifar_generator(p, z, widths):
    h = F.linear(z, p("input.weight", widths[0] * 16, z.shape[1]))
    h = F.relu(batch_norm(p, h, "normalizations.0", gain=False, epsilon=1e-6)).reshape(-1, widths[0], 4, 4)
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        h = F.conv_transpose2d(h, p(f"hidden.{i}.weight", inputs, outputs, 5, 5, scale=0.2), None, 2, 2, 1)
        h = F.relu(batch_norm(p, h, f"normalizations.{i + 1}", gain=False, epsilon=1e-6))
    v = p("output.direction", widths[-1], 3, 5, 5)
    w = conv_direction(v.transpose(0, 1), p("output.gain", 3, scale=0.2, mean=1.0)).transpose(0, 1)
    return torch.tanh(F.conv_transpose2d(h, w, p("output.bias", 3, scale=0.2), 2, 2, 1))


def imagenet_generator(p, z, width, reference):
    widths = [width * m for m in (8, 4, 2, 1, 1, 1)]
    count = len(reference)
    h = F.linear(torch.cat([reference, z]), p("input.weight", widths[0] * 16, z.shape[1])).reshape(-1, widths[0], 4, 4)
    h = F.relu(virtual_batch_norm(p, h, "normalizations.0", count))
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        h = F.conv_transpose2d(h, p(f"hidden.{i}.weight", inputs, outputs, 5, 5, scale=0.2), None, 2, 2, 1)
        h = F.relu(virtual_batch_norm(p, h, f"normalizations.{i + 1}", count))
    w = p("output.weight", widths[-1], 3, 5, 5, scale=0.2)
    return torch.tanh(F.conv_transpose2d(h[count:], w, p("output.bias", 3, scale=0.2), 1, 2))


def imagenet_discriminator(p, x, width):
    h = x
    for i, (many, stride) in enumerate(((1, 2), (2, 2), (4, 2), (4, 1), (4, 1), (8, 2), (8, 2))):
        h = F.conv2d(h, p(f"layers.{i}.weight", many * width, h.shape[1], 3, 3), None, stride, 1)
        h = leaky(batch_norm(p, h, f"normalizations.{i}"))
    h = F.linear(h.flatten(1), p("dense.weight", 40 * width, h[0].numel()))
    features = leaky(batch_norm(p, h, "denseNormalization"))
    points = (features @ p("minibatch.kernel", 40 * width, 6, scale=0.1)).reshape(len(x), 3, 2)
    last = torch.cat([features, generate.similarities(points, 1.0)], 1)
    return F.linear(last, p("output.weight", 1, last.shape[1]), p("output.bias", 1, scale=0.2)), features


def residual(p, x, name, expansion, group):
    inner = x.shape[1] * expansion
    h = leaky(F.conv2d(
        x, p(f"{name}.expand.weight", inner, x.shape[1], 1, 1), p(f"{name}.expand.bias", inner, scale=0.2)))
    w = p(f"{name}.grouped.weight", inner, group, 3, 3)
    h = leaky(F.conv2d(h, w, p(f"{name}.grouped.bias", inner, scale=0.2), 1, 1, groups=inner // group))
    return x + F.conv2d(h, p(f"{name}.reduce.weight", x.shape[1], inner, 1, 1))


def r3gan_generator(p, z, widths, blocks, group, labels=None, classes=None):
    if labels is not None:
        z = told(p, z, labels, z.shape[1], classes)
    h = F.linear(z, p("input.weight", widths[0], z.shape[1]))[:, :, None, None] * p("basis", widths[0], 4, 4, scale=1.0)
    for i, width in enumerate(widths):
        if h.shape[1] != width:
            h = F.conv2d(h, p(f"stages.{i}.channels.weight", width, h.shape[1], 1, 1))
        h = interpolated(h) if i else h
        for b in range(blocks):
            h = residual(p, h, f"stages.{i}.blocks.{b}", 2, group)
    return F.conv2d(h, p("output.weight", 3, widths[-1], 1, 1))


def r3gan_discriminator(p, x, widths, blocks, group, labels=None, classes=None):
    h = F.conv2d(x, p("input.weight", widths[-1], 3, 1, 1))
    for i, width in enumerate(reversed(widths)):
        for b in range(blocks):
            h = residual(p, h, f"stages.{i}.blocks.{b}", 2, group)
        if i < len(widths) - 1:
            h = thinned(h)
            following = widths[len(widths) - 2 - i]
            if following != width:
                h = F.conv2d(h, p(f"stages.{i}.channels.weight", following, width, 1, 1))
    features = (h * p("basis.weight", widths[0], 1, 4, 4)[None, :, 0]).sum((2, 3))
    logits = F.linear(features, p("output.weight", 1, widths[0]))
    if labels is not None:
        e = p("projection.embedding.weight", classes, widths[0])
        logits = logits + torch.stack([features[i] @ e[labels[i]] for i in range(len(x))])[:, None]
    return logits, features


def sngan_generator(p, z, width, side, normalization, labels=None, classes=None, reference=None):
    latent, count = z.shape[1], 0
    if labels is not None:
        z = told(p, z, labels, latent, classes)
    if reference is not None:
        z, count = torch.cat([reference, z]), len(reference)
    w = p("input.weight", 8 * width * side * side, latent)
    h = F.linear(z, w, p("input.bias", len(w), scale=0.2)).reshape(-1, 8 * width, side, side)
    for i, times in enumerate((8, 4, 2)):
        b = p(f"hidden.{i}.bias", times // 2 * width, scale=0.2) if normalization == "none" else None
        h = F.conv_transpose2d(h, p(f"hidden.{i}.weight", times * width, times // 2 * width, 4, 4, scale=0.2), b, 2, 1)
        if normalization == "batch":
            h = batch_norm(p, h, f"normalizations.{i}")
        if normalization == "virtual-batch":
            h = virtual_batch_norm(p, h, f"normalizations.{i}", count)
        h = F.relu(h)
    return torch.tanh(F.conv2d(h[count:], p("output.weight", 3, width, 3, 3), p("output.bias", 3, scale=0.2), 1, 1))


def sngan_discriminator(p, x, width, normalization, labels=None, classes=None, kernels=None):
    h = x
    for i, times in enumerate((1, 1, 2, 2, 4, 4, 8)):
        kernel, stride = (4, 2) if i % 2 else (3, 1)
        w = p(f"layers.{i}.weight", times * width, h.shape[1], kernel, kernel)
        if normalization == "spectral":
            w = once_spectral(p, w, f"layers.{i}")
        h = F.leaky_relu(F.conv2d(h, w, p(f"layers.{i}.bias", times * width, scale=0.2), stride, 1), 0.1)
    features = h.flatten(1)
    last = features
    if kernels:
        points = (features @ p("minibatch.kernel", features.shape[1], kernels * 2, scale=0.1)).reshape(
            len(x), kernels, 2)
        last = torch.cat([features, generate.similarities(points, 1.0)], 1)
    w = p("output.weight", 1, last.shape[1])
    if normalization == "spectral":
        w = once_spectral(p, w, "output")
    logits = F.linear(last, w, p("output.bias", 1, scale=0.2))
    if labels is not None:
        e = p("projection.embedding.weight", classes, features.shape[1], scale=0.3)
        if normalization == "spectral":
            e = once_spectral(p, e, "projection")
        logits = logits + (e[labels] * features).sum(1, keepdim=True)
    return logits, features


def contracted(outputs):
    return sum((y * torch.arange(y.numel(), dtype=DOUBLE).cos().reshape(y.shape)).sum() for y in outputs)


def few(x):
    return x if x.numel() < 1000 else x.flatten()[::61]


def images(count, size, seed, channels=3):
    return torch.rand(
        (count, channels, size, size), generator=torch.Generator().manual_seed(seed), dtype=DOUBLE) * 2 - 1


def noise(count, latent, seed=3):
    return torch.randn((count, latent), generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def networks():
    file = File("picture_networks")
    labels = torch.tensor([2, 0, 1, 2])

    def case(name, x, body, **fixed):
        p, x = Parameters(name), x.clone().requires_grad_()
        for key, value in fixed.items():
            p[key.replace("_", ".")] = value
        outputs = body(p, x)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        trained = {key: value for key, value in p.items() if value.requires_grad}
        gradients = torch.autograd.grad(contracted(outputs), [x, *trained.values()], allow_unused=True)
        by = dict(zip(trained, gradients[1:]))
        put = lambda role, value: file.tensors.update({f"{name}.{role}": value.detach().clone().contiguous()})
        put("in", x)
        for index, y in enumerate(outputs):
            put(f"out.{index}", few(y))
        put("gradient", few(gradients[0]))
        for key, value in p.items():
            put(f"parameter.{key}", value)
            if by.get(key) is not None:  # None for what a network looks at as constants
                put(f"gradient.{key}", few(by[key]))

    reference = noise(3, 5, seed=4)
    case("dcgan-generator-none", noise(4, 5), lambda p, z: dcgan_generator(p, z, [6, 3], "none"))
    case(
        "dcgan-generator-batch", noise(4, 5),
        lambda p, z: dcgan_generator(p, z, [6, 3], "batch", labels=labels, classes=3))
    case(
        "dcgan-generator-virtual-batch", noise(4, 5),
        lambda p, z: dcgan_generator(
            p, z, [6, 3], "virtual-batch", labels=labels, classes=3, reference=p["reference.examples"]),
        reference_examples=reference.clone())
    for normalization in ("none", "batch", "spectral"):
        case(
            f"dcgan-discriminator-{normalization}", images(4, 16, 1),
            lambda p, x: dcgan_discriminator(p, x, [3, 6], normalization, labels=labels, classes=3))
    case(
        "dcgan-discriminator-minibatch", images(4, 16, 1),
        lambda p, x: dcgan_discriminator(p, x, [3, 6], "none", kernels=3))
    case("conv-discriminator", images(4, 12, 1), lambda p, x: cifar_discriminator(p, x, 4, 5))
    case("vgg-discriminator", images(4, 12, 1), lambda p, x: vgg_discriminator(p, x, [3, 5, 6], [2, 1, 2], 5))
    case("conv-generator-published", noise(4, 5), lambda p, z: cifar_generator(p, z, [6, 4, 3]))
    case(
        "conv-generator-imagenet", noise(2, 5), lambda p, z: imagenet_generator(p, z, 1, p["reference.examples"]),
        reference_examples=reference.clone())
    case("imagenet-discriminator", images(3, 32, 1), lambda p, x: imagenet_discriminator(p, x, 1))
    case("r3gan-generator", noise(4, 5), lambda p, z: r3gan_generator(p, z, [8, 8, 4], 1, 4, labels, 3))
    case("r3gan-discriminator", images(4, 16, 1), lambda p, x: r3gan_discriminator(p, x, [8, 8, 4], 1, 4, labels, 3))
    case("sngan-generator-none", noise(4, 5), lambda p, z: sngan_generator(p, z, 1, 2, "none"))
    case("sngan-generator-batch", noise(4, 5), lambda p, z: sngan_generator(p, z, 1, 3, "batch", labels, 3))
    case(
        "sngan-generator-virtual-batch", noise(4, 5),
        lambda p, z: sngan_generator(p, z, 1, 2, "virtual-batch", reference=p["reference.examples"]),
        reference_examples=reference.clone())
    case("sngan-discriminator-none", images(4, 16, 1), lambda p, x: sngan_discriminator(p, x, 2, "none", kernels=3))
    case(
        "sngan-discriminator-spectral", images(4, 24, 1),
        lambda p, x: sngan_discriminator(p, x, 2, "spectral", labels, 3))
    steps(file)
    counts(file)
    return file


# ---- a step of the game -------------------------------------------------------------------------------------------
class Player:
    """Parameters made by one pass, then stepped by PyTorch's Adam."""

    def __init__(self, name, fixed, first):
        self.p = Parameters(name)
        first(self.p)
        self.start = {k: v.detach().clone() for k, v in self.p.items()}
        self.trained = [v for k, v in self.p.items() if not fixed(k)]
        self.adam = torch.optim.Adam(self.trained, lr=0.0003, betas=(0.5, 0.999))

    def move(self, loss):
        for value, gradient in zip(self.trained, torch.autograd.grad(loss, self.trained)):
            value.grad = gradient
        self.adam.step()


def steps(file):
    def put(name, players, losses, **data):
        file.tensors[f"{name}.losses"] = torch.tensor(losses, dtype=DOUBLE)
        for key, value in data.items():
            file.tensors[f"{name}.{key}"] = value.clone()
        for role, player in players.items():
            for key, value in player.start.items():
                file.tensors[f"{name}.{role}.start.{key}"] = value
                file.tensors[f"{name}.{role}.end.{key}"] = player.p[key].detach().clone()

    # DCGAN: both players on the same pictures, batch norm for real and generated ones apart.
    real, random = images(4, 16, 2), Stream.seeded(5)
    z = random.named("discriminator").named("noise").at(0).normal((4, 5))
    g = Player("dcgan-step-g", lambda k: False, lambda p: dcgan_generator(p, z, [6, 3], "batch"))
    d = Player("dcgan-step-d", lambda k: False, lambda p: dcgan_discriminator(p, real, [3, 6], "batch"))
    judge = lambda x: dcgan_discriminator(d.p, x, [3, 6], "batch")[0]
    cross = F.binary_cross_entropy_with_logits
    made = dcgan_generator(g.p, z, [6, 3], "batch")
    a, b = judge(real), judge(made.detach())
    d_loss = cross(a, torch.ones_like(a)) + cross(b, torch.zeros_like(b))
    d.move(d_loss)
    b = judge(made)
    g_loss = cross(b, torch.ones_like(b))
    g.move(g_loss)
    put("dcgan-step", {"generator": g, "discriminator": d}, [d_loss.item(), g_loss.item()], real=real)

    # The semi-supervised game on pictures, dropout and all.
    real, labelled, y = images(4, 16, 3), images(4, 16, 4), torch.tensor([3, 0, 4, 4])
    noise_of = lambda player: random.named(player).named("noise").at(0).uniform((4, 5))
    layers_of = lambda player: random.named(player).named("layers of the discriminator").at(0)
    fixed = lambda k: k.startswith("layers") and k.endswith("gain")
    g = Player("cifar-step-g", lambda k: False, lambda p: cifar_generator(p, noise_of("discriminator"), [6, 4]))
    d = Player("cifar-step-d", fixed, lambda p: cifar_discriminator(p, real, 4, 5))
    judge = lambda x, stream: cifar_discriminator(d.p, x, 4, 5, Pass(stream))
    stream = layers_of("discriminator")
    made = cifar_generator(g.p, noise_of("discriminator"), [6, 4]).detach()
    on_labelled, on_real, on_made = (judge(x, stream.at(i))[0] for i, x in enumerate((labelled, real, made)))
    zero = lambda l: torch.cat([l, torch.zeros_like(l[:, :1])], 1)
    labelled_loss = F.cross_entropy(on_labelled, y)
    generated_class = torch.full((4,), 5)
    is_real = -torch.logsumexp(F.log_softmax(zero(on_real), 1)[:, :5], 1).mean()
    d_loss = labelled_loss + 0.5 * is_real + 0.5 * F.cross_entropy(zero(on_made), generated_class)
    d.move(d_loss)
    stream = layers_of("generator")
    made = cifar_generator(g.p, noise_of("generator"), [6, 4])
    real_features = judge(real, stream.named("real"))[1].detach()
    made_features = judge(made, stream.named("generated"))[1]
    g_loss = (real_features.mean(0) - made_features.mean(0)).abs().mean()
    g.move(g_loss)
    put(
        "cifar-step", {"generator": g, "discriminator": d}, [d_loss.item(), g_loss.item(), labelled_loss.item()],
        real=real, labelled=labelled, labels=y)


# ---- sizes --------------------------------------------------------------------------------------------------------
def counts(file):
    """How many trained parameters the networks have at their published sizes, counted by PyTorch's own modules."""

    def count(*modules):
        return sum(p.numel() for m in modules for p in m.parameters())

    def strided(kind, sizes, **options):
        return [kind(a, b, 4, 2, 1, bias=False, **options) for a, b in zip(sizes, sizes[1:])]

    g_sizes, d_sizes = [512, 256, 128, 64, 3], [3, 64, 128, 256, 512]
    dcgan_g = [nn.ConvTranspose2d(100, 512, 4, 1, 0, bias=False), *strided(nn.ConvTranspose2d, g_sizes)]
    dcgan_d = [*strided(nn.Conv2d, d_sizes), nn.Conv2d(512, 1, 4, 1, 0, bias=False)]
    norms = lambda sizes: [nn.BatchNorm2d(c) for c in sizes]

    def cifar(width):
        sizes, channels = [], 3
        for kernel, stride, padding, wide in CIFAR:
            sizes.append(nn.Conv2d(channels, width * (1 + wide), kernel, stride, padding))
            channels = width * (1 + wide)
        side = torch.zeros(1, 3, 32, 32)
        shapes = []
        for layer in sizes:
            side = layer(side)
            shapes.append(list(side.shape[1:]))
        # A gain for each output of the last layer; the others' are not trained.
        return count(*sizes, nn.Linear(channels, 10)) + 10, shapes

    generator = [
        nn.Linear(100, 4 * 4 * 512, bias=False), nn.BatchNorm1d(4 * 4 * 512),
        nn.ConvTranspose2d(512, 256, 5, bias=False),
        nn.BatchNorm2d(256), nn.ConvTranspose2d(256, 128, 5, bias=False), nn.BatchNorm2d(128),
        nn.ConvTranspose2d(128, 3, 5)]
    gains = 4 * 4 * 512 + 256 + 128  # which the release leaves out, and the last layer's 3, which it has
    # Table 3 of SNGAN, for CIFAR-10; what is normalised has no bias.
    sngan_g = [
        nn.Linear(128, 4 * 4 * 512), nn.ConvTranspose2d(512, 256, 4, 2, 1, bias=False), nn.BatchNorm2d(256),
        nn.ConvTranspose2d(256, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.Conv2d(64, 3, 3, 1, 1)]
    sngan_d = [
        nn.Conv2d(3, 64, 3, 1, 1), nn.Conv2d(64, 64, 4, 2, 1), nn.Conv2d(64, 128, 3, 1, 1),
        nn.Conv2d(128, 128, 4, 2, 1),
        nn.Conv2d(128, 256, 3, 1, 1), nn.Conv2d(256, 256, 4, 2, 1), nn.Conv2d(256, 512, 3, 1, 1),
        nn.Linear(4 * 4 * 512, 1)]
    values = {
        "sngan-generator-32": count(*sngan_g),
        "sngan-discriminator-32": count(*sngan_d),
        "dcgan-generator-64": count(*dcgan_g, *norms(g_sizes[:-1])),
        "dcgan-discriminator-64": count(*dcgan_d, *norms(d_sizes[2:])),
        "cifar10-discriminator": cifar(96)[0], "svhn-discriminator": cifar(64)[0],
        "cifar10-generator": count(*generator) - gains + 3,
    }
    for name, value in values.items():
        file.tensors[f"count.{name}"] = torch.tensor([value])
    file.tensors["shapes.cifar10-discriminator"] = torch.tensor(cifar(96)[1])


if __name__ == "__main__":
    generate.main((layers(), networks()))
