"""Labelled texts from folders and tables, one at a time.

A corpus is a folder or a file:

``train/CLASS``, ``test/CLASS``
    folders of ``*.txt``, one text in each file, like the IMDB reviews;
``CLASS``
    the same without train and test; such a corpus is not split yet;
``.csv``, ``.tsv``, ``.jsonl``
    a table with a column of texts and one of class names, not split either. It may be
    compressed with gzip. Its rows are read one by one.

All text is UTF-8. If something cannot be used, a `DataError` names the file and the line.
"""

import collections
import csv
import itertools
import json
import os

from lstm_sentiment.errors import ConfigError, DataError, printable
from lstm_sentiment.files import LONGEST_LINE, not_utf8, read_lines

PARTS = ('train', 'test')
TEXT_COLUMNS = ('text', 'review')
LABEL_COLUMNS = ('label', 'sentiment')
DELIMITERS = {'.csv': ',', '.tsv': '\t'}
# The IMDB reviews without labels.
UNLABELLED = 'unsup'

EXPECTED = ('Expected a folder with train/CLASS and test/CLASS in it (of the IMDB reviews, it is '
            'aclImdb: train/pos, train/neg and so on), a folder with one folder for each class, or '
            'a table: .csv, .tsv or .jsonl, or one of these with .gz.')

Row = collections.namedtuple('Row', 'text label part where')
Row.__doc__ = """A text, the name of its class, 'train' or 'test' or None, and its file and line."""
Corpus = collections.namedtuple('Corpus', 'rows total is_split')
Corpus.__doc__ = """An iterator of `Row`, their number if known, and whether they have parts."""


def open_corpus(source, text_column=None, label_column=None):
    """Open a corpus; its texts are read when they are needed.

    Parameters
    ----------
    source : str
        A folder or a table; see above.
    text_column, label_column : str, optional
        Columns of a table; by default text or review, and label or sentiment.

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
    source = os.fspath(source)
    if table_kind(source) and not os.path.isdir(source):
        return Corpus(read_table(source, text_column, label_column), None, False)
    if os.path.isfile(source):
        raise DataError(f'{source} is not of a kind that can be read. {EXPECTED}')
    if text_column or label_column:
        raise ConfigError(f'{source} is a folder and has no columns. Leave --text-column and '
                          '--label-column out, or name a table.')
    if any(os.path.isdir(os.path.join(source, part)) for part in PARTS):
        files = [(part, name, path) for part, names in find_parts(source).items()
                 for name, paths in names.items() for path in paths]
        is_split = True
    else:
        files = [(None, name, path) for name, paths in find_texts(source).items()
                 for path in paths]
        is_split = False
    rows = (Row(read_text(path), name, part, path) for part, name, path in files)
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


def read_text(path):
    """Return the text of a file, which must be UTF-8, without a byte order mark.

    Raises
    ------
    DataError
        If it cannot be read or is not UTF-8; names the file and the byte.
    """
    try:
        with open(path, 'rb') as file:
            text = file.read().decode('utf-8')
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}. Make it '
                        'readable, or take it out of the corpus.') from error
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    # The mark is no letter of the first word. In one class only, it would tell the classes apart.
    return text[1:] if text.startswith('\ufeff') else text


# Tables

def table_kind(path):
    """The ending that says what kind of table a file is, or None.

    >>> table_kind('a.csv'), table_kind('b.JSONL.gz'), table_kind('c.txt'), table_kind('csv')
    ('.csv', '.jsonl', None, None)
    """
    name = path.lower()
    ending = os.path.splitext(name[:-len('.gz')] if name.endswith('.gz') else name)[1]
    return ending if ending in ('.csv', '.tsv', '.jsonl') else None


def read_table(path, text_column=None, label_column=None, labelled=True):
    """Read the rows of a table one by one.

    Parameters
    ----------
    path : str
        A file of one of the kinds of `table_kind`.
    text_column, label_column : str, optional
        By default text or review, and label or sentiment.
    labelled : bool
        Whether every row must have a label. If not, and no column is given, labels are None if the
        table has none of the usual columns.

    Yields
    ------
    Row
    """
    records = read_json_lines(path) if table_kind(path) == '.jsonl' else read_separated(path)
    first = next(records, None)
    if first is None:
        raise DataError(f'{path} has no rows. Expected a table with a row for each text.')
    names = list(first[1])
    text_column = choose_column(path, names, text_column, TEXT_COLUMNS, 'text')
    if labelled or label_column or set(LABEL_COLUMNS) & set(names):
        label_column = choose_column(path, names, label_column, LABEL_COLUMNS, 'label')
    for line, record in itertools.chain([first], records):
        where = f'{path}, line {line}'
        text = value_of(record, text_column, where)
        if not isinstance(text, str):
            raise DataError(f'{where}: {text!r:.40} where the text should be. Expected a string '
                            f'in {text_column!r}.')
        label = label_column and class_name(value_of(record, label_column, where), where)
        yield Row(text, label, None, where)


def choose_column(path, names, asked, usual, kind):
    """The column to read: the one asked for, or else the first of the usual ones in the table."""
    for name in [asked] if asked else usual:
        if name in names:
            return name
    expected = repr(asked) if asked else ' or '.join(map(repr, usual))
    raise DataError(f'{path} has no column {expected}. Found the columns '
                    f'{listed(names)}; name the one with the {kind} by '
                    f'--{kind}-column.')


def listed(names):
    """Names for a message, shortened if they are long."""
    text = ', '.join(map(repr, names))
    return text if len(text) <= 300 else text[:300] + ' ...'


def value_of(record, column, where):
    """The value of a column; every record must have it."""
    if column not in record:
        raise DataError(f'{where}: there is no {column!r}. Expected it in every row; found '
                        f'{listed(record)}.')
    return record[column]


def class_name(value, where):
    """The name of a class as text; JSON numbers and truth values are written as in JSON.

    >>> class_name(' pos ', 'a.csv, line 2'), class_name(1, ''), class_name(True, '')
    ('pos', '1', 'true')
    """
    name = value.strip() if isinstance(value, str) else json.dumps(value)
    if not name or not isinstance(value, (str, int)):
        raise DataError(f'{where}: the label is {value!r:.40}. Expected the name of a class.')
    return name


def read_separated(path):
    """Yield the first line and the fields by name of each row of a .csv or .tsv."""
    # The csv module has only a global setting for this.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))
    reader = csv.reader(read_lines(path), delimiter=DELIMITERS[table_kind(path)], strict=True)
    names = None
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise DataError(f'{path}, line {line}: {printable(str(error))}. Expected fields with '
                            'quotes on both sides or without quotes; inside quotes, write a quote '
                            'twice.') from error
        if fields is None:
            return
        if not fields:  # a line with nothing in it
            continue
        if names is None:
            names = [field.strip() for field in fields]
            if len(set(names)) < len(names):
                raise DataError(f'{path}, line {line}: two columns have the same name. Expected '
                                f'different ones; found {listed(names)}.')
        else:
            if len(fields) != len(names):
                raise DataError(f'{path}, line {line}: expected {len(names)} fields, as in the '
                                f'first row, found {len(fields)}. Put quotes around a text that '
                                'has the separator or a line end in it.')
            yield line, dict(zip(names, fields))


def read_json_lines(path):
    """Yield the line number and the object of each line of a .jsonl."""
    for line, text in enumerate(read_lines(path), 1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f'{path}, line {line} is not JSON: {error}. Expected one object '
                            'a line.') from error
        if not isinstance(record, dict):
            raise DataError(f'{path}, line {line}: {record!r:.40}. Expected an object, such as '
                            '{"text": "Lovely.", "label": "pos"}.')
        yield line, record
