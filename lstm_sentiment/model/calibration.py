"""How far probabilities can be trusted: reliability, calibration error, temperature.

C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.
"""
from collections import namedtuple

import numpy

# The answer where the likeliest class is less likely than a person asks.
UNSURE = 'unsure'
N_BINS = 15
# Temperatures that :func:`fit_temperature` may return.
COLDEST, HOTTEST = 0.01, 100.

# The answers whose confidence is in one bin: how many, their mean confidence, the share of right
# ones.
Bin = namedtuple('Bin', 'low high n_answers confidence accuracy')


def softmax(scores):
    """The probabilities of the classes, which are on the last axis.

    >>> softmax(numpy.array([[0., 0.], [1000., 0.]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    exps = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def reliability(probabilities, labels, n_bins=N_BINS):
    """The answers in bins of equal width by their confidence, the probability of the likeliest.

    Parameters
    ----------
    probabilities : float array, (n_texts, n_classes)
    labels : int array, (n_texts,)
    n_bins : int

    Returns
    -------
    list of Bin
        A bin holds its upper limit and not its lower one. Without answers, confidence and accuracy
        are NaN.
    """
    probabilities = numpy.asarray(probabilities, dtype='float64')
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    limits = numpy.linspace(0, 1, n_bins + 1)
    places = numpy.clip(numpy.searchsorted(limits, confidence, side='left') - 1, 0, n_bins - 1)
    bins = []
    for place in range(n_bins):
        inside = places == place
        n_inside = int(inside.sum())
        means = [float(values[inside].mean()) if n_inside else float('nan')
                 for values in (confidence, is_right)]
        bins.append(Bin(float(limits[place]), float(limits[place + 1]), n_inside, *means))
    return bins


def calibration_error(bins):
    """The expected calibration error: the mean distance of confidence and accuracy.

    >>> calibration_error([Bin(0., .5, 0, float('nan'), float('nan')), Bin(.5, 1., 4, .9, .75)])
    0.15000000000000002
    """
    n_answers = sum(each.n_answers for each in bins)
    return sum(each.n_answers * abs(each.confidence - each.accuracy)
               for each in bins if each.n_answers) / n_answers


def fit_temperature(scores, labels):
    """The temperature T for which softmax(scores / T) gives the labels the largest likelihood.

    The negative log-likelihood is convex in 1 / T, so its derivative is halved in on.

    Parameters
    ----------
    scores : float array, (n_texts, n_classes)
        Before the softmax.
    labels : int array, (n_texts,)

    Returns
    -------
    float
        From COLDEST to HOTTEST.
    """
    scores = numpy.asarray(scores, dtype='float64')
    own = scores[numpy.arange(len(scores)), labels]

    def slope(cooling):
        return ((softmax(cooling * scores) * scores).sum(axis=1) - own).mean()

    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(100):
        middle = (low + high) / 2
        # Zero too: the probabilities of large scores are all zeros and ones.
        low, high = (middle, high) if slope(middle) <= 0 else (low, middle)
    return 2 / (low + high)
