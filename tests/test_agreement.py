"""The costs of the original program, compared at each update on the real reviews.

``tests/reference`` holds what the tutorial's own program printed under Theano
1.0.5, in a fresh process, without dropout. Each comparison runs in a process
of its own, for floatX is read when an engine is imported.
"""
import importlib.util
import json
import os
import subprocess
import sys

import numpy
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
FINGERPRINT = 'de2459bb93aab521fa2f5811c720a705232c3b6febe459314ff459e8397d5f4a'

RUN = r"""
import json, sys
import lstm
from lstm_sentiment import files
from lstm_sentiment.data import finding
from lstm_sentiment.engine import names as engine

expected = json.load(open(sys.argv[1]))
n_updates = int(sys.argv[2])
seen = {'fingerprint': files.fingerprint(finding.find_dataset(download=False)), 'costs': []}

class Enough(Exception):
    pass

def keep_parameters(params):
    seen['initial_parameters'] = {
        name: {'shape': list(p.shape), 'sum': float(p.sum(dtype='float64')),
               'abs_sum': float(abs(p).sum(dtype='float64')),
               'first': [float(v) for v in p.ravel()[:4]]} for name, p in params.items()}
    return init_tparams(params)

def keep_cost(record):
    if hasattr(record, 'cost'):  # and no validation
        seen['costs'].append(record.cost)
    if len(seen['costs']) == n_updates:
        raise Enough

init_tparams, lstm.init_tparams = lstm.init_tparams, keep_parameters
try:
    lstm.train_lstm(optimizer=expected['optimizer'], use_dropout=False, dispFreq=1,
                    validFreq=10 ** 9, saveto=None, callback=keep_cost, **expected['settings'])
except Enough:
    pass
seen['by_hand'] = engine.BY_HAND
json.dump(seen, open(sys.argv[3], 'w'))
"""

needs_reviews = pytest.mark.skipif('IMDB_DATA_DIR' not in os.environ,
                                   reason='IMDB_DATA_DIR names no folder with imdb.pkl')


def compare(name, tmp_path, n_updates=None, flags=''):
    """Train as the original program did; return the record and the printed text."""
    reference = os.path.join(HERE, 'reference', name + '.json')
    with open(reference) as stream:
        expected = json.load(stream)
    n_updates = n_updates or expected['updates']
    result = str(tmp_path / 'seen.json')
    environment = dict(os.environ, THEANO_FLAGS='floatX=%s%s' % (expected['floatX'], flags),
                       PYTHONPATH=os.path.dirname(HERE))
    subprocess.run([sys.executable, '-c', RUN, reference, str(n_updates), result], check=True,
                   env=environment, stdout=subprocess.DEVNULL, cwd=str(tmp_path))
    with open(result) as stream:
        seen = json.load(stream)
    if seen['fingerprint'] != FINGERPRINT:
        pytest.skip('this imdb.pkl has other ids than the one the costs were recorded on')
    check_costs(expected, seen)
    return expected, seen


def check_costs(expected, seen):
    costs = numpy.array(seen['costs'])
    recorded = numpy.array(expected['costs'][:len(costs)])
    errors = abs(costs - recorded) / recorded
    print('largest relative difference: %g' % errors.max())
    if expected['floatX'] == 'float64':
        assert errors.max() <= 1e-10
    else:
        assert errors[:50].max() <= 1e-5
        assert errors.max() <= 1e-4


@needs_reviews
@pytest.mark.parametrize('name', ['adadelta_float64', 'adadelta_float32', 'rmsprop_float32',
                                  'sgd_float32'])
def test_costs_are_those_of_the_original_program(name, tmp_path):
    expected, seen = compare(name, tmp_path)
    assert seen['by_hand']
    assert len(seen['costs']) == expected['updates']
    check_parameters(expected, seen)


def check_parameters(expected, seen):
    """The initial parameters are those of the original, except for rounding."""
    for parameter, recorded in expected['initial_parameters'].items():
        found = seen['initial_parameters'][parameter]
        assert found['shape'] == recorded['shape']
        if expected['floatX'] == 'float32':
            tolerance = 1e-7
        elif parameter in ('lstm_W', 'lstm_U'):
            # A singular vector is known to 1e-16 times the largest singular value, 23, over the
            # gap to the next, 0.01 for the closest: BLAS and LAPACK differ by as much.
            tolerance = 1e-12
        else:
            tolerance = 1e-15
        numpy.testing.assert_allclose(found['first'], recorded['first'], rtol=0, atol=tolerance)
        numpy.testing.assert_allclose([found['sum'], found['abs_sum']],
                                      [recorded['sum'], recorded['abs_sum']],
                                      rtol=0, atol=tolerance * max(recorded['abs_sum'], 1))


@needs_reviews
@pytest.mark.slow
@pytest.mark.parametrize('name', ['adadelta_float64', 'adadelta_float32'])
def test_the_scan_compiled_by_the_engine_agrees_too(name, tmp_path):
    _, seen = compare(name, tmp_path, flags=',mode=FAST_RUN')
    assert not seen['by_hand']


@needs_reviews
@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec('jax') is None, reason='JAX is not installed')
@pytest.mark.parametrize('name', ['adadelta_float64', 'adadelta_float32'])
def test_the_scan_on_jax_agrees_too(name, tmp_path):
    _, seen = compare(name, tmp_path, flags=',mode=JAX')
    assert not seen['by_hand']
