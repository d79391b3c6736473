#!/usr/bin/env bash
# PyPI's wheels of PyTorch for ARM on Linux were the ones without CUDA up to 2.10.0. That of 2.13.0 (and of 2.11.0, by
# its size) is the one with CUDA, and its CPU library itself, libtorch_cpu.so, does not load without NVIDIA's libcudart
# and libcupti, whatever the machine has.
#
# Who takes libtorch from `pip install --no-deps torch` on an ARM server, a container or a Raspberry Pi had all that it
# needs, and now has a library that the loader refuses, four times as large. On x86-64 it has long been so. PyTorch's
# own index (download.pytorch.org/whl/cpu) has wheels for ARM without CUDA: Scripts/setup takes those.
#
# Seen: what libtorch_cpu.so of 2.10.0 and of 2.13.0 asks the loader for. Fetches 570 MB; runs nothing of it, on any
# machine.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyelftools==0.32
for version in 2.10.0 2.13.0; do
  env/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --implementation cp \
    --python-version 3.12 --platform manylinux_2_28_aarch64 "torch==$version"
done
cat >look.py <<'P'
import glob, io, zipfile
from elftools.elf.elffile import ELFFile

needs = {}
for path in sorted(glob.glob("torch-*.whl")):
    version = path.split("-")[1]
    with zipfile.ZipFile(path) as wheel:
        elf = ELFFile(io.BytesIO(wheel.read("torch/lib/libtorch_cpu.so")))
    assert elf.get_machine_arch() == "AArch64"
    tags = elf.get_section_by_name(".dynamic").iter_tags("DT_NEEDED")
    needs[version] = {tag.needed for tag in tags if tag.needed.startswith(("libcu", "libnv"))}
    print(version, "asks for", sorted(needs[version]))
assert not any(name.startswith("libcu") for name in needs["2.10.0"])
assert {"libcudart.so.13", "libcupti.so.13"} <= needs["2.13.0"]
P
env/bin/python look.py
echo "as stated"
