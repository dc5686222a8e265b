"""A text to train a character model on: a file, text8, the reviews, or the grammar's own.

`demo` is the text of the grammar. Its true entropy can be computed, so it comes with the least
perplexity that a model can have on its held-out part.
"""
import hashlib
import html
import os
import sys
import zipfile
import zlib
from collections import namedtuple

import numpy

from lstm_sentiment.contents import not_utf8
from lstm_sentiment.data import finding
from lstm_sentiment.data.datasets import load_dictionary, read_dataset
from lstm_sentiment.errors import DataError, DownloadError, reason
from lstm_sentiment.files import fingerprint, read_bounded
from lstm_sentiment.text import grammar_entropy
from lstm_sentiment.text.characters import KINDS, split_held_out

TEXT8, REVIEWS, DEMO = 'text8', 'reviews', 'demo'
# As the tokenizer writes it.
LINE_BREAK = ' < br / >'
# A text is read whole; more than this many bytes are refused.
MAX_TEXT = 1 << 30
# The grammar writes so many characters to train on, and draws with these seeds.
N_DEMO, TRAIN_SEED, HELD_OUT_SEED = 4000000, 123, 321

CharacterText = namedtuple('CharacterText', 'name training held_out least')
CharacterText.__doc__ = """A text in two parts.

Attributes
----------
name : str
    A path, text8, reviews or demo.
training, held_out : str
least : float or None
    The least perplexity that any model can have on the held-out part, where it is known.
"""


def find_text(source, kind, n_held_out):
    """The text that is asked for, ready for its alphabet.

    Parameters
    ----------
    source : str or None
        A file of text in UTF-8, or text8, reviews or demo. By default text8 if it is here or can be
        downloaded; if not, the reviews if they are here; if not, demo.
    kind : str
        One of `characters.KINDS`.
    n_held_out : int
        Characters of the held-out part that are predicted.

    Returns
    -------
    CharacterText

    Raises
    ------
    errors.DataError
        If the text cannot be had or read.
    """
    transform = KINDS[kind]
    if source is None:
        source = choose()
    if source == DEMO:
        return demo_text(transform, n_held_out)
    if source == TEXT8:
        text = read_text8(find_text8() or download_text8())
    elif source == REVIEWS:
        text = read_reviews()
    else:
        text = read_text(os.fspath(source))
    text = transform(text)
    if not text.strip():
        raise DataError('%s holds no characters that can be used: expected a text with letters a '
                        'to z, or, with symbols=all, any text. Name another file.' % source)
    return CharacterText(source, *split_held_out(text, n_held_out), least=None)


def choose():
    """The first of text8, reviews and demo that can be had; say what was missing."""
    if find_text8():
        return TEXT8
    try:
        download_text8()
        return TEXT8
    except DownloadError as error:
        print(error)
    try:
        finding.find_dictionary(finding.find_dataset(download=False))
        print('Reading the reviews instead.')
        return REVIEWS
    except DataError:
        print('The reviews are not here either: the grammar of demo writes the text.')
    return DEMO


def sha256_of(text):
    """The SHA-256 of both parts, which tells whether two runs read the same text."""
    digest = hashlib.sha256()
    for part in (text.training, text.held_out):
        digest.update(part.encode('utf-8', 'surrogatepass') + b'\0')
    return digest.hexdigest()


# Files.


def read_text(path):
    """The text of a file in UTF-8, decompressed if it is gzip, without a byte order mark."""
    try:
        return decoded(path, read_bounded(path, MAX_TEXT))
    except (OSError, EOFError, zlib.error, DataError) as error:
        if isinstance(error, DataError) and path in str(error):
            raise
        raise DataError('text=%s cannot be read: %s. Expected a file of text in UTF-8, or %s, %s '
                        'or %s.' % (path, reason(error), TEXT8, REVIEWS, DEMO)) from error


def decoded(path, content):
    try:
        text = content.decode('utf-8')
    except UnicodeDecodeError as error:
        raise not_utf8(path, error, content[error.start:error.start + 10000]) from error
    return text[1:] if text.startswith('\ufeff') else text


def find_text8():
    """The path of text8 on this machine, or None."""
    for folder in [''] + finding.data_folders():
        for ending in ('', '.gz', '.zip'):
            path = os.path.join(folder, TEXT8 + ending)
            if os.path.isfile(path):
                return path
    return None


def download_text8():
    """Download text8 into the folder for data; return its path.

    Raises
    ------
    errors.DownloadError
        If it cannot be downloaded.
    """
    # Most runs need no network: requests alone takes longer to import than all of this.
    from lstm_sentiment.data.downloads import download_text8 as download
    return download(finding.data_folders()[0])


def read_text8(path):
    """The text in this file, which may be the published archive."""
    if not path.endswith('.zip'):
        return read_text(path)
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo(TEXT8)
            if member.file_size > MAX_TEXT:
                raise DataError('more than %d bytes, unpacked' % MAX_TEXT)
            return decoded(path, archive.read(member))
    except (OSError, EOFError, KeyError, zlib.error, zipfile.BadZipFile, RuntimeError,
            NotImplementedError) as error:
        raise DataError('%s cannot be read: %s. Expected the published archive of text8; remove '
                        'it to have it downloaded again.' % (path, reason(error))) from error


def read_reviews():
    """The training reviews, one a line, made of the words of their ids, without line breaks."""
    path = finding.find_dataset()
    (sequences, _), _ = read_dataset(path)
    largest_id = max(map(max, sequences))
    dictionary, _ = load_dictionary(finding.find_dictionary(path), fingerprint(path), largest_id)
    words = [''] * (max(largest_id, max(dictionary.values())) + 1)
    for word, number in dictionary.items():
        words[number] = html.unescape(word)
    lines = (' '.join(words[number] for number in sequence) for sequence in sequences)
    return '\n'.join(line.replace(LINE_BREAK, '') for line in lines)


# The grammar.


def demo_text(transform, n_held_out):
    """What the grammar of `demo` writes, with its least perplexity.

    The two parts are drawn with different seeds. Drawn reviews may be equal by chance.
    """
    training, held_out = (
        transform(grammar_entropy.draw_text(numpy.random.RandomState(seed), n_characters))
        for seed, n_characters in ((TRAIN_SEED, N_DEMO), (HELD_OUT_SEED, 2 * n_held_out + 1000)))
    held_out = held_out[:n_held_out + 1]
    return CharacterText(DEMO, training, held_out,
                         grammar_entropy.least_perplexity(held_out, transform))


def say(text):
    """Print what is read."""
    print('Text: %s, %d characters to train on, %d held out'
          % (text.name, len(text.training), len(text.held_out) - 1))
    if text.least is not None:
        print('No model can have a perplexity below %.4f on the held-out part.' % text.least)
    sys.stdout.flush()
