"""Writes golden.json: picture files and the pixels that they hold, and what Pillow makes of pictures when it resizes
them.

    pip install Pillow==13.0.0
    python3 Tests/ImagesTests/Golden/generate.py [folder with the odd pictures]

PNG files are read by a few lines of this script, written after the specification, and converted with exact integers;
JPEG and WebP by Pillow. Of larger pictures only the SHA-256 of the samples is kept.
"""
import base64
import hashlib
import io
import json
import pathlib
import struct
import sys
import zlib

import PIL
from PIL import Image, ImageOps

here = pathlib.Path(__file__).parent


def noise(width, height, channels, seed=7):
    """The same as Support.swift's."""
    state, samples = seed, bytearray()
    for _ in range(width * height * channels):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        samples.append(state >> 56)
    return bytes(samples)


def smooth(width, height, channels, seed=7):
    """Slopes with a little noise: what codecs are made for."""
    rough = noise(width, height, channels, seed)
    return bytes(
        (200 * (x + 2 * y * (c + 1)) // (width + 2 * height * (c + 1)) + rough[(y * width + x) * channels + c] // 6)
        % 256
        for y in range(height) for x in range(width) for c in range(channels))


def picture(width, height, channels, samples):
    return Image.frombytes({1: "L", 3: "RGB", 4: "RGBA", 2: "LA"}[channels], (width, height), samples)


# Exact arithmetic


def rounded(numerator, denominator):
    """A quotient of numbers that are not negative, to the nearest integer; no denominator here is even, so that there
    are no ties."""
    return (2 * numerator + denominator) // (2 * denominator)


def over(value, alpha, background, largest):
    """A sample and its alpha of 0 ... largest over a background of 0 ... 255, in 0 ... 255."""
    return rounded(255 * value * alpha + background * largest * (largest - alpha), largest * largest)


def luma(red, green, blue):
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16


def laid_over(samples, channels, background):
    """Bytes with alpha last."""
    return bytes(
        over(samples[i + c], samples[i + channels], background[c], 255)
        for i in range(0, len(samples), channels + 1) for c in range(channels))


# A reader of PNG files


def png_pixels(data, background):
    """Width, height, channels and samples."""
    chunks, at = [], 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        chunks.append((kind, data[at + 8:at + 8 + size]))
        at += size + 12
    first = dict(reversed(chunks))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", first[b"IHDR"])
    count = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    raw = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    values = [[None] * width for _ in range(height)]
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    at = 0
    for left, top, across, down in passes if interlaced else [(0, 0, 1, 1)]:
        columns, rows = range(left, width, across), range(top, height, down)
        if not columns or not rows:
            continue
        size, step = (len(columns) * count * depth + 7) // 8, max(1, count * depth // 8)
        last = bytes(size)
        for y in rows:
            row = bytearray(raw[at + 1:at + 1 + size])
            for i in range(size):
                a, b, c = row[i - step] if i >= step else 0, last[i], last[i - step] if i >= step else 0
                p = a + b - c
                paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                row[i] = (row[i] + [0, a, b, (a + b) // 2, paeth][raw[at]]) % 256
            at, last = at + 1 + size, row
            bits = "".join(f"{byte:08b}" for byte in row)
            numbers = [int(bits[i * depth:(i + 1) * depth], 2) for i in range(len(columns) * count)]
            for i, x in enumerate(columns):
                values[y][x] = tuple(numbers[i * count:(i + 1) * count])
    transparent, palette, largest = first.get(b"tRNS"), first.get(b"PLTE"), 2**depth - 1
    channels = 1 if colour in (0, 4) else 3
    if channels == 1:
        background = [luma(*background)]
    out = bytearray()
    for row in values:
        for pixel in row:
            if colour == 3:
                alpha = transparent[pixel[0]] if transparent and pixel[0] < len(transparent) else 255
                entry = palette[3 * pixel[0]:3 * pixel[0] + 3]
                out += bytes(over(v, alpha, b, 255) for v, b in zip(entry, background))
                continue
            alpha = largest
            if colour in (4, 6):
                pixel, alpha = pixel[:-1], pixel[-1]
            elif transparent and pixel == struct.unpack(f">{count}H", transparent):
                alpha = 0
            out += bytes(over(v, alpha, b, largest) for v, b in zip(pixel, background))
    return width, height, channels, bytes(out)


def png(width, height, depth, colour, interlaced=0, before=b"", after=b"", samples=None):
    """A PNG file of noise, its rows filtered in all five ways."""
    count = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    size = lambda columns: (columns * count * depth + 7) // 8
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = bytearray()
    for left, top, across, down in passes if interlaced else [(0, 0, 1, 1)]:
        columns, rows = len(range(left, width, across)), len(range(top, height, down))
        if not columns:
            continue
        for y in range(rows):
            # The bytes that a filter leaves: noise as well.
            raw += bytes([y % 5]) + (samples or noise(size(columns), 1, 1, 100 * y + left + top))[:size(columns)]
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
            + before + chunk(b"IDAT", zlib.compress(bytes(raw), 9)) + after + chunk(b"IEND", b""))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def exif(orientation, order="<", kind=3):
    entry = struct.pack(
        order + ("HHIHH" if kind == 3 else "HHII"), 274, kind, 1, orientation, *([0] if kind == 3 else []))
    before = struct.pack(order + "HHII", 259, 4, 1, 6)
    return {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "IH", 8, 2) + before + entry + bytes(4)


# Cases


def text(data):
    return base64.b64encode(data).decode()


def case(name, file, width, height, channels, samples, background=(255, 255, 255), **facts):
    stored = facts.pop("stored", (width, height))
    return dict(
        name=name, file=text(file), width=width, height=height, channels=channels, samples=text(samples),
        background=list(background),
        facts=dict(width=stored[0], height=stored[1], bitDepth=8, hasAlpha=False, orientation=1, isAnimated=False)
              | facts)


def upright(image, orientation):
    turns = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
             5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
             8: Image.Transpose.ROTATE_90}
    return image.transpose(turns[orientation]) if orientation > 1 else image


def png_cases():
    palette = lambda n: chunk(b"PLTE", noise(n, 1, 3, 5))
    kinds = ["grey", None, "rgb", "palette", "grey", None, "rgb"]
    cases = []

    def add(name, *arguments, background=(255, 255, 255), **named):
        file = png(*arguments, **named)
        width, height, channels, samples = png_pixels(file, background)
        depth, colour = arguments[2:4]
        cases.append(case(
            name, file, width, height, channels, samples, background, format="png", bitDepth=depth,
            colour=kinds[colour], hasAlpha=colour in (4, 6) or b"tRNS" in file))

    for interlaced in 0, 1:
        how = " interlaced" * interlaced
        for depth in 1, 2, 4, 8, 16:
            add(f"grey {depth}{how}", 13, 9, depth, 0, interlaced)
        for depth in 1, 2, 4, 8:
            add(f"palette {depth}{how}", 13, 9, depth, 3, interlaced, palette(2**depth))
        for depth in 8, 16:
            add(f"colour {depth}{how}", 9, 7, depth, 2, interlaced)
            add(f"grey with alpha {depth}{how}", 9, 7, depth, 4, interlaced, background=(10, 100, 200))
            add(f"colour with alpha {depth}{how}", 9, 7, depth, 6, interlaced, background=(10, 100, 200))
        add(f"palette with alpha{how}", 13, 9, 4, 3, interlaced, palette(16) + chunk(b"tRNS", noise(11, 1, 1, 3)),
            background=(1, 2, 3))
        add(f"transparent grey 2{how}", 13, 9, 2, 0, interlaced, chunk(b"tRNS", b"\0\2"), background=(77, 77, 77))
    add("transparent grey 8", 4, 1, 8, 0, 0, chunk(b"tRNS", b"\0\x10"), samples=b"\x10\x11\0\0", background=(9, 9, 9))
    # The lower byte counts as well.
    add("transparent grey 16", 3, 1, 16, 0, 0, chunk(b"tRNS", b"\x10\x20"), samples=b"\x10\x20\0\x01\x10\0",
        background=(0, 255, 0))
    add("transparent colour 8", 2, 1, 8, 2, 0, chunk(b"tRNS", b"\0\1\0\2\0\3"), samples=b"\1\2\3\0\0\1")
    add("transparent colour 16", 2, 1, 16, 2, 0, chunk(b"tRNS", b"\1\2\3\4\5\6"), samples=b"\1\2\3\4\5\6\0\0\0\0\0\1",
        background=(5, 6, 7))
    # Gamma, profiles, backgrounds and whatever else are passed over.
    add("background chunk", 9, 7, 8, 4, 0, chunk(b"bKGD", b"\0\x80"), background=(255, 255, 255))
    for gamma in 100000, 45455, 22222:
        add(f"gamma {gamma}", 9, 7, 8, 2, 0, chunk(b"gAMA", struct.pack(">I", gamma)))
    add("gamma 100000, 16 bits", 9, 7, 16, 0, 0, chunk(b"gAMA", struct.pack(">I", 100000)))
    add("sRGB", 9, 7, 8, 2, 0, chunk(b"sRGB", b"\0"))
    add("significant bits", 9, 7, 8, 2, 0, chunk(b"sBIT", b"\5\6\5"))
    # All 65536 values in 256 rows would be large; these are those at which rounding turns.
    turning = sorted({
        max(0, min(65535, 257 * v + d))
        for v in (0, 1, 2, 100, 127, 128, 253, 254, 255) for d in (-129, -128, 0, 128, 129)})
    add("rounding of 16 bits", len(turning), 1, 16, 0, 0, samples=b"".join(struct.pack(">H", v) for v in turning))
    for orientation in range(1, 9):
        body = chunk(b"eXIf", exif(orientation, "<>"[orientation % 2], 3 + orientation % 2))
        file = png(5, 3, 8, 2, **{"after" if orientation > 4 else "before": body})
        _, _, _, samples = png_pixels(file, (0, 0, 0))
        image = upright(picture(5, 3, 3, samples), orientation)
        cases.append(case(
            f"PNG turned {orientation}", file, *image.size, 3, image.tobytes(), format="png", colour="rgb",
            orientation=orientation, stored=(5, 3)))
    return cases


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def inked(samples):
    """Red, green and blue of CMYK in which 255 is no ink."""
    return bytes(rounded(samples[i + c] * samples[i + 3], 255) for i in range(0, len(samples), 4) for c in range(3))


def jpeg_cases():
    cases = []

    def add(name, file, colour="rgb", **facts):
        image = Image.open(io.BytesIO(file))
        image = upright(image, facts.get("orientation", 1))
        # Pillow inverts all CMYK; what it read is this.
        if image.mode == "CMYK":
            stored = bytes(255 - v for v in image.tobytes())
            samples = inked(stored if b"Adobe" in file else bytes(255 - v for v in stored))
        else:
            samples = image.tobytes()
        cases.append(case(
            name, file, *image.size, 1 if image.mode == "L" else 3, samples, format="jpeg", colour=colour, **facts))

    colour, grey = picture(37, 29, 3, smooth(37, 29, 3)), picture(37, 29, 1, smooth(37, 29, 1))
    for subsampling in 0, 1, 2:
        add(f"sampling {subsampling}", saved(colour, "JPEG", quality=85, subsampling=subsampling))
    add("progressive", saved(colour, "JPEG", quality=70, progressive=True))
    add("restarts", saved(colour, "JPEG", quality=70, restart_marker_blocks=2))
    add("grey JPEG", saved(grey, "JPEG", quality=80), "grey")
    add("grey progressive", saved(grey, "JPEG", quality=80, progressive=True), "grey")
    add("stored as RGB", saved(colour, "JPEG", quality=80, keep_rgb=True))
    add("noise", saved(picture(16, 16, 3, noise(16, 16, 3)), "JPEG", quality=95))
    add("one pixel", saved(picture(1, 1, 3, b"\x10\x80\xf0"), "JPEG", quality=95))
    inks = Image.frombytes("CMYK", (19, 11), smooth(19, 11, 4))
    file = saved(inks, "JPEG", quality=90)
    add("CMYK, Adobe's", file, "cmyk")
    adobe = file.index(b"Adobe")
    add("YCCK, Adobe's", file[:adobe + 11] + b"\2" + file[adobe + 12:], "ycck")
    add("CMYK, not inverted", file[:adobe - 4] + file[adobe + 12:], "cmyk")
    for orientation in range(1, 9):
        body = b"Exif\0\0" + exif(orientation, "<>"[orientation % 2])
        file = saved(picture(21, 10, 3, smooth(21, 10, 3)), "JPEG", quality=75, exif=body)
        add(f"JPEG turned {orientation}", file, orientation=orientation, stored=(21, 10))
    return cases


def webp_cases():
    cases = []
    background = (10, 100, 200)

    def add(name, file, **facts):
        image = upright(Image.open(io.BytesIO(file)).convert("RGBA"), facts.get("orientation", 1))
        samples = laid_over(image.tobytes(), 3, background)
        cases.append(case(name, file, *image.size, 3, samples, background, format="webp", colour="rgb", **facts))

    colour = picture(23, 18, 3, smooth(23, 18, 3))
    alpha = picture(23, 18, 4, smooth(23, 18, 4, 3))
    add("lossy", saved(colour, "WEBP", quality=80))
    add("lossless", saved(colour, "WEBP", lossless=True))
    add("lossy with alpha", saved(alpha, "WEBP", quality=80), hasAlpha=True)
    add("lossless with alpha", saved(alpha, "WEBP", lossless=True, exact=True), hasAlpha=True)
    frames = [picture(23, 18, 3, smooth(23, 18, 3, seed)) for seed in (1, 2, 3)]
    add("animated", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=40, lossless=True),
        isAnimated=True)
    add("animated with alpha",
        saved(alpha, "WEBP", save_all=True, append_images=frames[1:2], duration=40, lossless=True, exact=True),
        isAnimated=True, hasAlpha=True)
    for orientation in 3, 6, 7:
        add(f"WebP turned {orientation}", saved(colour, "WEBP", quality=60, exif=b"Exif\0\0" + exif(orientation)),
            orientation=orientation, stored=(23, 18))
    return cases


filters = {"box": Image.Resampling.BOX, "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
           "lanczos": Image.Resampling.LANCZOS}
sizes = [
    ((512, 512), (64, 64)), ((100, 75), (33, 21)), ((37, 53), (64, 64)), ((28, 28), (32, 32)), ((1, 1), (5, 4)),
    ((5, 4), (1, 1)),
    ((1, 40), (7, 3)), ((40, 1), (3, 7)), ((2, 2), (257, 3)), ((301, 7), (1, 7)), ((7, 301), (7, 1)),
    ((17, 31), (17, 16)),
    ((17, 31), (16, 31)), ((17, 31), (17, 31)), ((640, 3), (33, 3)), ((3, 640), (3, 33)), ((49, 49), (48, 50)),
    ((128, 96), (127, 97)),
    # Columns first: more than twice as much height is lost as width.
    ((37, 53), (64, 48)), ((50, 100), (30, 40)), ((50, 100), (40, 80)), ((50, 100), (40, 79)), ((90, 300), (10, 7))]


def resize_cases():
    cases = []
    for (width, height), (new_width, new_height) in sizes:
        for channels in 1, 3:
            image = picture(width, height, channels, noise(width, height, channels))
            for name, filter in filters.items():
                resized = image.resize((new_width, new_height), filter).tobytes()
                cases.append(dict(
                    size=[width, height, channels], to=[new_width, new_height], filter=name,
                    sha256=hashlib.sha256(resized).hexdigest(), first=list(resized[:6])))
    return cases


def padded(image, to, filter, colour):
    """ImageOps.pad, but a line of the picture stays where nothing would."""
    width, height = image.size
    if round(height / width * to[0]) and round(width / height * to[1]):
        return ImageOps.pad(image, to, filter, color=colour)
    line = (to[0], 1) if width > height else (1, to[1])
    whole = Image.new(image.mode, to, colour)
    whole.paste(image.resize(line, filter), (round((to[0] - line[0]) * 0.5), round((to[1] - line[1]) * 0.5)))
    return whole


def fit_cases():
    cases = []
    shapes = [((100, 75), (32, 32)), ((75, 100), (32, 32)), ((37, 53), (64, 48)), ((31, 31), (16, 16)),
              ((200, 3), (16, 16)), ((3, 200), (16, 16)), ((33, 32), (32, 32)), ((501, 333), (64, 64)),
              ((5, 7), (64, 64))]
    for (width, height), to in shapes:
        for channels in 1, 3:
            image = picture(width, height, channels, noise(width, height, channels))
            colour = (10, 100, 200)
            ground = luma(*colour) if channels == 1 else colour
            for name, filter in filters.items():
                for fit, made in (
                        ("cover", ImageOps.fit(image, to, filter)), ("contain", padded(image, to, filter, ground)),
                        ("stretch", image.resize(to, filter))):
                    cases.append(dict(
                        size=[width, height, channels], to=list(to), filter=name, fit=fit, background=list(colour),
                        sha256=hashlib.sha256(made.tobytes()).hexdigest()))
    return cases


def encoding_cases():
    """What Pillow's JPEG files of a quality hold."""
    cases = []
    for channels in 1, 3:
        image = picture(37, 29, channels, smooth(37, 29, channels))
        for quality in 1, 50, 75, 90, 100:
            held = Image.open(io.BytesIO(saved(image, "JPEG", quality=quality))).tobytes()
            cases.append(dict(
                channels=channels, quality=quality, source=text(image.tobytes()) if quality == 1 else "",
                sha256=hashlib.sha256(held).hexdigest()))
    return cases


def odd_pictures(folder):
    cases = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        for background in (255, 255, 255), (10, 100, 200):
            if path.suffix == ".png":
                width, height, channels, samples = png_pixels(data, background)
            else:
                image = ImageOps.exif_transpose(Image.open(path))
                (width, height), channels, samples = image.size, 3, image.tobytes()
                if image.mode == "CMYK":
                    samples = inked(bytes(255 - v for v in samples))
            grey = samples if channels == 1 else bytes(luma(*samples[i:i + 3]) for i in range(0, len(samples), 3))
            cases.append(dict(
                name=path.name, background=list(background), width=width, height=height, channels=channels,
                sha256=hashlib.sha256(samples).hexdigest(), grey=hashlib.sha256(grey).hexdigest()))
    return cases


old = here / "golden.json"
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
golden = dict(
    pillow=PIL.__version__, files=png_cases() + jpeg_cases() + webp_cases(), resizing=resize_cases(),
    fitting=fit_cases(),
    encoding=encoding_cases(), odd=odd_pictures(folder) if folder else json.loads(old.read_text())["odd"])
lines = [f'"{key}": '
         + (json.dumps(value) if isinstance(value, str) else "[\n" + ",\n".join(map(json.dumps, value)) + "\n]")
         for key, value in golden.items()]
old.write_text("{\n" + ",\n".join(lines) + "\n}\n")
