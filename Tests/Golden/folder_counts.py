"""Which files of one folder other people's tools take: folder_counts.json.

    pip install torch==2.13.0 torchvision==0.28.0 torch-fidelity==0.4.0 pytorch-fid==0.3.0 clean-fid==0.1.35 \\
        scipy pillow
    python3 Tests/Golden/folder_counts.py

Makes the folder that `FolderCountTests` makes too and asks each tool's own code; nothing here says how any of them
looks.
"""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import types

# The wheel's compiled part may be made for another build of PyTorch; listing files needs none of it.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import cleanfid.fid
import pytorch_fid.fid_score
import torch_fidelity.utils
from PIL import Image
from torchvision.datasets import ImageFolder

# Every file with what it is: a format of Pillow's, or text.
FILES = {
    "a.png": "PNG", "b.PNG": "PNG", "c.jpg": "JPEG", "d.JPEG": "JPEG", "e.webp": "WebP", "f.Webp": "WebP",
    "without-ending": "PNG", "a-jpeg.png": "JPEG", "text.png": "text", "notes.txt": "text", ".hidden.png": "PNG",
    "below/g.png": "PNG", "below/h.JPG": "JPEG", "below/further/i.webp": "WebP", ".folder/j.png": "PNG",
}


def make(folder):
    for name, kind in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if kind == "text":
            file.write_text("no picture")
        else:
            Image.new("RGB", (9, 7), (10, 120, 230)).save(file, format=kind)


class Taken(Exception):
    """What a tool was about to read."""


def stopped(module, name, place, call):
    """The files that `call` hands to the function `name` of `module`, its argument at `place`."""

    def instead(*arguments, **keywords):
        raise Taken(arguments[place])

    kept = getattr(module, name)
    setattr(module, name, instead)
    try:
        call()
    except Taken as taken:
        return taken.args[0]
    finally:
        setattr(module, name, kept)


def main():
    with (tempfile.TemporaryDirectory() as path, contextlib.redirect_stdout(io.StringIO()),
          contextlib.redirect_stderr(io.StringIO())):
        folder = pathlib.Path(path)
        make(folder)
        found = {
            "pytorch-fid": stopped(
                pytorch_fid.fid_score, "calculate_activation_statistics", 0,
                lambda: pytorch_fid.fid_score.compute_statistics_of_path(path, None, 50, 2048, "cpu")),
            "torch-fidelity": torch_fidelity.utils.glob_samples_paths(path, False, "png,jpg,jpeg", verbose=False),
            "clean-fid": stopped(
                cleanfid.fid, "get_files_features", 0, lambda: cleanfid.fid.get_folder_features(path)),
            "torchvision ImageFolder": [file for file, _ in ImageFolder(path).samples],
        }
        tools = {
            tool: sorted(str(pathlib.Path(file).relative_to(folder)) for file in files)
            for tool, files in found.items()}
    target = pathlib.Path(__file__).with_suffix(".json")
    target.write_text(json.dumps({"files": FILES, "tools": tools}, indent=1) + "\n")
    for tool, files in tools.items():
        print(tool, len(files), *files)


main()
