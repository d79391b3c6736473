"""The published semi-supervised MNIST iteration in two processes of PyTorch's DistributedDataParallel, as people write
it: each has half of every batch, and gradients are averaged. It is another game than one process plays: each half
matches its own features' means, and its batch norm sees its own half."""

import os
import sys

if "RANK" not in os.environ:
    # This process is the first; the other is the same program.
    import socket
    import subprocess

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    other = subprocess.Popen([sys.executable, *sys.argv], env={**os.environ, "RANK": "1"}, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL)
    os.environ["RANK"] = "0"
cores = sorted(os.sched_getaffinity(0))

from contestant import compete, options

# Two processes, not two on one core.
os.sched_setaffinity(0, cores)

import torch
import torch.distributed as dist
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel

torch.set_num_threads(options.threads)
dist.init_process_group("gloo")
rank, half = dist.get_rank(), 100 // dist.get_world_size()
torch.manual_seed(rank)


class WeightNormLinear(nn.Module):
    def __init__(self, inputs, outputs, trains_gain):
        super().__init__()
        self.v, self.b = nn.Parameter(torch.randn(outputs, inputs) * 0.1), nn.Parameter(torch.zeros(outputs))
        gain = torch.ones(outputs)
        if trains_gain:
            self.g = nn.Parameter(gain)
        else:
            self.register_buffer("g", gain)

    def forward(self, x):
        return F.linear(x, self.v * (self.g / torch.sqrt(1e-6 + (self.v**2).sum(1)))[:, None], self.b)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [784, 1000, 500, 250, 250, 250, 10]
        self.layers = nn.ModuleList(WeightNormLinear(i, o, o == 10) for i, o in zip(sizes[:-1], sizes[1:]))

    def forward(self, x):
        for l, layer in enumerate(self.layers):
            x = layer(x + (0.5 if l else 0.3) * torch.randn_like(x))
            if l < 5:
                x = torch.relu(x)
            if l == 4:
                features = x
        return x, features


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(i, 500, bias=False) for i in (100, 500))
        self.bias = nn.ParameterList(torch.zeros(500) for _ in range(2))
        self.output = WeightNormLinear(500, 784, True)

    def forward(self, z):
        h = z
        for layer, bias in zip(self.hidden, self.bias):
            h = layer(h)
            h = F.softplus((h - h.mean(0)) / torch.sqrt(h.var(0, unbiased=False) + 1e-6) + bias)
        return torch.sigmoid(self.output(h))


class Adam:
    """The release's: its stabiliser stands inside the root, which PyTorch's own has no form for."""

    def __init__(self, parameters):
        self.parameters, self.t = list(parameters), 0
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.v = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        gradients = [p.grad for p in self.parameters]
        self.t += 1
        torch._foreach_lerp_(self.m, gradients, 0.5)
        torch._foreach_mul_(self.v, 0.999)
        torch._foreach_addcmul_(self.v, gradients, gradients, 0.001)
        root = torch._foreach_div(self.v, 1 - 0.999**self.t)
        torch._foreach_add_(root, 1e-8)
        torch._foreach_sqrt_(root)
        torch._foreach_addcdiv_(self.parameters, self.m, root, -3e-3 / (1 - 0.5**self.t))
        for p in self.parameters:
            p.grad = None


d, g = Discriminator(), Generator()
shared_d, shared_g = (
    DistributedDataParallel(d, broadcast_buffers=False), DistributedDataParallel(g, broadcast_buffers=False)
)
of_d, of_g = Adam(d.parameters()), Adam(g.parameters())
average = [torch.zeros_like(p) for p in d.parameters()]
pictures, labels = torch.rand(6000, 784), torch.arange(half) % 10


def play():
    rows = torch.randperm(6000)[: 3 * half]
    labelled, real_d, real_g = pictures[rows].split(half)
    with torch.no_grad():
        fake = g(torch.rand(half, 100))
    logits, _ = shared_d(torch.cat([labelled, real_d, fake]))
    l, _, _ = logits.split(half)
    sl, sr, sf = torch.logsumexp(logits, 1).split(half)
    supervised = (sl - l.gather(1, labels[:, None])[:, 0]).mean()
    (supervised + 0.5 * (F.softplus(sr) - sr).mean() + 0.5 * F.softplus(sf).mean()).backward()
    of_d.step()
    torch._foreach_lerp_(average, [p.detach() for p in d.parameters()], 1e-4)
    with torch.no_grad():
        target = d(real_g)[1].mean(0)
    for p in d.parameters():
        p.requires_grad_(False)
    _, features = d(shared_g(torch.rand(half, 100)))
    ((target - features.mean(0)) ** 2).mean().backward()
    for p in d.parameters():
        p.requires_grad_(True)
    of_g.step()


def told(times):
    """What the first process is asked for, in both; 0 once nothing is asked for any more."""
    number = torch.tensor([times])
    dist.broadcast(number, 0)
    return int(number)


def run(times):
    told(times)
    for _ in range(times):
        play()


if rank == 0:
    compete(run)
    told(0)
    other.wait()
else:
    while times := told(0):
        for _ in range(times):
            play()
