"""Serves one folder on a free port of 127.0.0.1, misbehaving as the first part of the address asks.

    python3 file_server.py FOLDER LOG

prints its port, serves http://127.0.0.1:PORT/MODE/NAME, appends to LOG a JSON line for each request, and ends when its
standard input does, or after a minute.
"""

import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODES = """plain      serves ranges as it should
weak       the same with a weak entity tag, so that Last-Modified is the validator
redirect   sends to plain
drop       breaks the first answer off half-way, serves the rest as plain does
dropall    breaks every answer off after 100 bytes
changed    has another entity tag each time, so that If-Range never holds
norange    ignores ranges
nolength   states no length and ignores ranges
endless    states no length and sends twice the file
offset     answers a range by one that begins a byte later
from416    answers a range by 416
always206  answers 206 to a request for the whole
wrong      sends other bytes of the same length
html       sends a page instead, as a hotel's network does
encoded    says that it has packed the file
slow       sends 1000 bytes every 20 ms
stall      sends half and then nothing
error      answers 503""".splitlines()

folder, log_path = sys.argv[1:]
lock = threading.Lock()
dropped = set()
requests = 0


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        """What a GET of the whole would say of it; not in the log."""
        _, mode, name = self.path.split("/")
        path = os.path.join(folder, name)
        found = os.path.exists(path) and mode != "error"
        self.send_response(200 if found else 503 if mode == "error" else 404)
        if found and mode not in ("nolength", "endless"):
            self.send_header("Content-Length", str(os.path.getsize(path)))
        self.send_header("Connection", "close")
        self.end_headers()

    def do_GET(self):
        global requests
        _, mode, name = self.path.split("/")
        with lock:
            requests += 1
            number = requests
        path = os.path.join(folder, name)
        if mode not in (line.split()[0] for line in MODES) or not os.path.exists(path):
            return self.answer(mode, name, 404, {}, b"not here")
        if mode == "error":
            return self.answer(mode, name, 503, {}, b"come back later")
        if mode == "redirect":
            return self.answer(mode, name, 302, {"Location": "/plain/" + name}, b"")
        with open(path, "rb") as file:
            content = file.read()
        if mode == "wrong":
            content = bytes(byte ^ 1 for byte in content)
        if mode == "html":
            content = b"<html>Please log in.</html>"
        if mode == "endless":
            content += content
        tag = '"v%d"' % (number if mode == "changed" else 1)
        fields = {"ETag": "W/" + tag if mode == "weak" else tag, "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
        if mode == "encoded":
            fields["Content-Encoding"] = "gzip"
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        held = self.headers.get("If-Range") in (None, tag, fields["Last-Modified"])
        status, start = 200, 0
        if wanted and held and mode not in ("norange", "nolength", "endless"):
            start = int(wanted[1])
            if start >= len(content) or mode == "from416":
                return self.answer(mode, name, 416, {"Content-Range": "bytes */%d" % len(content)}, b"")
            status = 206
        if mode == "always206":
            status = 206
        if mode == "offset" and status == 206:
            start += 1
        if status == 206:
            fields["Content-Range"] = "bytes %d-%d/%d" % (start, len(content) - 1, len(content))
        self.answer(mode, name, status, fields, content[start:])

    def answer(self, mode, name, status, fields, body):
        sent = len(body)
        with lock:
            if mode == "drop" and name not in dropped and status == 200:
                dropped.add(name)
                sent = len(body) // 2
        if mode == "dropall":
            sent = min(sent, 100)
        with lock, open(log_path, "a") as log:
            line = {"path": self.path, "status": status, "sent": sent}
            line["range"] = self.headers.get("Range")
            line["ifRange"] = self.headers.get("If-Range")
            log.write(json.dumps(line) + "\n")
        self.send_response(status)
        for key, value in fields.items():
            self.send_header(key, value)
        if mode not in ("nolength", "endless"):
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            if mode == "slow":
                for at in range(0, sent, 1000):
                    self.wfile.write(body[at : at + 1000])
                    time.sleep(0.02)
            elif mode == "stall":
                self.wfile.write(body[: sent // 2])
                time.sleep(20)
            else:
                self.wfile.write(body[:sent])
        except ConnectionError:
            pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
threading.Timer(900, os._exit, (1,)).start()
print(server.server_port, flush=True)
server.serve_forever()
