# What the functions take and give; for type checkers alone, no module of that name exists.
from typing import Callable, Sequence, Union

from torch import Tensor

State = Union[Tensor, Sequence[Tensor]]  # y0 of a map; it comes back as a tensor or as a tuple

# Any callable or torch.nn.Module: G(y) or G(y, rows), with y a tensor or a tuple.
Map = Callable[..., Union[Tensor, Sequence[Tensor]]]
Joint = Callable[..., Union[Tensor, Sequence[Tensor]]]  # G(y, x)
