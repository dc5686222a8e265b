"""Text as a row of numbers, one for each character, and its minibatches.

The characters of a text are numbered by their place in its alphabet. The alphabet is a to z and the
space, or all characters that occur (:func:`alphabet_of`).
"""
import re
import unicodedata

import numpy

from lstm_sentiment.errors import ConfigError, DataError, abridged

LETTERS = ' abcdefghijklmnopqrstuvwxyz'
NOT_PLAIN = re.compile('[^a-z ]|  ')
OTHERS = re.compile('[^a-z]+')
ACCENTS = re.compile('[\u0300-\u036f]')
# So many characters are numbered at a time.
PIECE = 1 << 22


# Characters.


def plain_letters(text):
    """The text in small letters without accents; a space for each run of other characters.

    >>> plain_letters('"Caf\u00e9" means -- well, caf\u00e9.')
    ' cafe means well cafe '
    """
    if not NOT_PLAIN.search(text):
        return text
    if not text.isascii():
        text = ACCENTS.sub('', unicodedata.normalize('NFKD', text))
    return OTHERS.sub(' ', text.lower())


def unchanged(text):
    """The text as it is."""
    return text


# name: what is done to a text first. `all` is the second kind of alphabet.
KINDS = {'letters': plain_letters, 'all': unchanged}


def alphabet_of(kind, *texts):
    """The characters that are numbered, in the order of their numbers: `LETTERS`, or all."""
    if kind == 'letters':
        return LETTERS
    return ''.join(sorted(set().union(*texts)))


def to_numbers(text, alphabet, name='text'):
    """The place of each character in the alphabet.

    Parameters
    ----------
    text, alphabet : str
    name : str
        What the message of an error calls the text.

    Returns
    -------
    int array, (len(text),)
        As small a type as the alphabet allows.

    Raises
    ------
    errors.ConfigError
        Names the first characters that are not in the alphabet.

    Examples
    --------
    >>> to_numbers('a cab', LETTERS).tolist()
    [1, 0, 3, 1, 2]
    """
    codes = character_codes(alphabet)
    dtype = 'uint8' if len(alphabet) < 256 else 'int32'
    missing = len(alphabet)
    table = numpy.full(0x110000, missing, dtype=dtype)
    table[codes] = numpy.arange(len(alphabet))
    pieces = [table[character_codes(text[start:start + PIECE])]
              for start in range(0, len(text), PIECE)]
    numbers = numpy.concatenate(pieces or [numpy.zeros(0, dtype=dtype)])
    if (numbers == missing).any():
        unknown = ''.join(sorted(set(text).difference(alphabet)))
        raise ConfigError('%s=%s: the characters %s are unknown to the model. Expected only these: '
                          '%s' % (name, abridged(text), abridged(unknown), repr(alphabet)))
    return numbers


def character_codes(text):
    return numpy.frombuffer(text.encode('utf-32-le', 'surrogatepass'), dtype='uint32')


def to_text(numbers, alphabet):
    """The text that :func:`to_numbers` makes these numbers of."""
    return ''.join(alphabet[number] for number in numbers)


# Writing.


def draw(probabilities, temperature, rng):
    """A symbol for each row of probabilities, which are taken to the power of 1 / temperature.

    Examples
    --------
    >>> draw(numpy.array([[0.1, 0.9], [0.6, 0.4]]), 0.01, numpy.random.RandomState(0)).tolist()
    [1, 0]
    """
    logs = numpy.log(probabilities.astype('float64') + 1e-300) / temperature
    ends = numpy.exp(logs - logs.max(axis=1, keepdims=True)).cumsum(axis=1)
    points = rng.random_sample((len(ends), 1)) * ends[:, -1:]
    return (ends <= points).sum(axis=1)


# Minibatches.


def split_held_out(text, n_held_out):
    """The training part and the held-out part of a text; the latter is at its beginning.

    The held-out part has `n_held_out` characters to predict, and one before them.
    """
    return text[n_held_out + 1:], text[:n_held_out + 1]


def check_length(name, text, held_out, n_streams, n_timesteps, n_held_out):
    """Raise `DataError` if the training part is shorter than a minibatch, or nothing is held out.

    Parameters
    ----------
    name : str
        Of the text, for the message.
    text, held_out : str
    n_streams, n_timesteps, n_held_out : int
    """
    expected = n_streams * n_timesteps + 1
    n_least = expected + n_held_out + 1
    if len(text) < expected or len(held_out) < 2:
        raise DataError('%s has %d characters that can be used. Expected %d or more: %d that are '
                        'held out, and a minibatch of %d streams of %d characters. Give a longer '
                        'text, or smaller numbers.'
                        % (name, len(text) + len(held_out), n_least, n_held_out + 1, n_streams,
                           n_timesteps))


def minibatch(numbers, n_streams, n_timesteps, update):
    """What is read in one update, and what follows each character.

    Stream k begins at the place k·(n // n_streams) of the n characters. Each update reads on where
    the one before it stopped. After its last character the text goes on with its first.

    Parameters
    ----------
    numbers : int array, (n,)
    n_streams, n_timesteps : int
    update : int
        The number of the update, from 0.

    Returns
    -------
    x, y : int64 arrays, (n_timesteps, n_streams)

    Examples
    --------
    >>> x, y = minibatch(numpy.arange(10), 2, 3, 1)
    >>> x.T.tolist(), y.T.tolist()
    ([[3, 4, 5], [8, 9, 0]], [[4, 5, 6], [9, 0, 1]])
    """
    starts = numpy.arange(n_streams) * (len(numbers) // n_streams) + update * n_timesteps
    places = (numpy.arange(n_timesteps + 1)[:, None] + starts) % len(numbers)
    read = numbers[places].astype('int64')
    return read[:-1], read[1:]
