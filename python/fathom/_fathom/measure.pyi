from typing import Any, List, Sequence

from torch import Tensor

from .solve import Solver, Stop
from .types import Joint, Map, State

class Spectral:
    value: List[float]
    residual: List[float]
    converged: List[bool]
    products: int

class Contraction:
    factor: float
    low: float
    high: float
    first: int
    last: int

class Order:
    order: float
    low: float
    high: float
    points: int

class Residual:
    absolute: List[float]
    relative: List[float]

class ResidualFloor:
    relative: List[float]
    epsilons: List[float]

class PathIndependence:
    distance: List[float]
    converged: List[int]

def spectral_radius(G: Map, y: State, options: SpectralOptions = ...) -> Spectral: ...
def sigma_max(G: Map, y: State, options: SpectralOptions = ...) -> Spectral: ...
def input_gain(G: Joint, y: State, x: State, options: SpectralOptions = ...) -> Spectral: ...
def sensitivity(G: Joint, y0: State, x: State, t: int, options: SpectralOptions = ...) -> Spectral: ...
def residual(G: Map, y: State) -> Residual: ...
def residual_floor(G: Map, y: State, steps: int = ...) -> ResidualFloor: ...
def path_independence(G: Map, starts: List[Any], solver: Solver = ..., stop: Stop = ...) -> PathIndependence: ...
def random_starts(y0: State, count: int, radius: float, seed: int = ...) -> List[Any]: ...
def distance(a: State, b: State) -> List[float]: ...
def lipschitz(y: State, y_moved: State, x: State, x_moved: State) -> List[float]: ...
def contraction(residuals: Sequence[float]) -> Contraction: ...
def convergence_order(residuals: Sequence[float]) -> Order: ...
def a_posteriori_bound(L: float, last_step: float) -> float: ...
def residual_bound(L: float, residual: float) -> float: ...
def rel_l2(a: Tensor, b: Tensor, offset: float = ...) -> List[float]: ...
def mse(a: Tensor, b: Tensor) -> List[float]: ...
def psnr(a: Tensor, b: Tensor, range: float) -> List[float]: ...

# The options, written by scripts/python_stubs.py.

class SpectralOptions:
    rtol: float
    max_iter: int
    restart: int
    seed: int
    def __init__(self, *, rtol: float = ..., max_iter: int = ..., restart: int = ..., seed: int = ...) -> None: ...
