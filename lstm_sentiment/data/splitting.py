"""Splits of the training samples into training and validation."""
import numpy


def random_split(order, n_valid):
    """The tutorial's split: the last samples of a random order are for validation.

    Parameters
    ----------
    order : ndarray of int, shape (n_samples,)
        A permutation.
    n_valid : int

    Returns
    -------
    train, valid : ndarrays of int
        Positions of samples, in the given order.

    Examples
    --------
    >>> random_split(numpy.array([2, 0, 1, 3]), 1)
    (array([2, 0, 1]), array([3]))
    """
    return order[:len(order) - n_valid], order[len(order) - n_valid:]


def stratified_split(order, n_valid, labels):
    """Split so that each class has its share in both parts.

    Of a class of two samples or more, at least one is in each part; a class of one sample is
    trained on. Where this makes more validation samples than `n_valid`, there are more.

    Parameters
    ----------
    order, n_valid
        As in `random_split`; of each class, the last samples of the order validate.
    labels : sequence of int
        The class of each sample.

    Returns
    -------
    train, valid : ndarrays of int
        Positions of samples, in the given order.

    Examples
    --------
    >>> stratified_split(numpy.array([4, 0, 5, 3, 1, 2]), 2, [0, 0, 0, 0, 1, 1])
    (array([4, 0, 3, 1]), array([5, 2]))
    """
    if not len(order):
        return order, order
    _, class_of, counts = numpy.unique(numpy.asarray(labels)[order], return_inverse=True,
                                       return_counts=True)
    left = share_out(n_valid, counts)
    validates = numpy.zeros(len(order), dtype=bool)
    for place in range(len(order) - 1, -1, -1):
        if left[class_of[place]]:
            left[class_of[place]] -= 1
            validates[place] = True
    return order[~validates], order[validates]


def share_out(n_valid, counts):
    """How many samples of each class validate, ndarray of int.

    In proportion to the classes' sizes, rounded by largest remainders, within the bounds that
    `stratified_split` names.

    >>> share_out(10, numpy.array([60, 33, 5, 2, 1])).tolist()
    [5, 3, 1, 1, 0]
    """
    shares = counts * (n_valid / counts.sum())
    low, high = numpy.minimum(counts - 1, 1), counts - 1
    taken = numpy.clip(shares.astype('int64'), low, high)
    while taken.sum() != n_valid:
        step = 1 if taken.sum() < n_valid else -1
        may_change = taken < high if step > 0 else taken > low
        if not may_change.any():
            break
        missing = numpy.where(may_change, step * (shares - taken), -numpy.inf)
        taken[missing.argmax()] += step
    return taken
