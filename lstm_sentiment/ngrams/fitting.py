r"""Logistic regression over n-grams, each scaled by its naive Bayes log-count ratio.

Of the texts of a class a share :math:`p_g` of all its n-grams is g, of the other texts a share
:math:`q_g`, both with one more text in which g occurs. With :math:`r_g = \log(p_g / q_g)`, the
log-odds of the class for a text are

.. math:: s = a + \sum_g r_g v_g = a + \sum_g w_g

over the distinct n-grams g of the text. Here a is the log-odds of the class among the training
texts, so that a text of one word is not weighed against a constant made for long ones, and v has
the least

.. math:: \sum \log(1 + e^{\mp s}) + \frac{1}{2C} \sum_g v_g^2

S. Wang, C. D. Manning, Baselines and bigrams: simple, good sentiment and topic classification,
ACL 2012, equations 1 to 4, with logistic regression in place of the support vector machine, so that
the scores are log-odds, which can be added to those of another model.
"""
import numpy
from scipy import sparse

from lstm_sentiment.ngrams.features import Index, distinct

# An n-gram of fewer training texts has no weight of its own.
FEWEST_TEXTS = 3
STRENGTH = 0.1    # C, the inverse of the penalty
MOST_STEPS = 60   # of the minimization
BLOCK = 1000      # texts whose n-grams are looked at together


def fit(sequences, labels, ydim, longest):
    """The weights of the n-grams.

    Parameters
    ----------
    sequences : list of sequences of int
    labels : list of int
    ydim : int
        Classes.
    longest : int
        Words of the longest n-grams.

    Returns
    -------
    known : uint32 array, (n_known,)
        Hashes of n-grams, ascending.
    weights : float32 array, (n_known + 1, n_scores)
        w of each, and a in the last row. With two classes there is one score, for class 1 against
        class 0; with more there is one of each class against all others.
    """
    x, known = known_ngrams(sequences, longest)
    labels = numpy.asarray(labels)
    weights = [fit_class(x, labels == label) for label in ([1] if ydim == 2 else range(ydim))]
    return known, numpy.stack(weights, axis=1).astype('float32')


def known_ngrams(sequences, longest):
    """The n-grams of `FEWEST_TEXTS` texts or more.

    Returns
    -------
    x : sparse matrix of float32, (n_samples, n_known)
        1 where a text has an n-gram.
    known : uint32 array, (n_known,)
        Their hashes, ascending.
    """
    blocks = []
    for start in range(0, len(sequences), BLOCK):
        n_texts = min(BLOCK, len(sequences) - start)
        samples, values = distinct([sequences[start + k] for k in range(n_texts)], longest)
        blocks.append((samples.astype('int16'), values))
    known = repeated(numpy.concatenate([values for _, values in blocks]))
    index, starts, columns = Index(known), [numpy.zeros(1, dtype='int64')], []
    for number, (samples, values) in enumerate(blocks):
        found = index.rows(values)
        columns.append(found[found >= 0].astype('int32'))
        starts.append(numpy.bincount(samples[found >= 0], minlength=min(
            BLOCK, len(sequences) - number * BLOCK)))
        blocks[number] = None  # its memory is needed
    columns = numpy.concatenate(columns)
    x = sparse.csr_matrix((numpy.ones(len(columns), dtype='float32'), columns,
                           numpy.cumsum(numpy.concatenate(starts))),
                          shape=(len(sequences), len(known)))
    return x, known


def repeated(values):
    """The values that come `FEWEST_TEXTS` times or more, ascending; `values` are sorted in place.

    >>> repeated(numpy.array([7, 5, 7, 4, 7, 5, 4, 4, 4]))
    array([4, 7])
    """
    values.sort()
    n_pairs = max(0, len(values) - FEWEST_TEXTS + 1)
    return numpy.unique(values[:n_pairs][values[:n_pairs] == values[len(values) - n_pairs:]])


def log_count_ratios(x, is_class):
    """The r of each n-gram, (n_known,).

    Parameters
    ----------
    x : sparse matrix, (n_samples, n_known)
        1 where a text has an n-gram.
    is_class : bool array, (n_samples,)
    """
    of_class, of_others = (x.T.dot(chosen.astype('float64')) + 1
                           for chosen in (is_class, ~is_class))
    return numpy.log(of_class / of_class.sum()) - numpy.log(of_others / of_others.sum())


def fit_class(x, is_class):
    """The w of each n-gram, and a, for one class against the others, (n_known + 1,)."""
    import scipy.optimize  # 20 MB, which runs without n-grams do not need
    ratios = log_count_ratios(x, is_class)
    scaled = sparse.csr_matrix((ratios.astype('float32')[x.indices], x.indices, x.indptr), x.shape)
    transposed = scaled.T.tocsr()
    signs, n_class = numpy.where(is_class, 1., -1.), is_class.sum()
    a = numpy.log(n_class / (len(is_class) - n_class))

    def cost(v):
        margins = signs * (scaled.dot(v.astype('float32')) + a)
        d_scores = -signs / (1 + numpy.exp(margins))
        gradient = transposed.dot(d_scores.astype('float32')) + v / STRENGTH
        return numpy.logaddexp(0, -margins).sum() + v.dot(v) / (2 * STRENGTH), gradient

    found = scipy.optimize.minimize(cost, numpy.zeros(len(ratios)), jac=True, method='L-BFGS-B',
                                    options={'maxiter': MOST_STEPS})
    return numpy.append(ratios * found.x, a)
