"""The type hints: they mean something on each Python, and mypy refuses wrong calls by them."""
import importlib
import inspect
import os
import re
import typing

import pytest

import lstm
import lstm_sentiment

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODULES = ('lstm', 'imdb', 'imdb_preprocess', 'predict', 'lstm_sentiment.estimator',
           'lstm_sentiment.prediction.classifier', 'lstm_sentiment.prediction.explanation',
           'lstm_sentiment.text.preprocessing')
# Each line is one call; those that end in # wrong have an error.
CALLS = '''\
import numpy
import lstm
import imdb
import predict
from lstm_sentiment import TextClassifier, load_model
model = TextClassifier(dim_proj=4, maxlen=None)
model.fit(['A film.'], numpy.array([1])).predict(numpy.array(['A film.'])).argmax()
TextClassifier(dim_proj='4')  # wrong
model.predict(3)  # wrong
model.fit(['A film.'])  # wrong
model.save(3)  # wrong
TextClassifier.load('model.npz').predict_proba(['A film.']).shape
load_model('model.npz').predict(['A film.'])[0].upper()
load_model(3)  # wrong
predict.load_model().predict(['A film.'], threshold='high')  # wrong
load_model().explain(['A film.'])  # wrong
load_model().predikt(['A film.'])  # wrong
imdb.prepare_data([[2, 3], [4]], [1, 0])
imdb.prepare_data([2, 3], [1, 0])  # wrong
imdb.load_data(n_words='all')  # wrong
train, valid, test = imdb.load_data()
lstm.get_minibatches_idx(10, 2, rng=numpy.random.RandomState(1))[0][1].tolist()
lstm.get_minibatches_idx(10, 2, rng=1)  # wrong
lstm.train_lstm(dataset=3)  # wrong
lstm.train_lstm(max_epoch=3)  # wrong
train_err, valid_err = lstm.train_lstm()  # wrong
'''


def defined_in(module):
    """The functions and methods that a module defines."""
    for scope in [module] + [kind for _, kind in inspect.getmembers(module, inspect.isclass)
                             if kind.__module__ == module.__name__]:
        for _, function in inspect.getmembers(scope, inspect.isroutine):
            if getattr(function, '__module__', None) == module.__name__:
                yield inspect.unwrap(function)


@pytest.mark.parametrize('name', MODULES)
def test_the_hints_mean_something_on_this_python(name):
    found = [typing.get_type_hints(function) for function in defined_in(
        importlib.import_module(name))]
    assert any(found)


def test_the_hints_of_training_are_those_of_its_documentation():
    hints = typing.get_type_hints(inspect.unwrap(lstm.train_lstm))
    assert set(hints) == {'dataset', 'callback', 'return'}
    assert hints['return'] == typing.Tuple[float, float, float]


def test_the_stub_of_the_package_names_what_it_hands_out():
    with open(os.path.join(ROOT, 'lstm_sentiment', '__init__.pyi')) as file:
        found = dict(re.findall(r'^from (\S+) import \w+ as (\w+)$', file.read(), flags=re.M))
    assert {name: module for module, name in found.items()} == lstm_sentiment.PLACES


def test_mypy_refuses_wrong_calls_and_no_others(tmp_path, monkeypatch):
    api = pytest.importorskip('mypy.api')
    monkeypatch.chdir(ROOT)
    calls = tmp_path / 'calls.py'
    calls.write_text(CALLS)
    report, errors, status = api.run([str(calls), '--cache-dir', str(tmp_path)])
    expected = [number for number, line in enumerate(CALLS.splitlines(), 1) if '# wrong' in line]
    found = [int(number) for number in re.findall(r'calls\.py:(\d+): error', report)]
    assert status == 1 and sorted(set(found)) == expected, report + errors
