"""Word dropout: leave some words of each text out."""
import numpy


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
