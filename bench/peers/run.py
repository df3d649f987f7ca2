"""Asks Fathom and every peer that is installed the same problems in one run, one after the other on one core, and writes the
answers as a JSON record and a Markdown table.

    python3 bench/peers/run.py --out bench/results/peers-DATE [--python NAME=INTERPRETER ...] [--only NAME ...]

Exits with 1 when Fathom's own side fails, a peer breaks down, or every peer was skipped.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shlex
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy: drawing the problems must not spin beside other work
import problems  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON_PEERS = {"torchdeq": ["torchdeq", "torch"], "deepinv": ["deepinv", "torch"], "jaxopt": ["jaxopt", "jax"],
                "optimistix": ["optimistix", "jax"]}
TITLES = {
    "cost": "What an iteration costs: {n} iterations of f = tanh(zW + inj), float32",
    "spread": "Symmetric W of radius .9, 64 x 512, to ||f(z) - z|| <= 1e-4 ||f(z)|| in every row",
    "hard row": "One row of gain .99 among 255 of .5, width 512, to the same tolerance",
    "gradient": "Implicit gradient of a loss, and of the same loss times 1e-7; solve and adjoint to 1e-6 or the peer's default",
    "training step": "Forward and implicit backward, 64 x 512, ||W|| = .9, both to 1e-4",
    "batch-mates": "The same row alone and among 63 others, at 1e-4",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", required=True, help="the record without its ending: .json and .md are written")
    parser.add_argument("--programs", default=ROOT / "build/release/bin", help="where bench_peers_fathom lies")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=INTERPRETER",
                        help="the interpreter that has a peer; of the others this one")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only these peers; may be repeated")
    parser.add_argument("--busy", action="store_true", help="record that other work ran on the machine")
    return parser.parse_args()


def environment():
    """One thread, and libtorch's own loops at their best, as the program fathom sets it."""
    one = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    quiet = {"OMP_WAIT_POLICY": "PASSIVE", "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    capability = {"ATEN_CPU_CAPABILITY": "avx512"} if "avx512bw" in cpu_line("flags").split() else {}
    return os.environ | one | quiet | capability


def cpu_line(key):
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


def run(command):
    """What the command prints, as JSON. On one core: a library with threads of its own gets no more than the others."""
    core = max(os.sched_getaffinity(0))
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}")
    found = json.loads(done.stdout)
    return found if isinstance(found, list) else [found]


def has(interpreter, modules):
    if not pathlib.Path(interpreter).exists():
        return False
    find = "import importlib.util as u, sys; sys.exit(any(u.find_spec(m) is None for m in sys.argv[1:]))"
    return subprocess.run([interpreter, "-c", find, *modules], capture_output=True).returncode == 0


def peer_commands(options):
    """name -> command, or None where it is not installed."""
    chosen = dict(pair.split("=", 1) for pair in options.python)
    commands = {}
    for name, modules in PYTHON_PEERS.items():
        interpreter = chosen.get(name, sys.executable)
        commands[name] = [interpreter, str(HERE / f"peer_{name}.py")] if has(interpreter, modules) else None
    kinsol = pathlib.Path(options.programs) / "bench_peers_kinsol"
    commands["KINSOL"] = [str(kinsol)] if kinsol.exists() else None
    unknown = (set(options.only) | set(chosen)) - set(commands)
    if unknown:
        sys.exit(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(commands)}")
    return {name: command for name, command in commands.items() if not options.only or name in options.only}


def ask_everyone(options):
    ours, peers, skipped, broken = None, [], [], []
    with tempfile.TemporaryDirectory() as folder:
        problems.write(folder)
        print("asking Fathom", file=sys.stderr)
        (ours,) = run([str(pathlib.Path(options.programs) / "bench_peers_fathom"), folder])
        for name, command in peer_commands(options).items():
            if command is None:
                print(f"skipped: {name} is not installed")
                skipped.append(name)
                continue
            print(f"asking {name}", file=sys.stderr)
            try:
                peers += run([*command, folder])
            except (RuntimeError, json.JSONDecodeError) as error:
                print(f"broken: {name}: {error}")
                broken.append(name)
    return ours, peers, skipped, broken


def entry_of(problem, case, unit):
    """The entry of bench_fathom that measures the same: `fathom bench --peers` shows the peers beside it."""
    if problem != "cost" or unit != "bare f":
        return None
    size, method = case.split()
    return f"solve_{method}/{size.replace('x', '/')}"


def rows_of(ours, peers):
    rows = []
    for measure in ours["measures"]:
        key = [measure[part] for part in ("problem", "case", "unit")]
        answers = {}
        for peer in peers:
            for theirs in peer["measures"]:
                same_case = theirs["case"] == measure["case"].removesuffix(", packed") or key[0] in ("training step", "batch-mates")
                if [theirs["problem"], theirs["unit"]] == [key[0], key[2]] and same_case:
                    ratio = theirs["value"] / measure["value"] if measure["value"] else None
                    answers[peer["peer"]] = {"value": theirs["value"], "ratio": ratio}
        row = dict(zip(("problem", "case", "unit"), key)) | {"ours": measure["value"], "peers": answers}
        entry = entry_of(*key)
        rows.append(row | ({"entry": entry} if entry else {}))
    return rows


def git_revision():
    try:
        done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip() or "unknown"
    except FileNotFoundError:
        return "unknown"


def record_of(options, ours, peers, skipped, broken):
    return {
        "date": datetime.date.today().isoformat(),
        "machine": {"cpu": cpu_line("model name"), "cores": os.cpu_count(), "system": platform.system(),
                    "load": os.getloadavg()[0], "busy": options.busy},
        "command": "python3 bench/peers/run.py " + shlex.join(public_arguments()),
        "fathom": git_revision(),
        "threads": 1,
        "time": "processor time, median",
        "seed": problems.SEED,
        "versions": {a["peer"]: a["version"] for a in [ours, *peers]},
        "skipped": skipped,
        "broken": broken,
        "rows": rows_of(ours, peers),
    }


def public_arguments():
    """Interpreters by name alone: where they lie is this machine's affair."""
    words = sys.argv[1:]
    return [word.split("=")[0] + "=python3" if before == "--python" else word
            for before, word in zip(["", *words], words)]


def text_of(value):
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def markdown_of(record):
    machine = record["machine"]
    lines = ["# Fathom and its peers", "",
             f"{record['date']}, {machine['cpu']}, {machine['cores']} cores, one thread, seed {record['seed']}, Fathom "
             f"{record['fathom']}" + ("; **the machine was busy**." if machine["busy"] else "."),
             "Made by `" + record["command"] + "`.", "",
             "Versions: " + "; ".join(f"{name} {version}" for name, version in record["versions"].items()) + ".",
             "Ratio: the peer's number over ours; lower numbers are better everywhere."]
    if record["skipped"]:
        lines.append("Skipped: " + ", ".join(record["skipped"]) + ".")
    for problem, title in TITLES.items():
        rows = [row for row in record["rows"] if row["problem"] == problem]
        lines += ["", "## " + title.format(n=problems.COST_ITERATIONS), "",
                  "| case | unit | ours | peer | peer's | ratio |", "| --- | --- | ---: | --- | ---: | ---: |"]
        for row in rows:
            for peer, answer in row["peers"].items():
                ratio = "–" if answer["ratio"] is None else text_of(answer["ratio"])
                lines.append(f"| {row['case']} | {row['unit']} | {text_of(row['ours'])} | {peer} | "
                             f"{text_of(answer['value'])} | {ratio} |")
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    ours, peers, skipped, broken = ask_everyone(options)
    if not peers:
        sys.exit("every peer was skipped or broke down; see bench/peers/README.md for how to install them")
    record = record_of(options, ours, peers, skipped, broken)
    out = pathlib.Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_name(out.name + ".json").write_text(json.dumps(record, indent=1) + "\n")
    out.with_name(out.name + ".md").write_text(markdown_of(record))
    print(markdown_of(record))
    if broken:
        sys.exit("broke down: " + ", ".join(broken))


if __name__ == "__main__":
    main()
