"""What a model answers to a text without one of its words or sentences.

The number of a word is what the log-odds lose when the word is left out. That takes one answer for
each word. The state before the word is that of the whole text, so only the words after it are read
again: a text of n words costs as much as n / 2 texts. A layer that reads from the end shares the
state after the word in the same way. Above `MOST_WORDS` words whole sentences are left out.

The answers are those to the shorter texts, classified one by one.
"""
import re

import numpy

from lstm_sentiment.prediction.network import in_columns
from lstm_sentiment.recurrence import layer, pooling
from lstm_sentiment.recurrence.packing import pack

# Longer texts are explained by sentence.
MOST_WORDS = 400
# A sentence that goes on is cut after so many words.
LONGEST_SENTENCE = 60
END = re.compile(r'[.!?\u3002\uff01\uff1f\u2026]+')
# What may stand between the end of a sentence and the next one.
CLOSING = {'&quot;', '"', "'", '&apos;', ')', '&#93;', '\u201d', '\u2019', '\u00bb'}
# The words, with padding, that are read at a time.
BATCH_WORDS = 1 << 17


def parts_of(words):
    """What is left out of a text, one at a time: each word, or each sentence of a long text.

    Parameters
    ----------
    words : list of str

    Returns
    -------
    list of (int, int)
        The first word of each part and the one after its last.
    """
    if len(words) <= MOST_WORDS:
        return [(k, k + 1) for k in range(len(words))]
    return sentences(words)


def sentences(words):
    """The sentences among some words, as :func:`parts_of` has them.

    >>> sentences(['bad', '.', '&quot;', 'why', '?', '&quot;', 'i', 'slept'])
    [(0, 2), (2, 6), (6, 8)]
    """
    parts, start, n_quotes = [], 0, 0
    for k, word in enumerate(words):
        n_quotes += word in ('&quot;', '"')
        following = words[k + 1] if k + 1 < len(words) else None
        # A straight quote belongs to the sentence before it if it is the second of a pair.
        is_closed = following in CLOSING and (following not in ('&quot;', '"') or n_quotes % 2)
        ends = END.fullmatch(words[k]) or word in CLOSING and k > start and END.fullmatch(
            words[k - 1])
        if ends and not is_closed or k + 1 - start == LONGEST_SENTENCE or following is None:
            parts.append((start, k + 1))
            start = k + 1
    return parts


def scores_without(network, ids, parts):
    """The scores of a text without each of its parts.

    Parameters
    ----------
    network : network.Network
    ids : sequence of int
        The words of the text.
    parts : list of (int, int)
        As from :func:`parts_of`.

    Returns
    -------
    float array, (n_parts, ydim)
        In the dtype of the model.
    """
    if not parts:
        return numpy.zeros((0, len(network.b_out)), dtype=network.b_out.dtype)
    n_texts = max(1, BATCH_WORDS // max(1, len(ids)))
    return numpy.concatenate([scores_of_batch(network, list(ids), parts[start:start + n_texts])
                              for start in range(0, len(parts), n_texts)])


def scores_of_batch(network, ids, parts):
    """:func:`scores_without` for parts that are read together."""
    shorter = [ids[:start] + ids[stop:] for start, stop in parts]
    if len(network.levels) > 1 and len(network.levels[0]) > 1:
        # The second layer reads outputs of both directions: all of them differ.
        return network.scores(shorter)
    pooled = []
    for direction in range(len(network.levels[0])):
        readers = [level[direction] for level in network.levels]
        if readers[0].is_reverse:
            n = len(ids)
            pooled.append(pooled_without(network, readers, ids[::-1],
                                         [(n - stop, n - start) for start, stop in parts]))
        else:
            pooled.append(pooled_without(network, readers, ids, parts))
    return network.scores_of_features(numpy.concatenate(pooled, axis=1), shorter)


def pooled_without(network, readers, ids, parts):
    """The pooled outputs of the last layer, (n_parts, dim_proj), for each part that is left out.

    Parameters
    ----------
    network : network.Network
    readers : list of network.Reader
        The layers in one direction, from below.
    ids, parts
        In the order in which these layers read.
    """
    # The words after each part, by their positions in the text.
    after = [range(stop, len(ids)) for _, stop in parts]
    positions, tokens, n_alive, order = pack(*in_columns(after))
    starts = numpy.array([parts[k][0] for k in order.tolist()])
    n_after = numpy.array([len(after[k]) for k in order.tolist()])
    form = network.form_for(len(tokens))
    whole, below = network.Wemb[list(ids)], None
    one, every = numpy.ones((1, len(ids)), dtype='int64'), numpy.arange(len(ids))
    zeros = numpy.zeros((1, network.dim_proj), dtype=whole.dtype)
    for reader in readers:
        projected = whole.dot(reader.W) + reader.b
        h, _, c, _ = layer.forward(form, projected, every, one, reader.weights, zeros, zeros)
        initial = before(h, starts), before(c, starts)
        inputs = projected[positions] if below is None else below.dot(reader.W) + reader.b
        if reader is readers[-1]:
            pooled = layer.forward_pooled(form, inputs, tokens, n_alive, reader.weights, *initial,
                                          network.pooling)
        else:
            below = layer.forward_lean(form, inputs, tokens, n_alive, reader.weights, *initial)
            whole, tokens = h, numpy.arange(len(tokens))
    return pooling.in_order(joined(network.pooling, h, starts, pooled, n_after), order)


def before(rows, starts):
    """The row before each of `starts`; zero before the first."""
    return numpy.where((starts > 0)[:, None], rows[numpy.maximum(starts, 1) - 1], 0)


def joined(name, h, starts, pooled, n_after):
    """The pooling of the words before a part and after it.

    Parameters
    ----------
    name : str
        mean, max or last.
    h : float array, (n_words, dim_proj)
        The outputs at the words of the whole text.
    starts, n_after : int arrays, (n_parts,)
        How many words are before and after each part.
    pooled : float array, (n_parts, dim_proj)
        Of those after it.
    """
    has_before, has_after = (starts > 0)[:, None], (n_after > 0)[:, None]
    if name == pooling.MEAN:
        total = before(numpy.cumsum(h, axis=0, dtype='float64'), starts)
        total += pooled * n_after[:, None]
        total /= numpy.maximum(starts + n_after, 1)[:, None]
        return total.astype(h.dtype)
    if name == pooling.LAST:
        return numpy.where(has_after, pooled, before(h, starts))
    largest = before(numpy.maximum.accumulate(h, axis=0), starts)
    return numpy.where(has_before & has_after, numpy.maximum(largest, pooled),
                       numpy.where(has_before, largest, pooled))
