"""Splits of the training samples into training and validation."""
import numpy

# The published reviews of a class have the numbers 0 to 12,499 in their file names. Those of a
# film follow one another, at most 30 of them.
REVIEWS_OF_CLASS, BLOCK = 12500, 50


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
    validates = numpy.zeros(len(order), dtype=bool)
    for label, n_of_class in enumerate(share_out(n_valid, counts).tolist()):
        places = numpy.flatnonzero(class_of == label)
        validates[places[len(places) - n_of_class:]] = True
    return order[~validates], order[validates]


def group_split(order, n_valid, labels, groups):
    """Split so that all samples of a group are in the same part.

    The groups come in random order. One validates if the classes of the validation samples are then
    nearer to their shares; if this is true of none, the smallest one validates. So there are about
    `n_valid` of these samples.

    Parameters
    ----------
    order, n_valid, labels
        As in `stratified_split`.
    groups : sequence of int
        The group of each sample.

    Returns
    -------
    train, valid : ndarrays of int
        Positions of samples, in the given order. One is empty if there is one group only.

    Examples
    --------
    >>> group_split(numpy.array([4, 0, 5, 3, 1, 2]), 2, [0, 1, 0, 1, 0, 1], [7, 7, 8, 8, 9, 9])
    (array([0, 3, 1, 2]), array([4, 5]))
    """
    if not len(order):
        return order, order
    _, first, group_of = numpy.unique(groups, return_index=True, return_inverse=True)
    _, class_of, counts = numpy.unique(labels, return_inverse=True, return_counts=True)
    sizes = numpy.zeros((len(first), len(counts)), dtype='int64')
    numpy.add.at(sizes, (group_of, class_of), 1)
    missing, validates = share_out(n_valid, counts), numpy.zeros(len(first), dtype=bool)
    # The places of the groups' first samples in a random order are random.
    for group in numpy.argsort(numpy.argsort(order)[first], kind='stable'):
        left = missing - sizes[group]
        if abs(left).sum() < abs(missing).sum():
            missing, validates[group] = left, True
    if len(first) == 1 or validates.all():
        return order, order[:0]
    if not validates.any():
        validates[sizes.sum(axis=1).argmin()] = True
    chosen = validates[group_of[order]]
    return order[~chosen], order[chosen]


def blocks_of_reviews(n_reviews):
    """Groups of the published reviews in the order of their dataset: 50 consecutive numbers each.

    All pos come before all neg, each in the order of the names of their files as strings, so that
    ``10000_8.txt`` comes before ``1000_4.txt``. A film may have reviews in both classes, so it may
    still be in two groups.

    >>> blocks_of_reviews(25000)[:4], len(set(blocks_of_reviews(25000)))
    ([0, 200, 200, 200], 500)
    """
    numbers = sorted(range(REVIEWS_OF_CLASS), key=lambda number: '%d_' % number)
    return [(REVIEWS_OF_CLASS * k + number) // BLOCK for k in range(n_reviews // REVIEWS_OF_CLASS)
            for number in numbers]


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
