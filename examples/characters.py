"""A character LSTM, which is trained on a text and writes text.

``python examples/characters.py --text FILE`` trains a network to say, after each character of a
text, which may be next. Every 1,000 updates it writes a few lines of its own. Section "Characters"
of docs/tutorial.md explains this program.

Axes are named as in `lstm.py`: `n_timesteps` characters are read in an update by each of the
`n_samples` streams, and there are `dim_proj` units.
"""
import math
import os
import sys
import warnings
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
    from lstm_sentiment.data import character_text
    from lstm_sentiment.engine.loading import ON_JAX
    from lstm_sentiment.engine.names import config, description, softmax, tensor, theano
    from lstm_sentiment.engine.optimizers import optimizer_of
    from lstm_sentiment.errors import printable
    from lstm_sentiment.files import require_writable
    from lstm_sentiment.options import COUNT, EXPECTED, above, require
    from lstm_sentiment.recurrence.backend import backend
    from lstm_sentiment.text import characters
    from lstm_sentiment.training import curves
    from lstm_sentiment.training.display import Displayed
    from lstm_sentiment.training.provenance import provenance
    from lstm_sentiment.training.settings import Control
    from lstm_sentiment.training.stream_run import StreamRun

# The learning rate becomes a tenth after so many updates.
DECAY_EVERY = 5000
# So many characters of the held-out part are read at a time.
WINDOW = 1000

# The network.


def init_params(options, n_symbols, rng):
    """Initial parameters: those of the layer, then U and b of the outputs.

    Normal with a deviation of 0.1; the biases are zero. W has a row for each symbol.
    """
    encoder, dim_proj = options['encoder'], options['dim_proj']
    init_layer, _ = lstm.layers[encoder]
    params = init_layer(options, OrderedDict(), encoder, numpy.random.RandomState(0))
    shapes = OrderedDict((name, value.shape) for name, value in params.items())
    shapes[encoder + '_W'] = n_symbols, 4 * dim_proj
    shapes.update(U=(dim_proj, n_symbols), b=(n_symbols,))
    return OrderedDict(
        (name, (0.1 * (not is_bias(name)) * rng.randn(*shape)).astype(config.floatX))
        for name, shape in shapes.items())


def is_bias(name):
    return name.split('_')[-1] == 'b'


def plain_layer(tparams, x, options, prefix, mask, initial):
    """A layer over symbols by the scan; see `encoder.run_layer`."""
    n_symbols = tparams[prefix + '_W'].shape[0]
    one_hot = tensor.eye(n_symbols, dtype=config.floatX)
    below = one_hot[x.flatten()].reshape((x.shape[0], x.shape[1], n_symbols))
    _, layer = lstm.layers[options['encoder']]
    h, c = layer(tparams, below, options, prefix, mask, initial)
    return h, h[-1], c[-1]


def plain_cross_entropy(h, tparams, y):
    """The mean of -log of the softmax at the character that follows; see `encoder.cross_entropy`.

    The largest score is subtracted first: the exponentials are then numbers.
    """
    rows = h.reshape((y.shape[0] * y.shape[1], h.shape[2]))
    scores = tensor.dot(rows, tparams['U']) + tparams['b']
    scores -= scores.max(axis=1, keepdims=True)
    at_y = scores[tensor.arange(scores.shape[0]), y.flatten()]
    return (tensor.log(tensor.exp(scores).sum(axis=1)) - at_y).mean()


def run_encoder(tparams, x, options, initial):
    """The outputs at each step, and the last h and c."""
    return backend.run_layer(plain_layer, tparams, x, options, options['encoder'], None, initial)


def build_reading(tparams, options):
    """Two functions that read a text on from a state.

    Returns
    -------
    f_cost : function of x, y, h, c
        The mean cross-entropy, and the h and c after the last step.
    f_next : function of x, h, c
        The probability of each symbol to be the next, (n_samples, n_symbols), and h and c.
    """
    x, y = tensor.matrix('x', dtype='int64'), tensor.matrix('y', dtype='int64')
    state = [tensor.matrix(name, dtype=config.floatX) for name in 'hc']
    h, last_h, last_c = run_encoder(tparams, x, options, state)
    cost = backend.cross_entropy(plain_cross_entropy, h, tparams, y)
    following = softmax(tensor.dot(last_h, tparams['U']) + tparams['b'])
    return (theano.function([x, y] + state, [cost, last_h, last_c], name='f_cost'),
            theano.function([x] + state, [following, last_h, last_c], name='f_next'))


def build_update(tparams, options, carried):
    """The two functions of an update, as of `lstm.sgd`.

    The state is carried over from update to update, and the gradient is not: `carried`, shared
    variables h and c, get their values after the last step as numbers.
    """
    x, y = tensor.matrix('x', dtype='int64'), tensor.matrix('y', dtype='int64')
    mask = tensor.matrix('mask', dtype=config.floatX)  # every character counts: it is not used
    h, last_h, last_c = run_encoder(tparams, x, options, list(carried.values()))
    cost = backend.cross_entropy(plain_cross_entropy, h, tparams, y)
    grads = backend.clipped(lstm.clipped, theano.grad(cost, wrt=list(tparams.values())),
                            options['clip'])
    lr = tensor.scalar('lr', dtype=config.floatX)
    rule = RULES[options['optimizer']]
    optimizer = backend.optimizer(rule, lr, tparams, grads, x, mask, y, cost,
                                  updates=list(zip(carried.values(), (last_h, last_c))))
    return optimizer.gradient, optimizer.update


RULES = {'sgd': lstm.SGD, 'adadelta': lstm.ADADELTA, 'rmsprop': lstm.RMSPROP}


def zero_state(n_samples, dim_proj):
    """The state before the first character."""
    return [numpy.zeros((n_samples, dim_proj), dtype=config.floatX) for _ in range(2)]


def perplexity(f_cost, numbers, dim_proj):
    """The perplexity of a text, whose first character is given; the state begins at zero.

    Two to the power of the mean of -log2 p, of each character given those before it.
    """
    state, total = zero_state(1, dim_proj), 0.
    for start in range(0, len(numbers) - 1, WINDOW):
        window = numbers[start:start + WINDOW + 1].astype('int64')[:, None]
        cost, *state = f_cost(window[:-1], window[1:], *state)
        total += float(cost) * (len(window) - 1)
    return exponential(total / (len(numbers) - 1))


def exponential(cost):
    """The perplexity that belongs to a cost; infinite if it is too large for a number."""
    return math.exp(cost) if cost < 700 else math.inf


# Writing.


def write(f_next, alphabet, dim_proj, n_texts, length, prime, temperature, rng):
    """Texts of the network's own.

    Parameters
    ----------
    f_next : function
        See :func:`build_reading`.
    alphabet : str
    dim_proj, n_texts : int
    length : int
        Characters of each text, after the prime.
    prime : str
        What each text begins with. If it is empty, the first character is any, with the same
        probability for each.
    temperature : float
    rng : numpy.random.RandomState

    Returns
    -------
    list of str
    """
    if prime:
        start = characters.to_numbers(prime, alphabet).astype('int64')[:, None]
        written = [numpy.repeat(start, n_texts, axis=1)]
    else:
        written = [rng.randint(len(alphabet), size=(1, n_texts)).astype('int64')]
        length -= 1
    state = zero_state(n_texts, dim_proj)
    for _ in range(length):
        probabilities, *state = f_next(written[-1], *state)
        written.append(characters.draw(numpy.asarray(probabilities), temperature, rng)[None])
    return [characters.to_text(numbers, alphabet) for numbers in numpy.concatenate(written).T]


# Training.

# What a callback gets beside `display.Displayed`; `least` is the least possible one, or None.
Perplexities = namedtuple('Perplexities', 'update minibatch held_out least')


def one_of(names):
    return (lambda value: value in list(names)), 'one of ' + ', '.join(sorted(names))


GROUPS = OrderedDict([
    ('text', ['text', 'symbols', 'n_held_out']),
    ('model', ['encoder', 'peephole', 'dim_proj']),
    ('optimization', ['optimizer', 'lrate', 'clip', 'batch_size', 'n_timesteps', 'max_updates',
                      'seed']),
    ('writing', ['n_samples', 'sample_length', 'temperature', 'prime']),
    ('bookkeeping', ['dispFreq', 'sampleFreq', 'checkpoint', 'resume', 'overwrite'])])
POSITIVE = above(0), 'a number above 0'
# name: (test, description of the valid values)
VALID = OrderedDict(
    text=((lambda value: value is None or isinstance(value, (str, os.PathLike))),
          'the path of a text, or text8, reviews or demo'),
    symbols=one_of(characters.KINDS), encoder=one_of(lstm.layers), peephole=EXPECTED['peephole'],
    optimizer=one_of(RULES), lrate=POSITIVE, clip=POSITIVE, temperature=POSITIVE,
    prime=((lambda value: isinstance(value, str)), 'text'), seed=EXPECTED['seed'])
VALID.update((name, EXPECTED[name]) for name in ('checkpoint', 'resume', 'overwrite'))
VALID.update((name, COUNT) for name in (
    'n_held_out', 'dim_proj', 'batch_size', 'n_timesteps', 'max_updates', 'n_samples',
    'sample_length', 'dispFreq', 'sampleFreq'))
# These may change when a run is resumed. The checkpoint has the SHA-256 of the text.
OWN = ('text', 'max_updates', 'dispFreq', 'sampleFreq') + tuple(GROUPS['writing'])


def settings_of(arguments):
    """The settings of a run, what may change, and the `Control`; the first bad value is an error.

    Raises
    ------
    errors.ConfigError
    """
    options = {name: value for name, value in arguments.items() if name != 'callback'}
    for name, (test, expected) in VALID.items():
        require(test(options[name]), name, options[name], expected)
    require(not ON_JAX, 'THEANO_FLAGS', os.environ.get('THEANO_FLAGS'), 'flags without JAX and '
            'cuda: this example runs on the processor')
    if options['checkpoint']:
        require_writable('checkpoint', options['checkpoint'])
    require(options['checkpoint'] or not options['resume'], 'resume', True,
            'a checkpoint to go on from, but there is none: name a file')
    control = Control(receive=None, **{name: options.pop(name)
                                       for name in ('checkpoint', 'resume', 'overwrite')})
    own = {name: options.pop(name) for name in OWN}
    return dict(options, **provenance()), own, control


Trained = namedtuple('Trained', 'params alphabet f_next held_out_perplexity')


def train_characters(
        text=None, symbols='letters', n_held_out=1000, encoder='lstm', peephole='matrix',
        dim_proj=64, optimizer='sgd', lrate=10., clip=1.25, batch_size=64, n_timesteps=10,
        max_updates=7001, seed=123, n_samples=5, sample_length=80, temperature=1., prime='',
        dispFreq=100, sampleFreq=1000, checkpoint='characters.checkpoint', resume=False,
        overwrite=False, callback=None):
    """Train a network on the characters of a text, and print what it writes.

    Parameters
    ----------
    text : str or None
        A file of text in UTF-8, or text8, reviews or demo, what the grammar of demo writes. None
        takes text8 if it is here or can be downloaded, else the reviews if they are here, else
        demo.
    symbols : str
        letters: a to z and the space, which other characters become; all: all of the text.
    n_held_out : int
        Characters at the beginning of the text that are predicted and not trained on.
    encoder : str
        Kind of memory cell: lstm, lstm_standard or lstm_peephole.
    peephole : str
        How the gates of lstm_peephole look at the cells: matrix or diagonal.
    dim_proj : int
        Units of the layer.
    optimizer : str
        The update rule: sgd, adadelta or rmsprop.
    lrate : float
        Learning rate of sgd at the start; it becomes a tenth every 5,000 updates.
    clip : float
        A gradient with a norm above it is scaled down to it.
    batch_size : int
        Streams that read the text from different places.
    n_timesteps : int
        Characters that each stream reads in an update. The gradient goes no further back.
    max_updates : int
        Updates.
    seed : int
        Of the initial parameters and of what is written.
    n_samples : int
        Texts that are written at a time.
    sample_length : int
        Characters of each, after the prime.
    temperature : float
        Below 1 the likeliest characters are written more often, above 1 less often.
    prime : str
        What each of these texts begins with.
    dispFreq : int
        Updates between printed lines.
    sampleFreq : int
        Updates between texts, and between checkpoints.
    checkpoint : str or None
        File for the whole run; None for no file.
    resume : bool
        Continue from the checkpoint, if there is one.
    overwrite : bool
        Replace the checkpoint of another, unfinished run.
    callback : callable, optional
        Called with a `display.Displayed` and a `Perplexities` at each printed line.

    Returns
    -------
    Trained

    Raises
    ------
    errors.TutorialError
        An argument, the text or a checkpoint cannot be used; the message says why.
    """
    options, own, control = settings_of(locals())
    print(description(say_default=True))
    backend.prepare(options)
    found = character_text.find_text(text, symbols, n_held_out)
    characters.check_length(found.name, found.training, found.held_out, batch_size, n_timesteps,
                            n_held_out)
    alphabet = characters.alphabet_of(symbols, found.training, found.held_out)
    characters.to_numbers(prime, alphabet, 'prime')  # an error now, not after 1,000 updates
    training, held_out = (characters.to_numbers(part, alphabet)
                          for part in (found.training, found.held_out))
    options['dataset_sha256'] = character_text.sha256_of(found)
    character_text.say(found)

    params = init_params(options, len(alphabet), numpy.random.RandomState(seed))
    tparams = lstm.init_tparams(params)
    carried = OrderedDict((name, theano.shared(value, name=name))
                          for name, value in zip('hc', zero_state(batch_size, dim_proj)))
    f_cost, f_next = build_reading(tparams, options)
    f_grad_shared, f_update = build_update(tparams, options, carried)
    notify = callback or (lambda record: None)

    def report(update, mean_cost, last_cost):
        found_now = Perplexities(update, exponential(last_cost),
                                 perplexity(f_cost, held_out, dim_proj), found.least)
        print('Update %d, mean loss %.4f, perplexity of the minibatch %.2f, held-out %.4f%s'
              % (update, mean_cost, found_now.minibatch, found_now.held_out,
                 '' if found.least is None else ', least possible %.4f' % found.least))
        notify(Displayed(0, update, mean_cost, max_updates, 1))
        notify(found_now)

    def write_texts(update):
        # Seeded by the update: a run that is resumed writes the same.
        rng = numpy.random.RandomState([seed, update])
        print('=' * 80)
        for line in write(f_next, alphabet, dim_proj, n_samples, sample_length, prime, temperature,
                          rng):
            print(printable(line, is_content=True))
        print('=' * 80)

    run = StreamRun(options, control, training, tparams,
                    optimizer_of(tparams, f_grad_shared, f_update), carried, report, write_texts,
                    own)
    mask = numpy.ones((n_timesteps, batch_size), dtype=config.floatX)
    with backend.training():
        with run:                                  # an interrupt ends it as a finished run ends
            for x, y in run.minibatches():         # the text, resuming
                cost = float(f_grad_shared(x, mask, y))
                if run.is_bad(cost):
                    break
                f_update(lrate * 0.1 ** (run.update // DECAY_EVERY))
                run.updated(cost)                  # printing, texts, checkpoint
        trained = Trained(lstm.unzip(tparams), alphabet, f_next,
                          perplexity(f_cost, held_out, dim_proj))
    print_end(run, max_updates, trained.held_out_perplexity, found.least)
    return trained


def print_end(run, max_updates, held_out_perplexity, least):
    """Say what was trained, and how to go on."""
    if run.options.get('interrupted'):
        warnings.warn('the run was interrupted after %d of %d updates' % (run.update, max_updates))
    if run.checkpoint.path:
        print('The run is in %s. The same command with --resume %s.'
              % (run.checkpoint.path, 'goes on from there' if run.update < max_updates else
                 'writes more: give it a --prime, or a --temperature'))
    print('Held-out perplexity %.4f after %d updates%s, %.1f s'
          % (held_out_perplexity, run.update,
             '' if least is None else ' (least possible %.4f)' % least, run.seconds_before))


# Command line.


def figure(costs, perplexities):
    """A matplotlib figure of the mean loss, and of the perplexities."""
    drawn, upper, lower = curves.two_panels()
    upper.plot([record.update for record in costs], [record.cost for record in costs],
               color=curves.TRAIN, label='mean')
    updates = [record.update for record in perplexities]
    for name, label, color in (('minibatch', 'minibatch', curves.TRAIN),
                               ('held_out', 'held-out', curves.VALID),
                               ('least', 'least possible', curves.TEST)):
        values = [getattr(record, name) for record in perplexities]
        if None not in values:
            lower.plot(updates, values, color=color, label=label)
    return curves.finished(drawn, 'perplexity')


def work(arguments=None):
    """Do what a command line says."""
    parser = command_line.parser_for(
        train_characters, GROUPS, {}, description='Train a network on the characters of a text, '
        'and have it write. With no --text, text8 is used, or the reviews, or demo.')
    curves.add_options(parser)
    command_line.add_common(parser)
    options = vars(parser.parse_args(arguments))
    del options['debug']
    with curves.recorder(
            options.pop('plot'), options.pop('log'), options.get('resume', False),
            columns=('update', 'cost') + Perplexities._fields[1:],
            draw_figure=figure) as record, command_line.progress_bar() as bar:
        train_characters(callback=command_line.joined_callback(record, bar), **options)


def main(arguments=None):
    """Run a command line; return the exit status."""
    return command_line.run(work, arguments)


if __name__ == '__main__':
    sys.exit(main())
