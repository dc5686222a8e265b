r"""Update rules: SGD, AdaDelta and RMSProp, as plain formulas.

Each optimizer is called as ``optimizer(lr, tparams, grads, x, mask, y, cost)``
and returns two functions, as in the tutorial: ``f_grad_shared(x, mask, y)``
computes the cost and keeps the gradients, ``f_update(lr)`` moves the
parameters. Two and not one, so that a cost that is not a number is noticed
before it has spoiled the parameters.

With g the gradient, p a parameter and E[.] running means that start at zero:

===========  ===================================================================
sgd          p ← p − lr·g
adadelta     E[g²] ← 0.95·E[g²] + 0.05·g²;
             Δ = −sqrt(E[Δ²] + 1e-6) / sqrt(E[g²] + 1e-6)·g;
             E[Δ²] ← 0.95·E[Δ²] + 0.05·Δ²;  p ← p + Δ
rmsprop      E[g] ← 0.95·E[g] + 0.05·g;  E[g²] ← 0.95·E[g²] + 0.05·g²;
             Δ ← 0.9·Δ − 1e-4·g / sqrt(E[g²] − E[g]² + 1e-4);  p ← p + Δ
===========  ===================================================================

References
----------
.. [1] M. D. Zeiler, ADADELTA: an adaptive learning rate method, 2012,
   arXiv:1212.5701, algorithm 1.
.. [2] A. Graves, Generating sequences with recurrent neural networks, 2013,
   arXiv:1308.0850, equations 38 to 45.
"""
import numpy

from lstm_sentiment.engine.names import theano

# The steps below are arithmetic alone: they serve for the variables of a graph
# here, and for arrays in the module `fast`.
DECAY = 0.95     # of the running means
MOMENTUM = 0.9   # of rmsprop's step


def sgd_step(lr, grad, p):
    """New value of the parameter."""
    return [p - lr * grad]


def adadelta_step(lr, grad, p, mean_grad2, mean_step2):
    """New values of the parameter, E[g²] and E[Δ²]; `lr` counts for nothing."""
    mean_grad2 = DECAY * mean_grad2 + (1 - DECAY) * grad ** 2
    step = -(mean_step2 + 1e-6) ** 0.5 / (mean_grad2 + 1e-6) ** 0.5 * grad
    mean_step2 = DECAY * mean_step2 + (1 - DECAY) * step ** 2
    return [p + step, mean_grad2, mean_step2]


def rmsprop_step(lr, grad, p, mean_grad, mean_grad2, step):
    """New values of the parameter, E[g], E[g²] and Δ; `lr` counts for nothing."""
    mean_grad = DECAY * mean_grad + (1 - DECAY) * grad
    mean_grad2 = DECAY * mean_grad2 + (1 - DECAY) * grad ** 2
    spread = (mean_grad2 - mean_grad ** 2 + 1e-4) ** 0.5
    step = MOMENTUM * step - 1e-4 * grad / spread
    return [p + step, mean_grad, mean_grad2, step]


def zeros_like(p, n):
    """`n` shared variables of the shape of the shared variable `p`, all zero."""
    like = p.get_value(borrow=True)
    return [theano.shared(numpy.zeros_like(like)) for _ in range(n)]


def compile_dense(step, n_states, lr, tparams, grads, x, mask, y, cost):
    """The two functions of an optimizer, for all parameters whole.

    Parameters
    ----------
    step : callable
        ``step(lr, grad, p, *states)``, one of the formulas above.
    n_states : int
        How many states it has.
    lr : scalar variable
    tparams : dict of shared variables
    grads : list of variables
        Gradients of the cost, in the order of `tparams`.
    x, mask, y : variables
        Word ids (n_timesteps, n_samples) int64, mask of that shape in
        floatX, labels (n_samples,) int64.
    cost : scalar variable

    Returns
    -------
    f_grad_shared : function of x, mask, y that returns the cost
    f_update : function of lr
    """
    params = list(tparams.values())
    grads_shared = [zeros_like(p, 1)[0] for p in params]
    f_grad_shared = theano.function([x, mask, y], cost, updates=list(zip(grads_shared, grads)),
                                    name='f_grad_shared')
    updates = []
    for p, grad in zip(params, grads_shared):
        states = zeros_like(p, n_states)
        updates += zip([p] + states, step(lr, grad, p, *states))
    f_update = theano.function([lr], [], updates=updates, on_unused_input='ignore',
                               name='f_update')
    return f_grad_shared, f_update


def sgd(lr, tparams, grads, x, mask, y, cost):
    """Stochastic gradient descent, equation 12 of docs/tutorial.md; see :func:`compile_dense`."""
    return compile_dense(sgd_step, 0, lr, tparams, grads, x, mask, y, cost)


def adadelta(lr, tparams, grads, x, mask, y, cost):
    """AdaDelta [1]_, equation 13 of docs/tutorial.md; see :func:`compile_dense`."""
    return compile_dense(adadelta_step, 2, lr, tparams, grads, x, mask, y, cost)


def rmsprop(lr, tparams, grads, x, mask, y, cost):
    """RMSProp, centred and with momentum [2]_, equation 14 of docs/tutorial.md.

    See :func:`compile_dense`.
    """
    return compile_dense(rmsprop_step, 3, lr, tparams, grads, x, mask, y, cost)
