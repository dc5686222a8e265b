"""An optimizer: what stands behind the tutorial's `f_grad_shared` and `f_update`.

An update rule is a formula (:class:`Rule`); an :class:`Optimizer` applies it to all parameters.
:class:`DenseOptimizer` has the engine compile it; the recurrence wing has another, which leaves
rows without a gradient alone.
"""
from collections import OrderedDict, namedtuple

import numpy

from lstm_sentiment.engine.names import theano

Rule = namedtuple('Rule', 'name step idle states moves_when_idle')
Rule.__doc__ = """An update rule.

Attributes
----------
name : str
step : callable
    ``step(lr, grad, p, *states)`` gives the new parameter and the new states. It is arithmetic
    alone: it serves for the variables of a graph and for arrays.
idle : callable
    ``idle(n_steps, p, *states)`` gives what `n_steps` steps with a gradient of zero make of a
    parameter and its states, in closed form.
states : tuple of str
    Their names. Each has the shape of the parameter and starts at zero.
moves_when_idle : bool
    Whether a parameter moves even where its gradient is zero.
"""


class Optimizer(object):
    """The gradient of the cost, and the update of the parameters by it.

    Two steps and not one, so that a cost that is not a number is noticed before it has spoiled the
    parameters.

    Attributes
    ----------
    randoms : dict of shared variables
        The states of the random streams that dropout draws from. Predictions draw from them too.
    exchange : exchange.Exchange or None
        Where several ranks share a minibatch: makes the gradients of all of it out of theirs.
    """

    exchange = None

    def gradient(self, x, mask, y):
        """Compute the gradients and keep them; return the cost of the minibatch."""
        raise NotImplementedError

    def update(self, lr):
        """Move the parameters by the gradients that were kept."""
        raise NotImplementedError

    def settle(self):
        """Bring all parameters up to date, before they are read elsewhere."""

    def state(self):
        """What the next update depends on, besides the parameters.

        Returns
        -------
        OrderedDict
            Arrays and random generators by name, such as ``Wemb.mean_grad2``. None where the
            state is not known.
        """
        raise NotImplementedError

    def set_state(self, values):
        """Take back what :meth:`state` gave."""
        raise NotImplementedError


class SharedState(Optimizer):
    """An optimizer whose state is shared variables, ``self.shared``, by name."""

    def state(self):
        return OrderedDict((name, variable.get_value()) for name, variable in self.shared.items())

    def set_state(self, values):
        for name, variable in self.shared.items():
            variable.set_value(values[name])


def random_states(function):
    """The states of the random streams that a compiled function draws from, by name."""
    return OrderedDict((variable.name, variable) for variable in function.get_shared()
                       if (variable.name or '').startswith('random_'))


class DenseOptimizer(SharedState):
    """An update rule compiled by the engine, for all parameters whole.

    Parameters
    ----------
    rule : Rule
    lr : scalar variable
    tparams : dict of shared variables
    grads : list of variables
        Gradients of the cost, in the order of `tparams`.
    x, mask, y : variables
        Word ids (n_timesteps, n_samples) int64, mask of that shape in floatX, labels (n_samples,)
        int64.
    cost : scalar variable
    updates : list of (shared variable, variable)
        New values that other shared variables get with each gradient.
    """

    def __init__(self, rule, lr, tparams, grads, x, mask, y, cost, updates=()):
        self.gradients = [zero_like(p, name + '.grad') for name, p in tparams.items()]
        self.f_grad_shared = theano.function(
            [x, mask, y], cost, updates=list(zip(self.gradients, grads)) + list(updates),
            on_unused_input='ignore', name='f_grad_shared')
        self.randoms, updates = random_states(self.f_grad_shared), []
        self.shared = OrderedDict(self.randoms)
        for (name, p), grad in zip(tparams.items(), self.gradients):
            states = [zero_like(p, '%s.%s' % (name, state)) for state in rule.states]
            self.shared.update((state.name, state) for state in states)
            updates += zip([p] + states, rule.step(lr, grad, p, *states))
        self.f_update = theano.function([lr], [], updates=updates, on_unused_input='ignore',
                                        name='f_update')

    def gradient(self, x, mask, y):
        cost = self.f_grad_shared(x, mask, y)
        if self.exchange:
            own = [gradient.get_value(borrow=True) for gradient in self.gradients]
            cost, of_all = self.exchange.combine(cost, own)
            for gradient, value in zip(self.gradients, of_all):
                gradient.set_value(value)
        return cost

    def update(self, lr):
        self.f_update(lr)


def zero_like(p, name):
    """A shared variable of the shape of the shared variable `p`, all zero."""
    return theano.shared(numpy.zeros_like(p.get_value(borrow=True)), name=name)


class OwnOptimizer(SharedState):
    """Two functions of somebody's own, `f_grad_shared` and `f_update`.

    Compiled functions say which shared variables they use; these are the state. Of any other
    function the state is not known. If one of the two is that of an :class:`Optimizer`, this is
    settled.
    """

    def __init__(self, tparams, f_grad_shared, f_update):
        self.f_grad_shared, self.f_update = f_grad_shared, f_update
        self.is_known = all(hasattr(function, 'get_shared')
                            for function in (f_grad_shared, f_update))
        self.shared = OrderedDict()
        for function in (f_grad_shared, f_update) if self.is_known else ():
            for variable in function.get_shared():
                if not any(variable is other for other in
                           list(tparams.values()) + list(self.shared.values())):
                    name = variable.name or 'state'
                    if name in self.shared:
                        name = '%s_%d' % (name, len(self.shared))
                    self.shared[name] = variable
        self.randoms = OrderedDict((name, variable) for name, variable in self.shared.items()
                                   if name.startswith('random_'))

    def gradient(self, x, mask, y):
        return self.f_grad_shared(x, mask, y)

    def update(self, lr):
        self.f_update(lr)

    def settle(self):
        for function in (self.f_grad_shared, self.f_update):
            found = getattr(function, '__self__', None)
            if isinstance(found, Optimizer):
                found.settle()

    def state(self):
        return SharedState.state(self) if self.is_known else None


def optimizer_of(tparams, f_grad_shared, f_update):
    """The optimizer behind two functions: the one they are methods of, or one made for them."""
    found = getattr(f_update, '__self__', None)
    if isinstance(found, Optimizer):
        return found
    return OwnOptimizer(tparams, f_grad_shared, f_update)
