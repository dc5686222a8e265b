r"""The tutorial's LSTM by hand: equations 1 to 4, 6 and 7 of docs/tutorial.md, and their gradients.

The step is that of `lstm.lstm_layer`. No gate depends on the cell, so one product computes all
gates and the candidate. A sigmoid is computed as sigmoid(z) = (1 + tanh(z / 2)) / 2. In the
backward pass, everything that does not depend on the next step is computed for all steps at once
(:func:`local_derivatives`); the loop has one product and a few sums.
"""
import numpy

from lstm_sentiment.recurrence.cells.form import Form
from lstm_sentiment.recurrence.numba_recurrence import ONE, multiply, native, sigmoid, tanh
from lstm_sentiment.recurrence.packing import Group
from lstm_sentiment.recurrence.pooling import native_pool_step, pool_step


def blocks(array):
    """The four blocks of columns, for i, f, o and the candidate."""
    dim_proj = array.shape[1] // 4
    return [array[:, k * dim_proj:(k + 1) * dim_proj] for k in range(4)]


def sigmoids(z):
    """The logistic function of an array, in place."""
    z *= 0.5
    numpy.tanh(z, out=z)
    z *= 0.5
    z += 0.5


def run_steps(projected, tokens, n_alive, U, h0, c0, gates, c, tanh_c, h, pooled, pooling, keep):
    """The recurrence of one group, step by step; see :class:`form.Form`."""
    n_sigmoids = 3 * len(U)
    h_before, c_before = h0, c0
    word, row = 0, 0
    for n in n_alive.tolist():
        gate, c_now, tanh_c_now, h_now = (array[row:row + n] for array in (gates, c, tanh_c, h))
        numpy.matmul(h_before[:n], U, out=gate)
        gate += projected[tokens[word:word + n]]
        i, f, o, candidate = blocks(gate)
        sigmoids(gate[:, :n_sigmoids])
        numpy.tanh(candidate, out=candidate)
        numpy.multiply(f, c_before[:n], out=c_now)
        c_now += i * candidate
        numpy.tanh(c_now, out=tanh_c_now)
        numpy.multiply(o, tanh_c_now, out=h_now)
        pool_step(pooling, h_now, pooled)
        h_before, c_before = h_now, c_now
        word += n
        row = row + n if keep else len(h0) - row


def local_derivatives(gates, c_before, tanh_c):
    r"""The factors in the chain rule that do not depend on later steps.

    dh is the derivative of the cost by h_t, and dc that by c_t (equations 17 to 21 of
    docs/tutorial.md):

    .. math::
        dc \leftarrow dc + dh \circ o \circ (1 - \tanh^2 c_t) \\
        dz_i = dc \circ \tilde c \circ i (1 - i), \quad
        dz_f = dc \circ c_{t-1} \circ f (1 - f) \\
        dz_o = dh \circ \tanh c_t \circ o (1 - o), \quad
        dz_c = dc \circ i \circ (1 - \tilde c^2)

    Parameters
    ----------
    gates : float array, (N, 4 * dim_proj)
    c_before, tanh_c : float arrays, (N, dim_proj)

    Returns
    -------
    dz : float array, (N, 4 * dim_proj)
        The factors of dc, dc, dh and dc in the derivatives by z.
    dc_by_dh : float array, (N, dim_proj)
        The factor of dh in dc.
    """
    i, _, o, candidate = blocks(gates)
    dz = 1 - gates
    by_i, by_f, by_o, by_candidate = blocks(dz)
    n_sigmoids = 3 * tanh_c.shape[1]
    dz[:, :n_sigmoids] *= gates[:, :n_sigmoids]
    by_i *= candidate
    by_f *= c_before
    by_o *= tanh_c
    by_candidate *= (1 + candidate) * i
    dc_by_dh = 1 - tanh_c * tanh_c
    dc_by_dh *= o
    return dz, dc_by_dh


def run_steps_back(n_alive, U_transposed, c0, gates, c, tanh_c, d_h, dz, dh, dc):
    """The recurrence of one group backward; equations 16 to 21; see :class:`form.Form`."""
    c_before = Group(n_alive, slice(0, len(c0)), 0).one_step_before(c, c0)
    dz[...], dc_by_dh = local_derivatives(gates, c_before, tanh_c)
    f = blocks(gates)[1]
    start = len(dz)
    for n in n_alive[::-1].tolist():
        start, stop = start - n, start
        dh_now, dc_now, dz_now = dh[:n], dc[:n], dz[start:stop]
        dh_now += d_h[start:stop]
        dc_now += dh_now * dc_by_dh[start:stop]
        by_i, by_f, by_o, by_candidate = blocks(dz_now)
        by_i *= dc_now
        by_f *= dc_now
        by_o *= dh_now
        by_candidate *= dc_now
        dc_now *= f[start:stop]
        numpy.matmul(dz_now, U_transposed, out=dh_now)


@native
def unit_steps(x, c_before, gates, c, tanh_c, h):
    """One step of one sample; x enters the gates from the input, and `gates` holds h·U before."""
    dim_proj = len(c)
    at_f, at_o, at_c = dim_proj, 2 * dim_proj, 3 * dim_proj  # where the blocks begin
    for j in range(dim_proj):
        i = sigmoid(x[j] + gates[j])
        f = sigmoid(x[at_f + j] + gates[at_f + j])
        o = sigmoid(x[at_o + j] + gates[at_o + j])
        candidate = tanh(x[at_c + j] + gates[at_c + j])
        cell = i * candidate + f * c_before[j]
        tanh_cell = tanh(cell)
        gates[j], gates[at_f + j], gates[at_o + j], gates[at_c + j] = i, f, o, candidate
        c[j], tanh_c[j], h[j] = cell, tanh_cell, o * tanh_cell


@native
def native_run_steps(projected, tokens, n_alive, U, h0, c0, gates, c, tanh_c, h, pooled, pooling,
                     keep):
    """:func:`run_steps`, for float32 and C-contiguous arrays."""
    h_before, c_before = h0, c0
    word, row = 0, 0
    for n in n_alive:
        multiply(h_before[:n], U, gates[row:row + n])
        for k in range(n):
            unit_steps(projected[tokens[word + k]], c_before[k], gates[row + k], c[row + k],
                       tanh_c[row + k], h[row + k])
        h_before, c_before = h[row:row + n], c[row:row + n]
        native_pool_step(pooling, h_before, pooled)
        word += n
        row = row + n if keep else len(h0) - row


@native
def unit_steps_back(gates, c_before, tanh_c, d_h, dz, dh, dc):
    """One step of one sample backward; dc becomes the derivative by the cell before."""
    dim_proj = len(dc)
    at_f, at_o, at_c = dim_proj, 2 * dim_proj, 3 * dim_proj
    for j in range(dim_proj):
        i, f, o, candidate = gates[j], gates[at_f + j], gates[at_o + j], gates[at_c + j]
        dh_j = dh[j] + d_h[j]
        dc_j = dc[j] + dh_j * o * (ONE - tanh_c[j] * tanh_c[j])
        dz[j] = dc_j * candidate * i * (ONE - i)
        dz[at_f + j] = dc_j * c_before[j] * f * (ONE - f)
        dz[at_o + j] = dh_j * tanh_c[j] * o * (ONE - o)
        dz[at_c + j] = dc_j * i * (ONE - candidate * candidate)
        dc[j] = dc_j * f


@native
def native_run_steps_back(n_alive, U_transposed, c0, gates, c, tanh_c, d_h, dz, dh, dc):
    """:func:`run_steps_back`, for float32 and C-contiguous arrays."""
    start = len(dz)
    for t in range(len(n_alive) - 1, -1, -1):
        n = n_alive[t]
        start -= n
        c_before = c[start - n_alive[t - 1]:] if t else c0
        for k in range(n):
            row = start + k
            unit_steps_back(gates[row], c_before[k], tanh_c[row], d_h[row], dz[row], dh[k], dc[k])
        multiply(dz[start:start + n], U_transposed, dh)


class LSTM(Form):
    """The tutorial's cell."""

    run_steps, run_steps_back = staticmethod(run_steps), staticmethod(run_steps_back)
    native_run_steps = staticmethod(native_run_steps)
    native_run_steps_back = staticmethod(native_run_steps_back)
