"""PyTensor's graphs on JAX, on a GPU or the CPU, for the mode JAX.

JAX compiles for fixed shapes. So a :class:`Specialized` function compiles at the first call with a
new shape and keeps the result. Minibatches are padded to a few shapes (:func:`padded_shape`), so
that a run compiles only a few variants.
"""
import contextlib
import os
import re
import warnings
from collections import OrderedDict

import numpy

from lstm_sentiment.errors import ConfigError
from lstm_sentiment.messages import say

# Minibatches are padded to these numbers of timesteps; 100 because of the tutorial's maxlen.
LENGTHS = [25, 50] + [size * 2 ** k for k in range(12) for size in (75, 100)]


def choose_device(name):
    """Have JAX compute on the device that ``THEANO_FLAGS`` names.

    Parameters
    ----------
    name : str
        ``cpu``, ``cuda``, ``cuda1``; ``gpu`` and ``gpu1`` mean the same.

    Returns
    -------
    str
        JAX's version and the device, such as ``JAX 0.10.2 on cpu``.

    Raises
    ------
    errors.ConfigError
        If the device or JAX is missing. The CPU is never used instead of another device.
    """
    match = re.match(r'(cpu|cuda|gpu)(\d*)$', name)
    if not match or name.startswith('cpu') and name != 'cpu':
        raise ConfigError('device=%s: expected cpu, cuda, cuda0, cuda1 or so' % name)
    try:
        import jax
    except ImportError as error:
        raise ConfigError("device=%s: expected JAX, by which PyTensor reaches a GPU; found: %s. "
                          "Install it with: pip install -e '.[gpu]'" % (name, error))
    kind, number = match.groups()
    if kind == 'cpu':
        jax.config.update('jax_platforms', 'cpu')
    try:
        devices = jax.devices('cpu' if kind == 'cpu' else 'cuda')
    except RuntimeError:  # JAX was installed without CUDA, or finds no card
        devices = []
    number = int(number or 0)
    if number >= len(devices):
        raise ConfigError(
            "device=%s: expected an NVIDIA card with this number, from 0; JAX %s finds %d. Look "
            "at nvidia-smi, and install JAX with CUDA: pip install -e '.[gpu]'"
            % (name, jax.__version__, len(devices)))
    jax.config.update('jax_default_device', devices[number])
    if 'JAX_DEFAULT_MATMUL_PRECISION' not in os.environ:
        # JAX would take products in TF32 where a card has it: 10 bits of mantissa and not 23.
        jax.config.update('jax_default_matmul_precision', 'highest')
    where = 'cpu' if kind == 'cpu' else 'cuda%d, %s' % (number, devices[number].device_kind)
    return 'JAX %s on %s' % (jax.__version__, where)


def padded_shape(shape):
    """The shape to which a minibatch is padded.

    Of a matrix, (n_timesteps, n_samples), the first axis goes up to one of ``LENGTHS``; the last
    axis, samples, to a power of 2.

    >>> padded_shape((83, 16)), padded_shape((101, 41)), padded_shape((41,)), padded_shape(())
    ((100, 16), (150, 64), (64,), ())
    """
    if not shape:
        return ()
    n_samples = 1 << max(0, shape[-1] - 1).bit_length()
    if len(shape) == 1:
        return (n_samples,)
    longer = [length for length in LENGTHS if length >= shape[0]]
    return (longer[0] if longer else shape[0], n_samples)


def pad(value):
    """Append zeros: word id 0, mask 0, label 0; because of the mask they do not affect results."""
    wanted = padded_shape(value.shape)
    if wanted == value.shape:
        return value
    return numpy.pad(value, [(0, more - size) for size, more in zip(value.shape, wanted)])


class Specialized(object):
    """A function of minibatches that is compiled for each shape it meets.

    Its arguments are matrices (n_timesteps, n_samples), vectors (n_samples,)
    and scalars. Where a result has a row for each sample, the rows of padding
    come last.

    Attributes
    ----------
    variants : dict
        What was compiled, by the shapes of the arguments.
    """

    def __init__(self, compile_function, inputs, outputs, updates, name):
        self.compile_function = compile_function
        self.inputs, self.outputs, self.updates, self.name = inputs, outputs, updates, name
        self.variants = {}

    def __call__(self, *values):
        values = [numpy.asarray(value, dtype=variable.dtype)
                  for value, variable in zip(values, self.inputs)]
        values = [pad(value) for value in values]
        shapes = tuple(value.shape for value in values)
        if shapes in self.variants:
            return self.variants[shapes](*values)
        if any(shapes):
            say('Compiling %s for minibatches of %s'
                % (self.name, ' x '.join(map(str, max(shapes, key=len)))))
        with quiet():
            self.variants[shapes] = self.specialize(shapes)
            return self.variants[shapes](*values)

    def get_shared(self):
        """The shared variables that the function reads or updates."""
        from pytensor.compile.sharedvalue import SharedVariable
        from pytensor.graph.traversal import graph_inputs
        outputs = self.outputs if isinstance(self.outputs, (list, tuple)) else [self.outputs]
        leaves = [shared for shared, _ in self.updates]
        leaves += graph_inputs(list(outputs) + [new for _, new in self.updates])
        return list(OrderedDict.fromkeys(leaf for leaf in leaves
                                         if isinstance(leaf, SharedVariable)))

    def specialize(self, shapes):
        """Compile for these shapes."""
        from pytensor.graph.replace import clone_replace
        from pytensor.tensor.type import TensorType
        fixed = [TensorType(variable.dtype, shape=shape)(variable.name)
                 for variable, shape in zip(self.inputs, shapes)]
        single = not isinstance(self.outputs, (list, tuple))
        outputs = [self.outputs] if single else list(self.outputs)
        shared, new = [list(column) for column in zip(*self.updates)] or [[], []]
        clones = clone_replace(outputs + new, dict(zip(self.inputs, fixed)),
                               rebuild_strict=False)
        outputs, new = clones[:len(outputs)], clones[len(outputs):]
        return self.compile_function(
            fixed, outputs[0] if single else outputs, updates=list(zip(shared, new)),
            name=self.name, on_unused_input='ignore')


@contextlib.contextmanager
def quiet():
    """Hide warnings of PyTensor and JAX during compilation that need no action.

    They say that PyTensor's assertions are skipped, and that sums requested in float64 are computed
    in float32, as floatX says.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='Skipping Assert')
        warnings.filterwarnings('ignore', message='Explicitly requested dtype (int|float)64')
        yield
