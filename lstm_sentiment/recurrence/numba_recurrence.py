"""What the native loops of all cells share: float32, compiled by Numba.

Numba comes with PyTensor. Each loop is next to its NumPy form; those of the cells are in
:mod:`cells`. The loops release the GIL, so two threads can each run half of a minibatch.

The first call on a machine compiles, which takes a second or two for each cell. After that, Numba
reads the code from its cache, next to the module or in the user's cache folder. :func:`load` does
either. The cache notices a change in the loop's own module, but not in this module: after editing
this file, remove the folders __pycache__.
"""
import numpy
import scipy.linalg  # noqa: F401 (its BLAS is Numba's: it must be there when threads are limited)

try:
    import numba
except ImportError:  # Theano does not need it
    numba = None

ONE, HALF = numpy.float32(1), numpy.float32(0.5)
# Beyond it tanh is 1 in float32.
LARGE = numpy.float32(9)
# A matrix of more numbers, such as that of more than 128 units, stays in no core's own cache.
LARGE_MATRIX = 2 ** 16
# Coefficients of x^1, x^3 .. x^13 and of x^0, x^2 .. x^12 in `tanh`, over the first.
P0, P1, P2, P3, P4, P5, P6 = (
    numpy.array([7905853580625, 1159525191825, 41247931725, 523783260, 2552550, 4095, 1])
    / 7905853580625).astype('float32')
Q0, Q1, Q2, Q3, Q4, Q5, Q6 = (
    numpy.array([7905853580625, 3794809718700, 252070693875, 5237832600, 41351310, 120120, 91])
    / 7905853580625).astype('float32')


def native(function):
    """Have Numba compile a function at its first call, and cache the code if possible."""
    if numba is None:
        return function
    options = dict(
        nogil=True, error_model='numpy',
        # Otherwise a loop may call a helper that another loop was compiled with. Last digits then
        # depend on what the process compiled before, and on what it read from the cache.
        forceinline=True,
        # a * b + c may be rounded once, and a / c may be a * (1 / c). NaN and infinity are kept.
        fastmath={'contract', 'arcp', 'nsz'})
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # there is no folder for the cache
        return numba.njit(**options)(function)


@native
def tanh(x):
    """The hyperbolic tangent with an error below 4e-7, in arithmetic that can be vectorized.

    The 13th convergent of Lambert's continued fraction (1761), x / (1 + x² / (3 + x² / (5 + ...))).
    """
    x = LARGE if x > LARGE else x  # and not `min`, which is slower to compile
    x = -LARGE if x < -LARGE else x
    s = x * x
    above = (((((P6 * s + P5) * s + P4) * s + P3) * s + P2) * s + P1) * s + P0
    below = (((((Q6 * s + Q5) * s + Q4) * s + Q3) * s + Q2) * s + Q1) * s + Q0
    return x * above / below


@native
def sigmoid(x):
    """1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2."""
    return HALF * tanh(HALF * x) + HALF


@native
def multiply(rows, matrix, out):
    """rows·matrix for a few rows; all float32 and C-contiguous.

    The BLAS first copies the matrix into another order, which pays off for hundreds of rows only.
    Here the matrix is read in its own order, for four rows at a time. The BLAS multiplies the
    remaining rows one by one. Where the matrix is large, two or three of them are completed to
    four by zeros: the matrix is then read once for them.
    """
    n_fours = len(rows) // 4 if len(matrix) % 4 == 0 else 0
    for k in range(n_fours):
        multiply_four(rows[4 * k:4 * k + 4], matrix, out[4 * k:4 * k + 4])
    first = 4 * n_fours
    n_left = len(rows) - first
    if n_left > 1 and len(matrix) % 4 == 0 and matrix.size > LARGE_MATRIX:
        four = numpy.zeros((4, len(matrix)), dtype=numpy.float32)
        product = numpy.empty((4, matrix.shape[1]), dtype=numpy.float32)
        four[:n_left] = rows[first:]
        multiply_four(four, matrix, product)
        out[first:len(rows)] = product[:n_left]
    else:
        for k in range(first, len(rows)):
            numpy.dot(rows[k], matrix, out[k])


@native
def multiply_four(rows, matrix, out):
    """rows·matrix for four rows; the number of the matrix's rows is a multiple of 4."""
    out0, out1, out2, out3 = out[0], out[1], out[2], out[3]
    out[:] = 0
    for k in range(0, len(matrix), 4):
        # Four rows of the matrix are read once, and each is used for four sums.
        m0, m1, m2, m3 = matrix[k], matrix[k + 1], matrix[k + 2], matrix[k + 3]
        a0, a1, a2, a3 = rows[0, k], rows[0, k + 1], rows[0, k + 2], rows[0, k + 3]
        b0, b1, b2, b3 = rows[1, k], rows[1, k + 1], rows[1, k + 2], rows[1, k + 3]
        c0, c1, c2, c3 = rows[2, k], rows[2, k + 1], rows[2, k + 2], rows[2, k + 3]
        d0, d1, d2, d3 = rows[3, k], rows[3, k + 1], rows[3, k + 2], rows[3, k + 3]
        for j in range(matrix.shape[1]):
            p, q, r, s = m0[j], m1[j], m2[j], m3[j]
            # From left to right each term is one instruction, a fused product and sum.
            out0[j] = out0[j] + a0 * p + a1 * q + a2 * r + a3 * s
            out1[j] = out1[j] + b0 * p + b1 * q + b2 * r + b3 * s
            out2[j] = out2[j] + c0 * p + c1 * q + c2 * r + c3 * s
            out3[j] = out3[j] + d0 * p + d1 * q + d2 * r + d3 * s


def usable(dtype):
    """Whether there is native code for arrays of this dtype."""
    return numba is not None and dtype == numpy.float32


def load(*functions):
    """Compile native loops for the types that their module states, or read them from the cache."""
    for function, types in functions:
        function.compile(tuple(numba.typeof(example) for example in types))
