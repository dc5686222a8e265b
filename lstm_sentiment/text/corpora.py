"""Labelled texts from folders and tables, one at a time.

A corpus is a folder, a table or several tables:

``train/CLASS``, ``test/CLASS``
    folders of ``*.txt``, one text in each file, like the IMDB reviews;
``CLASS``
    the same without train and test; such a corpus is not split yet;
a table
    with a column of texts and one of class names (see `table_files`), not split either unless a
    column says which part each row belongs to. Its rows are read one by one;
several tables
    one for each part: train and test.

All text is UTF-8, unless an encoding is named. If something cannot be used, a `DataError` names the
file and the line.
"""

import collections
import os

from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.files import codec, not_utf8
from lstm_sentiment.text.table_files import TableOptions, table_kind
from lstm_sentiment.text.tables import Row, read_table

PARTS = ('train', 'test')
# The IMDB reviews without labels.
UNLABELLED = 'unsup'

EXPECTED = ('Expected a folder with train/CLASS and test/CLASS in it (of the IMDB reviews, it is '
            'aclImdb: train/pos, train/neg and so on), a folder with one folder for each class, or '
            'a table: .csv, .tsv, .json, .jsonl or .parquet, or one of these in a .zip or with '
            '.gz.')

Corpus = collections.namedtuple('Corpus', 'rows total is_split')
Corpus.__doc__ = """An iterator of `Row`, their number if known, and whether they have parts."""


def open_corpus(source, **options):
    """Open a corpus; its texts are read when they are needed.

    Parameters
    ----------
    source : str or pandas.DataFrame
        A folder or a table; see above.
    **options
        See `table_files.TableOptions`; only ``encoding`` is for folders.

    Returns
    -------
    Corpus

    Raises
    ------
    DataError
        If it cannot be read. An error in a row is raised when the row is read.
    ConfigError
        If columns are given for a folder.
    """
    options = TableOptions(**options)
    if hasattr(source, 'columns'):
        rows, is_split = read_table(source, options)
        return Corpus(rows, len(source), is_split)
    source = os.fspath(source)
    if table_kind(source) and not os.path.isdir(source) or os.path.isfile(source):
        rows, is_split = read_table(source, options)
        return Corpus(rows, None, is_split)
    if options._replace(encoding=None, strict=None) != TableOptions(encoding=None, strict=None):
        raise ConfigError(f'{source} is a folder and has no columns. Leave the options of tables '
                          '(--text-column, --label-column and so on) out, or name a table.')
    if any(os.path.isdir(os.path.join(source, part)) for part in PARTS):
        files = [(part, name, path) for part, names in find_parts(source).items()
                 for name, paths in names.items() for path in paths]
        is_split = True
    else:
        files = [(None, name, path) for name, paths in find_texts(source).items()
                 for path in paths]
        is_split = False
    rows = (Row(read_text(path, options.encoding), name, part, path) for part, name, path in files)
    return Corpus(rows, len(files), is_split)


# Folders

def find_parts(folder):
    """The texts of train and test, each as `find_texts` gives them; both have the same classes."""
    parts = {part: find_texts(os.path.join(folder, part)) for part in PARTS}
    train, test = (sorted(parts[part]) for part in PARTS)
    if train != test:
        raise DataError(f'{folder} has other classes in train ({", ".join(train)}) than in test '
                        f'({", ".join(test)}). Expected the same folders in both.')
    return parts


def find_texts(folder):
    """List the texts of each class.

    Returns
    -------
    dict of str to list of str
        For each folder in `folder`, from the last name to the first (pos comes before neg, as in
        the tutorial), the paths of its ``*.txt``, sorted as strings.

    Raises
    ------
    DataError
        If a folder is missing or has no ``*.txt``.
    """
    classes = [name for name in list_folder(folder)
               if os.path.isdir(os.path.join(folder, name)) and name != UNLABELLED]
    if not classes:
        raise DataError(f'{folder} has no folders of texts in it. {EXPECTED}')
    texts = {}
    for name in reversed(classes):
        path = os.path.join(folder, name)
        texts[name] = [os.path.join(path, file) for file in list_folder(path)
                       if file.endswith('.txt')]
        if not texts[name]:
            raise DataError(f'{path} has no *.txt in it. Expected one text in each *.txt, and at '
                            'least one in each class; put texts there, or remove the folder.')
    return texts


def list_folder(folder):
    """The names in a folder, sorted as strings, without the hidden ones."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith('.'))
    except OSError as error:
        raise DataError(f'{folder} cannot be read: {error.strerror}. {EXPECTED}') from error


def read_text(path, encoding='utf-8'):
    """Return the text of a file, without a byte order mark.

    Raises
    ------
    DataError
        If it cannot be read or has another encoding; names the file and the byte.
    """
    try:
        with open(path, 'rb') as file:
            text = file.read().decode(encoding)
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}. Make it '
                        'readable, or take it out of the corpus.') from error
    except UnicodeDecodeError as error:
        if codec(encoding).name != 'utf-8':
            raise DataError(f'{path} is not {encoding}: {error.reason} at position {error.start}. '
                            'Name the encoding that it has.') from error
        raise not_utf8(path, error) from error
    # The mark is no letter of the first word. In one class only, it would tell the classes apart.
    return text[1:] if text.startswith('\ufeff') else text
