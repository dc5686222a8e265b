"""Errors that a user of this project can mend.

Every message says what was expected, what was found, and what to do about it.
The command lines print the message and exit with status 2; code that imports
the modules can catch :class:`TutorialError`.
"""


class TutorialError(Exception):
    """Something is wrong that the user can put right."""


class ConfigError(TutorialError):
    """An option or a flag has a value that cannot be used."""


class DataError(TutorialError):
    """A corpus, a pickle of word ids or a dictionary cannot be used."""


class DownloadError(DataError):
    """A dataset could not be fetched from any of its sources."""


class ModelError(TutorialError):
    """A saved model cannot be read, or does not fit."""
