"""The mpiexec that starts several processes for a test, and the mark of tests that need it."""
import importlib.util
import os
import shutil
import sys

import pytest

BESIDE_PYTHON = os.path.join(os.path.dirname(sys.executable), 'mpiexec')
MPIEXEC = BESIDE_PYTHON if os.path.exists(BESIDE_PYTHON) else shutil.which('mpiexec')
needs_mpi = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec('mpi4py') is None,
    reason="mpiexec or mpi4py is not here: pip install -e '.[mpi]'")


def command(n_ranks):
    """What starts Python on so many ranks."""
    return [sys.executable] if n_ranks == 1 else [MPIEXEC, '-n', str(n_ranks), sys.executable]
