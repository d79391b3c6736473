"""The published semi-supervised iteration on CIFAR-10 or SVHN in PyTorch, as people write it, batches of 50.
-channels-last: in that memory format; -bfloat16: in it under autocast."""

from contestant import checked, compete, options, rate_factor, tensors

import contextlib

import torch
import torch.nn.functional as F

torch.set_num_threads(options.threads)
bfloat16 = "-bfloat16" in options.work
channels_last = "-channels-last" in options.work or bfloat16
w = 64 if options.work.startswith("svhn") else 96
batch = 50
form = torch.channels_last if channels_last else torch.contiguous_format
shapes = [
    (3, w, 3, 1, 1), (w, w, 3, 1, 1), (w, w, 3, 2, 1),
    (w, 2 * w, 3, 1, 1), (2 * w, 2 * w, 3, 1, 1), (2 * w, 2 * w, 3, 2, 1),
    (2 * w, 2 * w, 3, 1, 0), (2 * w, 2 * w, 1, 1, 0), (2 * w, 2 * w, 1, 1, 0),
]


autocast = lambda: torch.autocast("cpu", torch.bfloat16) if bfloat16 else contextlib.nullcontext()


def drop(x, rate, kept):
    return F.dropout(x, rate) if kept is None else x * kept.to(x.dtype) / (1 - rate)


def normalised(v, g, b_dims):
    return v * (g / torch.sqrt(1e-6 + (v**2).sum(b_dims))).view(*[-1 if i == 0 else 1 for i in range(v.dim())])


class Discriminator:
    def __init__(self):
        self.v = [torch.randn(o, i, k, k) * 0.05 for i, o, k, _, _ in shapes] + [torch.randn(10, 2 * w) * 0.05]
        self.b = [torch.zeros(v.shape[0]) for v in self.v]
        self.g = [torch.ones(v.shape[0]) for v in self.v]

    def parameters(self):
        return [*self.v, *self.b, self.g[-1]]

    def __call__(self, x, kept=(None, None, None)):
        x = drop(x, 0.2, kept[0])
        for l, (_, _, _, stride, padding) in enumerate(shapes):
            if l == 3:
                x = drop(x, 0.5, kept[1])
            if l == 6:
                x = drop(x, 0.5, kept[2])
            x = F.leaky_relu(F.conv2d(x, normalised(self.v[l], self.g[l], (1, 2, 3)), self.b[l], stride, padding), 0.2)
        features = x.mean((2, 3))
        return F.linear(features, normalised(self.v[-1], self.g[-1], 1), self.b[-1]), features


class Generator:
    def __init__(self):
        self.w = [
            torch.randn(512 * 16, 100) * 0.05, torch.randn(512, 256, 5, 5) * 0.05, torch.randn(256, 128, 5, 5) * 0.05
        ]
        self.w.append(torch.randn(128, 3, 5, 5) * 0.05)
        self.b = [torch.zeros(512 * 16), torch.zeros(256), torch.zeros(128), torch.zeros(3)]
        self.g = torch.ones(3)

    def parameters(self):
        return [*self.w, *self.b, self.g]

    def __call__(self, z):
        def norm(x, dims, b):
            x = (x - x.mean(dims, keepdim=True)) / torch.sqrt(x.var(dims, unbiased=False, keepdim=True) + 1e-6)
            return F.relu(x + b)

        h = norm(F.linear(z, self.w[0]), (0,), self.b[0]).view(-1, 512, 4, 4).contiguous(memory_format=form)
        for l in 1, 2:
            h = F.conv_transpose2d(h, self.w[l], None, 2, 2, 1)
            h = F.batch_norm(h, None, None, None, self.b[l], True, 0.0, 1e-6).relu()
        v = self.w[3]
        last = v * (self.g / torch.sqrt(1e-6 + (v**2).sum((0, 2, 3)))).view(1, -1, 1, 1)
        return torch.tanh(F.conv_transpose2d(h, last, self.b[3], 2, 2, 1))


class Adam:
    """The release's: its stabiliser stands inside the root, which PyTorch's own has no form for."""

    def __init__(self, parameters):
        self.parameters, self.t = parameters, 0
        self.m = [torch.zeros_like(p) for p in parameters]
        self.v = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self, gradients):
        self.t += 1
        torch._foreach_lerp_(self.m, gradients, 0.5)
        torch._foreach_mul_(self.v, 0.999)
        torch._foreach_addcmul_(self.v, gradients, gradients, 0.001)
        root = torch._foreach_div(self.v, 1 - 0.999**self.t)
        torch._foreach_add_(root, 1e-8)
        torch._foreach_sqrt_(root)
        torch._foreach_addcdiv_(self.parameters, self.m, root, -3e-4 * rate_factor / (1 - 0.5**self.t))


d, g = Discriminator(), Generator()
given = None
if options.check:
    given = {name: torch.from_numpy(value) for name, value in tensors().items()}
    names = [f"layers.{l}" for l in range(9)] + ["output"]
    d.v = [given[f"discriminator.{name}.direction"].clone() for name in names]
    d.b = [given[f"discriminator.{name}.bias"].clone() for name in names]
    d.g = [given[f"discriminator.{name}.gain"].clone() for name in names]
    g.w = [given["generator.input.weight"].clone()] + [given[f"generator.hidden.{l}.weight"].clone() for l in range(2)]
    g.w.append(given["generator.output.direction"].clone())
    g.b = [given[f"generator.normalizations.{l}.bias"].clone() for l in range(3)] + [
        given["generator.output.bias"].clone()
    ]
    g.g = given["generator.output.gain"].clone()
if channels_last:
    d.v[:9] = [v.contiguous(memory_format=form) for v in d.v[:9]]
    g.w[1:] = [v.contiguous(memory_format=form) for v in g.w[1:]]
for parameter in d.parameters() + g.parameters():
    parameter.requires_grad_(True)
of_d, of_g = Adam(d.parameters()), Adam(g.parameters())
average = [torch.zeros_like(p) for p in d.parameters()]


def play(
    labelled, labels, real_d, real_g, z_d, z_g, kept_d=(None,) * 3, kept_real=(None,) * 3, kept_generated=(None,) * 3
):
    with torch.no_grad(), autocast():
        fake = g(z_d).float()
    with autocast():
        logits, _ = d(torch.cat([labelled, real_d, fake]).contiguous(memory_format=form), kept_d)
    l, r, f = logits.float().split(batch)
    s = torch.logsumexp(logits, 1)
    sl, sr, sf = s.split(batch)
    supervised = (sl - l.gather(1, labels[:, None])[:, 0]).mean()
    l_d = supervised + 0.5 * (F.softplus(sr) - sr).mean() + 0.5 * F.softplus(sf).mean()
    of_d.step(torch.autograd.grad(l_d, d.parameters()))
    torch._foreach_lerp_(average, [p.detach() for p in d.parameters()], 1e-4)
    with torch.no_grad(), autocast():
        target = d(real_g.contiguous(memory_format=form), kept_real)[1].float().mean(0)
    with autocast():
        features = d(g(z_g), kept_generated)[1]
    l_g = (target - features.float().mean(0)).abs().mean()
    of_g.step(torch.autograd.grad(l_g, g.parameters()))
    return l_d, l_g


if given:
    losses = []
    for i in range(given["z of D"].shape[0]):
        kept = lambda name: [given[f"kept of {name}.{l}"][i] for l in range(3)]
        losses.append(
            play(
                given["labelled"][i], given["labels"][i], given["real of D"][i], given["real of G"][i],
                given["z of D"][i], given["z of G"][i], kept("D"), kept("G real"), kept("G generated"),
            )
        )
    checked([[l.item() for l in pair] for pair in losses])

pictures, labels = torch.rand(2000, 3, 32, 32) * 2 - 1, torch.arange(batch) % 10


def run(times):
    for _ in range(times):
        rows = torch.randperm(2000)[: 3 * batch]
        play(
            pictures[rows[:batch]], labels, pictures[rows[batch : 2 * batch]], pictures[rows[2 * batch :]],
            torch.rand(batch, 100), torch.rand(batch, 100),
        )


compete(run, warm=1)
