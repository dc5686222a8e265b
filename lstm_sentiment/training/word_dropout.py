"""What training leaves out of the texts of a minibatch: words here and there, or both ends."""
import numpy

SHORTEST = 4  # words of a span


def drop_words(seqs, share, rng):
    """Leave words out at random: word dropout (Iyyer et al., ACL 2015).

    Parameters
    ----------
    seqs : list of list of int
        Word ids of each sample.
    share : float
        Probability of leaving out each word, 0 to 1.
    rng : numpy.random.RandomState

    Returns
    -------
    list of int64 array
        The remaining words of each sample in their order; the first word, if none would remain.

    Examples
    --------
    >>> rng = numpy.random.RandomState(2)
    >>> [kept.tolist() for kept in drop_words([[5, 2, 3, 7], [4]], 0.5, rng)]
    [[3], [4]]
    """
    kept = []
    for seq in seqs:
        words = numpy.asarray(seq, dtype='int64')
        remain = words[rng.random_sample(len(words)) >= share]
        kept.append(remain if len(remain) else words[:1])
    return kept


def take_spans(seqs, share, rng):
    """Replace a share of the texts by spans of them, of random place and length.

    The logarithm of the length is uniform: there are as many spans of 4 to 8 words as of 40 to 80.

    Parameters
    ----------
    seqs : list of sequences of int
        Word ids of each sample.
    share : float
        Probability of replacing a text, 0 to 1.
    rng : numpy.random.RandomState

    Returns
    -------
    list of sequences of int

    Examples
    --------
    >>> rng = numpy.random.RandomState(1)
    >>> take_spans([[2, 3, 4, 5, 6, 7, 8, 9], [7, 8]], 1., rng)
    [[2, 3, 4, 5, 6, 7], [7, 8]]
    """
    taken = []
    for seq in seqs:
        is_taken, of_length, of_place = rng.random_sample(3)
        if is_taken < share and len(seq) > SHORTEST:
            length = int(SHORTEST * (len(seq) / SHORTEST) ** of_length)
            start = int(of_place * (len(seq) - length + 1))
            seq = seq[start:start + length]
        taken.append(seq)
    return taken
