"""Logistic regression and cost by hand: `lstm.mean_cost`, equations 10 and 11; a cross-entropy.

In a graph they are twenty small nodes, and calling these takes longer than computing them.
"""
import math

import numpy

TINY = 1e-8  # added to a likelihood before its logarithm


def mean_cost(proj, U, b, mask, y, class_weights=()):
    """The mean negative log-likelihood of the labels of the samples that have words.

    Parameters
    ----------
    proj : float array, (n_samples, n_features)
    U, b : float arrays, (n_features, ydim), (ydim,)
    mask : float array, (n_timesteps, n_samples)
    y : int64 array, (n_samples,)
    class_weights : sequence of float, (ydim,)
        The weight of a sample with each label, above 0; all are 1 if it is empty.

    Returns
    -------
    cost : float
    pred : float array, (n_samples, ydim)
        Probability of each class.
    weights : float array, (n_samples,)
        The weight of each sample in the mean, their sum being 1; 0 for a sample without words.
    """
    pred = proj.dot(U)
    pred += b
    pred -= pred.max(axis=1, keepdims=True)
    numpy.exp(pred, out=pred)
    pred /= pred.sum(axis=1, keepdims=True)
    counts, least = numpy.minimum(mask.sum(axis=0), 1), 1
    if len(class_weights):
        of_classes = numpy.asarray(class_weights, dtype=pred.dtype)
        # The smallest weight is the least sum of a minibatch that has words.
        counts, least = counts * of_classes[y], of_classes.min()
    weights = counts / max(counts.sum(), least)
    likelihood = pred[numpy.arange(len(y)), y]
    return -(numpy.log(likelihood + pred.dtype.type(TINY)) * weights).sum(), pred, weights


def mean_cost_back(d_cost, proj, U, y, pred, weights):
    """The derivatives by proj, U and b, given that by the cost."""
    samples = numpy.arange(len(y))
    likelihood = pred[samples, y]
    # The derivative by the logarithm of each likelihood; TINY makes it a little smaller.
    share = -d_cost * weights * likelihood / (likelihood + pred.dtype.type(TINY))
    dz = -pred * share[:, None]
    dz[samples, y] += share
    return dz.dot(U.T), proj.T.dot(dz), dz.sum(axis=0)


def cross_entropy(rows, U, b, y):
    """The mean of -log softmax(h·U + b) at the class of each row, and how it changes with h·U + b.

    Parameters
    ----------
    rows : float array, (n_rows, n_features)
    U, b : float arrays, (n_features, n_classes), (n_classes,)
    y : int64 array, (n_rows,)

    Returns
    -------
    cost : float
    dz : float array, (n_classes, n_rows)
        The derivatives of the cost by h·U + b.
    """
    # A column for each row: sums over the classes then go along the memory.
    z = U.T.dot(rows.T)
    z += b[:, None]
    z -= z.max(axis=0)
    columns = numpy.arange(len(y))
    at_class = z[y, columns]
    numpy.exp(z, out=z)
    total = z.sum(axis=0)
    cost = (numpy.log(total) - at_class).sum() / len(y)
    z /= total * len(y)
    z[y, columns] -= z.dtype.type(1) / len(y)
    return cost, z


def cross_entropy_back(d_cost, rows, U, dz):
    """The derivatives by rows, U and b, given that by the cost."""
    return d_cost * dz.T.dot(U.T), d_cost * dz.dot(rows).T, d_cost * dz.sum(axis=1)


def clipped(grads, limit):
    """The gradients, divided together by what their norm is above `limit`.

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
