"""The names of classes: what is none, and which spellings are of the same class."""
import collections
import decimal
import json
import math
import re
import unicodedata

from lstm_sentiment.errors import DataError

# As pandas, Excel and databases write it; none and n/a may be classes.
MISSING = ('', 'nan', '<na>', '#n/a', 'null', '\\n')
MISSING_TYPES = ('NAType', 'NaTType')  # those of pandas, which is not imported here


def is_missing(value):
    """Whether a value stands for none: blank, None or not a number.

    >>> [is_missing(value) for value in (None, ' ', 'NaN', float('nan'), 'none', 0)]
    [True, True, True, True, False, False]
    """
    if isinstance(value, float):
        return math.isnan(value)
    if value is None or type(value).__name__ in MISSING_TYPES:
        return True
    return isinstance(value, str) and value.strip().lower() in MISSING


def class_name(value):
    """The name of a class as text, or None for no class.

    JSON numbers and truth values are written as in JSON; `DataError` for lists and objects.

    >>> class_name(' pos '), class_name(1), class_name(True), class_name('NaN'), class_name(4.5)
    ('pos', '1', 'true', None, '4.5')
    """
    if hasattr(value, 'item'):  # of a DataFrame
        value = value.item()
    if is_missing(value):
        return None
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, (int, float)):
        return json.dumps(value)
    raise DataError(f'the label is {value!r:.40}, not the name of a class')


def class_key(name):
    """What different spellings of one class have in common, composed accents among them.

    >>> class_key('Pos'), class_key('5.0'), class_key('5'), class_key('007'), class_key('0.5')
    ('pos', '5', '5', '007', '0.5')
    """
    number = re.fullmatch(r'([-+]?(?:0|[1-9][0-9]*))(?:\.0*)?', name)
    return str(int(number.group(1))) if number and len(name) < 300 else (
        unicodedata.normalize('NFC', name).casefold())


def join_spellings(names, counts):
    """One name for each class that is spelt in several ways.

    A number is written without decimals; of other names the most frequent spelling is taken.

    Parameters
    ----------
    names : list of str
    counts : sequence of int
        How many texts each has.

    Returns
    -------
    joined : dict of str to str
        The name for each spelling.
    said : list of str
        For each class with several spellings, or another name, which ones with their counts.

    Examples
    --------
    >>> join_spellings(['Pos', 'pos', '0.0', 'neg'], [1, 5, 2, 3])
    ({'Pos': 'pos', 'pos': 'pos', '0.0': '0', 'neg': 'neg'}, ['pos (5), Pos (1)', '0.0 (2) as 0'])
    """
    spellings = collections.OrderedDict()
    for name, count in zip(names, counts):
        spellings.setdefault(class_key(name), []).append((name, count))
    joined, said = {}, []
    for key, found in spellings.items():
        found.sort(key=lambda spelling: -spelling[1])
        name = key if key.lstrip('-').isdigit() else found[0][0]
        joined.update((spelling, name) for spelling, _ in found)
        if len(found) > 1 or found[0][0] != name:
            listed = ', '.join(f'{spelling} ({count})' for spelling, count in found)
            said.append(listed if name == found[0][0] else f'{listed} as {name}')
    return {name: joined[name] for name in names}, said


def in_order(names):
    """The names of classes in the order of their labels: numbers by size, other names as strings.

    >>> in_order(['10', '9', '-1']), in_order(['10', '9', 'b', 'a'])
    (['-1', '9', '10'], ['10', '9', 'a', 'b'])
    """
    if all(re.fullmatch('-?[0-9]{1,300}', name) for name in names):
        return sorted(names, key=int)
    return sorted(names)
