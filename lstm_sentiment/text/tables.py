"""Labelled texts from tables, one row at a time.

A row that cannot be used (without a text or a label, or with other fields than the first row) does
not stop the others: it is skipped, counted and listed.
"""
import collections
import itertools
import warnings

from lstm_sentiment.errors import ConfigError, DataError, printable
from lstm_sentiment.text.columns import choose_columns, part_of, plain_name
from lstm_sentiment.text.labels import class_name, is_missing
from lstm_sentiment.text.table_files import (
    DELIMITERS,
    Problem,
    Table,
    TableOptions,
    first_of,
    open_file,
)

# So many skipped rows are listed.
LISTED_ROWS = 10

Row = collections.namedtuple('Row', 'text label part where group', defaults=(None,))
Row.__doc__ = """A text, its class, its part (train, test, valid or None), its file and line.

`group` is a name that texts share which belong together, such as the reviews of a film, or None.
"""


def read_table(source, options=None, labelled=True, use_labels=True, member=None):
    """Open a table; its rows are read when they are needed.

    Parameters
    ----------
    source : str, pandas.DataFrame or polars.DataFrame
    options : TableOptions
    labelled : bool
        Whether rows without a text or a label are skipped. If not, their text is empty, and their
        label None; the table may have no labels.
    use_labels : bool
        Whether labels are read at all.
    member : str, optional
        Which table of a ``.zip``; by default it has one.

    Returns
    -------
    rows : iterator of Row
        When it ends, a warning lists the rows that were skipped.
    is_split : bool
        Whether a column says which part each row belongs to.

    Raises
    ------
    DataError
        If it cannot be read, or has not the columns.
    """
    options = options or TableOptions()
    path = source if isinstance(source, str) else 'the table'
    table = open_frame(source) if path is not source else open_file(source, options, member)
    path = f'{member} in {path}' if member else path
    head = first_of(table.records)
    if not head:
        raise DataError(f'{path} has no rows. Expected a table with a row for each text.')
    readable = [record for _, record in head if not isinstance(record, Problem)]
    if not readable:
        why = head[0][1].reason
        raise DataError(f'{path}, {table.unit} {head[0][0]}: {why}. No row can be read. '
                        f'{advice(table.names, why)}.')
    names = table.names
    if names is None:  # of objects, each of which may lack some
        names = list(collections.OrderedDict.fromkeys(
            name for record in readable for name in record))
    table = Table(names, itertools.chain(head, table.records), table.unit)
    if not use_labels:
        options = options._replace(label_column=None)
    keys = choose_columns(path, table, readable, options, labelled)
    if not use_labels:
        keys[1] = None
    return rows_of(path, table, keys, options, labelled), keys[2] is not None


def advice(names, why):
    """What may be wrong with a table of which no row can be read; `names` are None of objects."""
    if names is None:
        return 'Expected an object for each text'
    if 'field' not in why:
        return 'Look at the file'
    if len(names) == 1:
        return ('Give --delimiter if the columns have another separator, and take lines above the '
                'names of the columns away')
    return ('Expected double quotes around texts that have the separator or a line end in them, '
            'and quotes inside these twice; another separator is given by --delimiter')


def rows_of(path, table, keys, options, labelled):
    """Yield the rows of a table; see `read_table`."""
    skipped, swallowed = Skipped(path, table.unit, options.strict), Swallowed(path, table, keys)
    n_rows = n_alone = 0
    for number, record in table.records:
        n_rows += 1
        if isinstance(record, Problem):
            skipped.add(number, record.reason)
            continue
        text, label, part, group = (None if key is None else
                                    record.get(key) if isinstance(record, dict) else record[key]
                                    for key in keys)
        if not isinstance(text, str) or labelled and not text.strip():
            if labelled or not is_missing(text):
                skipped.add(number, f'{printable(repr(text))[:40]} where the text should be')
                continue
            text = ''
        try:
            label = class_name(label)
        except DataError as error:
            skipped.add(number, str(error))
            continue
        if label is None and labelled:
            skipped.add(number, 'no label')
            continue
        if is_header(text, label, table.names, keys):
            skipped.add(number, 'the header again')
            continue
        if keys[2] is not None:
            found = part_of(part) if isinstance(part, str) else None
            if found is None:
                skipped.add(number, f'the part {part!r:.40}, which is none of train, test, valid')
                continue
            part = found
        swallowed.look(number, record, label)
        if keys[3] is not None:
            n_alone += is_missing(group)
            # A text without a group is one of its own.
            group = (path, number) if is_missing(group) else str(group).strip()
        yield Row(text, label, part, f'{path}, {table.unit} {number}', group)
    if n_alone:
        warnings.warn(f'{n_alone} texts of {path} have no group; each is a group of its own.',
                      stacklevel=3)
    swallowed.warn()
    skipped.end(n_rows, labelled)


def is_header(text, label, names, keys):
    """Whether a row repeats the names of its columns."""
    if label is None or isinstance(keys[0], str):
        return False
    return list(map(plain_name, (text, label))) == [plain_name(names[key]) for key in keys[:2]]


class Skipped:
    """Counts the rows that are skipped, and lists the first ones in a warning."""

    def __init__(self, path, unit, strict):
        self.path, self.unit, self.strict = path, unit, strict
        self.n_rows, self.first = 0, []

    def add(self, number, why):
        if self.strict:
            raise DataError(f'{self.path}, {self.unit} {number}: {why}. Correct the row, or leave '
                            '--strict out to skip it.')
        self.n_rows += 1
        if len(self.first) < LISTED_ROWS:
            self.first.append(f'{self.unit} {number} ({why})')

    def end(self, n_all, labelled):
        """Warn if there are any; for a corpus, more than half of all rows are an error."""
        if not self.n_rows:
            return
        more = ', ...' if self.n_rows > len(self.first) else ''
        text = (f'{self.n_rows} of {n_all} rows of {self.path} cannot be used: '
                f'{", ".join(self.first)}{more}')
        if labelled and 2 * self.n_rows > n_all:
            raise DataError(f'{text}. Expected a text and a label in most rows: look at the '
                            'columns, the separator (--delimiter) and the quotes (--quotes, '
                            '--no-quotes).')
        warnings.warn(text + '. They are skipped.', stacklevel=3)


class Swallowed:
    """Finds texts that an odd quote has made of several rows.

    A text of several lines is one if a later line of it has the fields of a row, with a label that
    other rows have.
    """

    def __init__(self, path, table, keys):
        self.path, self.n_names, self.keys = path, len(table.names), keys
        self.labels, self.found = set(), []

    def look(self, number, record, label):
        self.labels.add(label)
        if not isinstance(record, list) or self.n_names < 2:
            return
        for field in record:
            if '\n' in field:
                lines = field.splitlines()[1:]
                whole = [fields for line in lines for fields in self.splits(line)]
                if whole:
                    self.found.append((number, len(lines), whole))

    def splits(self, line):
        for delimiter in DELIMITERS:
            fields = line.split(delimiter)
            if len(fields) == self.n_names:
                yield fields

    def warn(self):
        key = self.keys[1]
        for number, n_lines, whole in self.found:
            if key is None:
                swallowed = len(whole) > 2
            else:
                swallowed = any(class_name(fields[key].strip('"')) in self.labels
                                for fields in whole)
            if swallowed:
                warnings.warn(f'{self.path}, line {number}: a quote has made one text of {n_lines} '
                              'rows or more. Close the quote, or give --no-quotes.', stacklevel=4)


def open_frame(frame):
    """A DataFrame of pandas or polars as a `Table`."""
    if hasattr(frame, 'columns') and hasattr(frame, 'iter_rows'):
        rows = frame.iter_rows()
    elif hasattr(frame, 'columns') and hasattr(frame, 'itertuples'):
        rows = frame.itertuples(index=False, name=None)
    else:
        raise ConfigError('a corpus is a path, a list of paths, or a DataFrame of pandas or '
                          f'polars, not a {type(frame).__name__}')
    return Table(list(map(str, frame.columns)), enumerate(rows, 1), 'row')
