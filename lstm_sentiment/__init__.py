"""All that is not the tutorial: the wings behind lstm.py, imdb.py, imdb_preprocess.py, predict.py.

Each wing has one sentence on what lives there in its own docstring. Imports go one way: the small
modules here, then engine and recurrence; text, data, model, training; prediction beside training.
"""

__version__ = '0.1.0'  # setuptools reads it from the source text, so it stays a plain string
