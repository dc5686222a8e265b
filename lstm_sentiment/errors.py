"""Errors that a user of this project can mend.

Every message says what was expected, what was found, and what to do about it.
The command lines print the message and exit with status 2; code that imports
the modules can catch :class:`TutorialError`.
"""
import reprlib
import unicodedata

abridged_repr = reprlib.Repr()
abridged_repr.maxlevel = 2


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


# What a message says of a value, of a text and of another error.

def abridged(value):
    """The `repr` of a value, cut short however large the value is."""
    return abridged_repr.repr(value)


def printable(text, is_content=False):
    r"""Text without what could steer a terminal, or cannot be encoded: that becomes escapes.

    Parameters
    ----------
    text : str
    is_content : bool
        Whether the text is shown for its own sake. Then only control characters, line ends and
        tabs aside, and lone surrogates become escapes. In a message, all does that
        `str.isprintable` refuses, line ends among it.

    Examples
    --------
    >>> print(printable('a' + chr(27) + '[31m' + chr(10) + 'b'))
    a\x1b[31m\nb
    >>> print(printable('a' + chr(27) + '[31m' + chr(10) + 'b', is_content=True))
    a\x1b[31m
    b
    """
    def may_stay(character):
        if is_content:
            return character in '\n\t' or unicodedata.category(character) not in ('Cc', 'Cs')
        return character.isprintable()

    if text.isprintable():
        return text
    return ''.join(character if may_stay(character) else repr(character)[1:-1]
                   for character in text)


def reason(error):
    r"""What an exception says, for a message: cut short, and printable.

    >>> print(reason(DataError('a name' + chr(27) + '[2J')))
    a name\x1b[2J
    """
    text = f'{type(error).__name__}: {error}'
    if isinstance(error, DataError):
        text = str(error)
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    return printable(text if len(text) <= 300 else text[:300] + ' ...')
