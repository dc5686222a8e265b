"""The scan of each cell, compiled in a process of its own, against the layer by hand."""
import os
import pickle
import subprocess
import sys

import numpy
import pytest
from models import combination
from test_lstm import FLOAT, make_options, random_batch, random_params

import lstm
from lstm_sentiment.engine.names import BY_HAND, tensor, theano
from lstm_sentiment.recurrence import encoder

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = """
import pickle, sys
sys.path[:0] = sys.argv[1:3]
import lstm
from lstm_sentiment.engine.names import BY_HAND
from test_compiled_scan import cost_and_gradients
assert not BY_HAND
with open(sys.argv[3], 'rb') as stream:
    options, params = pickle.load(stream)
with open(sys.argv[4], 'wb') as stream:
    pickle.dump(cost_and_gradients(lstm.encode, options, params), stream)
"""


def cost_and_gradients(encode, options, params):
    """A cost of a minibatch with holes and an empty sample, and its gradients."""
    tparams = lstm.init_tparams(params)
    x, mask = tensor.lmatrix(), tensor.matrix(dtype=FLOAT)
    cost = (encode(tparams, x, mask, options) ** 2).sum()
    wrt = [value for name, value in tparams.items() if name not in ('U', 'b')]
    ids, ones, _ = random_batch(2)
    ones[:, 1] = 0
    return theano.function([x, mask], [cost] + theano.grad(cost, wrt))(ids, ones)


@pytest.mark.slow
@pytest.mark.skipif(not BY_HAND, reason='this process compiles, too')
@pytest.mark.parametrize('chosen', [
    ('lstm', 'matrix', True, 1, 'max'), ('lstm_standard', 'matrix', False, 2, 'mean'),
    ('lstm_peephole', 'matrix', True, 1, 'last'), ('lstm_peephole', 'diagonal', False, 1, 'max')])
def test_the_compiled_scan_agrees(chosen, tmp_path):
    options = make_options(**dict(combination(*chosen), dim_proj=3))
    params = random_params(options)
    given, result = str(tmp_path / 'given'), str(tmp_path / 'result')
    with open(given, 'wb') as stream:
        pickle.dump((options, params), stream)
    here = os.path.dirname(os.path.abspath(__file__))
    environment = dict(os.environ, THEANO_FLAGS='floatX=%s,mode=FAST_RUN' % FLOAT,
                       PYTHONPATH=os.pathsep.join([ROOT, os.path.dirname(here), here]))
    subprocess.run([sys.executable, '-c', SCRIPT, ROOT, here, given, result], check=True,
                   env=environment)
    with open(result, 'rb') as stream:
        expected = pickle.load(stream)
    for one, other in zip(cost_and_gradients(encoder.encode, options, params), expected):
        assert abs(other).max() > 1e-5
        numpy.testing.assert_allclose(one, other, rtol=0,
                                      atol=1e-10 if FLOAT == 'float64' else 1e-4)
