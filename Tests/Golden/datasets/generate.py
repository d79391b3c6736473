"""Writes small data sets in their published formats, by Python's own writers, and what a reader should find in them.

    python3 Tests/Golden/datasets/generate.py        # needs numpy and scipy

expected.json has for each: the shape of the images as [count, channels, height, width], the MD5 checksum of their bytes
in this order, and the labels.
"""
import gzip
import hashlib
import io
import json
import pathlib
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import scipy.io

root = pathlib.Path(__file__).parent
expected = {}


def pictures(count, channels, height, width, seed):
    """Smooth enough to pack well, and different in every axis."""
    n, c, h, w = np.ogrid[:count, :channels, :height, :width]
    return ((seed * 31 + n * 57 + c * 83 + h * 5 + w * 3 + (h * w) // 7) % 256).astype(np.uint8)


def expect(name, images, labels):
    expected[name] = dict(
        shape=list(images.shape), md5=hashlib.md5(np.ascontiguousarray(images).tobytes()).hexdigest(),
        labels=None if labels is None else [int(label) for label in labels])


class Python2Pickler(pickle._Pickler):
    """Writes strings and bytes as Python 2 does, where both are one kind; CIFAR's files come from there."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode("latin1") if isinstance(value, str) else value
        if len(data) < 256:
            self.write(pickle.SHORT_BINSTRING + struct.pack("<B", len(data)) + data)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[str] = save_string
    dispatch[bytes] = save_string


def python2(value):
    out = io.BytesIO()
    Python2Pickler(out, 2).dump(value)
    # The module has another name since numpy 2.
    return out.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def archive(name, folder, files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo(folder)
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
        for file, data in files.items():
            info = tarfile.TarInfo(folder + "/" + file)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    (root / name).write_bytes(gzip.compress(out.getvalue(), mtime=0))


def cifar_batch(number):
    images = pictures(3, 3, 32, 32, number)
    labels = [(number * 3 + i) % 10 for i in range(3)]
    binary = b"".join(bytes([label]) + image.tobytes() for label, image in zip(labels, images))
    entries = dict(
        batch_label=f"batch {number}", labels=labels, data=images.reshape(3, 3072),
        filenames=[f"picture_{i}.png" for i in range(3)])
    return images, labels, binary, entries


train = [cifar_batch(number) for number in range(1, 6)]
test = cifar_batch(6)
expect("cifar10-train", np.concatenate([batch[0] for batch in train]), sum((batch[1] for batch in train), []))
expect("cifar10-test", test[0], test[1])
# The order of an archive's files is not theirs.
binary = {f"data_batch_{i}.bin": train[i - 1][2] for i in (1, 5, 3, 2, 4)}
archive(
    "cifar-10-binary.tar.gz", "cifar-10-batches-bin",
    {"batches.meta.txt": b"airplane\n", **binary, "readme.html": b"<html>", "test_batch.bin": test[2]})
pickled = {f"data_batch_{i}": python2(train[i - 1][3]) for i in (4, 1, 2, 3, 5)}
archive(
    "cifar-10-python.tar.gz", "cifar-10-batches-py",
    {"batches.meta": python2({"label_names": ["a"]}), **pickled, "test_batch": python2(test[3])})
# The same batch as Python 3 writes it, in protocols that CIFAR could have; keys are bytes where they were read
# with encoding='bytes'.
for number in range(2, 5):
    (root / f"batch-protocol-{number}.pickle").write_bytes(pickle.dumps(train[0][3], number))
(root / "batch-bytes.pickle").write_bytes(pickle.dumps({key.encode(): value for key, value in train[0][3].items()}, 2))
by_columns = dict(train[0][3], data=np.asfortranarray(train[0][3]["data"]))
(root / "batch-by-columns.pickle").write_bytes(pickle.dumps(by_columns, 2))
expect("cifar10-batch", train[0][0], train[0][1])


def cifar100(split, seed):
    images = pictures(4, 3, 32, 32, seed)
    coarse, fine = [19, 0, 7, seed], [99, seed, 0, 42]
    binary = b"".join(bytes([c, f]) + image.tobytes() for c, f, image in zip(coarse, fine, images))
    expect(f"cifar100-{split}-fine", images, fine)
    expect(f"cifar100-{split}-coarse", images, coarse)
    return binary, python2(dict(
        filenames=["a.png"] * 4, batch_label=split, fine_labels=fine, coarse_labels=coarse,
        data=images.reshape(4, 3072)))


hundred = {split: cifar100(split, seed) for split, seed in (("train", 11), ("test", 12))}
archive("cifar-100-binary.tar.gz", "cifar-100-binary", {f"{split}.bin": files[0] for split, files in hundred.items()})
archive("cifar-100-python.tar.gz", "cifar-100-python", {split: files[1] for split, files in hundred.items()})

for part, seed, packed, kind in (
        ("train", 21, True, np.uint8), ("test", 22, False, np.float64), ("extra", 23, True, np.int16)):
    images = pictures(5, 3, 32, 32, seed)
    digits = [1, 0, 9, 3, 0]
    expect(f"svhn-{part}", images, digits)
    y = np.array([[10 if digit == 0 else digit] for digit in digits], kind)
    scipy.io.savemat(root / f"{part}_32x32.mat", {"X": images.transpose(2, 3, 1, 0), "y": y}, do_compression=packed)
# The header says when it was written.
for file in root.glob("*.mat"):
    data = bytearray(file.read_bytes())
    data[:116] = b"MATLAB 5.0 MAT-file, written by scipy.io.savemat".ljust(116)
    file.write_bytes(data)

stl = {}
for part, seed, count in (("train", 31, 2), ("test", 32, 1), ("unlabeled", 33, 2)):
    images = pictures(count, 3, 96, 96, seed)
    labels = None if part == "unlabeled" else [9, 0][:count]
    expect(f"stl10-{part}", images, labels)
    stl[f"{part}_X.bin"] = images.transpose(0, 1, 3, 2).tobytes()
    if labels:
        stl[f"{part}_y.bin"] = bytes(label + 1 for label in labels)
archive("stl10_binary.tar.gz", "stl10_binary", stl)


def npz(name, packed, channels, kind):
    arrays = {}
    for part, seed, count in (("train", 41, 4), ("val", 42, 2), ("test", 43, 3)):
        images = pictures(count, channels, 28, 28, seed)
        labels = [(seed + i) % (9 if channels == 3 else 4) for i in range(count)]
        expect(f"{name}-{part}", images, labels)
        arrays[f"{part}_images"] = images[:, 0] if channels == 1 else np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        arrays[f"{part}_labels"] = np.array(labels, kind)[:, None]
    with zipfile.ZipFile(root / f"{name}.npz", "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as out:
        for key, array in arrays.items():
            data = io.BytesIO()
            np.save(data, array)
            info = zipfile.ZipInfo(key + ".npy")
            info.compress_type = out.compression
            out.writestr(info, data.getvalue())


npz("pathmnist", True, 3, np.uint8)
npz("octmnist", False, 1, np.int64)


def k49(name, array):
    """As numpy.savez_compressed writes it, without the date."""
    data = io.BytesIO()
    np.save(data, array)
    with zipfile.ZipFile(root / f"k49-{name}.npz", "w") as out:
        info = zipfile.ZipInfo("arr_0.npy")
        info.compress_type = zipfile.ZIP_DEFLATED
        out.writestr(info, data.getvalue())


for split, seed, labels in (("train", 51, [48, 0, 17, 3, 48]), ("test", 52, [1, 47, 20])):
    images = pictures(len(labels), 1, 28, 28, seed)
    expect(f"k49-{split}", images, labels)
    k49(f"{split}-imgs", images[:, 0])
    k49(f"{split}-labels", np.array(labels, np.uint8))
k49("train-wrong", np.array([48, 0, 17, 3, 49], np.uint8))
(root / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
