"""Labels of any kind, as code gives them: as a list, as classes, and as the names of these."""
import math
from collections import OrderedDict

import numpy

from lstm_sentiment.errors import ConfigError, DataError, abridged

# Sorted by their values; labels of other kinds are sorted by their `repr`.
NUMBERS = {bool, int, float}


def as_list(values, what):
    """The values of a list, an array or a column, as Python has them.

    >>> as_list(numpy.array(['a', 'b']), 'texts'), as_list((1, 2), 'labels')
    (['a', 'b'], [1, 2])
    """
    if hasattr(values, 'columns'):
        raise DataError('a table is given where one column of %s is expected: give the column, '
                        'such as table["%s"]' % (what, what[:-1]))
    for method in ('tolist', 'to_list'):  # NumPy and pandas; polars
        if hasattr(values, method):
            values = getattr(values, method)()
            break
    if isinstance(values, (str, bytes, dict, set)) or not hasattr(values, '__iter__'):
        raise DataError('%s is given where a list of %s is expected'
                        % (type(values).__name__, what))
    return list(values)


def as_labels(labels, n_texts):
    """The labels as a list, if there is one for each text; NumPy's numbers and str as Python's."""
    labels = [as_python(label) for label in as_list(labels, 'labels')]
    if len(labels) != n_texts:
        raise DataError('there are %d texts and %d labels: expected a label for each text'
                        % (n_texts, len(labels)))
    for number, label in enumerate(labels, 1):
        is_nan = isinstance(label, float) and math.isnan(label)
        if label is None or is_nan or type(label).__name__ in ('NAType', 'NaTType'):
            raise DataError('the label %d is missing (%r): leave texts without a label out'
                            % (number, label))
        try:
            hash(label)
        except TypeError:
            raise DataError('the label %d is %s, a %s: expected text, a number or another value '
                            'that can be hashed' % (number, abridged(label), type(label).__name__))
    return labels


def as_python(value):
    """A number or a str of NumPy as Python's; any other value as it is.

    >>> as_python(numpy.int64(3)), as_python(numpy.str_('a')), as_python((1,))
    (3, 'a', (1,))
    """
    is_numpy = isinstance(value, (numpy.number, numpy.bool_, numpy.str_))
    return value.item() if is_numpy else value


def class_array(labels):
    """The different labels, sorted, as an array from which they come back as they were.

    >>> class_array(['b', 'a', 'b']), class_array([2, 10, 1]), class_array([('a', 1), 3])
    (array(['a', 'b'], dtype='<U1'), array([ 1,  2, 10]), array([3, ('a', 1)], dtype=object))
    """
    found = list(OrderedDict.fromkeys(labels))
    kinds = set(map(type, found))
    if kinds <= NUMBERS or kinds == {str}:
        found.sort()
        array = numpy.array(found)
        if array.tolist() == found:
            return array
    else:
        found.sort(key=lambda label: (type(label).__name__, repr(label)))
    array = numpy.empty(len(found), dtype=object)
    array[:] = found
    return array


def check_classes(classes, n_texts):
    """Raise `DataError` unless there are two classes or more, and fewer than texts."""
    if len(classes) < 2:
        raise DataError('expected labels of two classes or more, found %s'
                        % (', '.join(map(repr, classes.tolist())) or 'none'))
    if 2 < len(classes) == n_texts:
        raise DataError('each of the %d texts has a label of its own, such as %s: expected a few '
                        'classes, with many texts each' % (n_texts, abridged(classes.tolist()[0])))


def numbers_of(labels, classes):
    """The position of each label in `classes`."""
    numbers = {label: number for number, label in enumerate(classes.tolist())}
    for label in labels:
        if label not in numbers:
            raise DataError('the validation label %s is no label of training: expected one of %s'
                            % (abridged(label), ', '.join(map(repr, numbers))))
    return [numbers[label] for label in labels]


def class_names(labels):
    """A different name for each label.

    >>> class_names(['neg', 'pos']), class_names([0, 1]), class_names([1, '1'])
    (['neg', 'pos'], ['0', '1'], ['1', "'1'"])
    """
    names = list(map(str, labels))
    if len(set(names)) < len(names):
        names = list(map(repr, labels))
    if len(set(names)) < len(names):
        names = ['%s (%d)' % pair for pair in zip(names, range(len(names)))]
    return names


def weights_by_name(class_weight, labels, names):
    """The weights of labels as `train_lstm` takes them.

    >>> weights_by_name({1: 5}, [0, 1], ['0', '1']), weights_by_name('balanced', [0], ['0'])
    ('1=5', 'balanced')
    """
    if class_weight is None or isinstance(class_weight, str):
        return class_weight or ''
    name_of = dict(zip(labels, names))
    if not isinstance(class_weight, dict) or not set(class_weight) <= set(labels):
        raise ConfigError('class_weight=%s: expected balanced, None, or a dict of weights by '
                          'label, of %s' % (abridged(class_weight), ', '.join(map(repr, labels))))
    if any(',' in name_of[label] or name_of[label] != name_of[label].strip()
           for label in class_weight):
        raise ConfigError('class_weight=%s: a label with a comma, or with spaces around it, can '
                          'have no weight of its own. Use balanced, or other labels.'
                          % abridged(class_weight))
    return ','.join('%s=%r' % (name_of[label], as_python(weight))
                    for label, weight in class_weight.items())
