"""Which columns of a table hold the text, the label and the part."""
import os
import re
import shlex

from lstm_sentiment.errors import DataError

TEXT_COLUMNS = ('text', 'review')
LABEL_COLUMNS = ('label', 'sentiment')
SPLIT_COLUMNS = ('split',)
# White space, byte order marks and spaces without width.
INVISIBLE = ' \t\r\n\v\f\xa0\ufeff\u200b\u200c\u200d\u2060'
# Words for the parts of a corpus, in names of files and in split columns.
PART_NAMES = {'train': 'train', 'training': 'train', 'test': 'test', 'testing': 'test',
              'valid': 'valid', 'validation': 'valid', 'val': 'valid', 'dev': 'valid'}


class MissingColumn(DataError):
    """A table lacks a column that is needed."""


def part_of(name):
    """The part that the name of a file or a folder, or a value of a split column, says.

    >>> part_of('Train.csv'), part_of('dev'), part_of('test-00000-of-1.parquet'), part_of('testy')
    ('train', 'valid', 'test', None)
    """
    return PART_NAMES.get(re.match(r'[a-z]*', os.path.basename(name.strip()).lower()).group())


def choose_columns(path, table, head, options, labelled):
    """The keys of the columns with text, label, part and group; None for what is not there.

    Raises
    ------
    MissingColumn
        If a column that is needed is not there.
    DataError
        If two columns have its name.
    """
    text = find_column(path, table.names, options.text_column, TEXT_COLUMNS)
    label = find_column(path, table.names, options.label_column, LABEL_COLUMNS)
    split = find_column(path, table.names, options.split_column, SPLIT_COLUMNS)
    group = find_column(path, table.names, options.group_column, ())
    for kind, found, asked, usual, needed in (
            ('text', text, options.text_column, TEXT_COLUMNS, True),
            ('label', label, options.label_column, LABEL_COLUMNS, labelled),
            ('split', split, options.split_column, SPLIT_COLUMNS, False),
            ('group', group, options.group_column, (), False)):
        if found is None and (needed or asked):
            raise MissingColumn(missing_column(path, table.names, head, kind, asked, usual))
    if split is not None and options.split_column is None:
        # A column may be called so and hold something else.
        values = [record[split] for record in head if isinstance(record, (list, tuple))]
        values += [record.get(table.names[split]) for record in head if isinstance(record, dict)]
        if not all(isinstance(value, str) and part_of(value) for value in values):
            split = None
    by_name = any(isinstance(record, dict) for record in head)
    return [table.names[key] if by_name and key is not None else key
            for key in (text, label, split, group)]


def find_column(path, names, asked, usual):
    """The place of a column among the names, or None.

    A name is taken as it is, else in another case or with spaces around it, else as a number.

    Raises
    ------
    DataError
        If two columns have the name.

    Examples
    --------
    >>> names = ['id', ' Text ', 'LABEL']
    >>> [find_column('', names, asked, ['text']) for asked in (None, 'label', '1', 'x')]
    [1, 2, 0, None]
    """
    folded = list(map(plain_name, names))
    for name in [asked] if asked else usual:
        for found, wanted in ((names, name), (folded, plain_name(name))):
            if found.count(wanted) > 1:
                raise DataError(f'{path}: two columns have the same name, {name!r}. Expected '
                                f'different ones, or a number; found {listed(names)}.')
            if wanted in found:
                return found.index(wanted)
    if asked and asked.isdigit() and 1 <= int(asked) <= len(names):
        return int(asked) - 1
    return None


def plain_name(name):
    r"""The name of a column in lower case, without spaces and invisible characters around it.

    >>> plain_name(' \ufeffText\u200b')
    'text'
    """
    return name.strip(INVISIBLE).lower()


def missing_column(path, names, head, kind, asked, usual):
    """The message for a column that is not there, with the likely mistake."""
    expected = repr(asked) if asked else ' or '.join(map(repr, usual))
    message = f'{path} has no column {expected}. Found the columns {listed(names)}'
    rows = [record for record in head if isinstance(record, (list, tuple))]
    if not rows and len(names) < 3:  # objects
        return f'{message}. Expected an object for each text; --{kind}-column names another column.'
    if len(names) == 1:
        return f'{message}: one column, so perhaps another separator. Give --delimiter.'
    if rows and is_headless(names, rows):
        text, label = likely_columns([names] + rows)
        return (f'{message}, which look like a row, not like names. If the table has no header, '
                f'give --no-header and the columns by number, here perhaps --text-column {text} '
                f'--label-column {label}.')
    hint = ''
    if kind in ('text', 'label') and not asked:
        values = rows or [[record.get(name) for name in names] for record in head]
        place = dict(zip(('text', 'label'), likely_columns(values)))[kind]
        name = names[place - 1]
        usable = name.isprintable() and 0 < len(name) < 60 and names.count(name) == 1
        hint = f', here perhaps --{kind}-column {shlex.quote(name) if usable else place}'
    return f'{message}; name the one with the {kind} by --{kind}-column{hint}.'


def is_headless(names, rows):
    """Whether the first row looks like the others: a long text, or a value that comes again."""
    return names == [str(k) for k in range(1, len(names) + 1)] or any(
        name and (len(name.split()) > 4 or name in [row[k] for row in rows])
        for k, name in enumerate(names))


def likely_columns(rows):
    """The numbers, from 1, of the column with the longest values and of that with the fewest.

    >>> likely_columns([['1', 'a', 'a b c'], ['2', 'b', 'b c'], ['3', 'a', 'd e f']])
    (3, 2)
    """
    columns = [[str(value) for value in column] for column in zip(*rows)]
    text = max(range(len(columns)), key=lambda k: sum(map(len, columns[k])))
    others = [k for k in range(len(columns)) if k != text]
    n_values = {k: len(set(columns[k])) for k in others}
    return text + 1, 1 + min(others, key=lambda k: (n_values[k] < 2, n_values[k]))


def listed(names):
    """Names for a message, shortened if they are long."""
    text = ', '.join(map(repr, names))
    return text if len(text) <= 300 else text[:300] + ' ...'
