"""A map looked at as a whole: every iterate, around its fixed points, along its iterates."""

from ._fathom.study import Curve, Diagnosis, Regularity, diagnose, regularity, unroll

__all__ = ["Curve", "Diagnosis", "Regularity", "diagnose", "regularity", "unroll"]
