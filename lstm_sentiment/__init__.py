"""The package behind the scripts lstm.py, imdb.py, imdb_preprocess.py and predict.py.

The docstring of each subpackage says what it contains. Imports go one way: from the small modules
here to engine and recurrence, and to text, data, model and training. prediction is beside training.
"""

__version__ = '0.1.0'  # setuptools reads it from the source text, so it stays a plain string
