"""The loops of :mod:`passes` as native code, for float32, by Numba, which PyTensor brings along.

:func:`run_steps` and :func:`run_steps_back` are drop-in forms of the functions of these
names in :mod:`passes`, equations 1 to 4, 6, 7 and 16 to 21 of docs/tutorial.md; tests compare the
two. They release the GIL, so two threads can each run half of a minibatch.

The first call on a machine compiles, some two seconds; from then on Numba
reads the code from its cache, beside this file or in the user's cache folder.
:func:`load` does either.
"""
import numpy
import scipy.linalg  # noqa: F401 (its BLAS is Numba's: it must be there when threads are limited)

try:
    import numba
except ImportError:  # the genuine Theano does without
    numba = None

ONE, HALF = numpy.float32(1), numpy.float32(0.5)
# In one product: OpenBLAS takes up to twice as long for a row of 16 or of 32 as for one of 8.
SAMPLES = 8
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
    x = LARGE if x > LARGE else x  # and not `min`, which is slower to compile
    x = -LARGE if x < -LARGE else x
    s = x * x
    above = (((((P6 * s + P5) * s + P4) * s + P3) * s + P2) * s + P1) * s + P0
    below = (((((Q6 * s + Q5) * s + Q4) * s + Q3) * s + Q2) * s + Q1) * s + Q0
    return x * above / below


@native
def run_steps(projected, tokens, n_alive, U, gates, c, tanh_c, h, total, z, keep):
    """See :func:`passes.run_steps`; all arrays float32 or int64, and C-contiguous."""
    dim_proj = U.shape[0]
    at_f, at_o, at_c = dim_proj, 2 * dim_proj, 3 * dim_proj  # where the blocks begin
    word, row, before, here = 0, 0, 0, len(total)
    for n in n_alive:
        for first in range(0, n, SAMPLES):
            stop = min(first + SAMPLES, n)
            numpy.dot(h[before + first:before + stop], U, z[first:stop])
        for k in range(n):
            x = tokens[word + k]
            for j in range(dim_proj):
                i = HALF * tanh(projected[x, j] + z[k, j]) + HALF
                f = HALF * tanh(projected[x, at_f + j] + z[k, at_f + j]) + HALF
                o = HALF * tanh(projected[x, at_o + j] + z[k, at_o + j]) + HALF
                candidate = tanh(projected[x, at_c + j] + z[k, at_c + j])
                cell = i * candidate + f * c[before + k, j]
                tanh_cell = tanh(cell)
                gates[row + k, j], gates[row + k, at_f + j] = i, f
                gates[row + k, at_o + j], gates[row + k, at_c + j] = o, candidate
                c[here + k, j], tanh_c[row + k, j] = cell, tanh_cell
                h[here + k, j] = o * tanh_cell
                total[k, j] += o * tanh_cell
        word += n
        if keep:
            row, before, here = row + n, here, here + n
        else:
            before, here = here, before


@native
def run_steps_back(tokens, n_alive, U_transposed, gates, c, tanh_c, d_each_h, dz, dz_of_word,
                   dh, dc):
    """See :func:`passes.run_steps_back`; all arrays float32 or int64, and C-contiguous."""
    n_samples, dim_proj = d_each_h.shape
    at_f, at_o, at_c = dim_proj, 2 * dim_proj, 3 * dim_proj
    start = len(tokens)
    for t in range(len(n_alive) - 1, -1, -1):
        n = n_alive[t]
        start -= n
        # The state before the first step is zero, and stands in the first rows of c.
        before = start + n_samples - n_alive[t - 1] if t else 0
        for k in range(n):
            row, x = start + k, tokens[start + k]
            for j in range(dim_proj):
                i, f, tanh_cell = gates[row, j], gates[row, at_f + j], tanh_c[row, j]
                o, candidate = gates[row, at_o + j], gates[row, at_c + j]
                dh_j = dh[k, j] + d_each_h[k, j]
                dc_j = dc[k, j] + dh_j * o * (ONE - tanh_cell * tanh_cell)
                dz_i = dc_j * candidate * i * (ONE - i)
                dz_f = dc_j * c[before + k, j] * f * (ONE - f)
                dz_o = dh_j * tanh_cell * o * (ONE - o)
                dz_c = dc_j * i * (ONE - candidate * candidate)
                dz[row, j], dz[row, at_f + j] = dz_i, dz_f
                dz[row, at_o + j], dz[row, at_c + j] = dz_o, dz_c
                dz_of_word[x, j] += dz_i
                dz_of_word[x, at_f + j] += dz_f
                dz_of_word[x, at_o + j] += dz_o
                dz_of_word[x, at_c + j] += dz_c
                dc[k, j] = dc_j * f
        if t:
            for first in range(0, n, SAMPLES):
                stop = min(first + SAMPLES, n)
                numpy.dot(dz[start + first:start + stop], U_transposed, dh[first:stop])


def usable(dtype):
    """Whether there is native code for arrays of this dtype."""
    return numba is not None and dtype == numpy.float32


def load():
    """Compile both loops, or read them from Numba's cache."""
    words, matrix = numba.int64[::1], numba.float32[:, ::1]
    run_steps.compile((matrix, words, words) + 7 * (matrix,) + (numba.boolean,))
    run_steps_back.compile((words, words) + 9 * (matrix,))
