"""The model in PyTorch and in Keras, with the weights of a saved model; see docs/compare.md."""
import importlib
import os
import sys

import models
import numpy
import pytest

import lstm
from lstm_sentiment.errors import ModelError
from lstm_sentiment.model import saved_model

FOLDER = os.path.join(os.path.dirname(os.path.abspath(lstm.__file__)), 'benchmarks')
sys.path.append(FOLDER)

import compare  # noqa: E402 (found in that folder)

LIBRARIES = ['torch', 'keras']


@pytest.fixture(params=LIBRARIES)
def library(request):
    if request.param == 'torch':
        pytest.importorskip('torch', reason='torch is not installed')
        yield importlib.import_module('compare_torch')
        return
    os.environ.setdefault('KERAS_BACKEND', 'jax')  # Keras reads it when it is imported
    backend = pytest.importorskip(os.environ['KERAS_BACKEND'])
    keras = pytest.importorskip('keras', reason='keras is not installed')
    before = backend.config.jax_enable_x64 if backend.__name__ == 'jax' else None
    yield importlib.import_module('compare_keras')
    keras.config.set_floatx('float32')
    keras.config.set_dtype_policy('float32')
    if before is not None:
        backend.config.update('jax_enable_x64', before)


def sequences(n=20):
    """Word ids, 1 to 30 each, so that most of a minibatch is padded."""
    rng = numpy.random.RandomState(0)
    return [rng.randint(1, models.N_WORDS, rng.randint(1, 31)).tolist() for _ in range(n)]


@pytest.mark.parametrize('dtype, limit', [('float32', 2e-6), ('float64', 1e-12)])
@pytest.mark.parametrize('use_dropout', [True, False])
def test_the_same_weights_give_the_same_probabilities(library, tmp_path, dtype, limit, use_dropout):
    path, _ = models.save_model(tmp_path / 'model.npz', ('a', 'b', 'c'), use_dropout=use_dropout)
    assert 0 <= compare.difference(library, path, sequences(), dtype) < limit


def test_what_is_printed(library, tmp_path, capsys):
    path, _ = models.save_model(tmp_path / 'model.npz')
    compare.main(library, [path, 'The film is good.', 'bad'])
    version, single, double = capsys.readouterr().out.splitlines()
    assert version == library.VERSION
    assert single.startswith('float32: ') and single.endswith('(2 texts)')
    assert double.startswith('float64: ') and double.endswith('(2 texts)')


def test_training_learns_the_word_that_decides(library):
    options = dict(n_words=5, dim_proj=4, ydim=2, use_dropout=False, seed=0)
    model = library.make_model(options, 'float32')
    texts, labels = [[2, 4, 4], [3, 4], [2, 4], [3, 4, 4]] * 8, [0, 1, 0, 1] * 8
    library.set_weights(model, lstm.init_params(dict(options, encoder='lstm')), options)
    library.train(model, texts, labels, 80, 8)
    answers = compare.answered(library.probabilities, model, texts)
    assert answers.argmax(axis=1).tolist() == labels


def test_another_model_is_refused(tmp_path):
    path, params = models.save_model(tmp_path / 'model.npz')
    saved_model.save(path, params, dict(models.make_options(params), pooling='max'))
    with pytest.raises(ModelError, match='pooling=max: only mean'):
        compare.load(path)
