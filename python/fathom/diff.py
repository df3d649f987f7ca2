"""Gradients through a fixed point, and what may be added to a loss so that a map stays easy to solve."""

from ._fathom.diff import (
    Adaptive,
    AdjointReport,
    Checkpointed,
    DriftReport,
    Equilibrium,
    Implicit,
    JacobianFree,
    Neumann,
    Phantom,
    Reversible,
    SpectralPenalty,
    Truncated,
    Unrolled,
    equilibrium,
    jacobian_norm,
    spectral_norm,
    supervised,
)

__all__ = [
    "Adaptive", "AdjointReport", "Checkpointed", "DriftReport", "Equilibrium", "Implicit", "JacobianFree", "Neumann",
    "Phantom", "Reversible", "SpectralPenalty", "Truncated", "Unrolled", "equilibrium", "jacobian_norm",
    "spectral_norm", "supervised",
]
