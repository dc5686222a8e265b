"""The embedded Reber grammar, learnt by an LSTM with peepholes.

``python examples/reber.py`` trains a network to say, after each symbol of a string, which symbols
may be next. The last but one of them is the second symbol again, and nothing between the two tells
which it was: the network has to remember it. Section "Reber strings" of docs/tutorial.md explains
this program.

Axes are named as in `lstm.py`: `n_timesteps` symbols of the longest string of a minibatch,
`n_samples` strings, `dim_proj` units.
"""
import io
import math
import os
import sys
import time
from collections import OrderedDict, namedtuple

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:
    sys.path.append(ROOT)  # lstm.py is in the folder above

from lstm_sentiment import command_line  # noqa: E402 (found in the folder above)
from lstm_sentiment.engine import flags  # noqa: E402

IS_SCRIPT = __name__ == '__main__'
if IS_SCRIPT:
    flags.DEFAULTS['floatX'] = 'float32'  # where the user's configuration names none

with command_line.plain_errors(active=IS_SCRIPT):  # flags that cannot be used
    import lstm
    from lstm_sentiment.engine.names import (
        BY_HAND,
        config,
        description,
        per_sample_function,
        sigmoid,
        tensor,
        theano,
    )
    from lstm_sentiment.engine.optimizers import Rule
    from lstm_sentiment.files import replace_file, require_writable
    from lstm_sentiment.options import COUNT, EXPECTED, require
    from lstm_sentiment.recurrence.backend import backend
    from lstm_sentiment.recurrence.cells.table import find_form
    from lstm_sentiment.recurrence.encoder import run_layer
    from lstm_sentiment.text.reber_grammar import SYMBOLS, draw_strings, legal_next
    from lstm_sentiment.training import curves


# Training strings have fewer symbols than this, and the long strings at least so many.
LONG = 50
# One training string in three has at least this many symbols. Of the grammar's own strings one in
# 600 has; the short ones do not teach the network to remember for long.
LONGER = 30

# Minibatches. A set of symbols is a whole number, the sum of 2 to the power of their indices.


def prepare_data(strings):
    """A minibatch.

    Returns
    -------
    x : int64 array, (n_timesteps, n_samples)
        Indices of the symbols, all but the last of each string.
    mask : floatX array of this shape
        1 where a string has a symbol.
    y : int64 array of this shape
        The sets of symbols that may be next.

    Examples
    --------
    >>> prepare_data(['BTBPVVETE'])[2].T
    array([[18,  1, 18, 34, 48, 64,  2, 64]])
    """
    shape = max(map(len, strings)) - 1, len(strings)
    x, y = numpy.zeros(shape, dtype='int64'), numpy.zeros(shape, dtype='int64')
    mask = numpy.zeros(shape, dtype=config.floatX)
    for k, string in enumerate(strings):
        n = len(string) - 1
        x[:n, k] = [SYMBOLS.index(symbol) for symbol in string[:-1]]
        y[:n, k] = [sum(2 ** SYMBOLS.index(symbol) for symbol in legal)
                    for legal in legal_next(string)]
        mask[:n, k] = 1
    return x, mask, y


# The network.


def param_init_rnn(options, params, prefix='rnn', rng=None, n_rows=None):
    """Add the weights of a plain recurrent network: W and U orthogonal, b zero."""
    dim_proj = options['dim_proj']
    params['%s_W' % prefix] = lstm.ortho_blocks(1, dim_proj, rng, n_rows)
    params['%s_U' % prefix] = lstm.ortho_blocks(1, dim_proj, rng)
    params['%s_b' % prefix] = numpy.zeros(dim_proj, dtype=config.floatX)
    return params


def rnn_layer(tparams, state_below, options, prefix, mask):
    r"""A plain recurrent network, :math:`h_t = \tanh(W x_t + U h_{t-1} + b)`.

    Parameters and result are those of `encoder.run_layer`, without a state to begin with. It has no
    form by hand, so the engine runs the scan step by step, which is slow.
    """
    W, U, b = (tparams['%s_%s' % (prefix, name)] for name in 'WUb')
    zeros = tensor.zeros((state_below.shape[1], options['dim_proj']), dtype=config.floatX)
    h, _ = theano.scan(lambda x_t, h_before: tensor.tanh(x_t + tensor.dot(h_before, U)),
                       sequences=tensor.dot(state_below, W) + b, outputs_info=zeros,
                       name='%s_layers' % prefix)
    return h * mask[:, :, None]


layers = OrderedDict(lstm.layers, rnn=(param_init_rnn, rnn_layer))

# Initial weights by the ends of their names: what the orthogonal matrices of `lstm` are divided by.
DIVISORS = {'_U': 5, '_V': 50}


def init_params(options, rng):
    """Initial parameters: those of the layer, then U and b of the outputs.

    Of an LSTM, U and V start small, the forget gates open and the input gates nearly closed
    (biases of 6 and -1), so its cells begin as a long memory. The seven rows of W, one for each
    symbol, are uniform in (-1, 1).
    """
    encoder, dim_proj = options['encoder'], options['dim_proj']
    params = OrderedDict()
    init_layer, _ = layers[encoder]
    init_layer(options, params, encoder, rng)
    n_columns = params[encoder + '_W'].shape[1]
    params[encoder + '_W'] = uniform(rng, len(SYMBOLS), n_columns)
    if n_columns == 4 * dim_proj:  # the gates i, f, o and the candidate
        i, f = params[encoder + '_b'].reshape((4, dim_proj))[:2]
        i[:], f[:] = -1, 6
        for ending, divisor in DIVISORS.items():
            if encoder + ending in params:
                params[encoder + ending] /= divisor
    params['U'] = 0.5 * uniform(rng, dim_proj, len(SYMBOLS))
    params['b'] = numpy.zeros(len(SYMBOLS), dtype=config.floatX)
    return params


def uniform(rng, *shape):
    return rng.uniform(-1, 1, shape).astype(config.floatX)


def run_encoder(tparams, below, mask, options):
    """The outputs at each step, by hand where there is a form for it, else by the scan."""
    encoder = options['encoder']
    if BY_HAND and find_form(options) is not None:
        return run_layer(tparams, below, options, encoder, mask)[0]
    _, layer = layers[encoder]
    return layer(tparams, below, options, encoder, mask)


def build_model(tparams, options):
    """The graph: a one for each symbol, the layer, a sigmoid for each symbol that may be next.

    Returns
    -------
    x, mask, y : variables
        As :func:`prepare_data` makes them.
    f_pred : function of x, mask
        Probability that each symbol may be next, (n_samples, n_timesteps, 7) floatX.
    cost : floatX scalar variable
        Cross-entropy of a string, summed over its symbols and the seven outputs, in the mean over
        the strings. It is 0 where every answer is certain and right.
    """
    x, y = tensor.matrix('x', dtype='int64'), tensor.matrix('y', dtype='int64')
    mask = tensor.matrix('mask', dtype=config.floatX)
    n_symbols = len(SYMBOLS)
    one_hot = tensor.constant(numpy.eye(n_symbols, dtype=config.floatX))
    below = one_hot[x.flatten()].reshape((x.shape[0], x.shape[1], n_symbols))
    h = run_encoder(tparams, below, mask, options)
    pred = sigmoid(tensor.dot(h, tparams['U']) + tparams['b'])
    is_legal = tensor.eq(y[:, :, None] // 2 ** numpy.arange(n_symbols) % 2, 1)
    entropies = -tensor.log(tensor.switch(is_legal, pred, 1 - pred) + 1e-8).sum(axis=2)
    cost = (entropies * mask).sum() / mask[0].sum()
    f_pred = per_sample_function([x, mask], pred.dimshuffle(1, 0, 2), name='f_pred')
    return x, mask, y, f_pred, cost


# Training.


def adam_step(lr, grad, p, mean_grad, mean_grad2, weight, weight2):
    """New values of p, of both means and of the weights that they are divided by.

    E[g] ← 0.9·E[g] + 0.1·g;  E[g²] ← 0.999·E[g²] + 0.001·g²;  w and w2 likewise, of ones;
    p ← p − lr·(E[g]/w) / (sqrt(E[g²]/w2) + 1e-8)
    """
    mean_grad, weight = 0.9 * mean_grad + 0.1 * grad, 0.9 * weight + 0.1
    mean_grad2, weight2 = 0.999 * mean_grad2 + 0.001 * grad ** 2, 0.999 * weight2 + 0.001
    step = lr * (mean_grad / weight) / ((mean_grad2 / weight2) ** 0.5 + 1e-8)
    return [p - step, mean_grad, mean_grad2, weight, weight2]


ADAM = Rule('adam', adam_step, None, ('mean_grad', 'mean_grad2', 'weight', 'weight2'), True)


def adam(lr, tparams, grads, x, mask, y, cost):
    """Adam; parameters and result are those of `lstm.sgd`.

    D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, 2014, arXiv:1412.6980.
    """
    return lstm.compile_rule(ADAM, lr, tparams, grads, x, mask, y, cost)


update_rules = OrderedDict(lstm.update_rules, adam=adam)


def in_batches(strings, size):
    return [strings[start:start + size] for start in range(0, len(strings), size)]


def mean_error(f_cost, strings):
    """Mean cost of a string."""
    return sum(float(f_cost(*prepare_data(batch))) * len(batch)
               for batch in in_batches(strings, 100)) / len(strings)


Trained = namedtuple('Trained', 'f_pred held_out long_ones errors')
Trained.__doc__ = """What :func:`train_reber` returns.

Attributes
----------
f_pred : function of x, mask
    See :func:`build_model`.
held_out, long_ones : list of str
    Strings that were not trained on; those of `LONG` symbols or more apart.
errors : list of (float, float)
    Of each epoch, the mean cost of a training string while it was trained on, and of a held-out
    string afterwards.
"""


def one_of(names):
    return (lambda value: value in list(names)), 'one of ' + ', '.join(sorted(names))


GROUPS = OrderedDict([
    ('model', ['encoder', 'peephole']), ('optimization', ['optimizer', 'lrate', 'seed']),
    ('sizes', ['dim_proj', 'batch_size', 'max_epochs', 'n_train', 'n_held_out', 'n_long'])])
# name: (test, description of the valid values)
VALID = dict(dict.fromkeys(GROUPS['sizes'], COUNT), encoder=one_of(layers),
             peephole=one_of(['matrix', 'diagonal']), optimizer=one_of(update_rules),
             lrate=EXPECTED['lrate'], seed=EXPECTED['seed'])


def train_reber(encoder='lstm_peephole', peephole='matrix', dim_proj=24, optimizer='adam',
                lrate=0.02, batch_size=2, max_epochs=8, n_train=1055, n_held_out=1000, n_long=1000,
                seed=123):
    """Train a network on strings of the embedded Reber grammar, and print the errors.

    Parameters
    ----------
    encoder : str
        The layer: lstm_peephole, lstm_standard, lstm, or rnn, a plain recurrent network.
    peephole : str
        How the gates of lstm_peephole look at the cells: matrix or diagonal.
    dim_proj : int
        Units of the layer.
    optimizer : str
        The update rule: adam, adadelta, rmsprop or sgd.
    lrate : float
        Learning rate at the start, for adam and sgd; it falls to a twentieth, in a straight line.
    batch_size : int
        Strings in an update.
    max_epochs : int
        Passes over the training strings.
    n_train : int
        Training strings, each of fewer than 50 symbols; a third of them of 30 or more.
    n_held_out : int
        Held-out strings.
    n_long : int
        Further held-out strings, each of 50 symbols or more.
    seed : int
        Of everything that is drawn.

    Returns
    -------
    Trained

    Raises
    ------
    errors.ConfigError
        Names the first argument that cannot be used, and what it may be.
    """
    options = dict(locals())
    for name, (test, expected) in VALID.items():
        require(test(options[name]), name, options[name], expected)
    print(description(say_default=True))
    rng, seen = numpy.random.RandomState(seed), set()
    n_longer = n_train // 3
    train = (draw_strings(rng, n_train - n_longer, seen, limit=LONG)
             + draw_strings(rng, n_longer, seen, least=LONGER, limit=LONG))
    held_out = draw_strings(rng, n_held_out, seen)
    long_ones = draw_strings(rng, n_long, seen, least=LONG)

    backend.prepare(options)
    tparams = lstm.init_tparams(init_params(options, rng))
    x, mask, y, f_pred, cost = build_model(tparams, options)
    f_cost = theano.function([x, mask, y], cost, name='f_cost')
    grads = lstm.clipped(theano.grad(cost, wrt=list(tparams.values())), 1)
    lr = tensor.scalar('lr', dtype=config.floatX)
    f_grad_shared, f_update = update_rules[optimizer](lr, tparams, grads, x, mask, y, cost)

    errors, n_updates, started = [], 0, time.time()
    with backend.training():
        for epoch in range(1, max_epochs + 1):
            total = 0.
            rng.shuffle(train)
            batches = in_batches(train, batch_size)
            for batch in batches:
                total += float(f_grad_shared(*prepare_data(batch))) * len(batch)
                part_done = n_updates / float(max_epochs * len(batches))
                f_update(lrate * max(0.05, 1 - part_done))
                n_updates += 1
            errors.append((total / n_train, mean_error(f_cost, held_out)))
            n_right, _ = score(last_but_one(f_pred, held_out), held_out)
            print('Epoch %d, strings %d, train error %.4f, held-out error %.4f, right %d, %.1f s'
                  % ((epoch, epoch * n_train) + errors[-1] + (n_right, time.time() - started)))
    return Trained(f_pred, held_out, long_ones, errors)


# The answers.


def last_but_one(f_pred, strings):
    """The probability of each symbol to be the last but one of a string, (n_strings, 7)."""
    rows = []
    for batch in in_batches(strings, 100):
        x, mask, _ = prepare_data(batch)
        rows += [pred[len(string) - 3] for string, pred in zip(batch, f_pred(x, mask))]
    return numpy.array(rows)


def score(probabilities, strings):
    """How many strings get their second symbol as the likeliest last but one, and with what.

    Returns
    -------
    n_right : int
    least : float
        The least probability given to the right symbol, of all strings.

    Examples
    --------
    >>> score(numpy.array([[0, 0.9, 0, 0, 0.2, 0, 0]] * 2), ['BTBTXSETE', 'BPBTXSEPE'])
    (1, 0.2)
    """
    right = numpy.array([SYMBOLS.index(string[1]) for string in strings])
    given = probabilities[numpy.arange(len(strings)), right]
    return int((probabilities.argmax(axis=1) == right).sum()), float(given.min())


def say_score(probabilities, strings, name):
    """One line about :func:`score`; the probability is rounded down."""
    n_right, least = score(probabilities, strings)
    return '%d of %d %s right, least probability %.4f' % (
        n_right, len(strings), name, math.floor(least * 1e4) / 1e4)


def print_table(probabilities, strings):
    """The target and the prediction of each string, a column for each symbol."""
    print('The last but one symbol, target and prediction:')
    print('  '.join('%8s' % symbol for symbol in SYMBOLS))
    for row, string in zip(probabilities, strings):
        print('\n' + string)
        print('  '.join('%8d' % (symbol == string[1]) for symbol in SYMBOLS))
        print('  '.join('%8.6f' % number for number in row))


def draw_errors(errors, path):
    """Draw both errors by epoch into a file."""
    from matplotlib.figure import Figure
    drawn = Figure()
    axes = drawn.subplots()
    for values, name, color in zip(zip(*errors), ('training', 'held-out'),
                                   (curves.TRAIN, curves.VALID)):
        axes.plot(range(1, len(errors) + 1), values, marker='o', color=color, label=name)
    axes.set_xlabel('epochs')
    axes.set_ylabel('error of a string')
    axes.set_ylim(bottom=0)
    axes.legend()
    content = io.BytesIO()
    drawn.savefig(content, format=curves.picture_kind(path))
    replace_file(path, content.getvalue())
    print('The errors are drawn in %s.' % path)


# Command line.


def work(arguments=None):
    """Do what a command line says."""
    parser = command_line.parser_for(
        train_reber, GROUPS, {}, description='Train a network on strings of the embedded Reber '
        'grammar. The last line says how many held-out strings it reads right.')
    parser.add_argument('--plot', metavar='FILE',
                        help='draw the errors by epoch, such as reber.png (needs matplotlib)')
    command_line.add_common(parser)
    options = vars(parser.parse_args(arguments))
    del options['debug']
    plot = options.pop('plot')
    if plot:
        curves.picture_kind(plot)  # an error now, not after the training
        require_writable('plot', plot)
    trained = train_reber(**options)
    if plot:
        draw_errors(trained.errors, plot)
    probabilities = last_but_one(trained.f_pred, trained.held_out)
    print_table(probabilities, trained.held_out[:10])
    of_long_ones = last_but_one(trained.f_pred, trained.long_ones)
    print()
    print(say_score(of_long_ones, trained.long_ones, 'strings of %d to %d symbols' % (
        min(map(len, trained.long_ones)), max(map(len, trained.long_ones)))))
    print(say_score(probabilities, trained.held_out, 'held-out strings'))


def main(arguments=None):
    """Run a command line; return the exit status."""
    return command_line.run(work, arguments)


if __name__ == '__main__':
    sys.exit(main())
