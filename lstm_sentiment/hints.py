"""Short names for the type hints of the scripts and of the package's public functions.

mypy reads them (``make types``); nothing depends on them while a program runs.
"""
import os
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, TypeVar, Union

import numpy

Path = Union[str, os.PathLike]
# A variable of the engine. Theano has no types, so none is required of PyTensor or JAX.
Variable = Any
Variables = Dict[str, Any]             # by name
Arrays = Dict[str, numpy.ndarray]      # by name
Options = Dict[str, Any]               # by name
Numbers = Union[Sequence[int], numpy.ndarray]
Sequences = Sequence[Numbers]          # the word ids of each sample
Part = Tuple[Sequences, Numbers]       # sequences and labels
Minibatches = List[Tuple[int, numpy.ndarray]]  # the number of each, and its members
Function = Callable[..., Any]
Rng = Optional[numpy.random.RandomState]
F = TypeVar('F', bound=Function)       # a decorator gives back what has the same signature
