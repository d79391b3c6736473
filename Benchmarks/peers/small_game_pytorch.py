"""The small games in PyTorch, as people write them; 32 seeds one after the other. With the suffix -compiled the losses
go through torch.compile."""

from contestant import checked, compete, options, rate_factor, tensors

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(options.threads)
work = options.work.removesuffix("-compiled")
compiled = options.work.endswith("-compiled")
tutorial = work.startswith("tutorial")
seeds = 32 if work.endswith("-32") else 1
width, scale, batch = (10, 5.0, 200) if tutorial else (32, 1.0, 200)


def mlp():
    return nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))


def noise():
    if tutorial:
        return torch.linspace(-3, 3, batch)[:, None] + 0.01 * torch.rand(batch, 1)
    return torch.randn(batch, 1)


class Game:
    def __init__(self):
        self.g, self.d = mlp(), mlp()

        def optimiser(module):
            if tutorial:
                return torch.optim.SGD(module.parameters(), lr=1e-3 * rate_factor, momentum=0.6, fused=True)
            return torch.optim.Adam(module.parameters(), lr=1e-3 * rate_factor, fused=True)

        self.of_g, self.of_d = optimiser(self.g), optimiser(self.d)
        self.forward_d = self.loss_d
        self.forward_g = self.loss_g
        if compiled:
            self.forward_d, self.forward_g = torch.compile(self.loss_d), torch.compile(self.loss_g)

    def loss_d(self, real, fake):
        return F.softplus(-self.d(real)).mean() + F.softplus(self.d(fake)).mean()

    def loss_g(self, z):
        return F.softplus(-self.d(scale * self.g(z))).mean()

    def play(self, real, z_d, z_g):
        with torch.no_grad():
            fake = scale * self.g(z_d)
        l_d = self.forward_d(real, fake)
        self.of_d.zero_grad()
        l_d.backward()
        self.of_d.step()
        l_g = self.forward_g(z_g)
        self.of_g.zero_grad()
        l_g.backward()
        self.of_g.step()
        return l_d, l_g

    def step(self):
        real = torch.randn(batch, 1)
        if tutorial:
            real = real.sort(0).values
        self.play(real, noise(), noise())


games = [Game() for _ in range(seeds)]

if options.check:
    given = {name: torch.from_numpy(value) for name, value in tensors().items()}
    of_seed = lambda tensor, seed, dimension=0: tensor if seeds == 1 else tensor.select(dimension, seed)
    for seed, game in enumerate(games):
        for module, name in (game.g, "generator"), (game.d, "discriminator"):
            for index, layer in (0, "hidden.0"), (2, "hidden.1"), (4, "output"):
                module[index].weight.data = of_seed(given[f"{name}.{layer}.weight"], seed).clone()
                module[index].bias.data = of_seed(given[f"{name}.{layer}.bias"], seed).clone()
    losses = []
    for i in range(given["real"].shape[0]):
        draws = [given[name][i] for name in ("real", "z of D", "z of G")]
        pairs = [game.play(*(of_seed(draw, seed) for draw in draws)) for seed, game in enumerate(games)]
        losses.append([float(pair[0]) for pair in pairs] + [float(pair[1]) for pair in pairs])
    checked(losses)


def run(times):
    for _ in range(times):
        for game in games:
            game.step()


compete(run)
