#!/usr/bin/env python3
"""Flows kept as one dictionary a sample (example_00000.npy, ...) as the named arrays that Fathom reads.

  scripts/flows_from_npy_dicts.py FOLDER flows.npz [--frame 3] [--every 2] [--subtract-means]

Each file holds a pickled dictionary with 'f' [frames, 2, H, W], the forcing, and 'w' [frames, H, W], the vorticity. One
frame of each is taken, every so many points (256 -> 128 by default); the result has forcing [N, 2, h, w] and
vorticity [N, h, w] in float32, in the order of the files' names: `--set data.file=flows.npz`, with train and test as many as wanted.
Unpickling runs what the file says: use it on files whose maker you trust. An ending .h5 writes HDF5 (python3-h5py).
"""
import argparse
import pathlib
import sys

import numpy as np


def sample(path, frame, every):
    content = np.load(path, allow_pickle=True).item()
    forcing, vorticity = np.asarray(content["f"])[frame], np.asarray(content["w"])[frame]
    if forcing.shape[0] != 2 or forcing.shape[1:] != vorticity.shape:
        sys.exit(f"{path}: f {forcing.shape} and w {vorticity.shape} are no forcing with its vorticity")
    return forcing[:, ::every, ::every].astype(np.float32), vorticity[::every, ::every].astype(np.float32)


def write(path, arrays):
    if path.suffix in (".h5", ".hdf5"):
        import h5py

        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file.create_dataset(name, data=array)
    else:
        np.savez_compressed(path, **arrays)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path, help=".npz or .h5")
    parser.add_argument("--frame", type=int, default=3)
    parser.add_argument("--every", type=int, default=2)
    parser.add_argument("--subtract-means", action="store_true", help="of every field: what Fathom refuses otherwise")
    options = parser.parse_args()
    files = sorted(options.folder.glob("example_*.npy"))
    if not files:
        sys.exit(f"no example_*.npy in {options.folder}")
    pairs = [sample(path, options.frame, options.every) for path in files]
    arrays = {"forcing": np.stack([pair[0] for pair in pairs]), "vorticity": np.stack([pair[1] for pair in pairs])}
    if options.subtract_means:
        for array in arrays.values():
            array -= array.mean(axis=(-2, -1), keepdims=True, dtype=np.float64).astype(np.float32)
    write(options.output, arrays)
    print(f"{options.output}: {len(files)} flows on {arrays['vorticity'].shape[1]} x {arrays['vorticity'].shape[2]}")


if __name__ == "__main__":
    main()
