#!/usr/bin/env python3
"""How near samples of small-folder runs come to the ships that were held back: CIFAR-10's training ships but for the
first 500.

    pip install torch numpy pillow
    gan sample RUN --count 4500 --out samples/
    python3 Results/pictures/held_out.py CIFAR-10 resnet56.th samples ...

By a network that is not ours and has seen none of the samples: akamaster/pytorch_resnet_cifar10's ResNet-56 (inputs 0
... 1 normalised as ImageNet's, 64 features after the global mean). Prints for each folder the Frechet distance of the
features to the held-back ships', and the share that the network calls ships.
"""

import lzma
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

SHIP = 8


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, outputs // inputs, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.more = outputs - inputs

    def forward(self, x):
        h = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.more:  # the shortcut takes every second pixel, and channels of zeros on either side
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more // 2))
        return F.relu(h + x)


class ResNet56(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        stages = [
            nn.Sequential(Block(a, b), *[Block(b, b) for _ in range(8)]) for a, b in ((16, 16), (16, 32), (32, 64))]
        self.layer1, self.layer2, self.layer3 = stages
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        h = F.relu(self.bn1(self.conv1((x - mean[:, None, None]) / deviation[:, None, None])))
        features = self.layer3(self.layer2(self.layer1(h))).mean((2, 3))
        return features, self.linear(features)


def ships(source):
    """Those that `folder.py` leaves."""
    parts = []
    for batch in range(1, 6):
        file = source / f"data_batch_{batch}.bin"
        data = file.read_bytes() if file.exists() else lzma.open(f"{file}.xz").read()
        records = np.frombuffer(data, np.uint8).reshape(-1, 1 + 3072)
        parts.append(records[records[:, 0] == SHIP, 1:].reshape(-1, 3, 32, 32))
    return np.concatenate(parts)[500:]


def pictures(folder):
    files = sorted(file for file in folder.rglob("*.png"))
    return np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files]).transpose(0, 3, 1, 2)


@torch.no_grad()
def looked_at(network, images):
    found = [network(part.float() / 255) for part in torch.from_numpy(images.copy()).split(500)]
    features, logits = (torch.cat(parts) for parts in zip(*found))
    return features.double(), (logits.argmax(1) == SHIP).double().mean().item()


def distance(a, b):
    """|m - m'|^2 + tr(S + S' - 2 (S S')^1/2), the last trace that of the roots of the eigenvalues."""
    s, t = torch.cov(a.T), torch.cov(b.T)
    root = torch.linalg.eigvals(s @ t).real.clamp(min=0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + s.trace() + t.trace() - 2 * root).item()


def main():
    source, weights, *folders = map(pathlib.Path, sys.argv[1:])
    state = torch.load(weights, map_location="cpu", weights_only=False)["state_dict"]
    network = ResNet56().eval()
    network.load_state_dict({name.removeprefix("module."): value for name, value in state.items()})
    real, share = looked_at(network, ships(source))
    print(f"{len(real)} ships held back: {100 * share:.1f} % called ships")
    for folder in folders:
        features, share = looked_at(network, pictures(folder))
        near = f"distance {distance(features, real):.2f}, {100 * share:.1f} % called ships"
        print(f"{folder.name}, {len(features)}: {near}")


main()
