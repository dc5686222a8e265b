"""A minibatch without its padding.

The samples are sorted by length. So the samples that are still running at step t are the first
``n_alive[t]``, and only these are computed.

``N`` is the number of unmasked words in the minibatch. Packed arrays have a row for each of them:
group by group, in a group step by step, and within a step the longest sample first. Step t of group
g has ``n_alive[g, t]`` rows. The groups are independent, so two threads can take one each.
"""
import functools

import numpy
from scipy import sparse


def pack(x, mask, n_groups=1):
    """Drop the padding of a minibatch.

    Parameters
    ----------
    x : int array, (n_timesteps, n_samples)
        Word ids.
    mask : float array, (n_timesteps, n_samples)
        1 where there is a word, 0 where there is none.
    n_groups : int
        Number of groups. They get the samples in turn, the longest first.

    Returns
    -------
    words : int64 array, (n_distinct,)
        The distinct ids, ascending.
    tokens : int64 array, (N,)
        Positions in `words`: group by group, in a group step by step, in a
        step the longest sample first.
    n_alive : int64 array, (n_groups, longest)
        How many samples of each group have a word at each step.
    order : int64 array, (n_samples,)
        The samples, group by group, in a group the longest first.

    Raises
    ------
    ValueError
        If the mask holds anything but zeros and ones.

    Examples
    --------
    >>> words, tokens, n_alive, order = pack(numpy.array([[7, 5], [0, 7]]),
    ...                                      numpy.array([[1., 1.], [0., 1.]]))
    >>> words.tolist(), tokens.tolist(), n_alive.tolist(), order.tolist()
    ([5, 7], [0, 1, 1], [[2, 1]], [1, 0])
    """
    inside = mask.T > 0
    if not numpy.array_equal(inside, mask.T):
        raise ValueError('the mask must hold zeros and ones only')
    lengths = inside.sum(axis=1)
    order = numpy.argsort(-lengths, kind='stable')
    order = numpy.concatenate([order[group::n_groups] for group in range(n_groups)])
    words, positions = numpy.unique(x.T[order][inside[order]], return_inverse=True)
    # A masked step changes nothing, so the words after it move up.
    filled = numpy.arange(lengths.max()) < lengths[order][:, None]
    by_sample = numpy.zeros(filled.shape, dtype='int64')
    by_sample[filled] = positions
    members = sample_slices(len(order), n_groups)
    tokens = numpy.concatenate([by_sample[group].T[filled[group].T] for group in members])
    return words, tokens, numpy.array([filled[group].sum(axis=0) for group in members]), order


@functools.lru_cache(maxsize=8)
def pack_whole(n_timesteps, n_samples, n_groups):
    """The same for samples of equal length: every step counts, and the order stays.

    Returns
    -------
    places : int64 array, (n_timesteps * n_samples,)
        For each packed word, its place in the minibatch without its axes.
    n_alive : int64 array, (n_groups, n_timesteps)

    Both are kept for the next call, and must not be changed.

    Examples
    --------
    >>> places, n_alive = pack_whole(2, 3, 2)
    >>> places.tolist(), n_alive.tolist()
    ([0, 1, 3, 4, 2, 5], [[2, 2], [1, 1]])
    """
    places = numpy.arange(n_timesteps * n_samples).reshape((n_timesteps, n_samples))
    members = sample_slices(n_samples, n_groups)
    n_alive = [[group.stop - group.start] * n_timesteps for group in members]
    return (numpy.concatenate([places[:, group].ravel() for group in members]).astype('int64'),
            numpy.array(n_alive, dtype='int64').reshape((n_groups, n_timesteps)))


@functools.lru_cache(maxsize=256)
def sample_slices(n_samples, n_groups):
    """The places of each group's samples in `order`; kept for the next call.

    >>> sample_slices(5, 2)
    (slice(0, 3, None), slice(3, 5, None))
    """
    sizes = [len(range(group, n_samples, n_groups)) for group in range(n_groups)]
    stops = numpy.cumsum(sizes).tolist()
    return tuple(slice(stop - size, stop) for size, stop in zip(sizes, stops))


class Group(object):
    """The places of one group of samples in packed arrays.

    Attributes
    ----------
    n_alive : int64 array, (longest,)
    samples : slice
        In `order` and other arrays with a row for each sample.
    words : slice
        In `tokens` and other arrays with a row for each word.
    """

    def __init__(self, n_alive, samples, first_word):
        self.n_alive, self.samples = n_alive, samples
        self.words = slice(first_word, first_word + int(n_alive.sum()))

    def starts(self):
        """The row of each step's first word, counted from the first row of the group."""
        return numpy.cumsum(self.n_alive) - self.n_alive

    def lengths(self):
        """Words of each sample, (n_samples,)."""
        places = numpy.arange(self.samples.stop - self.samples.start)
        return len(self.n_alive) - numpy.searchsorted(self.n_alive[::-1], places, side='right')

    def places(self):
        """For each word, the place of its sample in the group, and its step."""
        steps = numpy.repeat(numpy.arange(len(self.n_alive)), self.n_alive)
        return numpy.arange(len(steps)) - self.starts()[steps], steps

    def one_step_before(self, rows, initial):
        """For each word, the row of the same sample one step before; for first words, `initial`.

        `rows` has a row for each word of this group, `initial` one for each of its samples.
        """
        n_first, n_words = int(self.n_alive[:1].sum()), len(rows)
        before = numpy.arange(n_first, n_words) - numpy.repeat(self.n_alive[:-1],
                                                               self.n_alive[1:])
        result = numpy.empty_like(rows)
        result[:n_first] = initial[:n_first]
        numpy.take(rows, before, axis=0, out=result[n_first:], mode='clip')
        return result


def groups_of(n_alive, n_samples):
    """The groups that :func:`pack` made."""
    groups, word = [], 0
    for alive, samples in zip(n_alive, sample_slices(n_samples, len(n_alive))):
        groups.append(Group(alive, samples, word))
        word = groups[-1].words.stop
    return groups


def lengths_of(n_alive, n_samples):
    """Words of each sample in the order of :func:`pack`, (n_samples,)."""
    return numpy.concatenate([group.lengths() for group in groups_of(n_alive, n_samples)])


def last_rows(n_alive, n_samples):
    """The row of each sample's last word, (n_samples,); -1 for a sample without words."""
    rows = []
    for group in groups_of(n_alive, n_samples):
        n_running = group.samples.stop - group.samples.start
        if len(group.n_alive) and group.n_alive[-1] == n_running:  # all are of the same length
            rows.append(numpy.arange(group.words.stop - n_running, group.words.stop))
            continue
        lengths, starts = group.lengths(), numpy.append(group.starts(), -1)
        places = numpy.arange(len(lengths))
        rows.append(numpy.where(lengths > 0, group.words.start + starts[lengths - 1] + places, -1))
    return numpy.concatenate(rows)


def reversed_rows(n_alive, n_samples):
    """For each word of the texts read from their ends, its row when they are read forward.

    The result is its own inverse: the first word of one reading is the last word of the other.

    >>> reversed_rows(numpy.array([[2, 2, 1]]), 2).tolist()  # words a0 b0 a1 b1 a2
    [4, 3, 2, 1, 0]
    """
    rows = []
    for group in groups_of(n_alive, n_samples):
        place, step = group.places()
        rows.append(group.words.start + group.starts()[group.lengths()[place] - 1 - step] + place)
    return numpy.concatenate(rows)


def sum_rows(array, where, n_sums):
    """Add row k of `array`, (N, n_columns), to row ``where[k]`` of (n_sums, n_columns).

    >>> sum_rows(numpy.array([[1.], [2.], [5.]]), numpy.array([1, 0, 1]), 2).tolist()
    [[2.0], [6.0]]
    """
    n_rows = len(array)
    belongs = sparse.csr_matrix(
        (numpy.ones(n_rows, dtype=array.dtype), (where, numpy.arange(n_rows))),
        shape=(n_sums, n_rows))
    return belongs.dot(array)
