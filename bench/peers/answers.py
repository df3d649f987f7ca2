"""What a peer's script answers with, and how it takes time: JSON on stdout, processor time of one thread."""
import json
import statistics
import sys
import time

import numpy as np


class Answers:
    def __init__(self, peer, version):
        self.json = {"peer": peer, "version": version, "measures": []}

    def add(self, problem, case, unit, value):
        measure = {"problem": problem, "case": case, "unit": unit, "value": float(value)}
        self.json["measures"].append(measure)


def median_seconds(work, budget=0.5):
    """Median of calls until `budget` seconds are spent, three at least. The first call warms up and is not counted, unless it
    alone spends the budget; then it is the answer."""
    start = time.process_time()
    work()
    first = time.process_time() - start
    if first >= budget:
        return first
    seconds = []
    while len(seconds) < 3 or sum(seconds) < budget:
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def relative(a, b):
    """||a - b|| / ||b||"""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def wasted(needed, evaluated):
    """Calls of rows beyond each row's own need, as a share of all."""
    return (evaluated - float(np.sum(np.asarray(needed)))) / evaluated


def worst_residual(f, z):
    """The largest ||f(z) - z|| / ||f(z)|| of any row; NumPy arrays."""
    g = f(z)
    return float((np.linalg.norm(g - z, axis=1) / np.linalg.norm(g, axis=1)).max())


def folder_asked():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    return sys.argv[1]


def print_all(*answers):
    print(json.dumps([a.json for a in answers], indent=1))
