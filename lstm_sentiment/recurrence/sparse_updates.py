"""Sparse updates: an update rule, only where there is a gradient.

:func:`row_wise` stands for an optimizer of :mod:`optimizers`: a minibatch touches some 500 rows of
``Wemb``, the others have a gradient of zero, and what an optimizer does to them then is a power of
its decay, which can be made up for when they are next read (:class:`Rows`).
"""
import functools

import numpy

from lstm_sentiment.engine.names import theano
from lstm_sentiment.recurrence import optimizers
from lstm_sentiment.recurrence.graph_nodes import RowsGradient
from lstm_sentiment.recurrence.numpy_recurrence import side_by_side


def sgd_idle(n_steps, p):
    """A row without gradient stays."""
    return [p]


def adadelta_idle(n_steps, p, mean_grad2, mean_step2):
    """Both running means decay; the row stays, since its step is a multiple of g = 0."""
    decay = optimizers.DECAY ** n_steps
    return [p, mean_grad2 * decay, mean_step2 * decay]


def rmsprop_idle(n_steps, p, mean_grad, mean_grad2, step):
    """The means decay, and the row coasts on by (0.9 + 0.9² + ...) times its last step."""
    decay, left = optimizers.DECAY ** n_steps, optimizers.MOMENTUM ** n_steps
    coasting = (1 - left) * (optimizers.MOMENTUM / (1 - optimizers.MOMENTUM))
    return [p + step * coasting, mean_grad * decay, mean_grad2 * decay, step * left]


def pieces(array, size=2 ** 15):
    """Slices of rows with some `size` numbers each: what a rule makes of them stays in the cache.

    >>> pieces(numpy.zeros((5, 10)), size=20)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 6, None)]
    """
    n_rows = max(1, size // max(1, array[:1].size))
    return [slice(start, start + n_rows) for start in range(0, len(array), n_rows)]


class Whole(object):
    """A parameter, the states of its update rule, and the rule.

    Parameters
    ----------
    step : callable
        ``step(lr, grad, p, *states)`` of :mod:`optimizers`; here it is given arrays.
    n_states : int
    p : shared variable
    """

    def __init__(self, step, n_states, p):
        self.step, self.p = step, p
        self.states = [numpy.zeros_like(p.get_value(borrow=True)) for _ in range(n_states)]

    def arrays(self):
        return [self.p.get_value(borrow=True)] + self.states

    def update(self, lr, grad):
        """One step, in place."""
        for piece in pieces(grad):
            arrays = [array[piece] for array in self.arrays()]
            for array, new in zip(arrays, self.step(lr, grad[piece], *arrays)):
                array[...] = new


class Rows(Whole):
    """A parameter of which a minibatch touches a few rows, and the rule for these.

    Row r was last brought up to date after ``seen[r]`` updates. Before it is
    updated again, what the idle updates since then would have done to it is
    made up for in closed form, ``idle(n_steps, p, *states)``; the result is
    the dense rule's up to rounding.
    """

    def __init__(self, step, idle, n_states, p):
        Whole.__init__(self, step, n_states, p)
        self.idle = idle
        self.n_updates, self.seen = 0, numpy.zeros(len(self.arrays()[0]), dtype='int64')

    def up_to_date(self, words):
        """Rows of the parameter and of its states as of now, each (n_distinct, dim_proj)."""
        rows = [array[words] for array in self.arrays()]
        n_steps = (self.n_updates - self.seen[words]).astype(rows[0].dtype)
        return self.idle(n_steps[:, None], *rows)

    def replace(self, words, rows):
        for array, new in zip(self.arrays(), rows):
            array[words] = new
        self.seen[words] = self.n_updates

    def settle(self, words=slice(None)):
        """Bring rows, by default all, up to date."""
        self.replace(words, self.up_to_date(words))

    def update(self, lr, grad):
        """One step; `grad` is the pair of `words` and the gradient of their rows."""
        words, d_rows = grad
        parts = [(words[piece], d_rows[piece]) for piece in pieces(d_rows)]
        new = [self.step(lr, d_part, *self.up_to_date(part)) for part, d_part in parts]
        self.n_updates += 1
        for (part, _), rows in zip(parts, new):
            self.replace(part, rows)


def compile_row_wise(step, idle, n_states, lr, tparams, grads, x, mask, y, cost):
    """`optimizers.compile_dense`, but rows without a gradient cost nothing.

    Parameters and result are the same. It applies to each parameter whose
    gradient is a :class:`RowsGradient`. Where the rule moves rows even without
    a gradient (``rmsprop``), they are brought up to date before they are read
    in an update, and all of them by ``f_update.settle()``, to be called
    before the parameters are read otherwise.
    """
    rules, outputs = [], [cost]
    for p, grad in zip(tparams.values(), grads):
        if grad.owner is not None and isinstance(grad.owner.op, RowsGradient):
            rules.append(Rows(step, idle, n_states, p))
            outputs += grad.owner.inputs[1:]
        else:
            rules.append(Whole(step, n_states, p))
            outputs.append(grad)
    f_grad = theano.function([x, mask, y], outputs, name='f_grad')
    return two_functions(f_grad, rules, [rule for rule in rules if isinstance(rule, Rows)]
                         if idle is rmsprop_idle else [])


def two_functions(f_grad, rules, restless):
    """`f_grad_shared` and `f_update`, over the rules of all parameters.

    `restless` are the rules whose rows move without a gradient.
    """
    kept = []

    def f_grad_shared(x, mask, y):
        for rule in restless:
            rule.settle(numpy.unique(x))
        results = f_grad(x, mask, y)
        kept[:] = results[1:]
        return results[0]

    def f_update(lr):
        grads = iter(kept)
        side_by_side(*[functools.partial(
            rule.update, lr, (next(grads), next(grads)) if isinstance(rule, Rows) else next(grads))
            for rule in rules])

    def settle():
        for rule in restless:
            rule.settle()

    f_update.settle = settle
    # What a checkpoint keeps: the shared variables, and the rules with their states.
    f_grad_shared.get_shared, f_update.get_shared, f_update.rules = f_grad.get_shared, list, rules
    return f_grad_shared, f_update


RULES = {optimizers.sgd: (optimizers.sgd_step, sgd_idle, 0),
         optimizers.adadelta: (optimizers.adadelta_step, adadelta_idle, 2),
         optimizers.rmsprop: (optimizers.rmsprop_step, rmsprop_idle, 3)}


def row_wise(optimizer):
    """The row-wise form of an optimizer of :mod:`optimizers`; any other as it is."""
    if optimizer not in RULES:
        return optimizer
    return functools.partial(compile_row_wise, *RULES[optimizer])
