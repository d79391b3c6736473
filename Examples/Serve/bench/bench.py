"""Requests a second and how long they take, of the Swift server and of onnxruntime under uvicorn, side by side.

    python3 bench/bench.py RUN [--clients 200] [--seconds 10] [--rounds 3] [--count 1]

Both serve the same run on loopback, started by this script, in turns: a round of one, a round of the other. Clients keep
their connection and send the next request when they have the answer to the last. Needs uvicorn, onnxruntime, numpy and
Pillow; `gan` and `Serve` built. What is printed last is JSON.
"""
import argparse
import asyncio
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
root = here.parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def one(reader, writer, target):
    writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(length)
    return head.split(b" ", 2)[1] == b"200" and body.startswith(b"\x89PNG")


async def client(port, number, count, until, times, lost):
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        seed = number << 32
        while time.monotonic() < until:
            begin = time.monotonic()
            if await one(reader, writer, f"/sample?seed={seed}&count={count}"):
                times.append(time.monotonic() - begin)
            else:
                lost.append("a refusal")
            seed += count
        writer.close()
    except (OSError, asyncio.IncompleteReadError) as error:
        lost.append(repr(error))


async def load(port, clients, seconds, count):
    times, lost = [], []
    begin = time.monotonic()
    await asyncio.gather(*(client(port, i, count, begin + seconds, times, lost) for i in range(clients)))
    took = time.monotonic() - begin
    times.sort()
    at = lambda share: round(times[min(len(times) - 1, int(share * len(times)))] * 1000, 1) if times else None
    return {"requests/s": round(len(times) / took, 1), "p50 ms": at(0.5), "p99 ms": at(0.99), "lost": len(lost)}


async def first_sample(port, process, begin):
    while process.poll() is None and time.monotonic() - begin < 60:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            good = await one(reader, writer, "/sample?seed=1")
            writer.close()
            if good:
                return time.monotonic() - begin
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.005)
    raise SystemExit(f"{process.args[0]} gives no picture")


def memory(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("run")
    options.add_argument("--clients", type=int, default=200)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--count", type=int, default=1)
    options.add_argument("--gan", default=root / ".build/release/gan")
    options.add_argument("--serve", default=root / "Examples/.build/release/Serve")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "generator.onnx")
        subprocess.run([asked.gan, "export", asked.run, "--out", model], check=True, stdout=subprocess.DEVNULL)
        ports = free_port(), free_port()
        commands = {
            "swift": [asked.serve, asked.run, "--port", str(ports[0])],
            "uvicorn": [sys.executable, "-m", "uvicorn", "peer:app", "--port", str(ports[1]), "--log-level", "error", "--no-access-log"],
        }
        servers, results = {}, {}
        try:
            for (name, command), port in zip(commands.items(), ports):
                begin = time.monotonic()
                environment = {**os.environ, "RUN_ONNX": model}
                servers[name] = subprocess.Popen(command, cwd=here if name == "uvicorn" else None, env=environment, stdout=subprocess.DEVNULL)
                start = asyncio.run(first_sample(port, servers[name], begin))
                results[name] = {"first picture s": round(start, 3), "rounds": []}
            for turn in range(asked.rounds):
                for name, port in zip(servers, ports):
                    found = asyncio.run(load(port, asked.clients, asked.seconds, asked.count))
                    results[name]["rounds"].append(found)
                    print(turn + 1, name, found, file=sys.stderr)
            for name, server in servers.items():
                results[name]["memory MB"] = memory(server.pid)
        finally:
            for server in servers.values():
                server.terminate()
                server.wait()
    ratios = [a["requests/s"] / max(1e-9, b["requests/s"]) for a, b in zip(results["swift"]["rounds"], results["uvicorn"]["rounds"])]
    results["swift to uvicorn"] = [round(ratio, 2) for ratio in ratios]
    print(json.dumps(results, indent=1))
    lost = sum(turn["lost"] for name in commands for turn in results[name]["rounds"])
    sys.exit(1 if lost else 0)


main()
