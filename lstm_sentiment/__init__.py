"""The package behind the scripts lstm.py, imdb.py, imdb_preprocess.py and predict.py.

`TextClassifier` and `load_model` can be imported from here; they are loaded when they are asked
for. The docstring of each subpackage says what it contains. Imports go one way: from the small
modules here to engine and recurrence, and to text, data, model and training. prediction is beside
training. estimator is above the scripts.
"""
import importlib

__version__ = '0.1.0'  # setuptools reads it from the source text, so it stays a plain string
__all__ = ['TextClassifier', 'load_model']

PLACES = {'TextClassifier': 'lstm_sentiment.estimator',
          'load_model': 'lstm_sentiment.prediction.classifier'}


def __getattr__(name):
    if name not in PLACES:
        raise AttributeError('module %r has no attribute %r' % (__name__, name))
    return getattr(importlib.import_module(PLACES[name]), name)


def __dir__():
    return sorted(list(globals()) + __all__)
