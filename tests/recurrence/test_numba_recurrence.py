"""The native loops: the same numbers from code that was just compiled and from the cache."""
import os
import subprocess
import sys

import pytest

from lstm_sentiment.recurrence import numba_recurrence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Prints hashes of the outputs of a cell, whose loops are compiled or read from the cache.
PROGRAM = '''
import hashlib, sys
import numpy
from lstm_sentiment.recurrence import numba_recurrence
from lstm_sentiment.recurrence.cells.table import find_form
form = find_form({'encoder': sys.argv[1]})
numba_recurrence.load(*form.native_loops())
rng, dim_proj, n_samples = numpy.random.RandomState(0), 64, 8
def draw(*shape):
    return (0.3 * rng.randn(*shape)).astype('float32')
n_alive = numpy.array([8, 8, 7, 7, 6, 4, 4, 3, 2, 1], dtype='int64')
n_words = int(n_alive.sum())
shapes = form.shapes(dim_proj)
weights = form.loop_weights(*[draw(*shapes[name]) for name in form.names])
weights = [numpy.ascontiguousarray(weight) for weight in weights]
tokens = rng.randint(30, size=n_words).astype('int64')
gates = numpy.empty((n_words, 4 * dim_proj), dtype='float32')
c, tanh_c, h = (numpy.empty((n_words, dim_proj), dtype='float32') for _ in range(3))
h0, c0, pooled = (draw(n_samples, dim_proj) for _ in range(3))
form.native_run_steps(draw(30, 4 * dim_proj), tokens, n_alive, *weights, h0, c0, gates, c, tanh_c,
                      h, pooled, 0, True)
dz, dh, dc = numpy.empty_like(gates), draw(n_samples, dim_proj), draw(n_samples, dim_proj)
transposed = [numpy.ascontiguousarray(weight.T) for weight in weights]
form.native_run_steps_back(n_alive, *transposed, c0, gates, c, tanh_c, draw(n_words, dim_proj), dz,
                           dh, dc)
print([hashlib.sha256(array.tobytes()).hexdigest() for array in (gates, c, h, dz, dh, dc)])
'''


@pytest.mark.slow
@pytest.mark.skipif(numba_recurrence.numba is None, reason='needs Numba')
@pytest.mark.parametrize('encoder', ['lstm', 'lstm_standard', 'lstm_peephole'])
def test_compiled_and_cached_loops_give_the_same_bits(encoder, tmp_path):
    environment = dict(os.environ, NUMBA_CACHE_DIR=str(tmp_path), PYTHONPATH=ROOT)
    compiled, cached = (subprocess.run(
        [sys.executable, '-c', PROGRAM, encoder], env=environment, check=True,
        stdout=subprocess.PIPE, universal_newlines=True).stdout for _ in range(2))
    assert os.listdir(str(tmp_path))
    assert compiled == cached and len(compiled) > 300
