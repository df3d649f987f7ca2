"""Maps with known answers, and the reference: autograd through a long unroll."""

import torch

torch.set_num_threads(1)

COSINE = 0.7390851332151607  # cos(y) = y


def contractive_weight(width, gain, seed=0, dtype=torch.float64):
    """A matrix of 2-norm `gain`."""
    weight = torch.randn(width, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return weight * (gain / torch.linalg.matrix_norm(weight, 2))


def normal(*shape, seed=1, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


class Cell(torch.nn.Module):
    """tanh(W y + x) with ||W|| = gain at the start; G(y, rows)."""

    def __init__(self, width, gain, x, dtype=torch.float64):
        super().__init__()
        self.weight = torch.nn.Parameter(contractive_weight(width, gain, dtype=dtype))
        self.x = x

    def forward(self, y, rows=None):
        return torch.tanh(y @ self.weight.T + (self.x if rows is None else self.x[rows]))


def unrolled(G, y, steps):
    for _ in range(steps):
        y = G(y)
    return y
