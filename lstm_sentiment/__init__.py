"""All of the program that is not the tutorial itself; the scripts `lstm`, `imdb`, ... stand over it.

The modules here are what every wing may use. The wings, each importing only those before it:
`engine` and `recurrence`; `text`, `data` and `model`; `training`, and beside it `prediction`.
pyproject.toml holds this as a contract that ``make lint`` checks.
"""

__version__ = '0.1.0'  # setuptools reads it from the source text, so it stays a plain string
