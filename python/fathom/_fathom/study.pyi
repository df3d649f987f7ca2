from typing import Any, Callable, Dict, List

from .solve import Stop
from .types import Joint, Map, State

class Curve:
    model: str
    quantity: str
    group: str
    t: List[float]
    mean: List[float]
    std: List[float]
    max: List[float]

class Diagnosis:
    picard_status: List[str]
    anderson_status: List[str]
    picard_iterations: List[float]
    anderson_iterations: List[float]
    residual: List[float]
    contraction: List[float]
    spectral_radius: List[float]
    sigma_max: List[float]
    order: List[float]
    floor: List[float]
    path_distance: List[float]
    verdict: str

class Regularity:
    t: List[int]
    mu: List[List[float]]
    radius: List[List[float]]
    input_gain: List[List[float]]
    sensitivity: List[List[float]]
    size: List[List[float]]
    verdict: str

def unroll(
    G: Map,
    y0: State,
    iterations: int,
    probes: Dict[str, Callable[[int, Any, Any], Any]] = ...,
    model: str = ...,
) -> List[Curve]: ...
def diagnose(G: Map, y0: State, stop: Stop = ...) -> Diagnosis: ...
def regularity(G: Joint, y0: State, x: State, iterations: int = ...) -> Regularity: ...
