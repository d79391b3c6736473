"""The published semi-supervised MNIST iteration in PyTorch, as people write it. -compiled: both losses by
torch.compile; -bfloat16: under autocast."""

from contestant import checked, compete, options, rate_factor, tensors

import contextlib

import torch
import torch.nn.functional as F

torch.set_num_threads(options.threads)
compiled, bfloat16 = "-compiled" in options.work, "-bfloat16" in options.work
sizes = [784, 1000, 500, 250, 250, 250, 10]
deviations = [0.3] + [0.5] * 5
autocast = lambda: torch.autocast("cpu", torch.bfloat16) if bfloat16 else contextlib.nullcontext()


class Discriminator:
    def __init__(self):
        self.v = [torch.randn(o, i) * 0.1 for i, o in zip(sizes[:-1], sizes[1:])]
        self.b = [torch.zeros(o) for o in sizes[1:]]
        self.g = [torch.ones(o) for o in sizes[1:]]

    def parameters(self):
        return [*self.v, *self.b, self.g[-1]]

    def __call__(self, x, noise=None):
        for l in range(6):
            x = x + deviations[l] * (torch.randn_like(x) if noise is None else noise[l])
            w = self.v[l] * (self.g[l] / torch.sqrt(1e-6 + (self.v[l] ** 2).sum(1)))[:, None]
            x = F.linear(x, w, self.b[l])
            if l < 5:
                x = torch.relu(x)
            if l == 4:
                features = x
        return x.float(), features


class Generator:
    def __init__(self):
        glorot = torch.nn.init.xavier_uniform_
        self.w = [glorot(torch.empty(o, i)) for i, o in ((100, 500), (500, 500), (500, 784))]
        self.b = [torch.zeros(500), torch.zeros(500), torch.zeros(784)]
        self.g = torch.ones(784)

    def parameters(self):
        return [*self.w, *self.b, self.g]

    def __call__(self, z):
        h = z
        for l in range(2):
            h = F.linear(h, self.w[l])
            h = (h - h.mean(0)) / torch.sqrt(h.var(0, unbiased=False) + 1e-6) + self.b[l]
            h = F.softplus(h)
        w = self.w[2] * (self.g / torch.sqrt(1e-6 + (self.w[2] ** 2).sum(1)))[:, None]
        return torch.sigmoid(F.linear(h, w, self.b[2]))


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
        torch._foreach_addcdiv_(self.parameters, self.m, root, -3e-3 * rate_factor / (1 - 0.5**self.t))


d, g = Discriminator(), Generator()
given = None
if options.check:
    given = {name: torch.from_numpy(value) for name, value in tensors().items()}
    names = [f"hidden.{l}" for l in range(5)] + ["output"]
    d.v = [given[f"discriminator.{name}.direction"].clone() for name in names]
    d.b = [given[f"discriminator.{name}.bias"].clone() for name in names]
    d.g = [given[f"discriminator.{name}.gain"].clone() for name in names]
    g.w = [given[f"generator.hidden.{l}.weight"].clone() for l in range(2)] + [
        given["generator.output.direction"].clone()
    ]
    g.b = [given[f"generator.normalizations.{l}.bias"].clone() for l in range(2)] + [
        given["generator.output.bias"].clone()
    ]
    g.g = given["generator.output.gain"].clone()
for parameter in d.parameters() + g.parameters():
    parameter.requires_grad_(True)
of_d, of_g = Adam(d.parameters()), Adam(g.parameters())
average = [torch.zeros_like(p) for p in d.parameters()]


def loss_d(labelled, labels, real, fake, noise=None):
    with autocast():
        logits, _ = d(torch.cat([labelled, real, fake]), noise)
    l, r, f = logits.split(100)
    s = torch.logsumexp(logits, 1)
    sl, sr, sf = s.split(100)
    supervised = (sl - l.gather(1, labels[:, None])[:, 0]).mean()
    return supervised + 0.5 * (F.softplus(sr) - sr).mean() + 0.5 * F.softplus(sf).mean()


def loss_g(z, target, noise=None):
    with autocast():
        _, features = d(g(z), noise)
    return ((target - features.float().mean(0)) ** 2).mean()


if compiled:
    loss_d, loss_g = torch.compile(loss_d), torch.compile(loss_g)


def play(labelled, labels, real_d, real_g, z_d, z_g, noise_d=None, noise_real=None, noise_generated=None):
    with torch.no_grad(), autocast():
        fake = g(z_d).float()
    l_d = loss_d(labelled, labels, real_d, fake, noise_d)
    of_d.step(torch.autograd.grad(l_d, d.parameters()))
    torch._foreach_lerp_(average, [p.detach() for p in d.parameters()], 1e-4)
    with torch.no_grad(), autocast():
        target = d(real_g, noise_real)[1].float().mean(0)
    l_g = loss_g(z_g, target, noise_generated)
    of_g.step(torch.autograd.grad(l_g, g.parameters()))
    return l_d, l_g


if options.check:
    losses = []
    for i in range(given["z of D"].shape[0]):
        noise = lambda name: [given[f"noise of {name}.{l}"][i] for l in range(6)]
        losses.append(
            play(
                given["labelled"][i], given["labels"][i], given["real of D"][i], given["real of G"][i],
                given["z of D"][i], given["z of G"][i], noise("D"), noise("G real"), noise("G generated"),
            )
        )
    checked([[l.item() for l in pair] for pair in losses])

pictures, labels = torch.rand(6000, 784), torch.arange(100) % 10


def run(times):
    for _ in range(times):
        rows = torch.randperm(6000)[:300]
        play(
            pictures[rows[:100]], labels, pictures[rows[100:200]], pictures[rows[200:]],
            torch.rand(100, 100), torch.rand(100, 100),
        )


compete(run)
