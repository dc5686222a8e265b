r"""LSTM cells whose gates depend on the cell, by hand: `lstm_standard` and `lstm_peephole`.

They add products with the cell to the z of :mod:`cells.lstm`. With V_o alone this is the standard
LSTM, equation 5 of docs/tutorial.md. With V_i and V_f too it has peepholes, equations 25 and 26.

.. math::
    z_i \leftarrow z_i + V_i c_{t-1} \\
    z_f \leftarrow z_f + V_f c_{t-1} \\
    z_o \leftarrow z_o + V_o c_t

In the backward pass, the cell gets a gradient from these gates, equations 27 and 28:

.. math::
    dc_t \leftarrow dc_t + V_o^T dz_o \\
    dc_{t-1} \leftarrow dc_{t-1} + V_i^T dz_i + V_f^T dz_f

The loops have two matrices: V_i and V_f side by side (without columns in the standard LSTM), and
V_o.
"""
import numpy

from lstm_sentiment.recurrence.cells.form import Form
from lstm_sentiment.recurrence.cells.lstm import blocks, local_derivatives, sigmoids
from lstm_sentiment.recurrence.numba_recurrence import ONE, multiply, native, sigmoid, tanh
from lstm_sentiment.recurrence.packing import Group
from lstm_sentiment.recurrence.pooling import native_pool_step, pool_step


def run_steps(projected, tokens, n_alive, U, V_if, V_o, h0, c0, gates, c, tanh_c, h, pooled,
              pooling, keep):
    """The recurrence of one group, step by step; see :class:`form.Form`."""
    dim_proj = len(U)
    h_before, c_before = h0, c0
    word, row = 0, 0
    for n in n_alive.tolist():
        gate, c_now, tanh_c_now, h_now = (array[row:row + n] for array in (gates, c, tanh_c, h))
        numpy.matmul(h_before[:n], U, out=gate)
        gate += projected[tokens[word:word + n]]
        gate[:, :V_if.shape[1]] += c_before[:n].dot(V_if)
        i, f, o, candidate = blocks(gate)
        sigmoids(gate[:, :2 * dim_proj])
        numpy.tanh(candidate, out=candidate)
        numpy.multiply(f, c_before[:n], out=c_now)
        c_now += i * candidate
        numpy.tanh(c_now, out=tanh_c_now)
        o += c_now.dot(V_o)
        sigmoids(o)
        numpy.multiply(o, tanh_c_now, out=h_now)
        pool_step(pooling, h_now, pooled)
        h_before, c_before = h_now, c_now
        word += n
        row = row + n if keep else len(h0) - row


def run_steps_back(n_alive, U_transposed, V_if_transposed, V_o_transposed, c0, gates, c, tanh_c,
                   d_h, dz, dh, dc):
    """The recurrence of one group backward; see :class:`form.Form`."""
    c_before = Group(n_alive, slice(0, len(c0)), 0).one_step_before(c, c0)
    dz[...], dc_by_dh = local_derivatives(gates, c_before, tanh_c)
    f = blocks(gates)[1]
    start = len(dz)
    for n in n_alive[::-1].tolist():
        start, stop = start - n, start
        dh_now, dc_now, dz_now = dh[:n], dc[:n], dz[start:stop]
        by_i, by_f, by_o, by_candidate = blocks(dz_now)
        dh_now += d_h[start:stop]
        by_o *= dh_now
        dc_now += dh_now * dc_by_dh[start:stop] + by_o.dot(V_o_transposed)
        by_i *= dc_now
        by_f *= dc_now
        by_candidate *= dc_now
        dc_now *= f[start:stop]
        dc_now += dz_now[:, :len(V_if_transposed)].dot(V_if_transposed)
        numpy.matmul(dz_now, U_transposed, out=dh_now)


@native
def unit_cells(x, seen, c_before, gates, c, tanh_c):
    """The gates i and f, which depend on the previous cell, and the new cell, of one sample.

    x enters the gates from the input, and `gates` holds h·U before.
    """
    dim_proj = len(c)
    at_f, at_c = dim_proj, 3 * dim_proj
    for j in range(dim_proj):
        i = sigmoid(x[j] + gates[j] + seen[j])
        f = sigmoid(x[at_f + j] + gates[at_f + j] + seen[at_f + j])
        candidate = tanh(x[at_c + j] + gates[at_c + j])
        cell = i * candidate + f * c_before[j]
        gates[j], gates[at_f + j], gates[at_c + j] = i, f, candidate
        c[j], tanh_c[j] = cell, tanh(cell)


@native
def unit_outputs(x, seen, gates, tanh_c, h):
    """The gate o, which depends on the new cell, and the output, of one sample."""
    dim_proj = len(h)
    at_o = 2 * dim_proj
    for j in range(dim_proj):
        o = sigmoid(x[at_o + j] + gates[at_o + j] + seen[j])
        gates[at_o + j], h[j] = o, o * tanh_c[j]


@native
def native_run_steps(projected, tokens, n_alive, U, V_if, V_o, h0, c0, gates, c, tanh_c, h, pooled,
                     pooling, keep):
    """:func:`run_steps`, for float32 and C-contiguous arrays."""
    n_samples, dim_proj = h0.shape
    seen_by_if = numpy.zeros((n_samples, 2 * dim_proj), dtype=numpy.float32)
    seen_by_o = numpy.empty((n_samples, dim_proj), dtype=numpy.float32)
    h_before, c_before = h0, c0
    word, row = 0, 0
    for n in n_alive:
        multiply(h_before[:n], U, gates[row:row + n])
        if V_if.size:
            multiply(c_before[:n], V_if, seen_by_if)
        for k in range(n):
            unit_cells(projected[tokens[word + k]], seen_by_if[k], c_before[k], gates[row + k],
                       c[row + k], tanh_c[row + k])
        h_before, c_before = h[row:row + n], c[row:row + n]
        multiply(c_before, V_o, seen_by_o)
        for k in range(n):
            unit_outputs(projected[tokens[word + k]], seen_by_o[k], gates[row + k], tanh_c[row + k],
                         h[row + k])
        native_pool_step(pooling, h_before, pooled)
        word += n
        row = row + n if keep else len(h0) - row


@native
def unit_outputs_back(gates, tanh_c, d_h, dz, dz_o, dh):
    """:func:`unit_outputs` backward: the derivative by the gate o; `dz_o` is a copy of it."""
    dim_proj = len(dh)
    at_o = 2 * dim_proj
    for j in range(dim_proj):
        o = gates[at_o + j]
        dh_j = dh[j] + d_h[j]
        dz_j = dh_j * tanh_c[j] * o * (ONE - o)
        dh[j], dz_o[j], dz[at_o + j] = dh_j, dz_j, dz_j


@native
def unit_cells_back(gates, c_before, tanh_c, from_o, dz, dz_if, dh, dc):
    """:func:`unit_cells` backward: the derivatives by the other gates and by the previous cell."""
    dim_proj = len(dc)
    at_f, at_o, at_c = dim_proj, 2 * dim_proj, 3 * dim_proj
    for j in range(dim_proj):
        i, f, o, candidate = gates[j], gates[at_f + j], gates[at_o + j], gates[at_c + j]
        dc_j = dc[j] + from_o[j] + dh[j] * o * (ONE - tanh_c[j] * tanh_c[j])
        dz_i = dc_j * candidate * i * (ONE - i)
        dz_f = dc_j * c_before[j] * f * (ONE - f)
        dz[j], dz[at_f + j], dz_if[j], dz_if[at_f + j] = dz_i, dz_f, dz_i, dz_f
        dz[at_c + j] = dc_j * i * (ONE - candidate * candidate)
        dc[j] = dc_j * f


@native
def native_run_steps_back(n_alive, U_transposed, V_if_transposed, V_o_transposed, c0, gates, c,
                          tanh_c, d_h, dz, dh, dc):
    """:func:`run_steps_back`, for float32 and C-contiguous arrays."""
    n_samples, dim_proj = c0.shape
    dz_if = numpy.empty((n_samples, 2 * dim_proj), dtype=numpy.float32)
    dz_o, from_o = numpy.empty_like(c0), numpy.empty_like(c0)
    from_if = numpy.empty_like(c0)
    start = len(dz)
    for t in range(len(n_alive) - 1, -1, -1):
        n = n_alive[t]
        start -= n
        c_before = c[start - n_alive[t - 1]:] if t else c0
        for k in range(n):
            row = start + k
            unit_outputs_back(gates[row], tanh_c[row], d_h[row], dz[row], dz_o[k], dh[k])
        multiply(dz_o[:n], V_o_transposed, from_o)
        for k in range(n):
            row = start + k
            unit_cells_back(gates[row], c_before[k], tanh_c[row], from_o[k], dz[row], dz_if[k],
                            dh[k], dc[k])
        if V_if_transposed.size:
            multiply(dz_if[:n], V_if_transposed, from_if)
            for k in range(n):
                for j in range(dim_proj):
                    dc[k, j] += from_if[k, j]
        multiply(dz[start:start + n], U_transposed, dh)


class Standard(Form):
    """The output gate depends on the new cell: ``V`` is V_o, (dim_proj, dim_proj)."""

    names = ('U', 'V')
    n_loop_weights = 3
    run_steps, run_steps_back = staticmethod(run_steps), staticmethod(run_steps_back)
    native_run_steps = staticmethod(native_run_steps)
    native_run_steps_back = staticmethod(native_run_steps_back)

    def shapes(self, dim_proj):
        return dict(Form.shapes(self, dim_proj), V=(dim_proj, dim_proj))

    def loop_weights(self, U, V):
        return [U, V[:, :0], V]

    def d_weights(self, weights, dz, h_before, c_before, c):
        _, _, dz_o, _ = blocks(dz)
        return [h_before.T.dot(dz), c.T.dot(dz_o)]


class Peephole(Standard):
    """All gates depend on the cell: ``V`` is the blocks V_i, V_f, V_o, (dim_proj, 3 * dim_proj)."""

    def shapes(self, dim_proj):
        return dict(Form.shapes(self, dim_proj), V=(dim_proj, 3 * dim_proj))

    def loop_weights(self, U, V):
        n_before = 2 * len(U)
        return [U] + [numpy.ascontiguousarray(part) for part in (V[:, :n_before], V[:, n_before:])]

    def d_weights(self, weights, dz, h_before, c_before, c):
        n_before = 2 * c.shape[1]
        _, _, dz_o, _ = blocks(dz)
        return [h_before.T.dot(dz),
                numpy.concatenate([c_before().T.dot(dz[:, :n_before]), c.T.dot(dz_o)], axis=1)]


class Diagonal(Peephole):
    """Each gate depends on its own cell: ``V`` has the three diagonals, (3 * dim_proj,)."""

    def shapes(self, dim_proj):
        return dict(Form.shapes(self, dim_proj), V=(3 * dim_proj,))

    def loop_weights(self, U, V):
        diagonals = [numpy.diag(part) for part in numpy.split(V, 3)]
        return Peephole.loop_weights(self, U, numpy.concatenate(diagonals, axis=1))

    def d_weights(self, weights, dz, h_before, c_before, c):
        seen = numpy.concatenate([c_before(), c_before(), c], axis=1)
        return [h_before.T.dot(dz), (seen * dz[:, :seen.shape[1]]).sum(axis=0)]
