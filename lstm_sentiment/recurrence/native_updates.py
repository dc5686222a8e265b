"""The update rules of :mod:`lstm` as native code, for float32.

Each rule has two loops: one over a whole parameter, and one over the rows that a minibatch uses.
The second first applies the updates in which a row was idle; see :mod:`sparse_updates`. The loops
work in place, in one pass over the numbers. Tests compare them with the plain formulas.
"""
import numpy

from lstm_sentiment.recurrence.numba_recurrence import ONE, native, usable

DECAY, REST, MOMENTUM = numpy.float32(0.95), numpy.float32(0.05), numpy.float32(0.9)
# How far an idle row still moves, in steps like its last one: 0.9 + 0.9² + ...
COASTING = numpy.float32(9)
# TINY is added under the roots of adadelta. SMALL is added under the root of rmsprop, and is its
# learning rate.
TINY, SMALL = numpy.float32(1e-6), numpy.float32(1e-4)


# One number, whose running means are those after the idle updates.


@native
def adadelta_number(g, mean_grad2, mean_step2):
    """The step, and the new E[g²] and E[Δ²]."""
    mean_grad2 = DECAY * mean_grad2 + REST * g * g
    step = -numpy.sqrt(mean_step2 + TINY) / numpy.sqrt(mean_grad2 + TINY) * g
    return step, mean_grad2, DECAY * mean_step2 + REST * step * step


@native
def rmsprop_number(g, mean_grad, mean_grad2, step):
    """The new E[g], E[g²] and step."""
    mean_grad = DECAY * mean_grad + REST * g
    mean_grad2 = DECAY * mean_grad2 + REST * g * g
    step = MOMENTUM * step - SMALL * g / numpy.sqrt(mean_grad2 - mean_grad * mean_grad + SMALL)
    return mean_grad, mean_grad2, step


# Whole parameters, as flat arrays.


@native
def sgd_whole(lr, grad, p):
    for k in range(len(grad)):
        p[k] -= lr * grad[k]


@native
def adadelta_whole(lr, grad, p, mean_grad2, mean_step2):
    for k in range(len(grad)):
        step, mean_grad2[k], mean_step2[k] = adadelta_number(grad[k], mean_grad2[k], mean_step2[k])
        p[k] += step


@native
def rmsprop_whole(lr, grad, p, mean_grad, mean_grad2, step):
    for k in range(len(grad)):
        mean_grad[k], mean_grad2[k], step[k] = rmsprop_number(grad[k], mean_grad[k], mean_grad2[k],
                                                              step[k])
        p[k] += step[k]


# Rows. `decay` and `left` are DECAY and MOMENTUM to the power of the number of idle updates.


@native
def sgd_rows(lr, words, decay, left, grad, p):
    for k in range(len(words)):
        row = words[k]
        for j in range(grad.shape[1]):
            p[row, j] -= lr * grad[k, j]


@native
def adadelta_rows(lr, words, decay, left, grad, p, mean_grad2, mean_step2):
    for k in range(len(words)):
        row, idle = words[k], decay[k]
        for j in range(grad.shape[1]):
            step, mean_grad2[row, j], mean_step2[row, j] = adadelta_number(
                grad[k, j], idle * mean_grad2[row, j], idle * mean_step2[row, j])
            p[row, j] += step


@native
def rmsprop_rows(lr, words, decay, left, grad, p, mean_grad, mean_grad2, step):
    for k in range(len(words)):
        row, idle, idle_step = words[k], decay[k], left[k]
        coasting = (ONE - idle_step) * COASTING
        for j in range(grad.shape[1]):
            coasted = p[row, j] + coasting * step[row, j]
            mean_grad[row, j], mean_grad2[row, j], step[row, j] = rmsprop_number(
                grad[k, j], idle * mean_grad[row, j], idle * mean_grad2[row, j],
                idle_step * step[row, j])
            p[row, j] = coasted + step[row, j]


WHOLE = {'sgd': sgd_whole, 'adadelta': adadelta_whole, 'rmsprop': rmsprop_whole}
ROWS = {'sgd': sgd_rows, 'adadelta': adadelta_rows, 'rmsprop': rmsprop_rows}
N_ARRAYS = {'sgd': 1, 'adadelta': 3, 'rmsprop': 4}


def serves(rule, arrays):
    """Whether there is native code for the rule of this name on these arrays."""
    return rule in WHOLE and all(usable(array.dtype) and array.flags.c_contiguous
                                 for array in arrays)


def whole(rule, lr, grad, arrays):
    """Take one step of a rule, in place.

    Parameters
    ----------
    rule : str
        sgd, adadelta or rmsprop.
    lr : float
    grad : float32 array
    arrays : list of float32 arrays of its shape
        The parameter and the states of the rule, in the order of the formulas in :mod:`lstm`.
    """
    flat = [array.reshape(-1) for array in arrays]  # a view: the arrays are contiguous
    WHOLE[rule](numpy.float32(lr), numpy.ascontiguousarray(grad).reshape(-1), *flat)


def rows(rule, lr, words, d_rows, n_idle, arrays):
    """Take one step of a rule in some rows, in place, after applying their idle updates.

    Parameters
    ----------
    rule, lr, arrays : as in :func:`whole`
    words : int64 array, (n_distinct,)
        The rows.
    d_rows : float32 array, (n_distinct, n_columns)
        Their gradient.
    n_idle : int array, (n_distinct,)
        How many updates each row has been idle for.
    """
    n_idle = n_idle.astype('float32')
    ROWS[rule](numpy.float32(lr), words, DECAY ** n_idle, MOMENTUM ** n_idle,
               numpy.ascontiguousarray(d_rows), *arrays)


def native_loops(rule):
    """Both loops of a rule, with examples of their arguments, for `numba_recurrence.load`."""
    matrix, flat = numpy.zeros((1, 1), dtype='float32'), numpy.zeros(1, dtype='float32')
    lr, words, n_arrays = numpy.float32(0), numpy.zeros(1, dtype='int64'), N_ARRAYS.get(rule)
    if n_arrays is None:
        return []
    return [(WHOLE[rule], [lr, flat] + n_arrays * [flat]),
            (ROWS[rule], [lr, words, flat, flat, matrix] + n_arrays * [matrix])]
