"""Metrics of a model's answers, from the confusion matrix: precision, recall and F1.

Of a class, precision is the share of the answers that are right, recall the share of its texts that
get it as the answer, and F1 their harmonic mean. Macro is the plain mean over the classes; micro
counts all texts alike.
"""
from collections import namedtuple

import numpy

from lstm_sentiment.errors import printable

# Tables have no more classes than these.
MOST_CLASSES = 50

Scores = namedtuple('Scores', 'precision recall f1')
Scores.__doc__ = """Numbers from 0 to 1, or an array of them with one for each class."""


def confusions_for(options, known):
    """Arrays for the confusion matrices of training, validation and test, or three None.

    They are counted where classes matter: for a dataset that is not one of the `known` ones, with
    weights of classes, and for early stopping by F1.

    Returns
    -------
    sequence of three
        Each (ydim, ydim) int64, rows being labels and columns answers.
    """
    ydim = options['ydim']
    if options['valid_metric'] == 'f1' or ydim <= MOST_CLASSES and (
            options['dataset'] not in known or options.get('class_weight')):
        return numpy.zeros((3, ydim, ydim), dtype='int64')
    return (None,) * 3


def class_scores(confusion):
    """Precision, recall and F1 of each class; 0 where a share would be of nothing.

    Parameters
    ----------
    confusion : int array, (ydim, ydim)
        Rows are labels, columns are answers.

    Returns
    -------
    Scores of float arrays, (ydim,)

    Examples
    --------
    >>> [scores.tolist() for scores in class_scores(numpy.array([[3, 1], [0, 4]]))]
    [[1.0, 0.8], [0.75, 1.0], [0.8571428571428571, 0.8888888888888888]]
    """
    confusion = numpy.asarray(confusion)
    right, labelled, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    return Scores(right / numpy.maximum(said, 1), right / numpy.maximum(labelled, 1),
                  2 * right / numpy.maximum(said + labelled, 1))


def macro(confusion):
    """The mean of each score over the classes that are a label or an answer of some text.

    >>> macro(numpy.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]]))
    Scores(precision=0.9, recall=0.875, f1=0.873015873015873)
    """
    confusion = numpy.asarray(confusion)
    occur = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
    return Scores(*[float(values[occur].mean()) if occur.any() else 0.
                    for values in class_scores(confusion)])


def macro_f1(confusion):
    return macro(confusion).f1


def confusion_lines(confusion, names, columns=None):
    """The lines of the matrix, with a row for each label and a column for each answer."""
    columns = columns or names
    width = max(8, max(map(len, columns)) + 2, len(str(int(numpy.sum(confusion)))) + 2)
    first = max(5, max(map(len, names)))
    yield '%-*s%s   (columns: what the model says)' % (
        first, 'label', ''.join('%*s' % (width, name) for name in columns))
    for name, counts in zip(names, confusion):
        yield '%-*s%s' % (first, name, ''.join('%*d' % (width, count) for count in counts))


def score_lines(confusion, names):
    """The lines with precision, recall and F1 of each class, macro and micro, and its texts.

    Each text has one label and one answer, so all three are the accuracy where micro.
    """
    confusion = numpy.asarray(confusion)
    n_texts = int(confusion.sum())
    accuracy = float(numpy.trace(confusion)) / max(n_texts, 1)
    rows = list(zip(names, zip(*class_scores(confusion)), confusion.sum(axis=1)))
    rows += [('macro', macro(confusion), n_texts), ('micro', (accuracy,) * 3, n_texts)]
    first = max(len(name) for name, _, _ in rows)
    yield '%-*s%10s%10s%10s%10s' % (first + 1, '', 'precision', 'recall', 'F1', 'texts')
    for name, scores, count in rows:
        yield '%-*s%s%10d' % (first + 1, name, ''.join('%10.3f' % score for score in scores), count)


def report(part, confusion, names=None):
    """The lines on the answers of a part; without names, a class is called by its label."""
    confusion = numpy.asarray(confusion)
    names = [printable(name) for name in names or map(str, range(len(confusion)))]
    scores, n_texts = macro(confusion), int(confusion.sum())
    yield '%s: accuracy %.4f, macro F1 %.4f, %d texts' % (
        part, numpy.trace(confusion) / max(n_texts, 1), scores.f1, n_texts)
    if len(confusion) <= MOST_CLASSES:
        for lines in (confusion_lines, score_lines):
            for line in lines(confusion, names):
                yield '  ' + line
