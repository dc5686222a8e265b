"""Small tables of numbers: written by the long runs, read to draw the figures."""
import csv


def write_table(path, columns):
    """Write columns of equal length, {name: values}; floats have 6 significant digits."""
    with open(path, 'w', newline='', encoding='utf-8') as stream:
        rows = csv.writer(stream, lineterminator='\n')
        rows.writerow(columns)
        rows.writerows([shown(value) for value in row] for row in zip(*columns.values()))


def shown(value):
    """A value as text in a table.

    >>> shown(3), shown(0.123456789), shown(1e-12), shown('sgd')
    ('3', '0.123457', '1e-12', 'sgd')
    """
    return '%.6g' % value if isinstance(value, float) else str(value)


def read_table(path):
    """The rows of a table, each a dict of str."""
    with open(path, newline='', encoding='utf-8') as stream:
        return list(csv.DictReader(stream))


def column(rows, name):
    """The numbers of a column, without empty cells.

    >>> column([{'cost': '0.5'}, {'cost': ''}], 'cost')
    [0.5]
    """
    return [float(row[name]) for row in rows if row[name] != '']
