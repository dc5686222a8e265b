"""The parts of a cell by hand."""
import copy

import numpy

from lstm_sentiment.recurrence.numba_recurrence import usable


class Form(object):
    """The form by hand of one kind of cell: four loops over the steps of one group.

    A subclass gives the loops as static methods. Of the arguments, all float arrays but `tokens`
    and `n_alive`, `weights` stands for the arrays of :meth:`loop_weights`.

    ``run_steps(projected, tokens, n_alive, *weights, h0, c0, gates, c, tanh_c, h, pooled, pooling,
    keep)`` goes forward.

    projected : (n_inputs, 4 * dim_proj)
        x·W + b of each distinct word, or of each step.
    tokens : int64, (n_words,)
        The row of `projected` that enters at each packed word; see :mod:`packing`.
    n_alive : int64, (longest,)
        The number of samples that have a word at each step.
    h0, c0 : (n_samples, dim_proj)
        The state before the first step.
    gates, c, tanh_c, h : (n_words, 4 * dim_proj), (n_words, dim_proj), ...
        Filled with the activations of the gates, the cell, its tanh and the output.
    pooled, pooling
        As in `pooling.pool_step`, which is called with each step's h.
    keep : bool
        If False, each step overwrites the one before the last. The four arrays then need only
        2 * n_samples rows.

    ``run_steps_back(n_alive, *weights, c0, gates, c, tanh_c, d_h, dz, dh, dc)`` goes backward. Its
    weights are transposed.

    d_h : (n_words, dim_proj)
        The derivatives of the cost by each h, without those that come through later steps.
    dz : (n_words, 4 * dim_proj)
        Filled with the derivatives by z, the gates before their nonlinearity.
    dh, dc : (n_samples, dim_proj)
        For each sample, the derivatives by its last state; replaced by those by h0 and c0.

    ``native_run_steps`` and ``native_run_steps_back`` are the same for float32, compiled.
    """

    # The ends of the names of a layer's weights, other than W and b.
    names = ('U',)
    n_loop_weights = 1
    is_native = True

    def shapes(self, dim_proj):
        """The shape of each of these weights, by name."""
        return {'U': (dim_proj, 4 * dim_proj)}

    def loop_weights(self, *weights):
        """The weights as the loops take them."""
        return list(weights)

    def d_weights(self, weights, dz, h_before, c_before, c):
        """The derivatives by the weights that :attr:`names` lists, for one group.

        Parameters
        ----------
        weights : list of arrays
        dz, h_before, c : arrays with a row for each word
        c_before : callable
            Without arguments; returns such an array.
        """
        return [h_before.T.dot(dz)]

    def without_native_code(self):
        """A copy with the loops in NumPy for float32 too: there is nothing to compile."""
        form = copy.copy(self)
        form.is_native = False
        return form

    def forward_loop(self, dtype):
        return self.native_run_steps if self.is_native and usable(dtype) else self.run_steps

    def backward_loop(self, dtype):
        return (self.native_run_steps_back if self.is_native and usable(dtype)
                else self.run_steps_back)

    def native_loops(self):
        """Both native loops, each with examples of its arguments, for `numba_recurrence.load`."""
        matrix, whole = numpy.zeros((1, 1), dtype='float32'), numpy.zeros(1, dtype='int64')
        weights = self.n_loop_weights * [matrix]
        return [(self.native_run_steps,
                 [matrix, whole, whole] + weights + 7 * [matrix] + [0, True]),
                (self.native_run_steps_back, [whole] + weights + 8 * [matrix])]
