"""A DCGAN step at 64 x 64 in PyTorch, by the networks of its own example. -channels-last: in that memory format."""

from contestant import checked, compete, options, rate_factor, tensors

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(options.threads)
channels_last = "-channels-last" in options.work
layers = [nn.ConvTranspose2d(100, 512, 4, 1, 0, bias=False), nn.BatchNorm2d(512), nn.ReLU()]
for inputs, outputs in (512, 256), (256, 128), (128, 64):
    layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
g = nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())
layers = [nn.Conv2d(3, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
for inputs, outputs in (64, 128), (128, 256), (256, 512):
    layers += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
d = nn.Sequential(*layers, nn.Conv2d(512, 1, 4, 1, 0, bias=False))
given = None
if options.check:
    given = {name: torch.from_numpy(value) for name, value in tensors().items()}

    def fill(parameter, name):
        parameter.data = given[name].clone().reshape(parameter.shape)

    for i in range(4):
        fill(g[3 * i].weight, f"generator.hidden.{i}.weight")
        fill(g[3 * i + 1].weight, f"generator.normalizations.{i}.gain")
        fill(g[3 * i + 1].bias, f"generator.normalizations.{i}.bias")
    fill(g[12].weight, "generator.output.weight")
    fill(d[0].weight, "discriminator.layers.0.weight")
    for i in range(3):
        fill(d[2 + 3 * i].weight, f"discriminator.layers.{i + 1}.weight")
        fill(d[3 + 3 * i].weight, f"discriminator.normalizations.{i}.gain")
        fill(d[3 + 3 * i].bias, f"discriminator.normalizations.{i}.bias")
    fill(d[11].weight, "discriminator.output.weight")

real = given["real"] if given else torch.rand(64, 3, 64, 64) * 2 - 1
if channels_last:
    g, d = g.to(memory_format=torch.channels_last), d.to(memory_format=torch.channels_last)
    real = real.to(memory_format=torch.channels_last)
of_g = torch.optim.Adam(g.parameters(), 2e-4 * rate_factor, betas=(0.5, 0.999), fused=True)
of_d = torch.optim.Adam(d.parameters(), 2e-4 * rate_factor, betas=(0.5, 0.999), fused=True)


def play(z):
    fake = g(z[:, :, None, None])
    l_d = F.softplus(-d(real)).mean() + F.softplus(d(fake.detach())).mean()
    of_d.zero_grad()
    l_d.backward()
    of_d.step()
    l_g = F.softplus(-d(fake)).mean()
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
