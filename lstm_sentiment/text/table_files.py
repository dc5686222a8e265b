"""Files of tables, as columns and rows.

A table is a ``.csv`` or ``.tsv`` (also with another separator), a ``.json`` (an array of objects),
``.jsonl``, ``.parquet``, a text in the form of fastText (``__label__pos Lovely.``), or a ``.zip``
with one of these. All but Parquet may be compressed with gzip.

Separated values are read by Python's csv module. It says on which line each row began, which the
messages about skipped rows need; DuckDB says it of the rows that it rejects itself, not of those
that it reads, such as one with a blank label. The module reads decoded lines, so every encoding and
gzip are the same to it; DuckDB decodes three by itself, and others would be copied first. Both take
0.1 s for 60,000 rows (24 MB); tokenizing takes far longer. What is our own around it is the search
for the separator and the check of the number of fields. DuckDB reads Parquet and JSON arrays.
"""
import collections
import contextlib
import csv
import itertools
import json
import lzma
import os
import re
import struct
import tempfile
import zipfile
import zlib

from lstm_sentiment.errors import ConfigError, DataError, abridged, printable, reason
from lstm_sentiment.files import GZIP_MAGIC, LONGEST_LINE, open_regular, read_lines
from lstm_sentiment.text import duckdb_tables

KINDS = ('.csv', '.tsv', '.json', '.jsonl', '.parquet', '.zip')
DELIMITERS = (',', '\t', ';', '|')
FASTTEXT = '__label__'
ZIP_MAGIC = b'PK\x03\x04'
# Excel's first line for the separator.
EXCEL_SEPARATOR = re.compile('sep=(.)[\r\n]*$', re.IGNORECASE)
# The separator, the header and the names of the columns are judged by so many rows, or fewer if
# they are long.
HEAD_ROWS, HEAD_CHARACTERS = 100, 100000

TableOptions = collections.namedtuple(
    'TableOptions', 'text_column label_column split_column delimiter quotes header encoding strict '
                    'group_column',
    defaults=(None, None, None, None, None, True, 'utf-8', False, None))
TableOptions.__doc__ = """How tables are read.

Attributes
----------
text_column, label_column, split_column : str or None
    Names, in any case, or numbers from 1; by default text or review, label or sentiment, split.
delimiter : str or None
    Separator of a .csv or .tsv; by default it is found.
quotes : bool or None
    Whether quotes enclose fields; by default they do unless the separator is a tab.
header : bool
    Whether the first row has the names of the columns.
encoding : str
strict : bool
    Whether a row that cannot be used is an error.
group_column : str or None
    Name or number of the column with what some texts share, such as an author; by default none.
"""

Table = collections.namedtuple('Table', 'names records unit')
Table.__doc__ = """Columns and rows of a table.

Attributes
----------
names : list of str
records : iterator of (int, list or dict or Problem)
    The line or row, and its values: in the order of the names, or by name.
unit : str
    'line' or 'row': what the numbers count.
"""
Problem = collections.namedtuple('Problem', 'reason')
Problem.__doc__ = """Stands for a row that cannot be read."""


def table_kind(path):
    """The ending that says what kind of table a file is, or None.

    >>> table_kind('a.csv'), table_kind('b.JSONL.gz'), table_kind('c.txt'), table_kind('csv')
    ('.csv', '.jsonl', None, None)
    """
    name = path.lower()
    ending = os.path.splitext(name[:-len('.gz')] if name.endswith('.gz') else name)[1]
    return ending if ending in KINDS else None


def first_of(rows):
    """Take the first rows from an iterator.

    >>> rows = iter('abc')
    >>> first_of(rows), next(rows, None)
    (['a', 'b', 'c'], None)
    """
    head, size = [], 0
    for row in rows:
        head.append(row)
        size += len(row if isinstance(row, str) else repr(row))
        if len(head) == HEAD_ROWS or size > HEAD_CHARACTERS:
            break
    return head


def open_file(path, options, member=None):
    """A file as a `Table`, by its content and its ending; of a ``.zip``, the table `member`."""
    with reading(path):
        beginning = first_bytes(path)
        if beginning == ZIP_MAGIC:
            return from_zip(path, options, member)
    if beginning == b'PAR1':
        return from_duckdb(path, 'parquet', path)
    return from_content(path, path, table_kind(path), options)


@contextlib.contextmanager
def reading(path):
    """Turn errors of opening a file or an archive into `DataError`."""
    try:
        yield
    # zipfile raises all of these for damaged archives; ValueError for names that are not UTF-8.
    except (OSError, DataError, EOFError, RuntimeError, NotImplementedError, OverflowError,
            ValueError, lzma.LZMAError, struct.error, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f'{path} cannot be read: {reason(error)}. Expected a table: '
                        f'{", ".join(KINDS)}.') from error


def first_bytes(path):
    with open_regular(path) as file:
        return file.peek(4)[:4]


def tables_in_zip(path):
    """The names of the tables in a ``.zip``; of another file, none."""
    with reading(path):
        if first_bytes(path) != ZIP_MAGIC:
            return []
        with zipfile.ZipFile(path) as archive:
            return tables_among(names_in(archive))


def names_in(archive):
    """The names in an archive, without folders, hidden files and those that macOS adds."""
    return [name for name in archive.namelist() if not name.endswith('/') and not any(
        part.startswith(('.', '__MACOSX')) for part in name.split('/'))]


def tables_among(names):
    """Those of the names that are of tables."""
    return [name for name in names if table_kind(name) not in (None, '.zip')]


def from_zip(path, options, chosen=None):
    """The table in a ``.zip``, copied into a temporary file that its last row removes."""
    with zipfile.ZipFile(path) as archive:
        names = names_in(archive)
        if '[Content_Types].xml' in names or 'mimetype' in names:
            raise DataError('it is an Excel workbook or another Office document; save the sheet '
                            'as CSV UTF-8')
        tables = tables_among(names) if chosen is None else [chosen]
        if len(tables) != 1:
            raise DataError(f'there are {len(tables)} tables in it ({abridged(names)}), where one '
                            'is expected, or train and test; unpack it')
        with archive.open(tables[0]) as member:
            copy = temporary_copy(iter(lambda: member.read(1 << 20), b''))
    kind = table_kind(tables[0])
    name = f'{tables[0]} in {path}'
    if kind == '.parquet':
        return from_duckdb(copy.name, 'parquet', name, copy)
    return from_content(copy.name, name, kind, options, copy)


def temporary_copy(blocks):
    """A temporary file with this content; it is removed when it is closed or forgotten."""
    copy = tempfile.NamedTemporaryFile(prefix='lstm-')
    copy.writelines(blocks)
    copy.flush()
    return copy


def from_content(path, name, kind, options, copy=None):
    """A `Table` of lines, or of a JSON array; `copy` is kept until the last row."""
    lines = read_lines(path, options.encoding, name)
    head = first_of(lines)
    shown = [line for line in head if line.strip()]
    if kind in ('.json', '.jsonl') and shown and shown[0].lstrip().startswith('['):
        lines.close()
        return from_array(path, name, options, copy)
    lines = kept(itertools.chain(head, lines), copy)
    if kind in ('.json', '.jsonl') and shown:
        check_lines_of_objects(name, shown)
    if kind in ('.json', '.jsonl'):
        return Table(None, json_lines(lines), 'line')
    if shown and all(line.startswith(FASTTEXT) for line in shown):
        return Table(['text', 'label'], fasttext_lines(lines), 'line')
    tabbed = shown and all('\t' in line for line in shown)
    if kind is None and not tabbed and options.delimiter is None:
        raise DataError(f'{name} is not of a kind that can be read. Expected a table: '
                        f'{", ".join(KINDS)}; for one with another name, give --delimiter.')
    return separated(name, lines, shown, '.tsv' if kind is None else kind, options)


def kept(iterator, copy):
    """Yield the same; the reference keeps a temporary file from being removed."""
    yield from iterator
    if copy is not None:
        copy.close()


def check_lines_of_objects(name, shown):
    """Raise `DataError` if the first lines are of one object that has all texts in it."""
    expected = ('Expected an array of objects, or an object a line, such as {"text": "Lovely.", '
                '"label": "pos"}')
    if shown[0].lstrip().startswith('{') and shown[0].rstrip().endswith(('{', '[', ',')):
        raise DataError(f'{name} is one object of several lines. {expected}: write the list in it '
                        'alone.')
    first = json_object(shown[0])
    if len(shown) == 1 and isinstance(first, dict) and first and all(
            isinstance(value, (list, dict)) for value in first.values()):
        raise DataError(f'{name} is one object, with {abridged(list(first))} in it. {expected}: '
                        'write the list in it alone; pandas does so with '
                        'to_json(orient="records").')


def json_lines(lines):
    """Yield the line number and the object of each line."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, json_object(line)


def json_object(text):
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Problem(f'not JSON: {error}')
    if not isinstance(record, dict):
        return Problem(f'{record!r:.40} where an object is expected, such as '
                       '{"text": "Lovely.", "label": "pos"}')
    return record


def fasttext_lines(lines):
    """Yield the line number, and text and label, of lines like ``__label__pos Lovely.``."""
    for number, line in enumerate(lines, 1):
        words = line.split(None, 1)
        if not words:
            continue
        label, text = words[0], words[1] if len(words) > 1 else ''
        if not label.startswith(FASTTEXT):
            yield number, Problem(f'no {FASTTEXT} at its beginning')
        elif text.startswith(FASTTEXT):
            yield number, Problem('two labels')
        else:
            yield number, [text.rstrip('\r\n'), label[len(FASTTEXT):]]


# Separated values

def separated(path, lines, head, kind, options):
    """A `Table` of fields with a separator between them."""
    # The csv module has only a global setting for this.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))
    named = EXCEL_SEPARATOR.match(head[0]) if head else None
    if named:  # a blank line is no row, and the others keep their numbers
        lines = ('\n' if EXCEL_SEPARATOR.match(line) else line for line in lines)
    delimiter = options.delimiter or named and named.group(1) or find_delimiter(
        head, '\t' if kind == '.tsv' else ',')
    delimiter = '\t' if delimiter == '\\t' else delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError(f'the delimiter {delimiter!r:.40} cannot be used: expected one '
                          'character, or \\t for a tab')
    quotes = options.quotes
    if quotes is None:
        quotes = has_quotes(delimiter) or bool(head) and all_quoted(head[0], delimiter)
    records = separated_rows(path, lines, delimiter, quotes)
    first = next(records, None)
    if first is None:
        return Table([], records, 'line')
    line, names = first
    if isinstance(names, Problem):
        raise DataError(f'{path}, line {line}: {names.reason}. Expected the names of the columns.')
    if not options.header:
        records = itertools.chain([first], records)
        names = [str(number) for number in range(1, len(names) + 1)]
    return Table(names, of_same_length(records, len(names)), 'line')


def has_quotes(delimiter):
    """By custom, tab-separated values have no quotes around them."""
    return delimiter != '\t'


def all_quoted(line, delimiter):
    r"""Whether quotes enclose each of several fields of a line.

    >>> all_quoted('"text"\t"label"', '\t'), all_quoted('"So"\tpos', '\t')
    (True, False)
    """
    fields = line.strip('\ufeff\r\n').split(delimiter)
    return len(fields) > 1 and all(len(field) > 1 and field[0] == field[-1] == '"'
                                   for field in fields)


def find_delimiter(lines, usual):
    """The separator of a table: that of its ending, unless only another one fits.

    One fits if the first row has several fields, and four fifths of the rows as many.

    >>> find_delimiter(['text;label', 'Well, yes;pos', 'No, no;neg'], ',')
    ';'
    """
    fits = {}
    for delimiter in DELIMITERS:
        reader = csv.reader((line.replace('\0', '') for line in lines), delimiter=delimiter,
                            quoting=csv.QUOTE_MINIMAL if has_quotes(delimiter) else csv.QUOTE_NONE)
        with contextlib.suppress(csv.Error):
            counts = [len(fields) for fields in reader if fields]
            share = counts.count(counts[0]) / len(counts) if counts else 0
            if share >= 0.8 and counts[0] > 1:
                fits[delimiter] = delimiter == usual, share
    return max(fits, key=fits.get, default=usual)


def separated_rows(path, lines, delimiter, quotes):
    """Yield the first line of each row, and its fields or a `Problem`.

    Raises
    ------
    DataError
        If a row of several lines cannot be read: a quote may have swallowed good rows.
    """
    # NUL is no letter, and the csv module of some Python versions refuses it.
    lines = (line.replace('\0', '') for line in lines)
    reader = csv.reader(lines, delimiter=delimiter, strict=True,
                        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            why = f'{printable(str(error))}: quotes on both sides of a field, and twice inside'
            if reader.line_num > line:
                raise DataError(f'{path}, line {line}: {why}, are expected in a row that goes to '
                                f'line {reader.line_num}. Close the quote, or give --no-quotes if '
                                'quotes are part of the texts.') from error
            yield line, Problem(why)
            continue
        if fields is None:
            return
        if fields:  # a line has something in it
            yield line, fields


def of_same_length(records, n_names):
    """Yield the records; one with another number of fields becomes a `Problem`."""
    for line, fields in records:
        if not isinstance(fields, Problem) and len(fields) != n_names:
            if len(fields) > n_names and not any(fields[n_names:]):
                fields = fields[:n_names]
            else:
                fields = Problem(f'expected {n_names} fields, as in the first row, found '
                                 f'{len(fields)}')
        yield line, fields


# By DuckDB

def from_array(path, name, options, copy):
    """A `Table` of the objects in a JSON array."""
    with open_regular(path) as file:
        compressed = file.peek(2)[:2] == GZIP_MAGIC
    if compressed or options.encoding.lower().replace('-', '') != 'utf8':
        lines = read_lines(path, options.encoding, name)
        copy = temporary_copy(line.encode('utf-8') for line in lines)
        path = copy.name
    table = from_duckdb(path, 'json', name, copy)
    return Table(None, ((number, json_object(text)) for number, (text,) in table.records), 'row')


def from_duckdb(path, kind, name, copy=None):
    """A `Table` of what DuckDB reads; see `duckdb_tables.read`."""
    names, rows = duckdb_tables.read(path, kind, name, copy)
    return Table(names, enumerate(rows, 1), 'row')
