"""Labelled texts from folders and tables, one at a time.

A corpus is a folder, a table or several tables:

``train/CLASS``, ``test/CLASS``
    folders of ``*.txt``, one text in each file, like the IMDB reviews; a folder ``dev``, ``valid``,
    ``validation`` or ``val`` beside them is the validation part;
``CLASS``
    the same without train and test; such a corpus is not split yet;
a table
    with a column of texts and one of class names (see `table_files`), not split either unless a
    column says which part each row belongs to. Its rows are read one by one;
several tables
    one for each part: train, and test or validation or both; or a folder or a ``.zip`` with them;
a folder of files such as ``rt-polarity.pos``
    one text a line; the ending is the class.

All text is UTF-8, unless an encoding is named. If something cannot be used, a `DataError` names the
file and the line.
"""

import collections
import itertools
import os
import re
import warnings

from lstm_sentiment.contents import WIDE_BYTES, check_is_text, codec, not_utf8
from lstm_sentiment.errors import ConfigError, DataError, reason
from lstm_sentiment.files import leads_up, read_lines
from lstm_sentiment.text.columns import PART_NAMES, MissingColumn, part_of
from lstm_sentiment.text.table_files import TableOptions, table_kind, tables_in_zip
from lstm_sentiment.text.tables import Row, Skipped, read_table

PARTS = ('train', 'test')
ALL_PARTS = PARTS + ('valid',)
# The IMDB reviews without labels.
UNLABELLED = 'unsup'
# What lies beside their folders.
PUBLISHED = ('README', 'imdb.vocab', 'imdbEr.txt', 'labeledBow.feat', 'unsupBow.feat',
             'urls_neg.txt', 'urls_pos.txt', 'urls_unsup.txt')
# Files of the system.
HIDDEN = ('thumbs.db', 'desktop.ini')
# The page of each review of a class: line k is that of the review whose file is named k_RATING.txt.
PAGES, FILM = 'urls_%s.txt', re.compile(r'/title/(tt\d+)')

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
    source : str, list of str, or DataFrame of pandas or polars
        A folder or a table, or the tables of train and test; see above.
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
    if isinstance(source, (list, tuple)):
        if len(source) > 1:
            tables = tables_by_part([os.fspath(path) for path in source])
            return open_tables(tables, options)
        source, = source
    if hasattr(source, 'columns'):
        rows, is_split = read_table(source, options)
        return Corpus(rows, len(source), is_split)
    source = os.fspath(source)
    if os.path.isfile(source) or table_kind(source) and not os.path.isdir(source):
        names = tables_in_zip(source)
        if is_divided(names):
            tables = [name for name in names if part_of(name)]
            warn_left_out(sorted(set(names) - set(tables)), 'are no tables of a part')
            return open_tables(tables_by_part(tables), options, archive=source)
        rows, is_split = read_table(source, options)
        return Corpus(rows, None, is_split)
    tables = find_tables(source)
    if tables:
        return open_tables(tables_by_part(tables), options)
    if options._replace(encoding=None, strict=None) != TableOptions(encoding=None, strict=None):
        raise ConfigError(f'{source} is a folder and has no columns. Leave the options of tables '
                          '(--text-column, --label-column and so on) out, or name a table.')
    class_files = {} if folders_in(source) else find_class_files(source)
    if class_files:
        return Corpus(read_class_files(class_files, options), None, False)
    folders = part_folders(source)
    if folders:
        files = [(part, name, path) for part, names in find_parts(source, folders).items()
                 for name, paths in names.items() for path in paths]
        is_split = True
    else:
        files = [(None, name, path) for name, paths in find_texts(source).items()
                 for path in paths]
        is_split = False
    film_of = find_films(source) if is_split and 'train' in list_folder(source) else {}
    rows = (Row(read_text(path, options.encoding), name, part, path, film_of.get(path))
            for part, name, path in files)
    return Corpus(rows, len(files), is_split)


def find_films(folder):
    """The film of each training review, by the path of its file, if the folder says which.

    The published reviews have ``train/urls_pos.txt`` and ``train/urls_neg.txt`` beside them.
    """
    train, found = os.path.join(folder, 'train'), {}
    for name in list_folder(train):
        pages = os.path.join(train, PAGES % name)
        if not os.path.isfile(pages):
            continue
        films = [FILM.search(line) for line in read_text(pages).splitlines()]
        for file in list_folder(os.path.join(train, name)):
            number = file.split('_')[0]
            film = films[int(number)] if number.isdigit() and int(number) < len(films) else None
            if film is None:
                warnings.warn(f'{pages} names no film of {os.path.join(train, name, file)}, so the '
                              'groups of the texts are not known.', stacklevel=3)
                return {}
            found[os.path.join(train, name, file)] = film.group(1)
    return found


# Several files

def tables_by_part(paths):
    """The paths of each part, by their names; two without such names are train and test.

    >>> tables_by_part(['b/Test.csv', 'b/train-0.csv', 'b/train-1.csv'])
    {'test': ['b/Test.csv'], 'train': ['b/train-0.csv', 'b/train-1.csv']}
    >>> tables_by_part(['one.csv', 'two.csv'])
    {'train': ['one.csv'], 'test': ['two.csv']}
    """
    parts = [part_of(path) for path in paths]
    if parts == [None, None]:
        parts = PARTS
    found = {}
    for part, path in zip(parts, paths):
        found.setdefault(part, []).append(path)
    if None in found or 'train' not in found or len(found) < 2:
        raise ConfigError(f'{", ".join(paths)}: expected a table for training and one for testing '
                          'or validation, with names that begin with train, test or valid. A '
                          'single table is named itself, not its folder.')
    return found


def is_divided(paths):
    """Whether the names of tables say that one is for training and one is of another part."""
    parts = set(map(part_of, paths)) - {None}
    return 'train' in parts and len(parts) > 1


def find_tables(folder):
    """The tables for the parts in a folder, or in the only folder in it; empty if there are none.

    A folder with ``train/CLASS`` is one of texts, whatever tables are beside.
    """
    folders = folders_in(folder)
    for place in [folder] + (folders if len(folders) == 1 else []):
        tables = [path for path in files_in(place) if table_kind(path)]
        if is_divided(tables) and not part_folders(place):
            others = {os.path.join(above, name) for above in {folder, place}
                      for name in list_folder(above)} - {place}
            tables = [path for path in tables if part_of(path)]
            warn_left_out(sorted(others - set(tables)), 'are no tables of a part')
            return tables
        if tables and not folders:
            return tables  # which is refused
    return []


def open_tables(parts, options, archive=None):
    """A corpus of tables, each of which belongs to one part; they may be in a ``.zip``."""
    def rows_of(path, part):
        try:
            if archive is None:
                return read_table(path, options)[0]
            return read_table(archive, options, member=path)[0]
        except MissingColumn as error:
            if part == 'train':
                raise
            raise DataError(f'{error} If the table has no labels, it is no {part} part: name the '
                            'training table alone, and give this one to predict.py.') from error

    rows = ((row._replace(part=part) for row in rows_of(path, part))
            for part, paths in parts.items() for path in paths)
    return Corpus(itertools.chain.from_iterable(rows), None, True)


def folders_in(folder):
    """The paths of the folders in a folder, sorted, without the hidden ones."""
    paths = [os.path.join(folder, name) for name in list_folder(folder)]
    return [path for path in paths if os.path.isdir(path)]


def files_in(folder):
    """The paths of the files in a folder, sorted, without the hidden ones."""
    paths = [os.path.join(folder, name) for name in list_folder(folder)]
    return [path for path in paths if os.path.isfile(path)]


def find_class_files(folder):
    """The files of a folder with one text a line and a name that ends in their class.

    Returns
    -------
    dict of str to str
        The path for each class, such as pos for ``rt-polarity.pos``; empty if there are none.
    """
    by_stem = {}
    for path in files_in(folder):
        stem, ending = os.path.splitext(path)
        if ending and not table_kind(path) and ending.lower() not in ('.txt', '.md'):
            by_stem.setdefault(stem, {})[ending[1:]] = path
    found = [classes for classes in by_stem.values() if len(classes) > 1]
    if len(found) != 1:
        return {}
    warn_left_out(sorted(set(files_in(folder)) - set(found[0].values())), 'belong to no class')
    return found[0]


def read_class_files(classes, options):
    """Yield the lines of each file with its class; blank lines are skipped."""
    for name in sorted(classes, reverse=True):
        path, n_lines = classes[name], 0
        skipped = Skipped(path, 'line', options.strict)
        for number, line in enumerate(read_lines(path, options.encoding), 1):
            n_lines += 1
            if line.strip():
                yield Row(line.rstrip('\r\n'), name, None, f'{path}, line {number}')
            else:
                skipped.add(number, 'blank')
        skipped.end(n_lines, True)


def warn_left_out(paths, why):
    """Warn of files or folders that are not read, if there are any."""
    if paths:
        more = ', ...' if len(paths) > 3 else ''
        warnings.warn(f'{len(paths)} left out of the corpus, because they {why}: '
                      f'{", ".join(paths[:3])}{more}', stacklevel=4)


# Folders

def part_folders(folder):
    """The paths of the folders of each part; empty if there is neither train nor test."""
    found = {}
    for name in list_folder(folder):
        path, part = os.path.join(folder, name), PART_NAMES.get(name.strip().lower())
        # A class may have such a name too, but is no folder of folders.
        if part and os.path.isdir(path) and (name in PARTS or folders_in(path)):
            found.setdefault(part, []).append(path)
    return found if set(PARTS) & set(found) else {}


def find_parts(folder, folders):
    """The texts of each part, as `find_texts` gives them; train and test have the same classes."""
    parts = {}
    for part in ALL_PARTS:
        # What is missing is read all the same, to be named. With validation, there need be no test.
        needed = part == 'train' or part == 'test' and 'valid' not in folders
        paths = folders.get(part, [os.path.join(folder, part)] if needed else [])
        for path in paths:
            for name, texts in find_texts(path).items():
                parts.setdefault(part, {}).setdefault(name, []).extend(texts)
    classes = {part: sorted(texts) for part, texts in parts.items()}
    for part in sorted(set(classes) - {'train'}):
        same = set(classes[part]) <= set(classes['train']) if part == 'valid' else (
            classes[part] == classes['train'])
        if not same:
            raise DataError(f'{folder} has other classes in train ({", ".join(classes["train"])}) '
                            f'than in {part} ({", ".join(classes[part])}). Expected the same '
                            'folders in both.')
    known = {path for paths in folders.values() for path in paths}
    others = [path for path in folders_in(folder) if path not in known] + stray_files(folder)
    warn_left_out(others, 'are none of train, test and validation')
    return parts


def find_texts(folder):
    """List the texts of each class.

    Returns
    -------
    dict of str to list of str
        For each folder in `folder`, from the last name to the first (pos comes before neg, as in
        the tutorial), the paths of its ``*.txt``, in any case, and of those in folders below, in
        the order of their names as strings. A warning names other files there.

    Raises
    ------
    DataError
        If a folder is missing or has no ``*.txt``.
    """
    classes = [name for name in list_folder(folder)
               if os.path.isdir(os.path.join(folder, name)) and name != UNLABELLED]
    if not classes:
        files = [os.path.basename(path) for path in files_in(folder)]
        hint = ' If each file is a class, with one text a line, rename them: the ending is the ' \
               f'class, as in {os.path.basename(os.path.abspath(folder))}.pos.' if files else ''
        raise DataError(f'{folder} has no folders of texts in it. {EXPECTED}{hint}')
    texts, left_out = {}, []
    for name in reversed(classes):
        path = os.path.join(folder, name)
        texts[name], others = texts_below(path)
        left_out += others
        if not texts[name]:
            raise DataError(f'{path} has no *.txt in it. Expected one text in each *.txt, and at '
                            'least one in each class; put texts there, or remove the folder.')
    warn_left_out(left_out, 'do not end in .txt')
    warn_left_out(stray_files(folder), 'are in no folder of a class')
    return texts


def stray_files(folder):
    """The paths of files beside folders of texts, but for those of the published reviews."""
    return [path for path in files_in(folder) if os.path.basename(path) not in PUBLISHED]


def texts_below(folder):
    """The paths of the ``*.txt`` in a folder and in those below, and of other files."""
    texts, others = [], []
    for name in list_folder(folder):
        path = os.path.join(folder, name)
        if is_text(name):
            texts.append(path)
        elif os.path.isdir(path) and not leads_up(path):
            for found, more in zip((texts, others), texts_below(path)):
                found += more
        else:
            others.append(path)
    return texts, others


def is_text(name):
    return name.lower().endswith('.txt')


def list_folder(folder):
    """The names in a folder, sorted as strings, without the hidden ones."""
    try:
        return sorted(name for name in os.listdir(folder)
                      if not name.startswith('.') and name.lower() not in HIDDEN)
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
            content = file.read()
        if b'\0' in content[:WIDE_BYTES]:
            check_is_text(content, encoding)
        text = content.decode(encoding)
    except (OSError, DataError) as error:
        raise DataError(f'{path} cannot be read: {reason(error)}. Make it readable, or take it out '
                        'of the corpus.') from error
    except UnicodeDecodeError as error:
        if codec(encoding).name != 'utf-8':
            raise DataError(f'{path} is not {encoding}: {error.reason} at position {error.start}. '
                            'Name the encoding that it has.') from error
        raise not_utf8(path, error) from error
    # The mark is no letter of the first word. In one class only, it would tell the classes apart.
    return text.lstrip('\ufeff')
