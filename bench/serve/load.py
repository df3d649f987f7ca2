#!/usr/bin/env python3
"""Load on `fathom serve`: many clients for a while, every answer compared with the one that the server gave to the same
request alone; beside them, if asked, clients that are malformed, oversize, slow or gone. Standard library only.

  bench/serve/load.py --clients 64 --seconds 120 --hostile --out bench/results/serve-DATE.json

Without --model a tiny model of the fixture set is served. Exit code 1 when an answer was wrong or missing.
"""
import argparse
import asyncio
import datetime
import json
import os
import pathlib
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def byte_tokenizer():
    """tokenizer.json whose tokens are the 256 bytes in GPT-2's alphabet."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    letter = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}
    level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
    model = {"type": "BPE", "vocab": {letter[b]: b for b in range(256)}, "merges": []}
    return {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": level, "post_processor": None,
            "decoder": {"type": "ByteLevel"}, "model": model}


def tiny_model(folder):
    """The fixture set's model A1 as a checkpoint folder."""
    for file in (ROOT / "tests/golden/llm/A1").iterdir():
        if file.name != "expected.safetensors":
            shutil.copy(file, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"block_size": 2048}))
    (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
    return folder


def request(k):
    """Request k of the mixture: prompts of 1 to 120 bytes, depths 1 to 24, answers of 1 to 48 tokens."""
    rng = random.Random(k)
    body = {"prompt": "".join(rng.choices("abcdefgh ", k=rng.randint(1, 120))), "max_tokens": rng.randint(1, 48),
            "num_steps": rng.randint(1, 24), "seed": k, "temperature": rng.choice([0, 0.7, 1.2])}
    if k % 3 == 0:
        body["exit"] = rng.choice(["latent-diff:0.4", "argmax-stability:3", "kl:0.01"])
    if k % 4 == 0:
        body["stop"] = ["e", "\n"]
    return body


class Client:
    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def ask(self, method, path, body=None):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: load\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + data)
        await self.writer.drain()
        status = int((await self.reader.readline()).split()[1])
        headers = {}
        while (line := (await self.reader.readline()).strip()):
            name, value = line.decode().split(": ", 1)
            headers[name.lower()] = value
        if headers.get("transfer-encoding") == "chunked":
            content = b""
            while (size := int(await self.reader.readline(), 16)):
                content += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        else:
            content = await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self.close()
        return status, content.decode()

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None


def text_of(content, stream):
    if not stream:
        answer = json.loads(content)
        return answer["choices"][0]["text"], answer["usage"]["completion_tokens"]
    events = [line[6:] for line in content.split("\n\n") if line]
    assert events[-1] == "[DONE]", content[-200:]
    events = [json.loads(event) for event in events[:-1]]
    return "".join(e["choices"][0]["text"] for e in events if e["choices"]), events[-1]["usage"]["completion_tokens"]


async def complete(client, body, stream):
    body = body | ({"stream": True, "stream_options": {"include_usage": True}} if stream else {})
    status, content = await client.ask("POST", "/v1/completions", body)
    if status != 200:
        raise RuntimeError(f"{status} {content[:200]}")
    return text_of(content, stream)


async def worker(number, port, end, expected, counts):
    rng, client = random.Random(number), Client(port)
    while time.monotonic() < end:
        k, stream, began = rng.choice(list(expected)), rng.random() < 0.5, time.monotonic()
        try:
            text, tokens = await complete(client, request(k), stream)
        except Exception as error:  # counted, and shown in the record
            counts["errors"].append(f"{type(error).__name__}: {error}"[:200])
            client.close()
            continue
        counts["seconds"].append(time.monotonic() - began)
        counts["tokens"] += tokens
        if text != expected[k]:
            counts["wrong"] += 1
    client.close()


async def hostile(number, port, end, counts):
    """One rude act after the other; what the server says to it does not matter, as long as it goes on."""
    rng = random.Random(1000 + number)
    post = b"POST /v1/completions HTTP/1.1\r\nContent-Type: application/json\r\n"
    long = json.dumps({"prompt": "a", "max_tokens": 500, "num_steps": 64, "stream": True}).encode()
    proper = post + f"Content-Length: {len(long)}\r\n\r\n".encode() + long
    acts = {
        "malformed": lambda: b"\x16\x03\x01 nonsense \r\n\r\n",
        "malformed body": lambda: post + b"Content-Length: 9\r\n\r\n{\"prompt\"",
        "announced oversize": lambda: post + b"Content-Length: 99999999999\r\n\r\n",
        "chunked oversize": lambda: post + b"Transfer-Encoding: chunked\r\n\r\n200000\r\n" + b" " * 0x200000,
        "half a request": lambda: post + b"Content-Length: 100\r\n\r\n{",
        "cancelled stream": lambda: proper,
        "slow reader": lambda: proper,
    }
    while time.monotonic() < end:
        act = rng.choice(list(acts))
        counts[act] = counts.get(act, 0) + 1
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(acts[act]())
            await asyncio.wait_for(writer.drain(), 2)
            if act == "cancelled stream":
                await reader.read(200)
            elif act == "slow reader":
                for _ in range(20):
                    await reader.read(16)
                    await asyncio.sleep(0.1)
            elif act != "half a request":
                await asyncio.wait_for(reader.read(1000), 2)
            writer.transport.abort()
        except (OSError, asyncio.TimeoutError):
            pass
        await asyncio.sleep(rng.random() * 0.2)


async def metrics(port):
    client = Client(port)
    _, content = await client.ask("GET", "/metrics")
    client.close()
    lines = [line.rsplit(" ", 1) for line in content.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def resident_mb(pid):
    fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return round(int(fields["VmRSS"].split()[0]) / 1024, 1)


def quantiles(values):
    values = sorted(values)
    return {f"p{q}": round(values[min(len(values) - 1, len(values) * q // 100)], 4) for q in (50, 95, 99)} if values else {}


async def run(options, port, server):
    alone = {}
    client = Client(port)
    for k in range(options.mixture):
        alone[k], _ = await complete(client, request(k), k % 2 == 0)
    client.close()
    before, memory = await metrics(port), [resident_mb(server.pid)]
    counts, rude = {"errors": [], "wrong": 0, "tokens": 0, "seconds": []}, {}
    began = time.monotonic()
    end = began + options.seconds
    tasks = [worker(n, port, end, alone, counts) for n in range(options.clients)]
    tasks += [hostile(n, port, end, rude) for n in range(options.hostile)]
    await asyncio.gather(*tasks)
    seconds = time.monotonic() - began
    await asyncio.sleep(1)
    after = await metrics(port)
    memory.append(resident_mb(server.pid))
    client = Client(port)
    healthy = (await client.ask("GET", "/health"))[0] == 200
    same = all([(await complete(client, request(k), False))[0] == alone[k] for k in alone])
    client.close()
    grown = {name: after[name] - before.get(name, 0) for name in after}
    passes = grown["fathom_batch_occupancy_count"]
    return {
        "clients": options.clients, "seconds": round(seconds, 1), "requests": len(counts["seconds"]),
        "errors": len(counts["errors"]), "first_errors": counts["errors"][:5], "wrong_answers": counts["wrong"],
        "requests_per_second": round(len(counts["seconds"]) / seconds, 1),
        "tokens_per_second": round(counts["tokens"] / seconds, 1), "request_seconds": quantiles(counts["seconds"]),
        "mean_occupancy": round(grown["fathom_batch_occupancy_sum"] / passes, 2),
        "occupancy_when_sequential": round(before["fathom_batch_occupancy_sum"] / before["fathom_batch_occupancy_count"], 2),
        "recurrences_per_token": round(grown["fathom_recurrences_total"] / grown["fathom_generated_tokens_total"], 2),
        "hostile_clients": options.hostile, "hostile_acts": rude,
        "cancelled_requests": grown["fathom_requests_cancelled_total"], "resident_mb": memory,
        "running_afterwards": after["fathom_requests_running"], "healthy_afterwards": healthy,
        "answers_afterwards_the_same": same,
    }


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':', 1)[1].strip()}, {os.cpu_count()} cores"
    return platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/fathom"))
    parser.add_argument("--model", help="a checkpoint folder; the tiny model of the fixture set unless given")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--mixture", type=int, default=60, help="different requests")
    parser.add_argument("--hostile", type=int, nargs="?", const=8, default=0, help="rude clients beside the others")
    parser.add_argument("--out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        model = options.model or str(tiny_model(pathlib.Path(scratch)))
        command = [options.program, "serve", "--model", model, "--name", "model", "--dtype", "fp32", "--port", "0",
                   "--threads", "1", "--connections", "256"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        port = int(server.stdout.readline().rsplit(":", 1)[1])
        try:
            record = asyncio.run(run(options, port, server))
        finally:
            server.terminate()
            code = server.wait(60)
    record = {"date": datetime.date.today().isoformat(), "machine": cpu(),
              "model": options.model and "given" or "tests/golden/llm/A1", **record, "exit_code": code}
    text = json.dumps(record, indent=2) + "\n"
    print(text, end="")
    if options.out:
        pathlib.Path(options.out).write_text(text)
    good = not record["errors"] and not record["wrong_answers"] and record["healthy_afterwards"] and code == 0
    return 0 if good and record["answers_afterwards_the_same"] else 1


if __name__ == "__main__":
    sys.exit(main())
