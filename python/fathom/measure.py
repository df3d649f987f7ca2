"""Numbers about a map that change nothing, one for every row of the batch."""

from ._fathom.measure import (
    Contraction,
    Order,
    PathIndependence,
    Residual,
    ResidualFloor,
    Spectral,
    SpectralOptions,
    a_posteriori_bound,
    contraction,
    convergence_order,
    distance,
    input_gain,
    lipschitz,
    mse,
    path_independence,
    psnr,
    random_starts,
    rel_l2,
    residual,
    residual_bound,
    residual_floor,
    sensitivity,
    sigma_max,
    spectral_radius,
)

__all__ = [
    "Contraction", "Order", "PathIndependence", "Residual", "ResidualFloor", "Spectral", "SpectralOptions",
    "a_posteriori_bound", "contraction", "convergence_order", "distance", "input_gain", "lipschitz", "mse",
    "path_independence", "psnr", "random_starts", "rel_l2", "residual", "residual_bound", "residual_floor",
    "sensitivity", "sigma_max", "spectral_radius",
]
