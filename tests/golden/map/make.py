"""Writes the TorchScript maps and the samples that the tests read: python3 make.py (torch 1.13.1, Debian)."""

import pathlib
from typing import Tuple

import numpy
import torch

HERE = pathlib.Path(__file__).resolve().parent


class Cell(torch.nn.Module):
    """tanh(W y + x), ||W|| = 0.6, with dropout that evaluation mode must switch off."""

    def __init__(self):
        super().__init__()
        weight = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
        self.weight = torch.nn.Parameter(weight * (0.6 / torch.linalg.matrix_norm(weight, 2)))
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, y, x):
        return torch.tanh(self.dropout(y @ self.weight.t()) + x)


class OneArgument(torch.nn.Module):
    def forward(self, y):
        return torch.tanh(y)


class NumberArgument(torch.nn.Module):
    def forward(self, y, x: float):
        return torch.tanh(y) * x


class Pair(torch.nn.Module):
    def forward(self, y, x) -> Tuple[torch.Tensor, torch.Tensor]:
        return y, x


class Wider(torch.nn.Module):
    def forward(self, y, x):
        return torch.cat([y, x], 1)


class Mixing(torch.nn.Module):
    def forward(self, y, x):
        return torch.tanh(x + 0.5 * y.mean(0, keepdim=True))


class WholeBatches(torch.nn.Module):
    """Holds the number of samples as a constant, as traced maps may."""

    def forward(self, y, x):
        return torch.tanh(0.5 * y.view(6, 4) + x)


for name, module in (("cell", Cell()), ("one_argument", OneArgument()), ("number_argument", NumberArgument()),
                     ("pair", Pair()), ("wider", Wider()), ("mixing", Mixing()), ("whole_batches", WholeBatches())):
    torch.jit.script(module).save(str(HERE / f"{name}.pt"))
torch.jit.trace(Cell().eval(), (torch.zeros(6, 4), torch.zeros(6, 4))).save(str(HERE / "traced.pt"))

x = torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
y = torch.zeros_like(x)
cell = Cell().double().eval()
with torch.no_grad():
    for _ in range(200):
        y = cell(y, x)
numpy.savez(HERE / "samples.npz", x=x.numpy(), target=y.numpy())
