"""The same pictures by onnxruntime under uvicorn: what bench.py holds the Swift server against.

    RUN_ONNX=generator.onnx uvicorn peer:app

Requests that come together go through the network together, as the Swift server has it; PEER_BATCHES=0 makes each
a pass of its own. PNGs are encoded in threads, at the same level of zlib.
"""
import asyncio
import io
import json
import os
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import numpy
import onnxruntime
from PIL import Image

ROWS_OF_A_PASS = 256
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = os.cpu_count()
session = onnxruntime.InferenceSession(os.environ["RUN_ONNX"], options, providers=["CPUExecutionProvider"])
about = json.loads(session.get_modelmeta().custom_metadata_map["swift-gan.json"])
batches = os.environ.get("PEER_BATCHES", "1") == "1"
network = ThreadPoolExecutor(1)
encoders = ThreadPoolExecutor(os.cpu_count())
waiting = []
worker = None


def latent(seed):
    random, noise = numpy.random.default_rng(seed), about["noise"]
    if noise["kind"] == "normal":
        return random.standard_normal(about["input"], dtype="float32")
    return (
        random.random(about["input"], dtype="float32") * (noise["high"] - noise["low"]) + noise["low"]
    ).astype("float32")


def draw(seeds):
    feed = {"z": numpy.stack([latent(seed) for seed in seeds])}
    if "classes" in about:
        feed["labels"] = numpy.arange(len(seeds)) % about["classes"]
    return session.run(None, feed)[0]


def png(pictures, low, high):
    levels = numpy.clip((pictures - low) / (high - low) * 255 + 0.5, 0, 255).astype("uint8")
    columns = int(numpy.ceil(len(levels) ** 0.5))
    rows = -(-len(levels) // columns)
    _, channels, height, width = levels.shape
    grid = numpy.full((rows * height, columns * width, channels), 255, "uint8")
    for index, picture in enumerate(levels):
        y, x = index // columns * height, index % columns * width
        grid[y : y + height, x : x + width] = picture.transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(grid[:, :, 0] if channels == 1 else grid).save(file, "png", compress_level=6)
    return file.getvalue()


async def work():
    global worker
    loop = asyncio.get_running_loop()
    while waiting:
        batch, rows = [], 0
        while waiting and (not batch or (batches and rows + len(waiting[0][0]) <= ROWS_OF_A_PASS)):
            batch.append(waiting.pop(0))
            rows += len(batch[-1][0])
        try:
            pictures = await loop.run_in_executor(network, draw, [seed for seeds, _ in batch for seed in seeds])
        except Exception as error:  # to whom it concerns, and the next batch goes on
            for _, answer in batch:
                answer.set_exception(error)
            continue
        first = 0
        for seeds, answer in batch:
            answer.set_result(pictures[first : first + len(seeds)])
            first += len(seeds)
    worker = None


async def app(scope, receive, send):
    global worker
    if scope["type"] != "http":
        return
    try:
        query = urllib.parse.parse_qs(scope["query_string"].decode())
        seed, count = int(query["seed"][0]), int(query.get("count", ["1"])[0])
        assert 0 < count <= 64
    except (KeyError, ValueError, AssertionError):
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"seed or count is missing or wrong\n"})
        return
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    waiting.append((range(seed, seed + count), answer))
    if worker is None:
        worker = loop.create_task(work())
    low, high = (-1, 1) if os.environ.get("PEER_SIGNED", "1") == "1" else (0, 1)
    body = await loop.run_in_executor(encoders, png, await answer, low, high)
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"image/png"), (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})
