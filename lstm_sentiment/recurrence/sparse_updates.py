"""Sparse updates: an update rule that is applied only where there is a gradient.

A minibatch uses some 500 rows of ``Wemb``. The other rows have a gradient of zero. The effect of
the update rule on them is a power of its decay, so it can be computed later, when they are next
read (:class:`Rows`).
"""
import functools
from collections import OrderedDict

import numpy

from lstm_sentiment.engine.names import theano
from lstm_sentiment.engine.optimizers import Optimizer, random_states
from lstm_sentiment.recurrence import native_updates
from lstm_sentiment.recurrence.graph_nodes import RowsGradient
from lstm_sentiment.recurrence.threads import side_by_side

# With fewer numbers in all parameters, one thread updates them sooner than two.
WORTH_A_THREAD = 2 ** 16


def pieces(array, size=2 ** 15):
    """Slices of rows with some `size` numbers each, whose results fit into the processor's cache.

    >>> pieces(numpy.zeros((5, 10)), size=20)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 6, None)]
    """
    n_rows = max(1, size // max(1, array[:1].size))
    return [slice(start, start + n_rows) for start in range(0, len(array), n_rows)]


class Whole(object):
    """A parameter, its update rule, and the states of the rule.

    Parameters
    ----------
    rule : engine.optimizers.Rule
    p : shared variable
    """

    def __init__(self, rule, p):
        self.rule, self.p = rule, p
        self.states = [numpy.zeros_like(p.get_value(borrow=True)) for _ in rule.states]

    def arrays(self):
        return [self.p.get_value(borrow=True)] + self.states

    def state(self):
        """The arrays on which the next update depends, by name; not copies."""
        return OrderedDict(zip(self.rule.states, self.states))

    def set_state(self, values):
        for name, array in self.state().items():
            array[...] = values[name]

    @functools.cached_property
    def has_native_form(self):
        return native_updates.is_form_of(self.rule)

    def runs_native(self):
        """Whether native code takes the next step."""
        return native_updates.serves(self.rule.name, self.arrays()) and self.has_native_form

    def update(self, lr, grad):
        """One step, in place."""
        if self.runs_native():
            native_updates.whole(self.rule.name, lr, grad, self.arrays())
            return
        for piece in pieces(grad):
            arrays = [array[piece] for array in self.arrays()]
            for array, new in zip(arrays, self.rule.step(lr, grad[piece], *arrays)):
                array[...] = new


class Rows(Whole):
    """A parameter of which a minibatch uses a few rows, and the rule for these.

    Row r was last brought up to date after ``seen[r]`` updates. Before it is updated again,
    `rule.idle` applies the idle updates since then in closed form. The result is that of the dense
    rule, except for rounding.
    """

    def __init__(self, rule, p):
        Whole.__init__(self, rule, p)
        self.n_updates, self.seen = 0, numpy.zeros(len(self.arrays()[0]), dtype='int64')

    def state(self):
        return OrderedDict(Whole.state(self), seen=self.seen,
                           n_updates=numpy.asarray(self.n_updates))

    def set_state(self, values):
        Whole.set_state(self, values)
        self.n_updates = int(values['n_updates'])

    def up_to_date(self, words):
        """Rows of the parameter and of its states as of now, each (n_distinct, dim_proj)."""
        rows = [array[words] for array in self.arrays()]
        n_steps = (self.n_updates - self.seen[words]).astype(rows[0].dtype)
        return self.rule.idle(n_steps[:, None], *rows)

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
        if self.runs_native():
            native_updates.rows(self.rule.name, lr, words, d_rows,
                                self.n_updates - self.seen[words], self.arrays())
            self.n_updates += 1
            self.seen[words] = self.n_updates
            return
        parts = [(words[piece], d_rows[piece]) for piece in pieces(d_rows)]
        new = [self.rule.step(lr, d_part, *self.up_to_date(part)) for part, d_part in parts]
        self.n_updates += 1
        for (part, _), rows in zip(parts, new):
            self.replace(part, rows)


class SparseOptimizer(Optimizer):
    """An update rule that spends no time on rows without a gradient.

    This holds for each parameter whose gradient is a :class:`RowsGradient`. If the rule moves rows
    without a gradient too, they are brought up to date before an update reads them;
    `settle` brings all rows up to date.

    Parameters are those of `engine.optimizers.DenseOptimizer`.
    """

    def __init__(self, rule, lr, tparams, grads, x, mask, y, cost, updates=()):
        self.parts, outputs = OrderedDict(), [cost]
        for (name, p), grad in zip(tparams.items(), grads):
            if grad.owner is not None and isinstance(grad.owner.op, RowsGradient):
                self.parts[name] = Rows(rule, p)
                outputs += grad.owner.inputs[1:]
            else:
                self.parts[name] = Whole(rule, p)
                outputs.append(grad)
        self.f_grad = theano.function([x, mask, y], outputs, updates=list(updates),
                                      on_unused_input='ignore', name='f_grad')
        self.randoms, self.grads = random_states(self.f_grad), []
        n_numbers = sum(part.arrays()[0].size for part in self.parts.values())
        self.is_small = n_numbers < WORTH_A_THREAD
        self.unsettled = [part for part in self.parts.values()
                          if isinstance(part, Rows) and rule.moves_when_idle]

    def gradient(self, x, mask, y):
        for part in self.unsettled:
            part.settle(numpy.unique(x[mask > 0] if self.exchange else x))
        cost, *results = self.f_grad(x, mask, y)
        results = iter(results)
        self.grads = [(next(results), next(results)) if isinstance(part, Rows) else next(results)
                      for part in self.parts.values()]
        if self.exchange:
            cost, self.grads = self.exchange.combine(cost, self.grads)
            for part, grad in zip(self.parts.values(), self.grads):
                if part in self.unsettled:  # so that all ranks have brought up the same rows
                    part.settle(grad[0])
        return cost

    def update(self, lr):
        tasks = [functools.partial(part.update, lr, grad)
                 for part, grad in zip(self.parts.values(), self.grads)]
        if self.is_small:
            for task in tasks:
                task()
        else:
            side_by_side(*tasks)

    def settle(self):
        for part in self.unsettled:
            part.settle()

    def state(self):
        values = OrderedDict((name, variable.get_value())
                             for name, variable in self.randoms.items())
        for name, part in self.parts.items():
            values.update(('%s.%s' % (name, state), value)
                          for state, value in part.state().items())
        return values

    def set_state(self, values):
        for name, variable in self.randoms.items():
            variable.set_value(values[name])
        for name, part in self.parts.items():
            part.set_state({state: values['%s.%s' % (name, state)] for state in part.state()})
