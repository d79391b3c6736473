"""Writes the seeds of the fuzzers' corpus: small files, sound ones and ones with the faults that each format invites.

    python3 Tests/FuzzCorpus/generate.py

Files named found-* are not its: `make fuzz` found them.
"""
import base64
import gzip
import io
import json
import lzma
import pathlib
import struct
import tarfile
import zipfile
import zlib

root = pathlib.Path(__file__).parent


def write(target, **files):
    folder = root / target
    folder.mkdir(exist_ok=True)
    for old in folder.glob("seed-*"):
        old.unlink()
    for name, content in files.items():
        content = content if isinstance(content, bytes) else content.encode()
        (folder / f"seed-{name.replace('_', '-')}").write_bytes(content)


def idx(shape, elements, kind=8):
    return bytes([0, 0, kind, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape) + bytes(elements)


def packed(data, **header):
    return gzip.compress(data, mtime=0)


sound = idx([2, 3, 4], range(24))
idx_files = dict(
    images=sound, labels=idx([5], [0, 1, 2, 3, 9]), empty=b"", one_byte=b"\0", no_dimensions=idx([], [1]),
    zero_dimension=idx([2, 0, 4], []), overflow=idx([0xFFFFFFFF] * 3, [1]),
    largest_product=idx([649657, 31252369, 454279], []),
    terabytes=idx([1000000, 2000, 2000], [1]), all_axes=idx([1] * 255, [5]), cut=sound[:-5], cut_header=sound[:9],
    trailing=sound + b"\1\2", signed=idx([1], [1], 9), floats=idx([1], [0] * 4, 13), other=b"\x89PNG\r\n\x1a\n")
write("idx", **idx_files)
write(
    "gzip", images=packed(sound), labels=packed(idx_files["labels"]), empty=packed(b""), cut=packed(sound)[:-9],
    cut_header=b"\x1f\x8b", members=packed(sound[:9]) + packed(sound[9:]),
    empty_members=packed(b"") * 8 + packed(sound),
    trailing=packed(sound) + b"\0", trailing_member=packed(sound) + packed(b"x"),
    checksum=packed(sound)[:-8] + b"\1\2\3\4" + packed(sound)[-4:], terabytes=packed(idx_files["terabytes"]),
    bomb=packed(sound + bytes(1 << 20)), bomb_with_shape=packed(idx([1 << 20], bytes(1 << 18))),
    named=b"\x1f\x8b\x08\x08\0\0\0\0\0\x03name\0" + packed(sound)[10:],
    extra=b"\x1f\x8b\x08\x04\0\0\0\0\0\x03\x04\0abcd" + packed(sound)[10:],
    twice=packed(packed(sound)))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth=8, colour=0, interlace=0, rows=None, before=b"", end=chunk(b"IEND", b"")):
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
    row = b"\0" + bytes((7 * i) % 256 for i in range((min(width, 64) * samples * depth + 7) // 8))
    pixels = zlib.compress(rows if rows is not None else row * min(height, 64))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
            + before + chunk(b"IDAT", pixels) + end)


palette = chunk(b"PLTE", bytes(range(12)))
grey = png(5, 4)
write(
    "png", grey=grey, colour=png(3, 2, colour=2), bits=png(9, 3, depth=1), two_bits=png(9, 3, depth=2),
    deep=png(3, 2, depth=16),
    deep_colour=png(2, 2, depth=16, colour=6), alpha=png(3, 2, colour=4),
    palette=png(4, 3, depth=2, colour=3, before=palette),
    no_palette=png(4, 3, colour=3),
    transparent=png(4, 3, depth=2, colour=3, before=palette + chunk(b"tRNS", b"\0\x80")),
    interlaced=png(1, 1, interlace=1, rows=b"\0\7"), cut=grey[:-20], cut_header=grey[:20],
    checksum=grey[:40] + b"\xff" + grey[41:],
    huge=png(0x7FFFFFFF, 0x7FFFFFFF), large=png(8192, 8192, colour=2, rows=b"\0" * 100), nothing=png(0, 4),
    negative=png(0x80000000, 1), bad_depth=png(4, 4, depth=5), bad_colour=png(4, 4, colour=5),
    bomb=png(8, 8, rows=bytes(1 << 18)),
    trailing=grey + b"more", no_end=png(5, 4, end=b""), signature=grey[:8], text=b"GIF89a", empty=b"",
    gamma=png(5, 4, before=chunk(b"gAMA", struct.pack(">I", 45455))),
    profile=png(5, 4, colour=2, before=chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(1 << 16)))),
    text_bomb=png(5, 4, before=chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(1 << 20)))),
    turned=png(5, 4, before=chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")),
    interlaced_palette=png(9, 1, depth=1, colour=3, interlace=1, before=palette, rows=b"\0\xff" * 7),
    animated=png(5, 4, before=chunk(b"acTL", struct.pack(">II", 1, 0))),
    transparent_grey=png(5, 4, before=chunk(b"tRNS", b"\0\7")))

# JPEG and WebP files come from the golden files of Tests/ImagesTests, which Pillow wrote.
golden = json.loads((root.parent / "ImagesTests/Golden/golden.json").read_text())["files"]
pictures = {kind: {
    "".join(c if c.isalnum() else "_" for c in file["name"].lower()): base64.b64decode(file["file"])
    for file in golden if file["facts"]["format"] == kind} for kind in ("jpeg", "webp")}


def changed(data, found, replacement, after=0):
    at = data.index(found) + after
    return data[:at] + replacement + data[at + len(replacement):]


sound = pictures["jpeg"]["noise"]
write(
    "jpeg", **pictures["jpeg"], empty=b"", start=b"\xff\xd8\xff", cut=sound[:-40], no_end=sound[:-2],
    trailing=sound + b"more",
    huge=changed(sound, b"\xff\xc0", b"\xff" * 4, 5), large=changed(sound, b"\xff\xc0", b"\2\0\2\0", 5),
    nothing=changed(sound, b"\xff\xc0", bytes(4), 5),
    arithmetic=changed(sound, b"\xff\xc0", b"\xc9", 1), lossless=changed(sound, b"\xff\xc0", b"\xc3", 1),
    deep=changed(sound, b"\xff\xc0", b"\x0c", 4),
    sampling=changed(sound, b"\xff\xc0", b"\x44", 11), odd_sampling=changed(sound, b"\xff\xc0", b"\x31", 11),
    two_frames=sound.replace(b"\xff\xc0", sound[sound.index(b"\xff\xc0"):][:19] + b"\xff\xc0"),
    scans=pictures["jpeg"]["progressive"][:-2]
        + pictures["jpeg"]["progressive"][pictures["jpeg"]["progressive"].rindex(b"\xff\xda"):-2] * 40
        + b"\xff\xd9",
    padded=b"\xff\xd8" + b"\xff" * 50 + sound[3:])
sound = pictures["webp"]["lossless"]
write(
    "webp", **pictures["webp"], empty=b"", start=sound[:12], cut=sound[:-9], trailing=sound + b"more",
    short=changed(sound, b"RIFF", b"\x20", 4),
    long=changed(sound, b"RIFF", b"\xff\xff\xff\xff", 4), huge=changed(sound, b"VP8L", b"\xff\xff\xff\x0f", 9),
    wide=changed(sound, b"VP8L", b"\xff", 10),
    canvas=changed(pictures["webp"]["animated"], b"VP8X", b"\xff" * 6, 12),
    frame=changed(pictures["webp"]["animated"], b"ANMF", b"\xff" * 12, 8), other=b"RIFF\x1a\0\0\0WAVEfmt " + bytes(20))


def tensors(header, body=b"\0\0\x80\x3f", length=None):
    text = header if isinstance(header, bytes) else (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(shape=[1], begin=0, end=4, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


write(
    "safetensors", one=tensors({"x": entry()}), with_text=tensors({"__metadata__": {"by": "seed"}, "x": entry()}),
    two=tensors({"x": entry(), "y": entry([1, 2], 4, 12)}, bytes(12)), kinds=tensors(
        {k: entry([1], b, b + w, k)
         for k, b, w in [("F64", 0, 8), ("BF16", 8, 2), ("I64", 10, 8), ("U8", 18, 1), ("BOOL", 19, 1)]},
        bytes(20)),
    scalar=tensors({"x": entry([])}), nothing=tensors({}, b""), none=tensors({"x": entry([0, 4], 0, 0)}, b""),
    empty=b"",
    short=b"\1\0\0", long_header=tensors("{}", b"", 1 << 40), negative_header=tensors("{}", b"", (1 << 64) - 1),
    terabytes=tensors({"x": entry([1000000000, 1000000000])}), overflow=tensors({"x": entry([9223372036854775807, 4])}),
    hidden_overflow=tensors({"x": entry([0, 4611686018427387904, 4611686018427387904], 0, 0)}, b""),
    negative=tensors({"x": entry([-1])}), negative_pair=tensors({"x": entry([-1, -1])}),
    backwards=tensors({"x": entry([1], 4, 0)}),
    outside=tensors({"x": entry([1], 4, 8)}),
    far_outside=tensors({"x": entry([1], 9223372036854775803, 9223372036854775807)}),
    overlapping=tensors({"x": entry([2], 0, 8), "y": entry([2], 0, 8)}, bytes(16)),
    gap=tensors({"x": entry(), "y": entry([1], 8, 12)}, bytes(12)),
    twice='\0' and tensors(
        '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'),
    key_twice=tensors('{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}'),
    many_axes=tensors({"x": entry([1] * 300)}), unknown=tensors({"x": entry(kind="F99")}),
    three=tensors('{"x":{"dtype":"F32","shape":[],"data_offsets":[0,1,2]}}'),
    deep=tensors("[" * 5000), deep_object=tensors('{"x":' * 600), not_text=tensors(b'{"\xff":{}}'),
    fraction=tensors('{"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}'),
    exponent=tensors('{"x":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4e0]}}'),
    large_number=tensors('{"x":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}'),
    unicode=tensors({"ü\n\"": entry()}), no_name=tensors({"": entry()}),
    wrong_sum=tensors({"__metadata__": {"sha256": "0" * 64}, "x": entry()}),
    trailing=tensors({"x": entry()}, bytes(5)), list="not json at all",
    metadata_of_numbers=tensors({"__metadata__": {"a": 1}, "x": entry()}))

laughs = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [*{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}]\n"
    for p, c in zip("abcdefghijkl", "bcdefghijklm"))
key_laughs = "".join(
    f"- &{c} {{? *{p} : 1, ? [*{p}, *{p}] : 2}}\n" if p else f"- &{c} [x]\n"
    for p, c in zip(["", *"abcdefghijklmnopqrstuvwxy"], "abcdefghijklmnopqrstuvwxyz"))
write(
    "recipe",
    smoother="base: mnist\nname: smoother\nobjective: {realTarget: 0.8}\n"
        "generator: {training: {learningRate: 0.0005}}\n",
    labels="base: mnist-semisupervised-fast\nlabels: {count: 20, seed: 3}\n",
    game="base: one-dimensional\nseed: 18446744073709551615\nnoise: {low: -1.5, high: 1e3}\n",
    empty="", nothing="---\n", two="name: a\n---\nname: b\n", list="- 1\n", scalar="mnist",
    unknown="generator: {hiden: [3]}", wrong_kind="batchSize: many",
    negative="batchSize: -5", huge="batchSize: 99999999999999999999", large="labels: {batchSize: 1000000000000}",
    not_a_number="objective: {realTarget: .nan}", infinite="noise: {high: .inf}",
    twice="seed: 1\nseed: 2\n", nested_twice="noise: {low: 0, low: 1}", laughs=laughs, key_laughs=key_laughs,
    itself="a: &a [*a]\n", undefined="name: *x\n", anchor="name: &x y\n", merge="<<: {name: a}\n",
    deep="[" * 5000, deep_mapping="{a: " * 900, deep_block="\n".join(" " * i + "a:" for i in range(300)),
    deep_lists="- " * 1500, many_layers="generator: {hidden: [" + "1," * 1500 + "1]}", unclosed="a: [",
    tabs="a:\n\t- b\n", control="name: \"a\\0b\"\n",
    path="name: ../../etc/x\n", dots="name: ..\n", slash="name: /tmp/x\n", newline="name: \"a\\nb\"\n",
    dash="name: -rf\n", accents="name: größer 数\n", long="name: " + "x" * 300 + "\n", blank="name: \"\"\n",
    separator="name: \"a\\u2028b\"\n",
    octal="seed: 010\n", base_60="seed: 1:30\n", hexadecimal="batchSize: 0x10\n",
    yes="minibatchDiscrimination: {enabled: yes}\n", quoted="batchSize: \"16\"\n", number_name="name: 1e3\n",
    null="name: ~\n", tag="name: !!binary aGk=\n", odd_tag="seed: !x 3\n",
    not_text=b"name: \xff\xfe\n", bom=b"\xef\xbb\xbfname: a\n", utf_16="name: a\n".encode("utf-16"),
    nul=b"name: a\0b\n", complex_key="? [a]\n: b\n", returns="name: a\r\nseed: 4\r\n",
    comment="# base: x\nname: a # b\n", folded="summary: >\n  one\n  two\n\nname: |\n  a\n",
    dotted="generator.hidden: [3]\n")
write(
    "setting", rate="generator.training.learningRate=0.001", role="featureMatching.role=joins",
    list="generator.hidden=[8, 8]", mapping="noise={low: 0, high: 1}", name="name=../x", none="batchSize", empty="",
    equals="=", only_value="=3", dots="...=1", below="batchSize.x=3",
    laughs="summary=" + laughs.replace("\n", " "), alias="name=*x", deep="generator.hidden=" + "[" * 3000,
    many_dots="." * 3000 + "=1", huge="seed=99999999999999999999", text="name=größer", newline="name=a\nseed: 3",
    bom="\ufeffseed=1")
write(
    "arguments", train="train\nmnist\n--set\nbatchSize=3\n--epochs\n5\n--seed\n18446744073709551615",
    resume="train\n--resume\nruns/a b", both="train\nmnist\n--resume\nx", demo="demo\n--data\ntwo-humped\n--steps\n100",
    game="demo\ngame\n--help", sample="sample\nrun\n--out\nx y.png\n--count\n0",
    classify="classify\nrun\na.png\nb.gz\n--json", evaluate="evaluate\nrun\n--split\ntest",
    score="score\nrun\n--classifier\nx.pt\n--argument\na=true\n--argument\na=false\n--channels\n2",
    compare="compare\n--data\nnormal,ring\n--techniques\nplain,\n--seeds\n8",
    reproduce="reproduce\nmnist\n--labels\n20,50\n--seeds\n0",
    checkpoints="train\nmnist\n--checkpoint-every\n10m\n--keep-best\ntest-errors\n--keep-checkpoints\n-1",
    endless="train\nmnist\n--checkpoint-every\n1e400h", verify="verify-resume\nmnist\n--steps\n3",
    data="data\nget\nmnist\n--mirror\nftp://x", mirror="data\nget\nmnist\n--mirror\nhttp://[", recipes="recipes\nmnist",
    empty="", help="--help", version="--version",
    unknown="frobnicate", completions="--generate-completion-script\nbash",
    odd_completions="--generate-completion-script\nx", dump="--experimental-dump-help",
    custom="---completion\ntrain\n--\n--resume", terminator="train\n--\n-x", joined="train\nmnist\n--seed=-1",
    numbers="demo\n--seeds\n9223372036854775808", most="demo\n--seed\n18446744073709551615",
    accents="train\ngrößer.yaml\n--out\n数 a", short="-h\n-\n--\n---")
run = json.dumps(dict(
    width=784, imageShape=[1, 28, 28], classes=10, steps=6, examples="ab", libtorch="2", device="cpu", threads=1))
draw = json.dumps(dict(seed=1, classes=10, indices=[3, 4], labels=[0, 1]))
line = json.dumps(dict(
    step=2, seconds=0.5, discriminatorLoss=0.1, generatorLoss="nan", probabilityOfReal=0.5,
    probabilityOfGenerated=0.5)) + "\n"


def files(*parts):
    return "---\n".join(parts)


write(
    "run", sound=files(run, draw, line * 2),
    points=files('{"width":1,"steps":3,"libtorch":"2","device":"cpu","threads":1}', "", ""), empty="",
    cut=files(run[:-5], draw[:-3], line + line[:20]), returns=files(run, draw, line.replace("\n", "\r\n")),
    shape=files(run.replace("[1, 28, 28]", "[784, 784, 784]")), wide=files(run.replace("784,", "9223372036854775807,")),
    none=files(run.replace("784", "0")), negative=files(run.replace("28, 28", "-28, -28")),
    fraction=files(run.replace("784", "784.5")), flat=files(run.replace("[1, 28, 28]", "[]")),
    classes=files(run.replace(": 10", ": -1")), steps=files(run.replace(": 6", ": -6")),
    deep=files("[" * 5000, '{"a":' * 1000, "[" * 2000 + "\n"), list=files("[]", "[]", "[]\n"),
    null=files("null", "null", "null\n"), blank_lines=files(run, draw, "\n\n" + line + "\n"),
    unfinished=files(run, draw, line.strip()), not_text=files(run, draw).encode() + b"---\n\xff\xfe\n",
    twice=files('{"width":1,"width":2,"steps":3,"libtorch":"2","device":"cpu","threads":1}'))

record = bytes([3]) + bytes(3072)
write(
    "cifar", record=record, two=record + record, cut=record[:-9], label=b"\x0a" + record[1:], empty=b"",
    page=b"<html>404</html>", gzip=packed(record * 3), bomb=packed(record * 900), cut_gzip=packed(record)[:-9],
    xz=lzma.compress(record * 2), cut_xz=lzma.compress(record)[:-12],
    damaged_xz=lzma.compress(record)[:-20] + bytes(20),
    greedy_xz=lzma.compress(record)[:12] + b"\x02\0\x21\x01\x25\0\0\0"
        + struct.pack("<I", zlib.crc32(b"\x02\0\x21\x01\x25\0\0\0")) + bytes(40))


def batch(shape=b"K\x01M\0\x0c\x86", kind=b"u1", data=bytes(3072), labels=b"]q\x05K\x03a", order=b"\x89"):
    """A batch of CIFAR-10 in the opcodes of Python 2."""
    return (b"\x80\x02}q\x01(U\x04datacnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nK\0\x85U\x01b"
            b"\x87R(K\x01" + shape + b"cnumpy\ndtype\nU\x02" + kind
            + b"K\0K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb" + order + b"T"
            + struct.pack("<I", len(data)) + data + b"tbU\x06labels" + labels + b"u.")


write(
    "pickle", sound=batch(), by_columns=batch(order=b"\x88"), cut=batch()[:-40], function=b"\x80\x02cos\ngetcwd\n)R.",
    stack_global=b"\x80\x04\x8c\x02os\x8c\x06getcwd\x93)R.", new_object=b"\x80\x02cnumpy\nndarray\n)\x81.",
    text=b"(dp0\n.", empty=b"",
    itself=b"\x80\x02]q\x01h\x01a.", nested=b"\x80\x02" + b")" + b"\x85" * 2000 + b".",
    lists=b"\x80\x02" + b"]" * 2000 + b"a" * 1999 + b".", marks=b"\x80\x02" + b"(" * 2000 + b"t" * 2000 + b".",
    keys=b"\x80\x02}(K\x01K\x02u.", floats=batch(kind=b"f4"),
    large=batch(shape=b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86"),
    negative=batch(shape=b"J\xff\xff\xff\xffM\0\x0c\x86"), labels=batch(labels=b"](K\x01K\x0be"),
    no_labels=batch(labels=b"N"), long_string=b"\x80\x02T\xff\xff\xff\x7f", longer_string=b"\x80\x04\x8e" + b"\xff" * 8,
    encode=b"\x80\x02c_codecs\nencode\nX\x02\0\0\0\xc3\xbfU\x06latin1\x86R.", trailing=batch() + b"x",
    memo=b"\x80\x02" + b"".join(b"Nr" + struct.pack("<I", i * 77777) for i in range(400)) + b".",
    frames=b"\x80\x04\x95\0\0\0\0\0\0\0\0}\x94.", packed=packed(batch()))


def tar(files, kind=tarfile.USTAR_FORMAT, **fields):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for field, content in fields.items():
                setattr(info, field, content)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


member = "cifar-10-batches-bin/test_batch.bin"
sound = tar([("cifar-10-batches-bin/readme.html", b"<html>"), (member, record)])
sparse = tar([(member, b"")], tarfile.PAX_FORMAT, pax_headers={
    "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": member,
    "GNU.sparse.size": "99999999999", "GNU.sparse.map": "0,1"})
write(
    "tar", plain=sound[:4096 + 1536], packed=packed(sound), two=packed(tar([(member, record), (member, record)])),
    other=packed(tar([("x", b"y")])), empty=packed(tar([])), nothing=b"", cut=packed(sound[:2000]),
    cut_gzip=packed(sound)[:-9], checksum=packed(sound[:150] + b"9" + sound[151:]), page=b"<html>",
    pax=packed(tar([("größer/" + "x" * 120 + "/test_batch.bin", record)], tarfile.PAX_FORMAT)),
    gnu=packed(tar([("y" * 200 + "/test_batch.bin", record)], tarfile.GNU_FORMAT)), sparse=packed(sparse),
    link=packed(tar([(member, b"")], type=tarfile.SYMTYPE, linkname="/etc/passwd")),
    hard_link=packed(tar([(member, b"")], type=tarfile.LNKTYPE, linkname=member)),
    up=packed(tar([("../../test_batch.bin", record)])), no_name=packed(tar([("", record)])),
    large=packed(tar([(member, record * 900)])),
    size=packed(sound[:1024 + 124] + b"77777777777\0" + sound[1024 + 136:]), zip=b"PK\3\4" + bytes(40))


def npy(kind, shape, data, order="False", version=1):
    head = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(head)) + head + data


def npz(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()


images, colour, labels = (
    npy("|u1", (2, 2, 3), bytes(range(12))), npy("|u1", (2, 1, 2, 3), bytes(range(12))),
    npy("|u1", (2, 1), bytes([8, 0])))
pair = [("train_images.npy", images), ("train_labels.npy", labels)]
write(
    "npz", sound=npz(pair), stored=npz(pair, zipfile.ZIP_STORED), colour=npz([("train_images.npy", colour), pair[1]]),
    other=npz([("x.npy", images)]), empty=npz([]), nothing=b"", cut=npz(pair)[:-9], bzip2=npz(pair, zipfile.ZIP_BZIP2),
    lzma=npz(pair, zipfile.ZIP_LZMA), page=b"<html>", twice=npz(pair)[:80] + npz(pair),
    zeros=npz([
        ("train_images.npy", npy("|u1", (700, 28, 28), bytes(700 * 784))),
        ("train_labels.npy", npy("<i8", (700, 1), bytes(5600)))]),
    damaged=npz(pair)[:60] + bytes(9) + npz(pair)[69:],
    size=npz(pair, zipfile.ZIP_STORED).replace(struct.pack("<I", len(images)), b"\xff\xff\xff\x7f"),
    folder=npz([("train_images.npy/", b"")]),
    encrypted=npz(pair).replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"))
write(
    "npy", sound=images + b"---\n" + labels, colour=colour + b"---\n" + labels,
    signed=images + b"---\n" + npy("<i8", (2,), bytes([1] + [0] * 15)),
    big=images + b"---\n" + npy(">i2", "(2, 1)", bytes([0, 8, 0, 1])),
    version_2=npy("|u1", (2, 2, 3), bytes(12), version=2) + b"---\n" + labels,
    version_9=npy("|u1", (2,), bytes(2), version=9),
    fortran=npy("|u1", (2, 2, 3), bytes(12), "True") + b"---\n" + labels, objects=npy("|O", (2,), bytes(16)),
    records=images[:10] + b"{'descr': [('a', '<i4')], }", negative=npy("|u1", "(-2, 3, 4)", bytes(24)),
    overflow=npy("|u1", "(9223372036854775807, 2)", b""), overflow_8=npy("<u8", "(2305843009213693951, 1)", b""),
    scalar=npy("|u1", "()", b"\1") + b"---\n" + labels, empty=b"", cut=images[:20],
    long_head=b"\x93NUMPY\2\0\xff\xff\xff\x7f", no_end=npy("|u1", "(2, 3, 4", bytes(24)),
    floats=npy("<f8", (2, 2, 3), bytes(96)),
    one=npy("|u1", (1, 1, 1), b"\7") + b"---\n" + npy("<u8", (1,), b"\xff" * 8))


def element(kind, data, order="<"):
    return struct.pack(order + "II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(name, shape, data, array=9, stored=2, flags=0, order="<"):
    return element(
        14,
        element(6, struct.pack(order + "II", array | flags, 0), order)
        + element(5, struct.pack(order + f"{len(shape)}I", *shape), order)
        + element(1, name, order) + element(stored, data, order),
        order)


def deflated(data, order="<"):
    body = zlib.compress(data, 9)
    return struct.pack(order + "II", 15, len(body)) + body


mat = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
x, y = matrix(b"X", [2, 3, 3, 2], bytes(range(36))), matrix(b"y", [2, 1], b"\x0a\1")
write(
    "mat", plain=mat + x + y, packed=mat + deflated(x) + deflated(y),
    big_endian=mat[:124] + b"\x01\x00MI" + matrix(b"X", [2, 3, 3, 1], bytes(18), order=">")
        + matrix(b"y", [1, 1], b"\1", order=">"),
    doubles=mat + x + matrix(b"y", [2, 1], struct.pack("<dd", 10, 1), 6, 9),
    small_doubles=mat + x + matrix(b"y", [2, 1], b"\1\2", 6),
    fraction=mat + x + matrix(b"y", [2, 1], struct.pack("<dd", 1.5, 1), 6, 9),
    nan=mat + x + matrix(b"y", [2, 1], struct.pack("<dd", float("nan"), 1), 6, 9),
    infinite=mat + x + matrix(b"y", [2, 1], struct.pack("<ff", float("inf"), 1), 7, 7), no_labels=mat + x,
    only_head=mat, empty=b"", cut=mat + x[:-9], cut_packed=mat + deflated(x)[:-5], version_7_3=mat[:124] + b"\0\2IM",
    version_4=struct.pack("<5I", 0, 2, 2, 0, 2) + b"X\0" + bytes(32), hdf5=b"\x89HDF\r\n\x1a\n" + bytes(200),
    shape=mat + matrix(b"X", [2, 3, 3, 9], bytes(36)) + y, overflow=mat + matrix(b"X", [0x7FFFFFFF] * 8, bytes(36)) + y,
    many_axes=mat + matrix(b"X", [1] * 40, b"\0") + y,
    three_axes=mat + matrix(b"X", [2, 3, 3], bytes(18)) + matrix(b"y", [1, 1], b"\3"),
    negative=mat + matrix(b"X", [0xFFFFFFFF, 3, 3, 2], bytes(36)) + y, zero=mat + matrix(b"X", [0, 3, 3, 2], b"") + y,
    complex=mat + matrix(b"X", [2, 3, 3, 2], bytes(36), flags=0x800) + y, cells=mat + matrix(b"X", [1, 1], b"", 1) + y,
    structure=mat + matrix(b"X", [1, 1], b"", 2) + y, text=mat + matrix(b"X", [1, 4], b"text", 4, 16) + y,
    sparse=mat + matrix(b"X", [2, 2], bytes(8), 5) + y, long_name=mat + matrix(b"X" * 300, [1, 1], b"\0") + x + y,
    odd_type=mat + element(3, b"abc") + x + y, twice=mat + x + x + y, label=mat + x + matrix(b"y", [2, 1], b"\x0b\1"),
    bomb=mat + deflated(matrix(b"X", [32, 32, 3, 300], bytes(32 * 32 * 900)))
        + deflated(matrix(b"y", [300, 1], bytes(300))),
    packed_twice=mat + deflated(deflated(x)), trailing=mat + x + y + b"abc",
    int64=mat + x + matrix(b"y", [2, 1], struct.pack("<qq", 1, -1), 14, 12))


tiny, other = png(2, 2), png(3, 2, colour=2)
names = ["00000/img00000000.png", "00000/img00000001.png"]


def labelled(labels, more=""):
    return npz(
        [(names[0], tiny), (names[1], other), ("dataset.json", f'{{"labels": {labels}{more}}}')], zipfile.ZIP_STORED)


write(
    "pictures", sound=labelled(f'[["{names[0]}", 6], ["{names[1]}", 0]]'), null=labelled("null"),
    one_null=labelled(f'[["{names[0]}", 6], ["{names[1]}", null]]'),
    vectors=labelled(f'[["{names[0]}", [0, 1]], ["{names[1]}", [1, 0]]]'),
    names=labelled(f'[["{names[0]}", 1], ["{names[1]}", 0]]', ', "classes": ["a", "b"]'),
    fraction=labelled(f'[["{names[0]}", 0.5]]'), negative=labelled(f'[["{names[0]}", -1]]'),
    huge=labelled(f'[["{names[0]}", 1e300]]'), no_list=labelled("3"), no_pairs=labelled("[1, [2]]"),
    deep=labelled("[" * 600), unknown=labelled('[["x.png", 0]]'),
    classes=npz([("a/1.png", tiny), ("b/2.PNG", other), ("__MACOSX/._1.png", b"\0\5"), ("b/Thumbs.db", b"x")]),
    deeper=npz([("x/a/1.png", tiny), ("x/b/2.png", other), ("x/dataset.json", b'{"labels": null}')]),
    divided=npz([("train/a/1.png", tiny), ("train/b/1.png", other), ("test/a/1.png", tiny)]),
    beside=npz([("1.png", tiny), ("a/1.png", tiny), ("b/1.png", other)]),
    up=npz([("../1.png", tiny), ("/2.png", tiny), ("3.png", tiny)]), backslash=npz([("a\\1.png", tiny)]),
    no_pictures=npz([("a.txt", b"text"), ("b.gif", b"GIF89a")]), cut_picture=npz([("a.png", tiny[:30])]),
    large=npz([("a.png", png(30000, 30000))]), jpeg=npz([("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\1")]),
    empty=npz([]), nothing=b"", cut=labelled("null")[:-9], page=b"<html>",
    encrypted=npz([("a.png", tiny)]).replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"),
    bzip2=npz([("a.png", tiny)], zipfile.ZIP_BZIP2), bomb=npz([("a.png", tiny + bytes(1 << 20))]),
    json_bomb=npz([("a.png", tiny), ("dataset.json", "[" + "[]," * 300000 + "1]")]),
    size=npz([("a.png", tiny)], zipfile.ZIP_STORED).replace(struct.pack("<I", len(tiny)), b"\xff\xff\xff\x7f"),
    damaged=npz([("a.png", tiny)])[:40] + bytes(9) + npz([("a.png", tiny)])[49:])

golden = root.parent / "ScoresTests" / "Golden"
weights = {name.replace("-", "_"): (golden / f"{name}.pth").read_bytes() for name in (
    "archive", "archive-evil", "archive-more", "pickles", "pickles-evil", "pickles-more", "module")}


def plan(name, storage, offset, shape, strides, key=b"0"):
    """A dictionary with one float32 tensor, as torch.save's pickle of protocol 2 has it."""
    def integer(n):
        return (b"J" + struct.pack("<i", n) if -2**31 <= n < 2**31
                else b"\x8a\x09" + n.to_bytes(9, "little", signed=True))
    def text(t):
        return b"X" + struct.pack("<I", len(t)) + t
    def numbers(values):
        return b"(" + b"".join(map(integer, values)) + b"t"
    return (b"\x80\2}(" + text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n((" + text(b"storage")
            + b"ctorch\nFloatStorage\n" + text(key) + text(b"cpu") + integer(storage) + b"tQ" + integer(offset)
            + numbers(shape) + numbers(strides) + b"\x89ccollections\nOrderedDict\n)RtRu.")


def pth(pickle, data=bytes(16)):
    return npz([("w/data.pkl", pickle), ("w/byteorder", b"little"), ("w/data/0", data)], zipfile.ZIP_STORED)


write(
    "weights", **weights, one=pth(plan(b"a", 4, 0, (2, 2), (2, 1))), turned=pth(plan(b"a", 4, 0, (2, 2), (1, 2))),
    spread=pth(plan(b"a", 4, 0, (1 << 30, 1 << 30), (0, 0))), spread_far=pth(plan(b"a", 4, 3, (2**40,), (0,))),
    overflow=pth(plan(b"a", 4, 0, (2**62, 4), (1, 2**62))), negative=pth(plan(b"a", 4, 0, (-2, 2), (2, 1))),
    backwards=pth(plan(b"a", 4, 3, (4,), (-1,))), before=pth(plan(b"a", 4, -1, (2,), (1,))),
    beyond=pth(plan(b"a", 4, 3, (2,), (1,))),
    empty=pth(plan(b"a", 4, 9, (0, 5), (5, 1))), scalar=pth(plan(b"a", 4, 3, (), ())),
    uneven=pth(plan(b"a", 4, 0, (2, 2), (1,))),
    short=pth(plan(b"a", 4, 0, (4,), (1,)), bytes(15)), no_storage=pth(plan(b"a", 4, 0, (4,), (1,), b"7")), nothing=b"",
    page=b"<html>", cut=weights["archive"][:-9], no_pickle=npz([("w/version", b"3")]), half=weights["pickles"][:400])


def reals(*values):
    return struct.pack(f"<{len(values)}d", *values)


mu, sigma = npy("<f8", (2,), reals(1, 2)), npy("<f8", (2, 2), reals(2, 0.5, 0.5, 1))
write(
    "statistics", sound=npz([("mu.npy", mu), ("sigma.npy", sigma)]),
    stored=npz([("sigma.npy", sigma), ("mu.npy", mu), ("n.npy", npy("<f8", (1,), reals(7)))], zipfile.ZIP_STORED),
    singles=npz([
        ("mu.npy", npy("<f4", (1,), struct.pack("<f", 3))), ("sigma.npy", npy("<f4", (1, 1), struct.pack("<f", 4)))]),
    no_sigma=npz([("mu.npy", mu)]),
    other_size=npz([("mu.npy", npy("<f8", (3,), reals(1, 2, 3))), ("sigma.npy", sigma)]),
    infinite=npz([("mu.npy", npy("<f8", (2,), reals(float("inf"), 2))), ("sigma.npy", sigma)]),
    skew=npz([("mu.npy", mu), ("sigma.npy", npy("<f8", (2, 2), reals(2, 0.5, 0.1, 1)))]),
    negative=npz([("mu.npy", mu), ("sigma.npy", npy("<f8", (2, 2), reals(-2, 0, 0, 1)))]),
    bytes=npz([("mu.npy", npy("|u1", (2,), b"\1\2")), ("sigma.npy", sigma)]),
    fortran=npz([("mu.npy", mu), ("sigma.npy", npy("<f8", (2, 2), reals(2, 0.5, 0.5, 1), "True"))]),
    nothing=b"", page=b"<html>", cut=npz([("mu.npy", mu), ("sigma.npy", sigma)])[:-9],
    large=npz([("mu.npy", npy("<f8", (2**30,), b"")), ("sigma.npy", sigma)]),
    none=npz([("mu.npy", npy("<f8", (0,), b"")), ("sigma.npy", npy("<f8", (0, 0), b""))]))

score = {
    "passport": {
        "generated": {"checksum": "a1", "count": 30, "notes": [], "title": "pictures of made"},
        "network": {
            "dimensions": 12, "name": "features.pt", "reading": "pixels 0..1", "resizing": "none", "sha256": "ab" * 32},
        "real": {"checksum": "b2", "count": 30, "notes": ["one left out"], "title": "pictures of real"},
        "settings": {
            "divisor": "n-1", "intervals": True, "kernelSubsetSize": 1000, "kernelSubsets": 100,
            "neighbours": {"densityCoverage": 5, "isStrict": False, "precisionRecall": 3}, "outputBias": False,
            "seed": 2020, "splits": 10},
        "version": "1.0.0"},
    "scores": [
        {"interval": [1.5, 2.5], "metric": "fd", "resampled": "pictures", "value": 2.0},
        {"deviation": 0.1, "metric": "kid", "value": -1e-5}]}
write(
    "scores", sound=json.dumps(score), few=json.dumps({**score, "scores": []}), no_passport=json.dumps({"scores": []}),
    list=json.dumps([score]),
    large=json.dumps({**score, "scores": [{"metric": "fd", "value": 1e308 * 10}]}).replace("Infinity", "1e999"),
    words=json.dumps({**score, "scores": "none"}),
    nothing=b"", page=b"<html>", cut=json.dumps(score)[:-40], bytes=b"\xff\xfe{", deep="[" * 2000)

token, local = "0123456789abcdefABCDEFgh", "127.0.0.1:8421"
write(
    "request",
    page=f"GET\n/\n{local}", events=f"GET\n/events\nlocalhost:8421\nhttp://localhost:8421",
    picture=f"GET\n/picture?run=1&step=600&v=a1\n{local}", real=f"GET\n/picture?run=0&step=real\n{local}",
    ask=f"POST\n/ask?run=2&request=stop\n{local}\nhttp://{local}\n{token}",
    wrong_token=f"POST\n/ask?run=2&request=stop\n{local}\n\n{token[:-1]}x",
    another_host="GET\n/\nexample.org:8421", another_site=f"GET\n/events\n{local}\nhttp://example.org",
    twice=f"GET\n/picture?run=0&run=1&step=1\n{local}", path=f"GET\n/picture?run=0&step=../../x\n{local}",
    large=f"GET\n/picture?run=99999999999999999999&step=1\n{local}", empty="", lines="\n\n\n\n\n",
    odd=b"GET\n/picture?run=\xd9\xa3&step=\xff\n127.0.0.1:8421",
    nearest=f"GET\n/nearest?run=1&step=600&v=a1\n{local}\n\n{token}",
    explored=f"GET\n/picture?seed=7&to=9&share=40&class=3&moves=-400,0,35\n{local}\n\n{token}",
    explored_wrong=f"GET\n/picture?seed=7&class=10&moves=1,,x\n{local}\n\n{token}",
)
