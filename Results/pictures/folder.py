#!/usr/bin/env python3
"""The small folder of this page: the first 500 ships of CIFAR-10's training pictures, as PNG files of 32 x 32 pixels.

    pip install numpy pillow
    python3 Results/pictures/folder.py CIFAR-10 ships     CIFAR-10: the folder with data_batch_1.bin, as it is or .xz
"""

import lzma
import pathlib
import sys

import numpy as np
from PIL import Image

source, target = map(pathlib.Path, sys.argv[1:])
target.mkdir()
count = 0
for batch in range(1, 6):
    file = source / f"data_batch_{batch}.bin"
    data = file.read_bytes() if file.exists() else lzma.open(f"{file}.xz").read()
    records = np.frombuffer(data, np.uint8).reshape(-1, 1 + 3072)
    for record in records[records[:, 0] == 8]:
        if count == 500:
            break
        Image.fromarray(record[1:].reshape(3, 32, 32).transpose(1, 2, 0)).save(target / f"{count:03d}.png")
        count += 1
print(f"{count} pictures")
