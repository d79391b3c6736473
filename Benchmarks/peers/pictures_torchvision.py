"""An epoch over 5 000 photographs at 64 x 64 by torchvision's ImageFolder and PyTorch's DataLoader, a worker for each
thread."""

from contestant import checked, compete, options

import sys
import types

# The wheel's compiled part is made for another build of PyTorch. What registers its operators is passed over; folders,
# transforms and loading need none of them.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import torch
from PIL import Image, ImageOps
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

from photos import photos

torch.set_num_threads(options.threads)


def transform(image):
    """What gan-bench makes of a picture, to the last bit."""
    from torchvision.transforms import functional

    image = ImageOps.fit(image, (64, 64), Image.Resampling.BILINEAR)
    return functional.normalize(functional.to_tensor(image), [0.5] * 3, [0.5] * 3)


def loader(shuffle):
    return DataLoader(
        ImageFolder(photos(), transform), batch_size=50, shuffle=shuffle, num_workers=options.threads,
        persistent_workers=True)


if options.check:
    checked([[x.double().mean().item(), (x.double() ** 2).mean().item()] for x, _ in loader(False)])

# Workers are kept from one epoch to the next, as whoever trains does; ours keep their threads as well.
batches = loader(True)


def run(times):
    for _ in range(times):
        for x, _ in batches:
            assert x.shape == (50, 3, 64, 64)


compete(run, warm=1)
