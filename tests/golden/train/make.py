"""Writes the files of torch.save that tests/io and tests/train read: python3 make.py (torch 1.13.1, Debian)."""

import collections
import pathlib

import torch

HERE = pathlib.Path(__file__).resolve().parent


def module():
    net = torch.nn.Sequential(collections.OrderedDict(first=torch.nn.Linear(3, 2), norm=torch.nn.BatchNorm1d(2)))
    with torch.no_grad():
        for i, parameter in enumerate(net.parameters()):
            parameter.copy_(torch.arange(parameter.numel(), dtype=torch.float32).view_as(parameter) + 10 * i)
        net.norm.num_batches_tracked.fill_(7)
    return net


def views():
    whole = torch.arange(12, dtype=torch.float64)
    return {
        "all": whole.view(3, 4),
        "transposed": whole.view(3, 4).t(),
        "part": whole[5:9:2],
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "expanded": torch.tensor([1.0]).expand(4),
        "half": torch.tensor([0.5, -2.0], dtype=torch.float16),
        "bfloat": torch.tensor([1.5], dtype=torch.bfloat16),
        "flags": torch.tensor([True, False]),
        "bytes": torch.tensor([3, 200], dtype=torch.uint8),
        "parameter": torch.nn.Parameter(torch.tensor([1.0, 2.0])),
    }


class Evil:
    def __reduce__(self):
        return print, ("this must not be printed",)


torch.save(module().state_dict(), HERE / "module.pt")
torch.save(views(), HERE / "views.pt")
torch.save({"epoch": 3, "model": module().state_dict()}, HERE / "checkpoint.pt")
torch.save({"weight": Evil()}, HERE / "evil.pt")
torch.save(torch.ones(2), HERE / "tensor.pt")
torch.save({"weight": torch.eye(2).to_sparse()}, HERE / "sparse.pt")
torch.save(module().state_dict(), HERE / "legacy.pt", _use_new_zipfile_serialization=False)
