"""Requests a second and how long they take, of the Swift server and of onnxruntime under uvicorn, side by side.

    python3 bench/bench.py RUN [--clients 200] [--seconds 10] [--rounds 3] [--count 1]

Both serve the same run on loopback, started by this script, in turns: a round of one, a round of the other. Clients
keep their connection and send the next request when they have the answer to the last; they are wrk, so that they take
little of the processor from the servers. Both servers send a PNG of the same size, encoded at the same level. Needs
wrk, uvicorn, onnxruntime, numpy and Pillow; `gan` and `Serve` built. What is printed last is a table, medians of the
rounds.
"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import onnxruntime

here = pathlib.Path(__file__).resolve().parent
root = here.parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def picture(port, count=1):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", f"/sample?seed=1&count={count}")
        answer = connection.getresponse()
        body = answer.read()
        return body if answer.status == 200 and body.startswith(b"\x89PNG") else None
    finally:
        connection.close()


def first_sample(port, process, begin):
    while process.poll() is None and time.monotonic() - begin < 60:
        try:
            if picture(port):
                return time.monotonic() - begin
        except (OSError, http.client.HTTPException):
            time.sleep(0.005)
    raise SystemExit(f"{process.args[0]} gives no picture")


def load(port, asked):
    result = subprocess.run(
        ["wrk", "--threads", "1", "--connections", str(asked.clients), "--duration", f"{asked.seconds}s",
         "--timeout", "60s", "--script", str(here / "seeds.lua"), f"http://127.0.0.1:{port}"],
        check=True, capture_output=True, text=True, env={**os.environ, "COUNT": str(asked.count)})
    return json.loads(result.stdout.strip().splitlines()[-1])


def memory(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024)


def start(command, port, **options):
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    try:
        return process, first_sample(port, process, begin)
    except BaseException:
        process.kill()
        raise


def table(results, asked):
    heads = ["server", "requests/s", "p50 ms", "p99 ms", "lost", "first picture s", "memory MB"]
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1)]
    for name, found in results.items():
        middle = lambda key: statistics.median(turn[key] for turn in found["rounds"])
        lines.append([name, f"{middle('requests/s'):.0f}", f"{middle('p50 ms'):.0f}", f"{middle('p99 ms'):.0f}",
                      str(sum(turn["lost"] for turn in found["rounds"])), f"{found['first picture s']:.2f}",
                      str(found["memory MB"])])
    for line in lines:
        print("| " + " | ".join(line) + " |")
    first, second = results.values()
    ratios = sorted(a["requests/s"] / max(1e-9, b["requests/s"]) for a, b in zip(first["rounds"], second["rounds"]))
    print(f"\n{asked.clients} clients, {asked.count} picture(s) a request, {asked.rounds} rounds of {asked.seconds} s "
          f"each in turns, {os.cpu_count()} cores, load before {asked.load:.1f}: {statistics.median(ratios):.2f} times "
          f"the requests ({ratios[0]:.2f} to {ratios[-1]:.2f}).")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("run")
    options.add_argument("--clients", type=int, default=200)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--count", type=int, default=1)
    options.add_argument(
        "--standing", type=int, default=500, help="rows that the Swift server gathers batch norm's statistics from")
    options.add_argument("--gan", default=root / ".build/release/gan")
    options.add_argument("--serve", default=root / "Examples/.build/release/Serve")
    asked = options.parse_args()
    asked.load = os.getloadavg()[0]
    if not shutil.which("wrk"):
        sys.exit("bench.py: needs wrk (apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "generator.onnx")
        subprocess.run([asked.gan, "export", asked.run, "--out", model], check=True, stdout=subprocess.DEVNULL)
        # What the model is normalised by, the server is: batch norm in an exported network goes by standing statistics.
        about = json.loads(onnxruntime.InferenceSession(model).get_modelmeta().custom_metadata_map["swift-gan.json"])
        standing = ["--standing", str(asked.standing)] if about.get("statistics") == "standing" else []
        ports = free_port(), free_port()
        commands = {
            "Serve": [asked.serve, asked.run, "--port", str(ports[0]), *standing],
            "uvicorn, onnxruntime": [sys.executable, "-m", "uvicorn", "peer:app", "--port", str(ports[1]),
                                     "--log-level", "error", "--no-access-log"],
        }
        servers, results = {}, {}
        try:
            for (name, command), port in zip(commands.items(), ports):
                place = None if name == "Serve" else here
                servers[name], took = start(command, port, cwd=place, env={**os.environ, "RUN_ONNX": model})
                results[name] = {"first picture s": took, "rounds": []}
            sizes = {name: picture(port, asked.count)[16:26] for name, port in zip(servers, ports)}
            if len(set(sizes.values())) > 1:
                sys.exit(f"bench.py: the servers' pictures differ in size or kind: {sizes}")
            for turn in range(asked.rounds):
                for name, port in zip(servers, ports):
                    results[name]["rounds"].append(load(port, asked))
                    print(turn + 1, name, results[name]["rounds"][-1], file=sys.stderr)
            for name, server in servers.items():
                results[name]["memory MB"] = memory(server.pid)
        finally:
            for server in servers.values():
                server.terminate()
                server.wait()
    table(results, asked)
    sys.exit(1 if any(turn["lost"] for found in results.values() for turn in found["rounds"]) else 0)


main()
