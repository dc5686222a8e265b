"""Gradients whose norm is limited, as arrays; `lstm.clipped` states the same as a graph."""
import math

import numpy


def clipped(grads, limit):
    """The gradients, scaled down together where their norm is above `limit`.

    Parameters
    ----------
    grads : list of float arrays
    limit : float

    Returns
    -------
    list of float arrays
    """
    norm = math.sqrt(sum(float(numpy.vdot(grad, grad)) for grad in grads))
    return [grad * grad.dtype.type(limit / max(norm, limit)) for grad in grads]
