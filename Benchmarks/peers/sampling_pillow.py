"""Pictures drawn by PyTorch from the weights of a run of `dcgan-64` and written as PNG by Pillow.

    sampling_pillow.py RUN OUT --count N --threads T [--channels-last]

OUT is a folder, or a zip where its name ends so: then with stored files. --sums prints the mean and the mean square of
the bytes of N pictures and writes nothing.
"""

import argparse
import io
import pathlib
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn as nn
from PIL import Image
from safetensors.torch import load_file

parser = argparse.ArgumentParser()
parser.add_argument("run", type=pathlib.Path)
parser.add_argument("out", type=pathlib.Path)
parser.add_argument("--count", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--channels-last", action="store_true")
parser.add_argument("--sums", action="store_true")
options = parser.parse_args()

torch.set_num_threads(options.threads)
weights = load_file(options.run / "generator.safetensors")
layers = []
for i in range(4):
    convolution = nn.ConvTranspose2d(
        *weights[f"hidden.{i}.weight"].shape[:2], 4, 2 if i else 1, 1 if i else 0, bias=False
    )
    norm = nn.BatchNorm2d(weights[f"normalizations.{i}.gain"].numel())
    convolution.weight.data = weights[f"hidden.{i}.weight"]
    norm.weight.data, norm.bias.data = weights[f"normalizations.{i}.gain"], weights[f"normalizations.{i}.bias"]
    layers += [convolution, norm, nn.ReLU(inplace=True)]
output = nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False)
output.weight.data = weights["output.weight"]
g = nn.Sequential(*layers, output, nn.Tanh())
if options.channels_last:
    g = g.to(memory_format=torch.channels_last)
torch.manual_seed(1)


def batches():
    """Bytes [N, H, W, C], 64 pictures at a time, normalised by their own batch as in training."""
    with torch.inference_mode():
        for first in range(0, options.count, 64):
            pictures = g(torch.randn(64, 100, 1, 1))[: options.count - first]
            yield ((pictures + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


if options.sums:
    values = [batch.astype("float64") for batch in batches()]
    pictures = sum(len(batch) for batch in values)
    print(sum(v.mean() * len(v) for v in values) / pictures, sum((v * v).mean() * len(v) for v in values) / pictures)
    sys.exit()


def encoded(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


# Pillow's encoder lets other threads run: as many at work as libtorch has.
with ThreadPoolExecutor(options.threads) as pool:
    if options.out.suffix == ".zip":
        with zipfile.ZipFile(options.out, "w", zipfile.ZIP_STORED) as archive:
            number = 0
            for batch in batches():
                for file in pool.map(encoded, batch):
                    archive.writestr(f"{number:06d}.png", file)
                    number += 1
    else:
        options.out.mkdir()

        def save(numbered):
            number, picture = numbered
            Image.fromarray(picture).save(options.out / f"{number:06d}.png")

        number = 0
        for batch in batches():
            list(pool.map(save, enumerate(batch, number)))
            number += len(batch)
