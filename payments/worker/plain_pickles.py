"""Reads pickles that hold data only. A pickle may name any function to call, and the database keeps several.

The queue's results and the cache are pickled into rows without a signature: whoever can write such a row would run
their own code in our processes as soon as it is read.
"""

import io
import pickle
from typing import Any, Final

#: What the queue's own rows are made of, beside numbers, texts, lists and dictionaries. Calling these does nothing.
HARMLESS: Final = frozenset({("datetime", name) for name in ("datetime", "date", "timedelta", "timezone")})


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in HARMLESS:
            raise pickle.UnpicklingError(f"a pickle from the database names {module}.{name}")
        return super().find_class(module, name)


def loads(content: bytes) -> Any:
    """What was pickled. Raises `pickle.UnpicklingError` for one that names anything but plain data."""
    return _Unpickler(io.BytesIO(content)).load()
