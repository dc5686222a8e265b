"""Parquet files and JSON arrays, read row by row by DuckDB."""
import glob
import itertools
import json
import warnings

from lstm_sentiment.errors import DataError, printable, reason
from lstm_sentiment.files import LONGEST_LINE


def read(path, kind, name, copy=None):
    """Open a file.

    Parameters
    ----------
    path : str
    kind : str
        ``parquet``, or ``json`` for a JSON array.
    name : str
        What messages call it.
    copy : file, optional
        Closed after the last row.

    Returns
    -------
    names : list of str
        Of the columns; of a JSON array there is one, with the text of each object.
    rows : iterator of tuple

    Raises
    ------
    DataError
        If it cannot be read.
    """
    import duckdb  # takes a tenth of a second, and only these two kinds need it
    # What an extension would be downloaded for is not read.
    database = duckdb.connect(config={'autoinstall_known_extensions': 'false',
                                      'autoload_known_extensions': 'false'})
    query = {'parquet': 'SELECT * FROM read_parquet(?)',
             'json': 'SELECT json FROM read_json_objects('
                     "?, format='array', compression='uncompressed', "
                     f'maximum_object_size={LONGEST_LINE})'}[kind]

    def fetched():
        try:
            result = database.execute(query, [glob.escape(path)])
            columns = [column[0] for column in result.description]
            yield columns, class_names(database, path, columns) if kind == 'parquet' else {}
            yield from iter(lambda: result.fetchmany(1000), [])
        # The second: DuckDB 1.2 passes on a column's name that is no UTF-8.
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise DataError(f'{name} cannot be read: {reason(error)}. Make the file '
                            'again.') from error
        finally:
            database.close()
            if copy is not None:
                copy.close()

    blocks = fetched()
    names, of_classes = next(blocks)
    rows = itertools.chain.from_iterable(blocks)
    return names, with_class_names(name, rows, of_classes) if of_classes else rows


def class_names(database, path, columns):
    """The names of the numbered classes in a Parquet file of Hugging Face, by place of the column.

    They are under ``huggingface`` in the metadata of the file.
    """
    found = database.cursor().execute(
        "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'huggingface'",
        [glob.escape(path)]).fetchone()
    try:
        features = json.loads(bytes(found[0]).decode('utf-8'))['info']['features']
        names = {columns.index(column): feature['names'] for column, feature in features.items()
                 if feature.get('_type') == 'ClassLabel'}
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return {}  # none, or another form than today's
    return {place: of_column for place, of_column in names.items()
            if isinstance(of_column, list) and all(isinstance(name, str) for name in of_column)}


def with_class_names(path, rows, names):
    """Yield the rows with the names of classes in place of their numbers."""
    listed = printable(', '.join(itertools.chain.from_iterable(names.values())))
    warnings.warn(f'{path} names its numbered classes: {listed:.200}. The names are used.',
                  stacklevel=2)
    for row in rows:
        row = list(row)
        for place, of_column in names.items():
            if type(row[place]) is int and 0 <= row[place] < len(of_column):
                row[place] = of_column[row[place]]
        yield tuple(row)
