"""Errors that the user can correct.

Each message says what was expected, what was found, and what to do.
The command lines print the message and exit with status 2; code that imports
the modules can catch :class:`TutorialError`.
"""
import reprlib
import unicodedata

abridged_repr = reprlib.Repr()
abridged_repr.maxlevel = 2


class TutorialError(Exception):
    """An error that the user can correct."""


class ConfigError(TutorialError):
    """An option or a flag has a value that cannot be used."""


class DataError(TutorialError):
    """A corpus, a pickle of word ids or a dictionary cannot be used."""


class DownloadError(DataError):
    """A dataset could not be downloaded from any source."""


class ModelError(TutorialError):
    """A saved model cannot be read or does not match."""


# Values, texts and other errors in a message.

def abridged(value):
    """The `repr` of a value, shortened if the value is large."""
    return abridged_repr.repr(value)


def printable(text, is_content=False):
    r"""Text in which characters that control a terminal or cannot be encoded become escapes.

    Parameters
    ----------
    text : str
    is_content : bool
        Whether the text is content, not part of a message. In content only control characters
        (except line ends and tabs) and lone surrogates become escapes. In a message all characters
        do that `str.isprintable` refuses, including line ends.

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
    r"""The text of an exception for a message, shortened and printable.

    >>> print(reason(DataError('a name' + chr(27) + '[2J')))
    a name\x1b[2J
    """
    text = f'{type(error).__name__}: {error}'
    if isinstance(error, TutorialError):
        text = str(error)
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    return printable(text if len(text) <= 300 else text[:300] + ' ...')
