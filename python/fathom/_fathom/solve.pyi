from typing import Any, Callable, Iterable, List, Sequence, Tuple, Union

from . import OptionGroup
from .types import Map, State

Solver = Union[Picard, Anderson, Broyden, NewtonKrylov, Escalate, Reversible]

class Solution:
    y: Any  # a Tensor, or a tuple of them where y0 was one
    status: List[str]
    iterations: List[int]
    residual: List[float]
    relative: List[float]
    error_bound: List[float]
    products: List[int]
    stage: List[str]
    calls: int
    rows_evaluated: int
    product_calls: int
    seconds: float
    message: str
    residuals: List[List[float]]
    kept: List[int]
    iterates: List[Any]
    converged: bool
    def count(self, status: str) -> int: ...
    def require(self) -> Solution: ...
    def brief(self) -> str: ...

class Answer:
    index: int
    y: Any
    status: str
    iterations: int
    products: int
    residual: float
    relative: float
    stage: str

class StreamReport:
    samples: int
    converged: int
    calls: int
    rows_evaluated: int
    iterations: int
    seconds: float

def fixed_point(
    G: Map,
    y0: State,
    solver: Solver = ...,
    stop: Stop = ...,
    loop: Loop = ...,
    residuals: bool = ...,
    keep: Sequence[int] = ...,
) -> Solution: ...
def stream(
    G: Map,
    samples: Iterable[Tuple[Any, ...]],
    sink: Callable[[Answer], None],
    solver: Solver = ...,
    stop: Stop = ...,
    options: StreamOptions = ...,
) -> StreamReport: ...

# The options, written by scripts/python_stubs.py.

class Stop:
    rtol: float
    atol: float
    max_iter: int
    seconds: float
    patience: int
    divergence: float
    def __init__(self, *, rtol: float = ..., atol: float = ..., max_iter: int = ..., seconds: float = ..., patience: int = ..., divergence: float = ...) -> None: ...

class Picard:
    damping: float
    def __init__(self, *, damping: float = ...) -> None: ...

class Anderson:
    depth: int
    damping: float
    ridge: float
    max_weight: float
    safeguard: float
    delay: int
    type: int
    history: str
    def __init__(self, *, depth: int = ..., damping: float = ..., ridge: float = ..., max_weight: float = ..., safeguard: float = ..., delay: int = ..., type: int = ..., history: str = ...) -> None: ...

class Broyden:
    memory: int
    damping: float
    safeguard: float
    def __init__(self, *, memory: int = ..., damping: float = ..., safeguard: float = ...) -> None: ...

class NewtonKrylov:
    jvp: str
    restart: int
    max_products: int
    forcing: float
    forcing_start: float
    forcing_max: float
    max_backtracks: int
    def __init__(self, *, jvp: str = ..., restart: int = ..., max_products: int = ..., forcing: float = ..., forcing_start: float = ..., forcing_max: float = ..., max_backtracks: int = ...) -> None: ...

class Escalate:
    share: OptionGroup
    picard: OptionGroup
    anderson: OptionGroup
    newton_krylov: OptionGroup
    def __init__(self, *, share: Any = ..., picard: Any = ..., anderson: Any = ..., newton_krylov: Any = ...) -> None: ...

class Reversible:
    damping: float
    def __init__(self, *, damping: float = ...) -> None: ...

class Loop:
    compact: bool
    compact_every: int
    compact_below: float
    tiles: bool
    def __init__(self, *, compact: bool = ..., compact_every: int = ..., compact_below: float = ..., tiles: bool = ...) -> None: ...

class StreamOptions:
    slots: int
    loop: OptionGroup
    def __init__(self, *, slots: int = ..., loop: Any = ...) -> None: ...
