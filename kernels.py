"""The loops of :mod:`fast` as native code, for float32, by Numba, which PyTensor brings along.

:func:`run_steps` and :func:`run_steps_back` are drop-in forms of the functions of these
names in :mod:`fast`, where the equations stand; tests compare the two. They
release the GIL, so two threads can each run half of a minibatch.

The first call on a machine compiles, some two seconds; from then on Numba
reads the code from its cache, beside this file or in the user's cache folder.
:func:`begin_loading` does either in a thread, while there is other work.
"""
import threading

import numpy

try:
    import numba
except ImportError:  # the genuine Theano does without
    numba = None

ONE, HALF = numpy.float32(1), numpy.float32(0.5)
# Beyond it tanh is 1 in float32.
LARGE = numpy.float32(9)
# Coefficients of x^1, x^3 .. x^13 and of x^0, x^2 .. x^12 in `tanh`, over the first.
P0, P1, P2, P3, P4, P5, P6 = (
    numpy.array([7905853580625, 1159525191825, 41247931725, 523783260, 2552550, 4095, 1])
    / 7905853580625).astype('float32')
Q0, Q1, Q2, Q3, Q4, Q5, Q6 = (
    numpy.array([7905853580625, 3794809718700, 252070693875, 5237832600, 41351310, 120120, 91])
    / 7905853580625).astype('float32')


def native(function):
    """Have Numba compile a function at its first call, and keep the code if it can."""
    if numba is None:
        return function
    options = dict(
        nogil=True, error_model='numpy',
        # a * b + c may be rounded once, a / c be a * (1 / c); what is not finite stays what it is.
        fastmath={'contract', 'arcp', 'nsz'})
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to keep it in
        return numba.njit(**options)(function)


@native
def tanh(x):
    """The hyperbolic tangent to 4e-7, in arithmetic that fills vector registers.

    The 13th convergent of Lambert's continued fraction (1761), x / (1 + x² / (3 + x² / (5 + ...))).
    """
    x = min(max(x, -LARGE), LARGE)
    s = x * x
    above = (((((P6 * s + P5) * s + P4) * s + P3) * s + P2) * s + P1) * s + P0
    below = (((((Q6 * s + Q5) * s + Q4) * s + Q3) * s + Q2) * s + Q1) * s + Q0
    return x * above / below


@native
def run_steps(projected, tokens, n_alive, U, gates, c, tanh_c, h, total, keep):
    """See :func:`fast.run_steps`; all arrays float32, or int64, and C-contiguous."""
    dim_proj, n_samples = U.shape[0], total.shape[0]
    z = numpy.empty((n_samples, 4 * dim_proj), U.dtype)
    word, row, before, here = 0, 0, 0, n_samples if keep else 0
    for n in n_alive:
        numpy.dot(h[before:before + n], U, z[:n])
        for k in range(n):
            x, z_k, gate = projected[tokens[word + k]], z[k], gates[row + k]
            c_before, c_now = c[before + k], c[here + k]
            tanh_c_now, h_now, total_k = tanh_c[row + k], h[here + k], total[k]
            for j in range(dim_proj):
                i = HALF * tanh(x[j] + z_k[j]) + HALF
                f = HALF * tanh(x[dim_proj + j] + z_k[dim_proj + j]) + HALF
                o = HALF * tanh(x[2 * dim_proj + j] + z_k[2 * dim_proj + j]) + HALF
                candidate = tanh(x[3 * dim_proj + j] + z_k[3 * dim_proj + j])
                cell = i * candidate + f * c_before[j]
                tanh_cell = tanh(cell)
                output = o * tanh_cell
                gate[j], gate[dim_proj + j] = i, f
                gate[2 * dim_proj + j], gate[3 * dim_proj + j] = o, candidate
                c_now[j], tanh_c_now[j], h_now[j] = cell, tanh_cell, output
                total_k[j] += output
        word += n
        if keep:
            row, before, here = row + n, here, here + n


@native
def run_steps_back(tokens, n_alive, U_transposed, gates, c, tanh_c, d_each_h, dz, dz_of_word):
    """See :func:`fast.run_steps_back`; all arrays float32, or int64, and C-contiguous."""
    n_samples, dim_proj = d_each_h.shape
    dh = numpy.zeros((n_samples, dim_proj), d_each_h.dtype)
    dc = numpy.zeros((n_samples, dim_proj), d_each_h.dtype)
    start = tokens.shape[0]
    for t in range(len(n_alive) - 1, -1, -1):
        n = n_alive[t]
        start -= n
        # The state before the first step is zero, and stands in the first rows of c.
        before = start + n_samples - n_alive[t - 1] if t else 0
        for k in range(n):
            gate, tanh_c_now, c_before = gates[start + k], tanh_c[start + k], c[before + k]
            dz_now, of_word = dz[start + k], dz_of_word[tokens[start + k]]
            dh_k, dc_k, d_each = dh[k], dc[k], d_each_h[k]
            for j in range(dim_proj):
                i, f = gate[j], gate[dim_proj + j]
                o, candidate = gate[2 * dim_proj + j], gate[3 * dim_proj + j]
                dh_j = dh_k[j] + d_each[j]
                dc_j = dc_k[j] + dh_j * o * (ONE - tanh_c_now[j] * tanh_c_now[j])
                dz_i = dc_j * candidate * i * (ONE - i)
                dz_f = dc_j * c_before[j] * f * (ONE - f)
                dz_o = dh_j * tanh_c_now[j] * o * (ONE - o)
                dz_c = dc_j * i * (ONE - candidate * candidate)
                dz_now[j], dz_now[dim_proj + j] = dz_i, dz_f
                dz_now[2 * dim_proj + j], dz_now[3 * dim_proj + j] = dz_o, dz_c
                of_word[j] += dz_i
                of_word[dim_proj + j] += dz_f
                of_word[2 * dim_proj + j] += dz_o
                of_word[3 * dim_proj + j] += dz_c
                dc_k[j] = dc_j * f
        if t:
            numpy.dot(dz[start:start + n], U_transposed, dh[:n])


def usable(dtype):
    """Whether there is native code for arrays of this dtype."""
    return numba is not None and dtype == numpy.float32


def load():
    """Compile both loops, or read them from Numba's cache."""
    words, matrix = numba.int64[::1], numba.float32[:, ::1]
    run_steps.compile((matrix, words, words, matrix, matrix, matrix, matrix, matrix, matrix,
                       numba.boolean))
    run_steps_back.compile((words, words, matrix, matrix, matrix, matrix, matrix, matrix, matrix))


def begin_loading():
    """Start :func:`load` in a thread: half of its work needs no interpreter."""
    threading.Thread(target=load, daemon=True).start()
