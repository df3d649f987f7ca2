"""Whether a map wants to know which rows it is called with."""

import inspect
from typing import Any

import torch

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def takes_rows(G: Any) -> bool:
    """G(y, rows): a second positional parameter that is called rows or that has no default.

    `lambda y, W=W: ...` captures W and takes none. What has no signature (torch.tanh) takes none either.
    """
    function = G.forward if isinstance(G, torch.nn.Module) else G
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [p for p in parameters if p.kind in _POSITIONAL]
    return len(positional) > 1 and (positional[1].name == "rows" or positional[1].default is inspect.Parameter.empty)
