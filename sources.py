"""Where the texts to be classified come from: arguments, standard input, a file, a folder."""
import gzip
import itertools
import os
from collections import namedtuple

from errors import DataError
from imdb_preprocess import read_review

# `name` is the file that holds the text, or None; `label` its class, or None where none is given.
Sample = namedtuple('Sample', 'text name label')
# `labelled`: whether the samples have labels. `named`: whether they have names.
Source = namedtuple('Source', 'samples labelled named')


def from_arguments(texts):
    """The texts of a command line.

    Raises
    ------
    DataError
        If one is not UTF-8.
    """
    for number, text in enumerate(texts, 1):
        try:
            text.encode('utf-8')
        except UnicodeEncodeError as error:
            raise DataError('the text %d of the command line is not UTF-8 at character %d. Convert '
                            'it, or put it into a file in UTF-8.' % (number, error.start + 1))
    return Source((Sample(text, None, None) for text in texts), False, False)


def from_stream(stream, name):
    """One text a line; a blank line is a text without words."""
    return Source((Sample(text, None, None) for text in read_lines(stream, name)), False, False)


def read_lines(stream, name):
    """Yield the lines of a stream of bytes, which must be UTF-8.

    Raises
    ------
    DataError
        If a line is not; names `name` and the line.
    """
    for number, line in enumerate(stream, 1):
        try:
            text = line.decode('utf-8-sig' if number == 1 else 'utf-8')
        except UnicodeDecodeError as error:
            raise DataError('%s, line %d: byte 0x%02x at position %d of the line is not UTF-8. '
                            'Convert the text to UTF-8.'
                            % (name, number, line[error.start], error.start)) from error
        yield text.rstrip('\r\n')


def open_lines(path):
    """Yield the lines of a file, unpacked if its name ends in ``.gz``."""
    try:
        with (gzip.open if path.endswith('.gz') else open)(path, 'rb') as stream:
            yield from read_lines(stream, path)
    except (OSError, EOFError) as error:
        raise DataError('%s cannot be read: %s. Name a readable file or folder.'
                        % (path, getattr(error, 'strerror', None) or error)) from error


def from_path(path, classes, text_column=None, label_column=None, use_labels=True):
    """The texts of a file or a folder.

    Parameters
    ----------
    path : str
        A folder (see :func:`from_folder`), a ``.csv``, ``.tsv`` or ``.jsonl``, or any other file
        with one text a line; a file may be packed, its name ending in ``.gz``.
    classes : list of str
        Of the model.
    text_column, label_column : str, optional
    use_labels : bool
        Whether to take notice of labels.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    if os.path.isdir(path):
        return from_folder(path, classes, use_labels)
    lines = open_lines(path)
    head = list(itertools.islice(lines, 1))  # a file that cannot be read is noticed now
    return Source((Sample(text, None, None) for text in itertools.chain(head, lines)), False, False)


def text_files(folder):
    """The names of the ``*.txt`` of a folder, sorted."""
    try:
        return sorted(name for name in os.listdir(folder)
                      if name.endswith('.txt') and not name.startswith('.'))
    except OSError as error:
        raise DataError('%s cannot be read: %s. Make it readable, or name another.'
                        % (folder, error.strerror)) from error


def from_folder(folder, classes, use_labels=True):
    """The texts of a folder, each a ``*.txt``, in the order of their names.

    Where it holds class folders, those are read, one class after the other in
    the order of the names; else the ``*.txt`` in the folder itself.

    Raises
    ------
    DataError
        If there is no text, or a folder of texts beside the class folders is no class.
    """
    inside = sorted(name for name in os.listdir(folder)
                    if os.path.isdir(os.path.join(folder, name)) and not name.startswith('.'))
    inside = [name for name in inside if text_files(os.path.join(folder, name))]
    if not set(inside) & set(classes) and text_files(folder):
        inside = []
    unknown = [name for name in inside if name not in classes]
    if unknown and use_labels:
        raise DataError('%s is no class of the model. Expected folders by the names of its '
                        'classes, %s; take the others away, or give --no-labels.'
                        % (os.path.join(folder, unknown[0]), ', '.join(classes)))
    files = [(os.path.join(name, file), name if use_labels else None)
             for name in inside for file in text_files(os.path.join(folder, name))]
    files = files or [(file, None) for file in text_files(folder)]
    if not files:
        raise DataError('%s has no text. Expected *.txt in it, or class folders with *.txt.'
                        % folder)
    samples = (Sample(read_review(os.path.join(folder, name)), name, label)
               for name, label in files)
    return Source(samples, bool(inside) and use_labels, True)
