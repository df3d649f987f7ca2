from typing import Any

from . import diff as diff
from . import measure as measure
from . import solve as solve
from . import study as study

__version__: str

class Error(RuntimeError): ...
class UsageError(Error, ValueError): ...

class OptionGroup:
    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
