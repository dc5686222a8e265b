"""Random draws for PyTensor's graphs on JAX, from one counter."""
import jax
import numpy
import pytensor
from pytensor import tensor
from pytensor.graph.basic import Apply, Constant
from pytensor.graph.op import Op
from pytensor.link.jax.dispatch import jax_funcify


class Binomial(Op):
    """Draws from a binomial distribution: the `count`-th of a seed is always the same."""

    __props__ = ('seed', 'n', 'p', 'dtype')

    def __init__(self, seed, n, p, dtype):
        self.seed, self.n, self.p, self.dtype = seed, n, p, dtype

    def make_node(self, count, size):
        size = tensor.as_tensor_variable(size, ndim=1)
        n_axes = size.type.shape[0]
        return Apply(self, [count, size], [tensor.tensor(dtype=self.dtype, shape=(None,) * n_axes)])

    def draw(self, count, shape):
        """An array of JAX; `count` is a number."""
        key = jax.random.fold_in(jax.random.PRNGKey(self.seed), count)
        tosses = jax.random.bernoulli(key, self.p, (self.n,) + tuple(shape))
        return tosses.sum(axis=0).astype(self.dtype)

    def perform(self, node, inputs, output_storage):
        count, size = inputs
        output_storage[0][0] = numpy.asarray(self.draw(count, size.tolist()))


@jax_funcify.register(Binomial)
def binomial_on_jax(op, node, **_):
    size = node.inputs[1]
    if not isinstance(size, Constant):
        raise NotImplementedError('a random draw of a size that is not known: %s' % size)
    shape = tuple(size.data.tolist())
    return lambda count, _: op.draw(count, shape)


class RandomStreams(object):
    """Random streams for JAX; their state is a number, on the device like the parameters."""

    def __init__(self, seed):
        self.seed, self.n_streams = seed, 0

    def binomial(self, size, p=0.5, n=1, dtype='int64'):
        count = pytensor.shared(numpy.asarray(0, dtype='uint32'),
                                name='random_%d' % self.n_streams)
        count.tag.next_state = count + numpy.asarray(1, dtype='uint32')
        # Streams of one seed differ: each has a seed of its own.
        seed = int(numpy.random.SeedSequence([self.seed, self.n_streams]).generate_state(1)[0])
        self.n_streams += 1
        return Binomial(seed, n, p, dtype)(count, size)
