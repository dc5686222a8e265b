"""PyTensor's graphs on JAX, on the CPU: padding, variants, dropout, devices that are not there."""
import importlib.util
import json
import os
import subprocess
import sys

import numpy
import pytest

import lstm
from lstm_sentiment.engine import jax_functions
from lstm_sentiment.engine.names import USES_PYTENSOR

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = os.pathsep.join(os.path.join(ROOT, *folders)
                        for folders in (['tests'], ['tests', 'training']))
pytensor_only = pytest.mark.skipif(not USES_PYTENSOR, reason='Theano runs here')
needs_jax = pytest.mark.skipif(not USES_PYTENSOR or importlib.util.find_spec('jax') is None,
                               reason='JAX is not installed, or has no PyTensor here')


def run(code, *arguments, **variables):
    """Run code in a process of its own: the mode is settled when the engine is imported."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ('THEANO_FLAGS', 'PYTENSOR_FLAGS')}
    environment.update(variables, PYTHONPATH=os.pathsep.join(
        filter(None, [variables.get('PYTHONPATH'), ROOT])))
    return subprocess.run([sys.executable, '-c', code] + list(arguments), env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=600)


# Shapes


def test_every_length_has_a_shape_that_is_not_much_longer():
    for length in range(1, 5000):
        padded, n_samples = jax_functions.padded_shape((length, 16))
        assert n_samples == 16 and length <= padded <= max(25, 2 * length)
        assert padded <= 1.5 * length or length <= 50


def test_the_default_run_needs_a_handful_of_shapes():
    training = {jax_functions.padded_shape((length, 16)) for length in range(30, 100)}
    assert len(training) <= 3
    prediction = {jax_functions.padded_shape((length, 64)) for length in range(10, 1300)}
    assert len(prediction) <= 12


def test_padding_appends_zeros_and_keeps_what_there_is():
    x = numpy.arange(1, 7).reshape(2, 3)
    padded = jax_functions.pad(x)
    assert padded.shape == (25, 4)
    numpy.testing.assert_array_equal(padded[:2, :3], x)
    assert padded.sum() == x.sum()
    assert jax_functions.pad(numpy.zeros(())).shape == ()


# The model

MODEL = r"""
import json, sys
import numpy
import lstm
from lstm_sentiment.engine.names import config, description, tensor, theano
from test_lstm import make_options, random_batch, random_params

def arrays(values):
    return [numpy.asarray(value).tolist() for value in values]

found = {'description': description(), 'floatX': config.floatX}
options = make_options()
params = random_params(options)
tparams = lstm.init_tparams(params)
_, x, mask, y, f_pred_prob, _, cost = lstm.build_model(tparams, options)
gradient = theano.function([x, mask, y], [cost] + theano.grad(cost, list(tparams.values())))
batch = random_batch(n_timesteps=7, n_samples=3)
wordless = [numpy.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, 1)]) for array in batch]
longer = [numpy.pad(array, [(0, 30), (0, 0)]) for array in batch[:2]] + [batch[2]]
found['probabilities'] = f_pred_prob(*batch[:2]).tolist()
found['gradients'] = [arrays(gradient(*arguments)) for arguments in (batch, wordless, longer)]
found["variants"] = len(getattr(gradient, 'variants', []))

state, use_noise = tensor.matrix(), theano.shared(numpy.asarray(1, dtype=config.floatX))
dropped = theano.function([state], lstm.dropout_layer(state, use_noise, lstm.RandomStreams(3)))
found['masks'] = [arrays(dropped(numpy.ones((75, 32), dtype=config.floatX))) for _ in range(2)]
for name in ('adadelta', 'rmsprop', 'sgd') if config.floatX == 'float64' else ():
    options = make_options()
    params = random_params(options)
    tparams = lstm.init_tparams(params)
    _, x, mask, y, _, _, cost = lstm.build_model(tparams, options)
    f_grad_shared, f_update = lstm.update_rules[name](
        tensor.scalar(), tparams, theano.grad(cost, list(tparams.values())), x, mask, y, cost)
    costs = [float((f_grad_shared(*batch), f_update(0.05))[0]) for _ in range(4)]
    found[name] = [costs, arrays(lstm.unzip(tparams).values())]
found['unzipped'] = all(type(value) is numpy.ndarray for value in lstm.unzip(tparams).values())
json.dump(found, open(sys.argv[1], 'w'))
"""


def figures(path, flags):
    """What `MODEL` finds under these flags, and what it printed."""
    done = run(MODEL, str(path), THEANO_FLAGS=flags, PYTHONPATH=TESTS)
    assert done.returncode == 0, done.stderr
    with open(str(path)) as stream:
        return json.load(stream), done


@pytest.fixture(scope='module', params=['float32', 'float64'])
def both(request, tmp_path_factory):
    """The figures on JAX, those of the passes by hand, how near they must be, what was printed."""
    folder, flags = tmp_path_factory.mktemp('jax'), 'floatX=%s' % request.param
    by_hand, _ = figures(folder / 'by_hand', flags)
    jax, done = figures(folder / 'jax', flags + ',mode=JAX')
    assert jax['floatX'] == by_hand['floatX'] == request.param
    return jax, by_hand, {'float32': 2e-5, 'float64': 1e-12}[request.param], done


def assert_near(found, expected, tolerance):
    for one, other in zip(found, expected):
        other = numpy.array(other)
        numpy.testing.assert_allclose(one, other, rtol=0,
                                      atol=tolerance * max(1, abs(other).max()))


@needs_jax
def test_model_and_gradients_are_those_of_the_cpu(both):
    jax, by_hand, tolerance, _ = both
    assert 'JAX' in jax['description'] and 'cpu' in jax['description']
    assert_near(jax['probabilities'], by_hand['probabilities'], tolerance)
    assert numpy.shape(jax['probabilities']) == (3, 2)
    for found, expected in zip(jax['gradients'], by_hand['gradients']):
        assert_near(found, expected, tolerance)


@needs_jax
def test_padding_and_a_sample_without_words_change_nothing(both):
    jax, by_hand, tolerance, _ = both
    for figures in (jax, by_hand):
        plain, wordless, longer = figures['gradients']
        assert all(numpy.isfinite(array).all() for array in wordless)
        assert_near(wordless, plain, tolerance)
        assert_near(longer, plain, tolerance)


@needs_jax
def test_each_shape_is_compiled_once_and_said(both):
    jax, _, _, done = both
    assert jax['variants'] == 2
    assert 'Compiling f_pred_prob for minibatches of 25 x 4' in done.stdout
    assert 'arning' not in done.stderr


@needs_jax
@pytest.mark.parametrize('both', ['float64'], indirect=True)
@pytest.mark.parametrize('optimizer', ['adadelta', 'rmsprop', 'sgd'])
def test_optimizers_take_the_same_steps(both, optimizer):
    jax, by_hand, tolerance, _ = both
    costs, params = jax[optimizer]
    assert len(set(costs)) == 4
    assert_near([costs], [by_hand[optimizer][0]], 10 * tolerance)
    assert_near(params, by_hand[optimizer][1], 10 * tolerance)
    assert jax['unzipped']


@needs_jax
def test_dropout_keeps_half_and_differs_from_call_to_call(both):
    jax, _, _, _ = both
    first, second = numpy.array(jax['masks'])
    assert set(first.ravel()) == {0., 1.}
    assert abs(first.mean() - 0.5) < 0.05 and abs((first != second).mean() - 0.5) < 0.05


@needs_jax
def test_a_model_trained_here_predicts_the_same_there(tmp_path):
    code = r"""
import sys
import lstm
lstm.train_lstm(dataset='demo', max_epochs=1, n_words=100, dim_proj=8, validFreq=200, dispFreq=100,
                test_size=100, saveto=sys.argv[1])
"""
    check = r"""
import json, sys
import numpy
import lstm
from test_lstm import random_batch
options = dict(n_words=100, dim_proj=8, ydim=2, encoder='lstm', use_dropout=True)
params = lstm.load_params(sys.argv[1], lstm.init_params(options))
f_pred_prob = lstm.build_model(lstm.init_tparams(params), options)[4]
x, mask, _ = random_batch(n_words=100)
print(json.dumps(f_pred_prob(x, mask).tolist()))
"""
    model, jax = str(tmp_path / 'm.npz'), 'floatX=float32,mode=JAX'
    paths = dict(PYTHONPATH=TESTS, IMDB_DATA_DIR=str(tmp_path))
    done = run(code, model, THEANO_FLAGS=jax, **paths)
    assert done.returncode == 0, done.stderr
    answers = []
    for flags in (jax, 'floatX=float32'):
        done = run(check, model, THEANO_FLAGS=flags, **paths)
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout.splitlines()[-1]))
    numpy.testing.assert_allclose(answers[0], answers[1], rtol=0, atol=1e-4)


@pytest.mark.slow
@needs_jax
def test_a_run_on_jax_is_resumed_where_it_stopped(tmp_path):
    code = r"""
import lstm
from models import stop_after
from test_checkpoint import assert_same
arguments = dict(dataset='demo', max_epochs=2, n_words=100, dim_proj=8, validFreq=200,
                 saveFreq=60, dispFreq=100, test_size=100, maxlen=20, average=100)
expected = lstm.train_lstm(saveto='whole.npz', **arguments)
lstm.train_lstm(saveto='m.npz', callback=stop_after(2), **arguments)
assert lstm.train_lstm(saveto='m.npz', resume=True, **arguments) == expected
assert_same('m.npz', 'whole.npz')
"""
    done = run('import os, sys; os.chdir(sys.argv[1])' + code, str(tmp_path),
               THEANO_FLAGS='floatX=float32,mode=JAX', PYTHONPATH=TESTS,
               IMDB_DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert 'Resumed after update 200' in done.stdout


# Devices


def refused(flags, **variables):
    """What `python lstm.py --help` says to flags that cannot be used."""
    environment = dict(os.environ, THEANO_FLAGS=flags, **variables)
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'lstm.py'), '--help'],
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=120)
    assert done.returncode == 2 and done.stdout == '' and 'Traceback' not in done.stderr
    return done.stderr


@pytensor_only
def test_without_jax_the_extra_is_named(tmp_path):
    (tmp_path / 'jax.py').write_text("raise ImportError('No module named jax')")
    for flags in ('device=cuda', 'device=gpu0,floatX=float32', 'mode=JAX'):
        message = refused(flags, PYTHONPATH=str(tmp_path))
        assert "pip install -e '.[gpu]'" in message and 'JAX' in message


@needs_jax
@pytest.mark.parametrize('device', ['cuda', 'gpu', 'cuda7'])
def test_a_card_that_is_not_there_is_refused(device):
    message = refused('device=' + device, JAX_PLATFORMS='cpu')
    assert 'device=%s' % device in message and 'finds 0' in message


@pytest.mark.parametrize('device', ['cuda-1', 'tpu', 'cpu1', 'cudaX'])
def test_a_device_of_another_name_is_refused(device):
    with pytest.raises(jax_functions.ConfigError, match='expected cpu, cuda'):
        jax_functions.choose_device(device)


@pytensor_only
def test_a_gpu_with_another_mode_is_refused():
    assert 'mode=JAX' in refused('device=cuda,mode=FAST_RUN')
    assert 'mode=JAX' in refused('device=cuda', PYTENSOR_FLAGS='mode=FAST_COMPILE')


def test_unzip_gives_arrays_of_numpy():
    tparams = lstm.init_tparams({'b': numpy.zeros(2, dtype=lstm.config.floatX)})
    assert type(lstm.unzip(tparams)['b']) is numpy.ndarray
