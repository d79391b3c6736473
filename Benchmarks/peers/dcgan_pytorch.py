"""A DCGAN step at 32 x 32 in PyTorch, as people write it. -channels-last: in that memory format; -compiled: both
networks by torch.compile."""

from contestant import checked, compete, options, rate_factor, tensors

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(options.threads)
channels_last, compiled = "-channels-last" in options.work, "-compiled" in options.work

g = nn.Sequential(
    nn.ConvTranspose2d(100, 256, 4, 1, 0, bias=False), nn.BatchNorm2d(256), nn.ReLU(),
    nn.ConvTranspose2d(256, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
    nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
    nn.ConvTranspose2d(64, 3, 4, 2, 1), nn.Tanh(),
)
d = nn.Sequential(
    nn.Conv2d(3, 64, 4, 2, 1), nn.LeakyReLU(0.2),
    nn.Conv2d(64, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),
    nn.Conv2d(128, 256, 4, 2, 1, bias=False), nn.BatchNorm2d(256), nn.LeakyReLU(0.2),
    nn.Conv2d(256, 1, 4, 1, 0),
)
given = None
if options.check:
    given = {name: torch.from_numpy(value) for name, value in tensors().items()}

    def fill(module, name):
        for parameter in ("weight", "bias"):
            if f"{name}.{parameter}" in given:
                getattr(module, parameter).data = given[f"{name}.{parameter}"].clone()

    for i in range(3):
        fill(g[3 * i], f"generator.layers.{i}")
        g[3 * i + 1].weight.data = given[f"generator.norms.{i}.gain"].clone()
        g[3 * i + 1].bias.data = given[f"generator.norms.{i}.bias"].clone()
    fill(g[9], "generator.output")
    fill(d[0], "discriminator.first")
    for i in range(2):
        fill(d[2 + 3 * i], f"discriminator.layers.{i}")
        d[3 + 3 * i].weight.data = given[f"discriminator.norms.{i}.gain"].clone()
        d[3 + 3 * i].bias.data = given[f"discriminator.norms.{i}.bias"].clone()
    fill(d[8], "discriminator.output")

real = given["real"] if given else torch.rand(64, 3, 32, 32) * 2 - 1
if channels_last:
    g, d = g.to(memory_format=torch.channels_last), d.to(memory_format=torch.channels_last)
    real = real.to(memory_format=torch.channels_last)
of_g = torch.optim.Adam(g.parameters(), 2e-4 * rate_factor, betas=(0.5, 0.999), fused=True)
of_d = torch.optim.Adam(d.parameters(), 2e-4 * rate_factor, betas=(0.5, 0.999), fused=True)
generate, judge = (torch.compile(g), torch.compile(d)) if compiled else (g, d)


def play(z):
    fake = generate(z[:, :, None, None])
    l_d = F.softplus(-judge(real)).mean() + F.softplus(judge(fake.detach())).mean()
    of_d.zero_grad()
    l_d.backward()
    of_d.step()
    l_g = F.softplus(-judge(fake)).mean()
    of_g.zero_grad()
    l_g.backward()
    of_g.step()
    return l_d.item(), l_g.item()


if given:
    checked([play(z) for z in given["z"]])


def run(times):
    for _ in range(times):
        play(torch.randn(64, 100))


compete(run, warm=2)
