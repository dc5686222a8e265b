"""The update rules of :mod:`lstm` as native code, for float32.

For each rule there is a loop over the rows of a parameter that a minibatch touches, which first
makes up for the updates in which a row was idle; see :mod:`sparse_updates`. It works in place, in
one pass over the numbers. Tests compare it with the plain formulas, and each run does so before it
uses it (:func:`is_form_of`): a formula that was changed in :mod:`lstm` is the one that trains.
"""
import warnings

import numpy

from lstm_sentiment.recurrence.numba_recurrence import ONE, native, usable

DECAY, REST, MOMENTUM = numpy.float32(0.95), numpy.float32(0.05), numpy.float32(0.9)
# How far an idle row still moves, in steps like its last one: 0.9 + 0.9² + ...
COASTING = numpy.float32(9)
# TINY is added under the roots of adadelta. SMALL is added under the root of rmsprop, and is its
# learning rate.
TINY, SMALL = numpy.float32(1e-6), numpy.float32(1e-4)
# Of adam: what is left of its means, and what is added to its root.
ADAM_DECAY, ADAM_DECAY2 = numpy.float32(0.9), numpy.float32(0.999)
ADAM_REST, ADAM_REST2, EPSILON = numpy.float32(0.1), numpy.float32(0.001), numpy.float32(1e-8)


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


@native
def adam_rows(lr, words, decay, left, grad, p, mean_grad, mean_grad2, weight, weight2):
    for k in range(len(words)):
        row = words[k]
        for j in range(grad.shape[1]):
            g = grad[k, j]
            if g != 0:
                m = ADAM_DECAY * mean_grad[row, j] + ADAM_REST * g
                v = ADAM_DECAY2 * mean_grad2[row, j] + ADAM_REST2 * g * g
                w = ADAM_DECAY * weight[row, j] + ADAM_REST
                w2 = ADAM_DECAY2 * weight2[row, j] + ADAM_REST2
                p[row, j] -= lr * (m / w) / (numpy.sqrt(v / w2) + EPSILON)
                mean_grad[row, j], mean_grad2[row, j] = m, v
                weight[row, j], weight2[row, j] = w, w2


RULES = {'sgd': sgd_rows, 'adadelta': adadelta_rows, 'rmsprop': rmsprop_rows, 'adam': adam_rows}
N_ARRAYS = {'sgd': 1, 'adadelta': 3, 'rmsprop': 4, 'adam': 5}
# A parameter that is whole is one row, which is never idle.
ONE_ROW, NOT_IDLE = numpy.zeros(1, dtype='int64'), numpy.ones(1, dtype='float32')


def serves(rule, arrays):
    """Whether there is native code for a rule, by its name, over these arrays."""
    return rule in RULES and all(usable(array.dtype) and array.flags.c_contiguous
                                 for array in arrays)


def is_form_of(rule):
    """Whether the native code gives the numbers of an `engine.optimizers.Rule`; if not, warn."""
    rng, shape, n_idle, lr = numpy.random.RandomState(0), (3, 40), numpy.array([0, 1, 7]), 0.1
    *earlier, grad = rng.randn(4, *shape) * 10. ** rng.uniform(-4, 0, shape)
    arrays = [numpy.zeros(shape) for _ in range(1 + len(rule.states))]
    for earlier_grad in earlier:
        arrays = rule.step(lr, earlier_grad, *arrays)
    expected = rule.step(lr, grad, *rule.idle(n_idle[:, None], *arrays))
    found = [array.astype('float32') for array in arrays]
    is_same = len(arrays) == N_ARRAYS[rule.name]
    if is_same:
        rows(rule.name, lr, numpy.arange(len(n_idle)), grad.astype('float32'), n_idle, found)
        is_same = all(numpy.allclose(one, other, rtol=2e-5, atol=1e-9)
                      for one, other in zip(found, expected))
    if not is_same:
        warnings.warn('the formula of %s is not that of its native code: it is computed as it is '
                      'written, in NumPy, which takes longer' % rule.name)
    return is_same


def whole(rule, lr, grad, arrays):
    """Take one step of a rule, in place.

    Parameters
    ----------
    rule : str
        sgd, adadelta, rmsprop or adam.
    lr : float
    grad : float32 array
    arrays : list of float32 arrays of its shape
        The parameter and the states of the rule, in the order of the formulas in :mod:`lstm`.
    """
    rows_of_one = [array.reshape(1, -1) for array in arrays]  # views: the arrays are contiguous
    RULES[rule](numpy.float32(lr), ONE_ROW, NOT_IDLE, NOT_IDLE,
                numpy.ascontiguousarray(grad).reshape(1, -1), *rows_of_one)


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
    RULES[rule](numpy.float32(lr), words, DECAY ** n_idle, MOMENTUM ** n_idle,
                numpy.ascontiguousarray(d_rows), *arrays)


def native_loops(rule):
    """The loop of a rule, with examples of its arguments, for `numba_recurrence.load`."""
    if rule not in RULES:
        return []
    matrix, flat = numpy.zeros((1, 1), dtype='float32'), numpy.zeros(1, dtype='float32')
    return [(RULES[rule], [numpy.float32(0), ONE_ROW, flat, flat, matrix]
             + N_ARRAYS[rule] * [matrix])]
