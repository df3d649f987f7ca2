"""y = G(y) for every row of a batch, without gradients: solvers, stop rules, streams of samples."""

from ._fathom.solve import (
    Anderson,
    Answer,
    Broyden,
    Escalate,
    Loop,
    NewtonKrylov,
    Picard,
    Reversible,
    Solution,
    Stop,
    StreamOptions,
    StreamReport,
    fixed_point,
    stream,
)

__all__ = [
    "Anderson", "Answer", "Broyden", "Escalate", "Loop", "NewtonKrylov", "Picard", "Reversible", "Solution", "Stop",
    "StreamOptions", "StreamReport", "fixed_point", "stream",
]
