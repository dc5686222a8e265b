"""The texts to classify, from arguments, standard input, a file or a folder."""
import contextlib
import itertools
import json
import os
import shlex
from collections import namedtuple

from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.files import read_lines
from lstm_sentiment.text import corpora
from lstm_sentiment.text.columns import LABEL_COLUMNS, TEXT_COLUMNS, plain_name
from lstm_sentiment.text.labels import class_key
from lstm_sentiment.text.table_files import DELIMITERS, FASTTEXT, TableOptions, table_kind
from lstm_sentiment.text.tables import read_table

# So many lines show that an input is not one text a line.
SHOWN_LINES = 20

# `name` is the file of the text, or None; `label` is its class, or None if it has none.
Sample = namedtuple('Sample', 'text name label')
# `labelled`: whether the samples have labels. `named`: whether they have names.
Source = namedtuple('Source', 'samples labelled named')


def from_arguments(texts):
    """The texts of a command line.

    Raises
    ------
    DataError
        If a text is not UTF-8.
    ConfigError
        If a text is the name of a file, or the path of a folder.
    """
    for number, text in enumerate(texts, 1):
        if os.path.isfile(text) or os.sep in text and os.path.isdir(text):
            raise ConfigError(f'TEXT is the name of a file, {text}: give --file '
                              f'{shlex.quote(text)} to classify what is in it, or - to give the '
                              'name as a text on standard input')
        try:
            text.encode('utf-8')
        except UnicodeEncodeError as error:
            raise DataError('the text %d of the command line is not UTF-8 at character %d. Convert '
                            'it, or put it into a file in UTF-8.' % (number, error.start + 1))
    return Source((Sample(text, None, None) for text in texts), False, False)


def from_stream(stream, name, encoding='utf-8'):
    """One text a line; a blank line is a text without words."""
    return Source(from_lines(read_lines(stream, encoding, name), name), False, False)


def from_lines(lines, name):
    """Yield the lines of a text as samples.

    Raises
    ------
    DataError
        If the first lines show that the input is a table, whose fields would be read as words.
    """
    head = list(itertools.islice(lines, SHOWN_LINES))
    shown = [line for line in head if line.strip()]
    form = form_of(shown)
    if form is not None:
        what, ending = form
        raise DataError(f'the lines of {name} {what}. Expected one text a line; give a table as '
                        f'--file NAME{ending}.')
    return (Sample(line.rstrip('\r\n'), None, None) for line in itertools.chain(head, lines))


def form_of(lines):
    r"""What the lines of a table are, and the ending of such a table; None for lines of text.

    >>> [form_of(lines)[0] for lines in (['a\tb', 'c\td'], ['text;label', 'A film.;pos'])]
    ['have tabs in them, like those of a table', 'begin with the names of columns, as a table does']
    >>> form_of(['A film, a joke.', 'Dull.'])
    """
    if not lines:
        return None
    if all(map(is_json, lines)) or lines[0].strip() in ('[', '{', '[{'):
        return 'are JSON objects', '.json or .jsonl'
    if all(FASTTEXT in line for line in lines):
        return f'have labels ({FASTTEXT}) in them', '.txt, with the label first in each line'
    if len(lines) > 1 and all('\t' in line.strip() for line in lines):
        return 'have tabs in them, like those of a table', '.tsv, or write spaces for the tabs'
    for delimiter in DELIMITERS:
        names = [plain_name(name.strip().strip('"')) for name in lines[0].split(delimiter)]
        if set(names) & set(TEXT_COLUMNS) and set(names) & set(LABEL_COLUMNS):
            return 'begin with the names of columns, as a table does', '.csv'
    return None


def is_json(line):
    """Whether a line is a JSON object, or an array of objects or arrays.

    >>> [is_json(line) for line in ('{"text": "a"}', '[{"text": "a"}]', '{sic}', '"a"', '[1]')]
    [True, True, False, False, False]
    """
    if not line.lstrip().startswith(('{', '[')):
        return False
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) or bool(value) and isinstance(value[0], (dict, list))


def from_path(path, classes, use_labels=True, labels=None, **options):
    """The texts of a file or a folder.

    Parameters
    ----------
    path : str
        A folder (see :func:`from_folder`), a table (see :mod:`table_files`), or any other file with
        one text a line.
    classes : list of str
        Classes of the model.
    use_labels : bool
        Whether to read labels.
    labels : dict of str to str, optional
        The class of the model that each of these labels means.
    **options
        See :class:`table_files.TableOptions`; only ``encoding`` is for inputs without columns.

    Raises
    ------
    DataError
        If it cannot be read.
    ConfigError
        If columns are given for an input without columns.
    """
    options = TableOptions(**options)
    given = options._replace(encoding=None, strict=None) != TableOptions(encoding=None, strict=None)
    is_table = not os.path.isdir(path) and (table_kind(path) or is_fasttext(path, options.encoding))
    if given and not is_table:
        raise ConfigError('%s has no columns: leave --text-column, --label-column and the other '
                          'options of tables out, or name a table' % path)
    if os.path.isdir(path):
        return from_folder(path, classes, use_labels, options.encoding, labels)
    if not is_table:
        return Source(from_lines(read_lines(path, options.encoding), path), False, False)
    rows, _ = read_table(path, options, labelled=False, use_labels=use_labels)
    samples = from_rows(rows, classes, labels)
    # The first samples show now if the file can be read and if it has labels.
    head = list(itertools.islice(samples, SHOWN_LINES))
    labelled = any(sample.label is not None for sample in head)
    return Source(itertools.chain(head, samples), labelled, False)


def is_fasttext(path, encoding):
    """Whether the first line of a file has a label in the form of fastText."""
    with contextlib.closing(read_lines(path, encoding)) as lines:
        return next(lines, '').startswith(FASTTEXT)


def from_rows(rows, classes, labels=None):
    """Yield the rows of a table as samples; the label of a row may be None.

    Raises
    ------
    DataError
        If a label is no class of the model.
    """
    known = known_labels(classes, labels)
    for row in rows:
        label = row.label
        if label is not None and label not in classes:
            label = known.get(class_key(label))
            if label is None:
                raise DataError('%s: the label %r is no class of the model. Expected one of %s; '
                                'say which one it means by --labels %s=%s, or give --no-labels.'
                                % (row.where, row.label, ', '.join(classes), row.label, classes[0]))
        yield Sample(row.text, None, label)


def known_labels(classes, labels=None):
    """The class for each key of a label (see `labels.class_key`).

    Raises
    ------
    ConfigError
        If `labels` gives a class that the model has not.

    Examples
    --------
    >>> known_labels(['neg', 'pos'], {'Good': 'pos'})
    {'neg': 'neg', 'pos': 'pos', 'good': 'pos'}
    """
    known = {class_key(name): name for name in classes}
    for label, name in (labels or {}).items():
        if name not in classes:
            raise ConfigError('--labels %s=%s: %s is no class of the model. Expected one of %s'
                              % (label, name, name, ', '.join(classes)))
        known[class_key(label)] = name
    return known


def from_folder(folder, classes, use_labels=True, encoding='utf-8', labels=None):
    """The texts of a folder, each a ``*.txt`` in any case, in the order of their names.

    If it contains class folders, these are read, one class after the other in the order of their
    names; otherwise the ``*.txt`` in the folder itself. Folders in these are read too. A warning
    names other files.

    Raises
    ------
    DataError
        If there is no text, or if a folder with texts is not named after a class.
    """
    files = corpora.files_in(folder)
    texts = [path for path in files if corpora.is_text(path)]
    others = [path for path in files if not corpora.is_text(path)]
    known = known_labels(classes, labels)
    inside, unknown = [], []
    for path in corpora.folders_in(folder):
        name = os.path.basename(path)
        name = name if name in classes else known.get(class_key(name))
        found, more = corpora.texts_below(path)
        if found:
            (unknown if name is None else inside).append((path, name, found))
        others += more
    if unknown and use_labels and not (texts and not inside):
        raise DataError('%s is no class of the model. Expected folders by the names of its '
                        'classes, %s; remove the others, or give --labels or --no-labels.'
                        % (unknown[0][0], ', '.join(classes)))
    if not use_labels and not texts or inside:
        folders = sorted(inside + unknown, key=lambda folder: folder[0])
        samples = [(path, name if use_labels else None)
                   for _, name, found in folders for path in found]
        others += texts
    else:
        samples = [(path, None) for path in texts]
        others += [path for path, _, _ in unknown]
    if not samples:
        tables = list(filter(table_kind, others))
        advice = ' It has tables; name one: %s.' % ', '.join(tables[:3]) if tables else ''
        raise DataError('%s has no text. Expected *.txt in it, or class folders with *.txt.%s'
                        % (folder, advice))
    corpora.warn_left_out(others, 'are none of the *.txt that are classified')
    labelled = bool(inside) and use_labels
    return Source((Sample(corpora.read_text(path, encoding), os.path.relpath(path, folder), label)
                   for path, label in samples), labelled, True)
