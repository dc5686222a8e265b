"""A sentiment classifier with Long Short-Term Memory, after the deeplearning.net tutorial.

``python lstm.py`` trains it on the IMDB reviews.

Axes are named the same everywhere: `n_timesteps` words of the longest review
of a minibatch, `n_samples` reviews, `dim_proj` units.
"""
import functools
import operator
import sys
from collections import OrderedDict
from typing import Any, Dict, Optional, Sequence, Tuple, Union

import numpy
import scipy.linalg

from lstm_sentiment import command_line, processes
from lstm_sentiment import options as settings
from lstm_sentiment.engine import flags
from lstm_sentiment.hints import (
    Arrays,
    Function,
    Minibatches,
    Numbers,
    Options,
    Part,
    Path,
    Rng,
    Variable,
    Variables,
)

IS_SCRIPT = command_line.started_as('lstm.py')
if IS_SCRIPT:
    flags.DEFAULTS['floatX'] = 'float32'  # where the user's configuration names none

with command_line.plain_errors(active=IS_SCRIPT):  # flags that cannot be used
    import imdb
    from lstm_sentiment.data import finding, own_corpus
    from lstm_sentiment.data.datasets import Dataset
    from lstm_sentiment.data.training_data import load_training_data
    from lstm_sentiment.engine.names import (
        config,
        description,
        per_sample_function,
        sigmoid,
        softmax,
        tensor,
        theano,
    )
    from lstm_sentiment.engine.optimizers import Rule, optimizer_of
    from lstm_sentiment.engine.split_draws import RandomStreams
    from lstm_sentiment.messages import LINES, costs_shown, obeys_verbose, say
    from lstm_sentiment.model import metrics, saved_model
    from lstm_sentiment.recurrence.backend import backend
    from lstm_sentiment.recurrence.stack import directions, n_directions, n_inputs
    from lstm_sentiment.text import corpus_options
    from lstm_sentiment.training import curves, provenance
    from lstm_sentiment.training.linear_model import fit_ngrams
    from lstm_sentiment.training.run import Run
    from lstm_sentiment.training.settings import settings_of

# name: (load_data, prepare_data)
datasets: Dict[Any, Tuple[Function, Function]] = {
    'imdb': (imdb.load_data, imdb.prepare_data),
    'demo': (functools.partial(imdb.load_data, finding.DEMO), imdb.prepare_data)}


def get_dataset(name: Union[Path, Dataset]) -> Tuple[Function, Function]:
    """The pair `load_data`, `prepare_data` of a dataset.

    Differs from the tutorial: `name` may also be the path of a pickle of word ids.
    """
    if name in datasets:
        return datasets[name]
    return functools.partial(imdb.load_data, name), imdb.prepare_data


def get_minibatches_idx(n: int, minibatch_size: int, shuffle: bool = False, rng: Rng = None,
                        lengths: Optional[Numbers] = None, window: int = 0) -> Minibatches:
    """Split the numbers 0 .. n-1 into minibatches; the last may be smaller.

    Differs from the tutorial: a list, not an iterator that is empty the second time.

    Parameters
    ----------
    n, minibatch_size : int
    shuffle : bool
        Whether to shuffle the numbers first.
    rng : numpy.random.RandomState, optional
        Shuffles; by default a new one seeded with 123.
    lengths : list of int, optional
        Of the samples; needed for `window`.
    window : int
        If not 0, the samples of every `window` minibatches are sorted by length after the shuffle,
        which leaves little padding; the minibatches are then shuffled among themselves.

    Returns
    -------
    list of (int, int32 array)
        The number of each minibatch and its members.

    Examples
    --------
    >>> [(k, batch.tolist()) for k, batch in get_minibatches_idx(5, 2)]
    [(0, [0, 1]), (1, [2, 3]), (2, [4])]
    """
    order = numpy.arange(n, dtype='int32')
    rng = default_rng(rng)
    if shuffle:
        rng.shuffle(order)
    if window:
        lengths, size = numpy.asarray(lengths), window * minibatch_size
        for start in range(0, n, size):
            part = order[start:start + size]
            part[:] = part[numpy.argsort(lengths[part], kind='stable')]
    batches = [order[start:start + minibatch_size] for start in range(0, n, minibatch_size)]
    if window:
        rng.shuffle(batches)
    return list(enumerate(batches))


# Parameters.


def default_rng(rng: Rng) -> numpy.random.RandomState:
    return numpy.random.RandomState(123) if rng is None else rng


def ortho_weight(ndim: int, rng: Rng = None) -> numpy.ndarray:
    """A random orthogonal matrix, (ndim, ndim) floatX.

    The left singular vectors of a standard normal matrix. LAPACK's `gesdd`
    settles their signs, which `numpy.linalg.svd` leaves to the NumPy version.
    """
    normal = default_rng(rng).randn(ndim, ndim)
    u, _, _ = scipy.linalg.svd(normal, lapack_driver='gesdd')
    return numpy.ascontiguousarray(u, dtype=config.floatX)


def ortho_blocks(n_blocks, dim_proj, rng, n_rows=None):
    """Orthogonal blocks side by side, (n_rows, n_blocks * dim_proj).

    Where n_rows is twice dim_proj, as over two directions, a second row of blocks is below.
    """
    rows = [numpy.concatenate([ortho_weight(dim_proj, rng) for _ in range(n_blocks)], axis=1)
            for _ in range((n_rows or dim_proj) // dim_proj)]
    return numpy.concatenate(rows)


def param_init_lstm(options, params, prefix='lstm', rng=None, n_rows=None):
    """Add the LSTM's weights to `params`, the gates i, f, o and the candidate c side by side.

    ``lstm_W`` (n_rows, 4 * dim_proj), n_rows by default dim_proj, and ``lstm_U`` (dim_proj,
    4 * dim_proj), orthogonal blocks; ``lstm_b`` (4 * dim_proj,), zero, but for the block of the
    forget gate with the option `forget_bias` (R. Jozefowicz and others, ICML 2015).
    """
    rng, dim_proj = default_rng(rng), options['dim_proj']
    params['%s_W' % prefix] = ortho_blocks(4, dim_proj, rng, n_rows)
    params['%s_U' % prefix] = ortho_blocks(4, dim_proj, rng)
    params['%s_b' % prefix] = numpy.zeros(4 * dim_proj, dtype=config.floatX)
    params['%s_b' % prefix][dim_proj:2 * dim_proj] = options.get('forget_bias', 0.)
    return params


def param_init_lstm_standard(options, params, prefix='lstm_standard', rng=None, n_rows=None):
    """The weights of :func:`param_init_lstm`, and V_o of equation 5, (dim_proj, dim_proj)."""
    rng = default_rng(rng)
    param_init_lstm(options, params, prefix, rng, n_rows)
    params['%s_V' % prefix] = ortho_blocks(1, options['dim_proj'], rng)
    return params


def param_init_lstm_peephole(options, params, prefix='lstm_peephole', rng=None, n_rows=None):
    """The weights of :func:`param_init_lstm`, and V_i, V_f, V_o side by side.

    ``lstm_peephole_V`` (dim_proj, 3 * dim_proj), orthogonal blocks; with the option
    peephole='diagonal' only their diagonals, (3 * dim_proj,), small and random.
    """
    rng, dim_proj = default_rng(rng), options['dim_proj']
    param_init_lstm(options, params, prefix, rng, n_rows)
    if options.get('peephole', 'matrix') == 'matrix':
        params['%s_V' % prefix] = ortho_blocks(3, dim_proj, rng)
    else:
        params['%s_V' % prefix] = (0.01 * rng.randn(3 * dim_proj)).astype(config.floatX)
    return params


def init_params(options: Options, rng: Rng = None) -> Arrays:
    """Draw the initial parameters: embedding, encoder, logistic regression, in this order.

    Returns
    -------
    OrderedDict of floatX arrays
        ``Wemb`` (n_words, dim_proj); of each layer, those of its prefix (`stack.directions`);
        ``U`` (dim_proj, ydim), twice as many rows if bidirectional; ``b`` (ydim,).
    """
    rng = default_rng(rng)
    params = OrderedDict()
    Wemb = 0.01 * rng.rand(options['n_words'], options['dim_proj'])
    params['Wemb'] = Wemb.astype(config.floatX)
    init_layer, _ = layers[options['encoder']]
    for level in range(options.get('n_layers', 1)):
        for prefix, _ in directions(options, level):
            init_layer(options, params, prefix, rng, n_inputs(options, level))
    U = 0.01 * rng.randn(n_directions(options) * options['dim_proj'], options['ydim'])
    params['U'] = U.astype(config.floatX)
    params['b'] = numpy.zeros(options['ydim'], dtype=config.floatX)
    return params


def load_params(path: Path, params: Arrays) -> Arrays:
    """Replace the arrays in `params` by those of a saved model.

    Raises
    ------
    errors.ModelError
        If a name is missing in the file, or has another shape there.
    """
    return saved_model.load_params(path, params)


def init_tparams(params: Arrays) -> Variables:
    """Shared variables that hold the parameters, by the same names."""
    return OrderedDict((name, theano.shared(value, name=name)) for name, value in params.items())


def zipp(params: Arrays, tparams: Variables) -> None:
    """Set the shared variables to the arrays."""
    for name, value in params.items():
        tparams[name].set_value(value)


def unzip(zipped: Variables) -> Arrays:
    """Copies of the arrays that the shared variables hold."""
    return OrderedDict((name, numpy.asarray(p.get_value())) for name, p in zipped.items())


# Layers.


def lstm_layer(tparams, state_below, options, prefix='lstm', mask=None, initial=None):
    r"""A layer of memory cells, over time by `theano.scan`; equations 1 to 7 of docs/tutorial.md.

    .. math::
        i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i) \quad (1) \\
        \tilde c_t = \tanh(W_c x_t + U_c h_{t-1} + b_c) \quad (2) \\
        f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f) \quad (3) \\
        c_t = i_t \circ \tilde c_t + f_t \circ c_{t-1} \quad (4) \\
        o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o) \quad (7) \\
        h_t = o_t \circ \tanh(c_t) \quad (6)

    The output gate (7) does not look at the cell as in the standard (5), so
    one product serves all four: W, U and b hold the blocks i, f, o, c.
    Where the mask is 0, c and h are carried over.

    Parameters
    ----------
    tparams : dict of shared variables
    state_below : floatX variable, (n_timesteps, n_samples, n_inputs)
    options : dict
        Its ``dim_proj`` is used.
    mask : floatX variable, (n_timesteps, n_samples), optional
        By default every step counts.
    initial : pair of floatX variables, (n_samples, dim_proj), optional
        h and c before the first step; by default zero.

    Returns
    -------
    floatX variable, (n_timesteps, n_samples, dim_proj)
        h at each step; where `initial` is given, the pair of these and c at each step.
    """
    def step(z, c_before):
        z_i, z_f, z_o, z_c = blocks(z, 4, options)
        c = sigmoid(z_f) * c_before + sigmoid(z_i) * tensor.tanh(z_c)
        return sigmoid(z_o) * tensor.tanh(c), c

    return scan_steps(step, tparams, state_below, options, prefix, mask, initial)


def lstm_standard_layer(tparams, state_below, options, prefix='lstm_standard', mask=None,
                        initial=None):
    r"""The standard LSTM: :func:`lstm_layer`, but its output gate looks at the new cell.

    .. math:: o_t = \sigma(W_o x_t + U_o h_{t-1} + V_o c_t + b_o) \quad (5)
    """
    V_o = tparams['%s_V' % prefix]

    def step(z, c_before):
        z_i, z_f, z_o, z_c = blocks(z, 4, options)
        c = sigmoid(z_f) * c_before + sigmoid(z_i) * tensor.tanh(z_c)
        return sigmoid(z_o + tensor.dot(c, V_o)) * tensor.tanh(c), c

    return scan_steps(step, tparams, state_below, options, prefix, mask, initial)


def lstm_peephole_layer(tparams, state_below, options, prefix='lstm_peephole', mask=None,
                        initial=None):
    r"""The LSTM with peepholes, after Gers and others (2002): all gates look at the cell.

    .. math::
        i_t = \sigma(W_i x_t + U_i h_{t-1} + V_i c_{t-1} + b_i) \\
        f_t = \sigma(W_f x_t + U_f h_{t-1} + V_f c_{t-1} + b_f) \\
        o_t = \sigma(W_o x_t + U_o h_{t-1} + V_o c_t + b_o)

    with the rest as in :func:`lstm_layer`. With the option peephole='diagonal', as in the
    paper, the three matrices are diagonal: each gate looks at its own cell.
    """
    V = tparams['%s_V' % prefix]
    if options.get('peephole', 'matrix') == 'matrix':
        V_i, V_f, V_o = blocks(V, 3, options)
        see = tensor.dot
    else:
        V_i, V_f, V_o = (part[0] for part in blocks(V[None, :], 3, options))
        see = operator.mul

    def step(z, c_before):
        z_i, z_f, z_o, z_c = blocks(z, 4, options)
        i, f = sigmoid(z_i + see(c_before, V_i)), sigmoid(z_f + see(c_before, V_f))
        c = f * c_before + i * tensor.tanh(z_c)
        return sigmoid(z_o + see(c, V_o)) * tensor.tanh(c), c

    return scan_steps(step, tparams, state_below, options, prefix, mask, initial)


def blocks(z, n_blocks, options):
    """The blocks of columns of a matrix, dim_proj wide each."""
    width = options['dim_proj']
    return [z[:, n * width:(n + 1) * width] for n in range(n_blocks)]


def scan_steps(step, tparams, state_below, options, prefix, mask, initial):
    """Run ``step(z, c_before)``, which returns h and c, over time; see :func:`lstm_layer`.

    z, (n_samples, 4 * dim_proj), is what enters the gates: x·W + h·U + b.
    """
    W, U, b = (tparams['%s_%s' % (prefix, name)] for name in 'WUb')
    n_timesteps, n_samples = state_below.shape[0], state_below.shape[1]
    if mask is None:
        mask = tensor.ones((n_timesteps, n_samples), dtype=config.floatX)

    def masked_step(mask_t, x_t, h_before, c_before):
        h, c = step(tensor.dot(h_before, U) + x_t, c_before)
        running = mask_t[:, None]
        return (running * h + (1 - running) * h_before,
                running * c + (1 - running) * c_before)

    # An axis that the engine knows to be 1 would be one to be repeated.
    width = options['dim_proj'] if options['dim_proj'] > 1 else U.shape[0]
    zeros = tensor.zeros((n_samples, width), dtype=config.floatX)
    h_and_c, _ = theano.scan(masked_step, sequences=[mask, tensor.dot(state_below, W) + b],
                             outputs_info=list(initial or (zeros, zeros)),
                             name='%s_layers' % prefix)
    return h_and_c if initial else h_and_c[0]


# name: (initial parameters, layer)
layers = {'lstm': (param_init_lstm, lstm_layer),
          'lstm_standard': (param_init_lstm_standard, lstm_standard_layer),
          'lstm_peephole': (param_init_lstm_peephole, lstm_peephole_layer)}


def encode(tparams, x, mask, options):
    """The embedding, the layers over it, and their outputs pooled over the words.

    With the option `bidirectional` each level has a second layer that reads from the end; both
    outputs are joined. `n_layers` is the number of levels. `pooling` is mean, equation 8 of
    docs/tutorial.md, max, or last: the output at the last word that a layer reads.

    Parameters
    ----------
    x : int64 variable, (n_timesteps, n_samples)
        Word ids.
    mask : floatX variable, (n_timesteps, n_samples)

    Returns
    -------
    floatX variable, (n_samples, dim_proj), twice as wide if bidirectional
        Zero for a sample without words.
    """
    below = tparams['Wemb'][x.flatten()]
    below = below.reshape([x.shape[0], x.shape[1], options['dim_proj']])
    _, layer = layers[options['encoder']]
    for level in range(options.get('n_layers', 1)):
        outputs = []
        for prefix, is_reverse in directions(options, level):
            if is_reverse:
                h = layer(tparams, below[::-1], options, prefix, mask[::-1])[::-1]
            else:
                h = layer(tparams, below, options, prefix, mask)
            outputs.append(h)
        below = outputs[0] if len(outputs) == 1 else tensor.concatenate(outputs, axis=2)
    pooled = [pool(h, mask, options.get('pooling', 'mean'), h[0] if is_reverse else h[-1])
              for h, (_, is_reverse) in zip(outputs, directions(options, level))]
    return pooled[0] if len(pooled) == 1 else tensor.concatenate(pooled, axis=1)


def pool(h, mask, pooling, last):
    """One vector for each sample, (n_samples, dim_proj); see :func:`encode`."""
    lengths = mask.sum(axis=0)[:, None]
    if pooling == 'last':
        return last
    if pooling == 'max':
        least = numpy.asarray(-1e30, dtype=config.floatX)
        largest = tensor.switch(mask[:, :, None] > 0, h, least).max(axis=0)
        return tensor.switch(lengths > 0, largest, 0 * largest)
    # Differs from the tutorial: it divides by zero where a sample has no words.
    return (h * mask[:, :, None]).sum(axis=0) / tensor.maximum(lengths, 1)


def dropout_layer(state_before, use_noise, streams):
    """Half of the units, at random, while `use_noise` is 1; all, halved, while it is 0.

    Equation 9 of docs/tutorial.md.
    """
    keep = streams.binomial(size=state_before.shape, p=0.5, n=1, dtype=config.floatX)
    half = numpy.asarray(0.5, dtype=config.floatX)
    return state_before * tensor.switch(use_noise, keep, half)


# Update rules.

# With g the gradient, p a parameter, and running means E[.] that start at zero. The formulas are
# arithmetic alone: they serve for the variables of a graph and for arrays. What `n_steps` updates
# with g = 0 do to a parameter and its means is a power of the decay: the idle forms.
DECAY = 0.95     # of the running means
MOMENTUM = 0.9   # of rmsprop's step


def sgd_step(lr, grad, p):
    """New value of p.

    p ← p − lr·g
    """
    return [p - lr * grad]


def sgd_idle(n_steps, p):
    return [p]


SGD = Rule('sgd', sgd_step, sgd_idle, states=(), moves_when_idle=False)


def sgd(lr, tparams, grads, x, mask, y, cost):
    """Stochastic gradient descent, equation 12 of docs/tutorial.md.

    Parameters
    ----------
    lr : scalar variable
        Learning rate.
    tparams : dict of shared variables
    grads : list of variables
        Gradients of the cost, in the order of `tparams`.
    x, mask, y : variables
        Word ids (n_timesteps, n_samples) int64, mask of that shape in floatX, labels (n_samples,)
        int64.
    cost : scalar variable

    Returns
    -------
    f_grad_shared : function of x, mask, y that keeps the gradients and returns the cost
    f_update : function of lr that moves the parameters
    """
    return compile_rule(SGD, lr, tparams, grads, x, mask, y, cost)


def adadelta_step(lr, grad, p, mean_grad2, mean_step2):
    """New values of p, E[g²] and E[Δ²]; `lr` is not used.

    E[g²] ← 0.95·E[g²] + 0.05·g²;  Δ = −sqrt(E[Δ²] + 1e-6) / sqrt(E[g²] + 1e-6)·g;
    E[Δ²] ← 0.95·E[Δ²] + 0.05·Δ²;  p ← p + Δ
    """
    mean_grad2 = DECAY * mean_grad2 + (1 - DECAY) * grad ** 2
    step = -(mean_step2 + 1e-6) ** 0.5 / (mean_grad2 + 1e-6) ** 0.5 * grad
    mean_step2 = DECAY * mean_step2 + (1 - DECAY) * step ** 2
    return [p + step, mean_grad2, mean_step2]


def adadelta_idle(n_steps, p, mean_grad2, mean_step2):
    """Both means decay; p stays, since its step is a multiple of g."""
    decay = DECAY ** n_steps
    return [p, mean_grad2 * decay, mean_step2 * decay]


ADADELTA = Rule('adadelta', adadelta_step, adadelta_idle, states=('mean_grad2', 'mean_step2'),
                moves_when_idle=False)


def adadelta(lr, tparams, grads, x, mask, y, cost):
    """AdaDelta, equation 13 of docs/tutorial.md; parameters and result are those of :func:`sgd`.

    M. D. Zeiler, ADADELTA: an adaptive learning rate method, 2012, arXiv:1212.5701, algorithm 1.
    """
    return compile_rule(ADADELTA, lr, tparams, grads, x, mask, y, cost)


def rmsprop_step(lr, grad, p, mean_grad, mean_grad2, step):
    """New values of p, E[g], E[g²] and Δ; `lr` is not used.

    E[g] ← 0.95·E[g] + 0.05·g;  E[g²] ← 0.95·E[g²] + 0.05·g²;
    Δ ← 0.9·Δ − 1e-4·g / sqrt(E[g²] − E[g]² + 1e-4);  p ← p + Δ
    """
    mean_grad = DECAY * mean_grad + (1 - DECAY) * grad
    mean_grad2 = DECAY * mean_grad2 + (1 - DECAY) * grad ** 2
    spread = (mean_grad2 - mean_grad ** 2 + 1e-4) ** 0.5
    step = MOMENTUM * step - 1e-4 * grad / spread
    return [p + step, mean_grad, mean_grad2, step]


def rmsprop_idle(n_steps, p, mean_grad, mean_grad2, step):
    """The means decay, and p moves on by (0.9 + 0.9² + ...) times its last step."""
    decay, left = DECAY ** n_steps, MOMENTUM ** n_steps
    moved = (1 - left) * (MOMENTUM / (1 - MOMENTUM))
    return [p + step * moved, mean_grad * decay, mean_grad2 * decay, step * left]


RMSPROP = Rule('rmsprop', rmsprop_step, rmsprop_idle, states=('mean_grad', 'mean_grad2', 'step'),
               moves_when_idle=True)


def rmsprop(lr, tparams, grads, x, mask, y, cost):
    """RMSProp, centred and with momentum, equation 14 of docs/tutorial.md; see :func:`sgd`.

    A. Graves, Generating sequences with recurrent neural networks, 2013, arXiv:1308.0850,
    equations 38 to 45.
    """
    return compile_rule(RMSPROP, lr, tparams, grads, x, mask, y, cost)


def adam_step(lr, grad, p, mean_grad, mean_grad2, weight, weight2):
    """New values of p, E[g], E[g²] and, for the bias correction, of both means of 1, w and w2.

    E[g] ← 0.9·E[g] + 0.1·g;  E[g²] ← 0.999·E[g²] + 0.001·g²;  w, w2 likewise from 1;
    p ← p − lr·(E[g] / w) / (sqrt(E[g²] / w2) + 1e-8); nothing of this where g = 0
    """
    moves = abs(grad) / (abs(grad) + 1e-30)  # 1, but 0 where g = 0
    rest, rest2 = 0.1 * moves, 0.001 * moves
    mean_grad, weight = mean_grad + rest * (grad - mean_grad), weight + rest * (1 - weight)
    mean_grad2 = mean_grad2 + rest2 * (grad ** 2 - mean_grad2)
    weight2 = weight2 + rest2 * (1 - weight2)
    spread = (mean_grad2 / (weight2 + 1e-30)) ** 0.5 + 1e-8
    return [p - lr * moves * (mean_grad / (weight + 1e-30)) / spread, mean_grad, mean_grad2, weight,
            weight2]


def adam_idle(n_steps, *values):
    return list(values)


ADAM = Rule('adam', adam_step, adam_idle, ('mean_grad', 'mean_grad2', 'weight', 'weight2'),
            moves_when_idle=False)


def adam(lr, tparams, grads, x, mask, y, cost):
    """Adam in its lazy form: where a gradient is 0, as of an absent word, nothing moves.

    D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, 2014, arXiv:1412.6980;
    parameters and result are those of :func:`sgd`.
    """
    return compile_rule(ADAM, lr, tparams, grads, x, mask, y, cost)


def compile_rule(rule, lr, tparams, grads, x, mask, y, cost):
    optimizer = backend.optimizer(rule, lr, tparams, grads, x, mask, y, cost)
    return optimizer.gradient, optimizer.update


update_rules = {'adadelta': adadelta, 'adam': adam, 'rmsprop': rmsprop, 'sgd': sgd}


def clipped(grads, clip_norm):
    """The gradients, scaled down together where their norm is above `clip_norm`.

    R. Pascanu, T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural networks,
    ICML 2013, algorithm 1.
    """
    norm = tensor.sqrt(sum((grad ** 2).sum() for grad in grads))
    scale = tensor.cast(clip_norm / tensor.maximum(norm, clip_norm), config.floatX)
    return [grad * scale for grad in grads]


# Model.


def classify(proj, tparams):
    """Probability of each class, (n_samples, ydim); equation 10 of docs/tutorial.md."""
    return softmax(tensor.dot(proj, tparams['U']) + tparams['b'])


def mean_cost(proj, tparams, mask, y, class_weights=None):
    """Mean negative log-likelihood of the labels; equation 11 of docs/tutorial.md.

    With `class_weights`, a number for each class, a mean weighted by those of the labels.
    """
    likelihood = classify(proj, tparams)[tensor.arange(y.shape[0]), y]
    # Differs from the tutorial: a sample without words, such as padding, does not affect it.
    counts, least = tensor.minimum(mask.sum(axis=0), 1), 1
    if class_weights is not None:
        weights = tensor.as_tensor_variable(numpy.asarray(class_weights, dtype=config.floatX))
        counts, least = counts * weights[y], weights.min()
    return -(tensor.log(likelihood + 1e-8) * counts).sum() / tensor.maximum(counts.sum(), least)


def build_model(tparams: Variables, options: Options) -> Tuple[Variable, ...]:
    """The graph from word ids to cost: encoder, dropout, logistic regression.

    Equations 8 to 11 of docs/tutorial.md. Where THEANO_FLAGS names no mode, forms by hand replace
    `encode`, its layers and `mean_cost` (lstm_sentiment/recurrence): a change here alone then has
    no effect on training. With ``THEANO_FLAGS="mode=FAST_RUN"`` this file is all that is computed.

    Returns
    -------
    use_noise : shared floatX scalar
        1 while training, 0 while predicting.
    x : int64 variable, (n_timesteps, n_samples)
    mask : floatX variable, (n_timesteps, n_samples)
    y : int64 variable, (n_samples,)
    f_pred_prob : function of x, mask
        Probability of each class, (n_samples, ydim) floatX.
    f_pred : function of x, mask
        The likeliest class, (n_samples,).
    cost : floatX scalar variable
        Mean negative log-likelihood of the labels.
    """
    use_noise = theano.shared(numpy.asarray(0., dtype=config.floatX))
    x = tensor.matrix('x', dtype='int64')
    mask = tensor.matrix('mask', dtype=config.floatX)
    y = tensor.vector('y', dtype='int64')

    proj = backend.encode(encode, tparams, x, mask, options)
    if options['use_dropout']:
        proj = dropout_layer(proj, use_noise, RandomStreams(options.get('seed', 123)))
    pred = classify(proj, tparams)
    cost = backend.mean_cost(mean_cost, proj, tparams, mask, y, options.get('class_weights'))

    f_pred_prob = per_sample_function([x, mask], pred, name='f_pred_prob')

    def f_pred(x, mask):
        return f_pred_prob(x, mask).argmax(axis=1)

    return use_noise, x, mask, y, f_pred_prob, f_pred, cost


def pred_probs(f_pred_prob: Function, prepare_data: Function, data: Part, iterator: Minibatches,
               verbose: bool = False) -> numpy.ndarray:
    """Probability of each class for each sample of `data`, (n_samples, ydim) floatX.

    Parameters
    ----------
    f_pred_prob, prepare_data : callables
    data : (list of sequences of word ids, list of labels)
    iterator : list of (int, index array)
        Minibatches, as from :func:`get_minibatches_idx`.
    verbose : bool
        Print how many samples are done after each minibatch.
    """
    sequences, labels = data
    n_done = 0
    probs: Any = None
    for _, batch in iterator:
        x, mask, _ = prepare_data([sequences[k] for k in batch], [labels[k] for k in batch])
        batch_probs = f_pred_prob(x, mask)
        if probs is None:
            probs = numpy.zeros((len(sequences), batch_probs.shape[1]), dtype=config.floatX)
        probs[batch] = batch_probs
        n_done += len(batch)
        if verbose:
            print('%d/%d samples classified' % (n_done, len(sequences)))
    return probs


def pred_error(f_pred: Function, prepare_data: Function, data: Part, iterator: Minibatches,
               verbose: bool = False, confusion: Optional[numpy.ndarray] = None) -> float:
    """Share of the samples of `data` that are misclassified, 0 to 1.

    Parameters are those of :func:`pred_probs`, with `f_pred` for `f_pred_prob`. `confusion`,
    (ydim, ydim) int, is filled with the number of samples of each label (row) and answer (column).
    """
    sequences, labels = data
    if confusion is not None:
        confusion[...] = 0
    n_right, n_done = 0, 0
    for _, batch in iterator:
        targets = numpy.array([labels[k] for k in batch])
        x, mask, _ = prepare_data([sequences[k] for k in batch], targets)
        preds = f_pred(x, mask)
        n_right += (preds == targets).sum()
        if confusion is not None:
            numpy.add.at(confusion, (targets, preds), 1)
        n_done += len(batch)
        if verbose:
            print('%d/%d samples classified' % (n_done, len(sequences)))
    return 1. - n_right / float(len(sequences))


# Training.


@processes.printed_once
@obeys_verbose
def train_lstm(
        dim_proj=128, patience=10, max_epochs=5000, dispFreq=10, decay_c=0., lrate=0.0001,
        n_words=10000, optimizer=adadelta, encoder='lstm', saveto='lstm_model.npz',
        validFreq=370, saveFreq=1110, maxlen=100, batch_size=16, valid_batch_size=64,
        dataset: Union[Path, Dataset] = 'imdb', noise_std=0., use_dropout=True, reload_model=None,
        test_size=-1, seed=123, valid_portion=0.05, length_window=0, word_dropout=0., average=0,
        checkpoint='', resume=False, overwrite=False, bidirectional=False, n_layers=1,
        pooling='mean', peephole='matrix', valid_split='random', test=True, class_weight='',
        valid_metric='error', forget_bias=0., clip_norm=0., falling_lrate=False, spans=0.,
        ngrams=0, ngram_share=0.75, composed=0., ngram_words=0, keep='best',
        train_error_size=25000, verbose=2,
        callback: Optional[Function] = None) -> Tuple[float, float, float]:
    """Train the classifier; print its progress as the tutorial does.

    Parameters
    ----------
    dim_proj : int
        Units of the LSTM, and numbers in a word's embedding.
    patience : int
        Validations without a better one before training stops.
    max_epochs : int
        Largest number of passes over the training set.
    dispFreq : int
        Updates between displayed costs.
    decay_c : float
        Weight of the squared norm of U in the cost.
    lrate : float
        Learning rate of sgd and adam; adadelta and rmsprop have none.
    n_words : int
        Size of the vocabulary: ids of n_words or more become 1, unknown.
    optimizer : callable or str
        adadelta, adam, rmsprop or sgd.
    encoder : str
        Kind of memory cell: lstm, lstm_standard or lstm_peephole.
    saveto : str, callable or None
        File for the model, .npz; its options are shown beside it as .npz.json. A function is called
        with what `saved_model.save` takes but the path.
    validFreq : int
        Updates between validations; -1 for once an epoch.
    saveFreq : int
        Updates between saves; -1 for once an epoch.
    maxlen : int or None
        Training and validation reviews of maxlen words or more are dropped.
    batch_size : int
        Reviews in an update.
    valid_batch_size : int
        Reviews in a minibatch of validation and test.
    dataset : str
        imdb, demo, or the path of a pickle that imdb_preprocess.py wrote; on the command line also
        of a table or a folder of texts. From code also a `datasets.Dataset`.
    noise_std : float
        Must be 0: the tutorial has this argument and does nothing with it.
    use_dropout : bool
        Drop half of the mean's units while training.
    reload_model : str or None
        Saved model to start from.
    test_size : int
        Test reviews to use, drawn at random; all if not positive.
    seed : int
        Seed of all random numbers.
    valid_portion : float
        Share of the training reviews to validate on.
    length_window : int
        If not 0, sort the reviews of this many minibatches at a time by length: less padding.
    word_dropout : float
        Share of the words to leave out of each training review, chosen anew at each update.
    average : int
        If not 0, validate and save a running mean of the parameters in their place. Its weights
        fall to about a third in this many updates.
    checkpoint : str or None
        File for the whole run, written at every save and validation; by default next to saveto,
        ending in .checkpoint; None for no file.
    resume : bool
        Continue from the checkpoint, if there is one.
    overwrite : bool
        Replace files of other runs: a model of another dataset, an unfinished run's checkpoint.
    bidirectional : bool
        At each level, add a second layer that reads the texts from their ends.
    n_layers : int
        Number of layers; the outputs of each are the inputs of the next.
    pooling : str
        How the outputs at all words become one vector: mean, max or last.
    peephole : str
        Weights from the cell to the gates of lstm_peephole: a whole matrix, or diagonal.
    valid_split : str
        random, or group: validate on texts of other groups, such as films, than those of training.
    test : bool
        Measure the test error too. Choose options without it: then it says what they are worth.
    class_weight : str
        Weights of the classes in the cost: balanced, for the same sum for each class, or such as
        neg=1,pos=5. Empty for none.
    valid_metric : str
        What early stopping looks at: error, or f1 (the mean of the classes' F1).
    forget_bias : float
        Initial bias of the forget gates; 1 keeps the cells' contents from the start.
    clip_norm : float
        If not 0, scale the gradients down where their norm is larger.
    falling_lrate : bool
        Let the learning rate fall to 0 over max_epochs, in a straight line.
    spans : float
        Share of the training reviews of which an update gets a random part, a few words or more.
    ngrams : int
        If not 0, a linear model over sequences of at most this many words answers with the LSTM.
    ngram_share : float
        Weight of its scores; those of the LSTM have the rest of 1.
    composed : float
        If not 0, each update also has this many composed sentences for each review, such as "It is
        not dull.", made of polar words of the training reviews. For English reviews.
    ngram_words : int
        If not 0, the weight of ngram_share is for texts of this many words or more, and shorter
        ones have less of it, in proportion.
    keep : str
        Which parameters a run keeps: best, those with the best validation error, or last, those of
        the last validation.
    train_error_size : int
        If there are more training reviews than this, each validation measures the training error on
        so many of them, always the same; the end of the run on all. All if not positive.
    verbose : int
        2 prints the tutorial's lines, 1 shows a bar, 0 prints nothing.
    callback : callable, optional
        Called with a `display.Displayed` at each displayed cost and a `display.Validated` at each
        validation. If it has a method `started`, that is called first, with options and parameters.

    Returns
    -------
    train_err, valid_err, test_err : float
        Share of misclassified reviews under the parameters with the best
        validation error; (1., 1., 1.) if the cost was no longer a number; NaN if the run was
        interrupted before any validation, and again while these errors were measured. The test
        error is NaN without `test`.

    Raises
    ------
    errors.TutorialError
        An argument, the data or a model cannot be used; the message says why.
    """
    arguments = dict(locals())
    say(description(say_default=True))
    options, control = settings_of(arguments, layers, update_rules, datasets)
    say('model options', options)
    rng = numpy.random.RandomState(seed)

    backend.prepare(options)
    say('Loading data')
    load_data, prepare_data = get_dataset(dataset)
    data = load_training_data(load_data, options, rng)
    say('SHA-256 of the dataset:', options['dataset_sha256'])

    say('Building model')
    params = init_params(options, rng)
    if reload_model:
        saved_model.check_start(reload_model, options, data.vocabulary())
        load_params(reload_model, params)
    tparams = init_tparams(params)
    use_noise, x, mask, y, f_pred_prob, f_pred, cost = build_model(
        tparams, dict(options, class_weights=data.class_weights))
    linear = fit_ngrams(data.train, options)
    if linear is not None:
        f_pred = linear.joined(f_pred_prob, options)
    if decay_c > 0.:
        cost += decay_c * (tparams['U'] ** 2).sum()
    grads = theano.grad(cost, wrt=list(tparams.values()))
    if clip_norm:
        grads = backend.clipped(clipped, grads, clip_norm)
    lr = tensor.scalar('lr', dtype=config.floatX)
    rule = update_rules.get(optimizer, optimizer)  # by name or as given
    f_grad_shared, f_update = rule(lr, tparams, grads, x, mask, y, cost)

    say('Optimization')
    batches = [(part, get_minibatches_idx(len(part[0]), size)) for part, size in (
        (data.train, batch_size), (data.valid, valid_batch_size), (data.test, valid_batch_size))]
    for name, (part, _) in zip(('train', 'valid', 'test'), batches):
        say('%d %s examples%s' % (len(part[0]), name, '' if len(part[0]) else ': not looked at'))

    confusions = metrics.confusions_for(options, known=datasets)

    def errors(n_parts=3):
        use_noise.set_value(0.)
        return [float(run.measured(pred_error, f_pred, prepare_data, part, minibatches, confusion))
                if minibatches else numpy.nan
                for (part, minibatches), confusion in list(zip(batches, confusions))[:n_parts]]

    run = Run(options, control, data, rng, tparams,
              optimizer_of(tparams, f_grad_shared, f_update), errors, get_minibatches_idx,
              prepare_data, callback, confusions, linear.params if ngrams else {})
    with backend.training():
        with run:                                   # an interrupt ends it as a finished run ends
            for x, mask, y in run.minibatches():    # epochs, shuffling, word dropout, resuming
                use_noise.set_value(1.)
                cost = float(f_grad_shared(x, mask, y))
                if run.is_bad(cost):
                    break
                f_update(run.lrate())
                run.updated(cost)                   # averaging, display, saving, checkpoint
                if run.validation_is_due() and run.validate():
                    break
        return run.result()


# Command line.


def work(arguments: Optional[Sequence[str]] = None) -> None:
    """Do what a command line says."""
    parser = command_line.parser_for(
        train_lstm, settings.GROUPS, settings.COMMAND_LINE_DEFAULTS,
        description='Train an LSTM to tell positive from negative reviews. With no '
                    '--dataset, imdb is used, or demo where imdb cannot be had.')
    curves.add_options(parser)
    command_line.add_preset(parser, settings.PRESETS)
    corpus_options.add_input_options(parser, 'a table or a folder as --dataset')
    corpus_options.add_word_options(parser, 'the words of its texts')
    parser.add_argument('--repeat', metavar='MODEL',
                        help='train again with the settings saved in this model, into a new file')
    parser.add_argument('--quiet', action='store_true',
                        help='print no lines of costs; on a terminal the bar shows them')
    command_line.add_common(parser)
    options = vars(parser.parse_args(arguments))
    del options['debug']
    is_quiet = options.pop('quiet')
    options = dict(settings.PRESETS.get(options.pop('preset'), {}), **options)
    model = options.pop('repeat')
    with curves.recorder(options.pop('plot'), options.pop('log'),
                         options.get('resume', False)) as record:
        if model is not None:
            options = processes.by_first(
                functools.partial(provenance.arguments_of, model, train_lstm, options))
        else:
            if 'dataset' not in options:
                options['dataset'] = processes.by_first(finding.choose_dataset)
            options = processes.by_first(functools.partial(own_corpus.prepared, options))
        with command_line.progress_bar(options.get('verbose', LINES) == LINES) as bar, \
                costs_shown(not is_quiet):
            train_lstm(callback=command_line.joined_callback(record, bar),
                       **dict(settings.COMMAND_LINE_DEFAULTS, **options))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run a command line; return the exit status."""
    return command_line.run(work, arguments, shared=True)


if __name__ == '__main__':
    sys.exit(main())
