"""A sentiment classifier with Long Short-Term Memory, after the deeplearning.net tutorial.

``THEANO_FLAGS="floatX=float32" python lstm.py`` trains it on the IMDB reviews.

Axes are named the same everywhere: `n_timesteps` words of the longest review
of a minibatch, `n_samples` reviews, `dim_proj` units.
"""
import contextlib
import functools
import math
import sys
import threading
import time
import warnings
from collections import OrderedDict, namedtuple

import numpy
import scipy.linalg

from lstm_sentiment import command_line
from lstm_sentiment.model import saved_model
from lstm_sentiment.options import check_values, require
from lstm_sentiment.training import curves
from lstm_sentiment.training.early_stopping import EarlyStopping

with command_line.plain_errors(active=__name__ == '__main__'):  # flags that cannot be used
    import imdb
    from lstm_sentiment.data import finding, training_data
    from lstm_sentiment.engine.names import (
        BY_HAND,
        RandomStreams,
        config,
        description,
        sigmoid,
        softmax,
        tensor,
        theano,
    )
    from lstm_sentiment.recurrence import graph_nodes, numpy_recurrence, sparse_updates
    from lstm_sentiment.recurrence.optimizers import adadelta, rmsprop, sgd
    from lstm_sentiment.text import demo_grammar
    from lstm_sentiment.training import provenance
    from lstm_sentiment.training.averaging import RunningMean
    from lstm_sentiment.training.checkpoint import START, Checkpoint, check_places, generator_state
    from lstm_sentiment.training.word_dropout import drop_words

update_rules = {'adadelta': adadelta, 'rmsprop': rmsprop, 'sgd': sgd}

# name: (load_data, prepare_data)
datasets = {'imdb': (imdb.load_data, imdb.prepare_data),
            'demo': (functools.partial(imdb.load_data, 'demo'), imdb.prepare_data)}


def get_dataset(name):
    """The pair `load_data`, `prepare_data` of a dataset.

    Differs from the tutorial: `name` may also be the path of a pickle of word ids.
    """
    if name in datasets:
        return datasets[name]
    return functools.partial(imdb.load_data, name), imdb.prepare_data


def get_minibatches_idx(n, minibatch_size, shuffle=False, rng=None, lengths=None, window=0):
    """Split the numbers 0 .. n-1 into minibatches; the last may be smaller.

    Differs from the tutorial: a list, not an iterator that is empty the second time.

    Parameters
    ----------
    n : int
    minibatch_size : int
    shuffle : bool
        Whether to shuffle the numbers first.
    rng : numpy.random.RandomState, optional
        Shuffles; by default a new one seeded with 123.
    lengths : list of int, optional
        Of the samples; needed for `window`.
    window : int
        If not 0: after the shuffle, the samples of every `window` minibatches
        are sorted by length, so that each gets samples of similar length and
        little padding; the minibatches are then shuffled among themselves.

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


def default_rng(rng):
    return numpy.random.RandomState(123) if rng is None else rng


def ortho_weight(ndim, rng=None):
    """A random orthogonal matrix, (ndim, ndim) floatX.

    The left singular vectors of a standard normal matrix. LAPACK's `gesdd`
    settles their signs, which `numpy.linalg.svd` leaves to the NumPy version.
    """
    normal = default_rng(rng).randn(ndim, ndim)
    u, _, _ = scipy.linalg.svd(normal, lapack_driver='gesdd')
    return numpy.ascontiguousarray(u, dtype=config.floatX)


def param_init_lstm(options, params, prefix='lstm', rng=None):
    """Add the LSTM's weights to `params`, the gates i, f, o and the candidate c side by side.

    ``lstm_W`` and ``lstm_U`` (dim_proj, 4 * dim_proj), four orthogonal blocks each;
    ``lstm_b`` (4 * dim_proj,), zero.
    """
    rng, dim_proj = default_rng(rng), options['dim_proj']
    for name in ('W', 'U'):
        blocks = [ortho_weight(dim_proj, rng) for _ in range(4)]
        params['%s_%s' % (prefix, name)] = numpy.concatenate(blocks, axis=1)
    params['%s_b' % prefix] = numpy.zeros(4 * dim_proj, dtype=config.floatX)
    return params


def init_params(options, rng=None):
    """Draw the initial parameters: embedding, encoder, logistic regression, in this order.

    Returns
    -------
    OrderedDict of floatX arrays
        ``Wemb`` (n_words, dim_proj), the encoder's, ``U`` (dim_proj, ydim), ``b`` (ydim,).
    """
    rng = default_rng(rng)
    params = OrderedDict()
    Wemb = 0.01 * rng.rand(options['n_words'], options['dim_proj'])
    params['Wemb'] = Wemb.astype(config.floatX)
    init_encoder, _ = layers[options['encoder']]
    init_encoder(options, params, prefix=options['encoder'], rng=rng)
    U = 0.01 * rng.randn(options['dim_proj'], options['ydim'])
    params['U'] = U.astype(config.floatX)
    params['b'] = numpy.zeros(options['ydim'], dtype=config.floatX)
    return params


def load_params(path, params):
    """Replace the arrays in `params` by those of a saved model.

    Raises
    ------
    errors.ModelError
        If a name is missing in the file, or has another shape there.
    """
    return saved_model.load_params(path, params)


def init_tparams(params):
    """Shared variables that hold the parameters, by the same names."""
    return OrderedDict((name, theano.shared(value, name=name))
                       for name, value in params.items())


def zipp(params, tparams):
    """Set the shared variables to the arrays."""
    for name, value in params.items():
        tparams[name].set_value(value)


def unzip(zipped):
    """Copies of the arrays that the shared variables hold."""
    return OrderedDict((name, numpy.asarray(shared.get_value()))
                       for name, shared in zipped.items())


# Layers.


def lstm_layer(tparams, state_below, options, prefix='lstm', mask=None):
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
    state_below : floatX variable, (n_timesteps, n_samples, dim_proj)
    options : dict
        Its ``dim_proj`` is used.
    mask : floatX variable, (n_timesteps, n_samples)

    Returns
    -------
    floatX variable, (n_timesteps, n_samples, dim_proj)
        h at each step.
    """
    dim_proj = options['dim_proj']
    U = tparams['%s_U' % prefix]
    x = tensor.dot(state_below, tparams['%s_W' % prefix]) + tparams['%s_b' % prefix]

    def block(z, n):
        return z[:, n * dim_proj:(n + 1) * dim_proj]

    def step(mask_t, x_t, h_before, c_before):
        z = tensor.dot(h_before, U) + x_t  # (n_samples, 4 * dim_proj)
        i, f, o = (sigmoid(block(z, n)) for n in range(3))
        c = f * c_before + i * tensor.tanh(block(z, 3))
        h = o * tensor.tanh(c)
        running = mask_t[:, None]
        return (running * h + (1 - running) * h_before,
                running * c + (1 - running) * c_before)

    zeros = tensor.zeros((state_below.shape[1], dim_proj), dtype=config.floatX)
    (h, _), _ = theano.scan(step, sequences=[mask, x], outputs_info=[zeros, zeros],
                            name='%s_layers' % prefix)
    return h


# name: (initial parameters, layer)
layers = {'lstm': (param_init_lstm, lstm_layer)}


def encode(tparams, x, mask, options):
    """The embedding, the layer over it, and the mean of its outputs over the words.

    The mean is equation 8 of docs/tutorial.md.

    Parameters
    ----------
    x : int64 variable, (n_timesteps, n_samples)
        Word ids.
    mask : floatX variable, (n_timesteps, n_samples)

    Returns
    -------
    floatX variable, (n_samples, dim_proj)
        Zero for a sample without words.
    """
    words = tparams['Wemb'][x.flatten()]
    words = words.reshape([x.shape[0], x.shape[1], options['dim_proj']])
    _, layer = layers[options['encoder']]
    h = layer(tparams, words, options, prefix=options['encoder'], mask=mask)
    # Differs from the tutorial: it divides by zero where a sample has no words.
    lengths = tensor.maximum(mask.sum(axis=0), 1)
    return (h * mask[:, :, None]).sum(axis=0) / lengths[:, None]


def dropout_layer(state_before, use_noise, streams):
    """Half of the units, at random, while `use_noise` is 1; all, halved, while it is 0.

    Equation 9 of docs/tutorial.md.
    """
    keep = streams.binomial(size=state_before.shape, p=0.5, n=1, dtype=config.floatX)
    half = numpy.asarray(0.5, dtype=config.floatX)
    return state_before * (use_noise * keep + (1 - use_noise) * half)


# Model.


def build_model(tparams, options):
    """The graph from word ids to cost: encoder, dropout, logistic regression.

    Equations 8 to 11 of docs/tutorial.md.

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

    if BY_HAND and layers[options['encoder']][1] is lstm_layer:
        proj = graph_nodes.encode(tparams, x, mask, prefix=options['encoder'])
    else:
        if BY_HAND:
            warnings.warn('the encoder %s has no passes by hand, and its scan is slow without a '
                          'compiler: set THEANO_FLAGS="mode=FAST_RUN"' % options['encoder'])
        proj = encode(tparams, x, mask, options)
    if options['use_dropout']:
        proj = dropout_layer(proj, use_noise, RandomStreams(options.get('seed', 123)))
    pred = softmax(tensor.dot(proj, tparams['U']) + tparams['b'])

    f_pred_padded = theano.function([x, mask], pred, name='f_pred_prob')

    alone = threading.Lock()

    def f_pred_prob(x, mask):
        with alone:  # the engine's storage serves one call at a time
            probs = numpy.asarray(f_pred_padded(x, mask))
        return probs[:x.shape[1]]  # a function on JAX pads the minibatch

    def f_pred(x, mask):
        return f_pred_prob(x, mask).argmax(axis=1)

    likelihood = pred[tensor.arange(y.shape[0]), y]
    # Differs from the tutorial: a sample without words, such as padding, counts in nothing.
    counts = tensor.minimum(mask.sum(axis=0), 1)
    cost = -(tensor.log(likelihood + 1e-8) * counts).sum() / tensor.maximum(counts.sum(), 1)
    return use_noise, x, mask, y, f_pred_prob, f_pred, cost


def pred_probs(f_pred_prob, prepare_data, data, iterator, verbose=False):
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
    n_done, probs = 0, None
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


def pred_error(f_pred, prepare_data, data, iterator, verbose=False):
    """Share of the samples of `data` that are misclassified, 0 to 1.

    Parameters are those of :func:`pred_probs`, with `f_pred` for `f_pred_prob`.
    """
    sequences, labels = data
    n_right, n_done = 0, 0
    for _, batch in iterator:
        targets = numpy.array([labels[k] for k in batch])
        x, mask, _ = prepare_data([sequences[k] for k in batch], targets)
        n_right += (f_pred(x, mask) == targets).sum()
        n_done += len(batch)
        if verbose:
            print('%d/%d samples classified' % (n_done, len(sequences)))
    return 1. - n_right / float(len(sequences))


# Training.

# What a callback is told: at each displayed cost, and at each validation.
Displayed = namedtuple('Displayed', 'epoch update cost updates_per_epoch max_epochs')
Validated = namedtuple('Validated', 'epoch update train_err valid_err test_err is_best')


def train_lstm(
        dim_proj=128, patience=10, max_epochs=5000, dispFreq=10, decay_c=0., lrate=0.0001,
        n_words=10000, optimizer=adadelta, encoder='lstm', saveto='lstm_model.npz',
        validFreq=370, saveFreq=1110, maxlen=100, batch_size=16, valid_batch_size=64,
        dataset='imdb', noise_std=0., use_dropout=True, reload_model=None, test_size=-1,
        seed=123, valid_portion=0.05, length_window=0, word_dropout=0., average=0, checkpoint='',
        resume=False, callback=None):
    """Train the classifier; print its progress as the tutorial does.

    Parameters
    ----------
    dim_proj : int
        Units of the LSTM, and numbers in a word's embedding.
    patience : int
        Validations without a better one before training stops.
    max_epochs : int
        Passes over the training set at most.
    dispFreq : int
        Updates between displayed costs.
    decay_c : float
        Weight of the squared norm of U in the cost.
    lrate : float
        Learning rate, for sgd; adadelta and rmsprop do without.
    n_words : int
        Size of the vocabulary: ids of n_words or more become 1, unknown.
    optimizer : callable or str
        adadelta, rmsprop or sgd.
    encoder : str
        Layer between embedding and mean: lstm.
    saveto : str or None
        File for the model, .npz; its options are shown beside it as .npz.json.
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
        imdb, demo, or the path of a pickle that imdb_preprocess.py wrote.
    noise_std : float
        Must be 0: the tutorial has this argument and does nothing with it.
    use_dropout : bool
        Drop half of the mean's units while training.
    reload_model : str or None
        Saved model to start from.
    test_size : int
        Test reviews to use, drawn at random; all if not positive.
    seed : int
        Of everything that is drawn.
    valid_portion : float
        Share of the training reviews to validate on.
    length_window : int
        If not 0, minibatches of similar length out of this many at a time: less padding.
    word_dropout : float
        Share of the words that is left out of a training review, other ones each time.
    average : int
        If not 0, a running mean of the parameters is validated and saved in their place, whose
        weights fall to about a third in this many updates.
    checkpoint : str or None
        File that holds the whole run, at every save and validation; by default beside saveto,
        ending in .checkpoint; None for no such file.
    resume : bool
        Go on from the checkpoint, if there is one.
    callback : callable, optional
        Called with a Displayed at each displayed cost and a Validated at each validation.

    Returns
    -------
    train_err, valid_err, test_err : float
        Share of misclassified reviews under the parameters with the best
        validation error; (1., 1., 1.) if the cost stopped being a number.

    Raises
    ------
    errors.TutorialError
        An argument, the data or a model cannot be used; the message says why.
    """
    arguments = dict(locals())
    del arguments['callback']
    print(description())
    options = check_options(arguments)
    kept_at, resume = options.pop('checkpoint'), options.pop('resume')
    options.update(provenance.provenance(reload_model))
    print('model options', options)
    rng = numpy.random.RandomState(seed)

    if BY_HAND:
        numpy_recurrence.begin_loading(config.floatX)
    print('Loading data')
    load_data, prepare_data = get_dataset(dataset)
    data, about = training_data.load_parts(load_data, options, rng)
    print('SHA-256 of the dataset:', options['dataset_sha256'])

    @functools.lru_cache(maxsize=None)
    def vocabulary():  # read when it is first needed, to be saved with the model
        return training_data.load_vocabulary(about, options)

    print('Building model')
    params = init_params(options, rng)
    if reload_model:
        saved_model.check_same_words(reload_model, vocabulary())
        load_params(reload_model, params)
    tparams = init_tparams(params)
    use_noise, x, mask, y, _, f_pred, cost = build_model(tparams, options)
    if decay_c > 0.:
        cost += decay_c * (tparams['U'] ** 2).sum()
    grads = theano.grad(cost, wrt=list(tparams.values()))
    optimizer = update_rules.get(optimizer, optimizer)  # by name or as given
    if BY_HAND:
        optimizer = sparse_updates.row_wise(optimizer)
    lr = tensor.scalar('lr', dtype=config.floatX)
    f_grad_shared, f_update = optimizer(lr, tparams, grads, x, mask, y, cost)
    mean = RunningMean(tparams, average, getattr(f_update, 'settle', lambda: None))
    model = Model(options, tparams, mean, use_noise, prepare_data, f_pred, f_grad_shared, f_update,
                  vocabulary)
    with numpy_recurrence.one_blas_thread() if BY_HAND else contextlib.nullcontext():
        return optimize(model, data, rng, callback, Checkpoint(kept_at, model, rng), resume)


Model = namedtuple('Model', 'options tparams mean use_noise prepare_data f_pred f_grad_shared '
                   'f_update vocabulary')


def check_options(options):
    """The options, if all can be used, with names for functions.

    Raises
    ------
    errors.ConfigError
        Names the first option that cannot be used, and what it may be.
    """
    check_values(options)
    require(options['encoder'] in list(layers), 'encoder', options['encoder'],
            'one of ' + ', '.join(sorted(layers)))
    finding.check_dataset(options['dataset'], datasets)
    rule = options['optimizer']
    require(callable(rule) or rule in list(update_rules), 'optimizer', rule,
            'one of %s, or a function' % ', '.join(sorted(update_rules)))
    options['optimizer'] = getattr(rule, '__name__', rule)
    check_places(options)
    if options['dataset'] == 'demo' and options['max_epochs'] > demo_grammar.MAX_EPOCHS:
        options['max_epochs'] = demo_grammar.MAX_EPOCHS
        print('dataset demo: max_epochs is capped at %d' % demo_grammar.MAX_EPOCHS)
    return options


def optimize(model, data, rng, callback, kept, resume):
    """Update the model's parameters epoch by epoch; keep, evaluate and save the best.

    Parameters and result are those of :func:`train_lstm`.
    """
    options, tparams, mean = model.options, model.tparams, model.mean
    train, valid, test = data
    notify = callback or (lambda record: None)
    batches = {'train': get_minibatches_idx(len(train[0]), options['batch_size']),
               'valid': get_minibatches_idx(len(valid[0]), options['valid_batch_size']),
               'test': get_minibatches_idx(len(test[0]), options['valid_batch_size'])}
    per_epoch, lengths = len(batches['train']), [len(sequence) for sequence in train[0]]
    # Differs from the tutorial: -1 counts the last, smaller minibatch too.
    valid_freq, save_freq = (per_epoch if options[name] == -1 else options[name]
                             for name in ('validFreq', 'saveFreq'))
    print('Optimization')
    for name, part in (('train', train), ('valid', valid), ('test', test)):
        print('%d %s examples' % (len(part[0]), name))

    def errors():
        model.use_noise.set_value(0.)
        return [float(pred_error(model.f_pred, model.prepare_data, part, batches[name]))
                for name, part in (('train', train), ('valid', valid), ('test', test))]

    best, history_errs, stopping = None, [], EarlyStopping(options['patience'])
    bad_cost, start = False, time.time()
    if resume:
        best, progress = kept.resume()
    else:
        progress = START
    update, first_epoch, n_done = (progress[name] for name in ('update', 'epoch', 'n_done'))
    for valid_err, test_err in progress['history_errs']:
        history_errs.append([valid_err, test_err])
        stopping.judge(valid_err)
    epoch = first_epoch
    try:
        for epoch in range(first_epoch, 0 if stopping.stop else options['max_epochs']):
            rng_before = generator_state(rng)
            shuffled = get_minibatches_idx(len(train[0]), options['batch_size'], True, rng,
                                           lengths, options['length_window'])
            n_seen = sum(len(batch) for _, batch in shuffled[:n_done])
            for place, batch in shuffled[n_done:]:
                update += 1
                model.use_noise.set_value(1.)
                sequences = [train[0][k] for k in batch]
                if options['word_dropout']:
                    # Seeded by the update: a run that is resumed leaves out the same words.
                    sequences = drop_words(sequences, options['word_dropout'],
                                           numpy.random.RandomState([options['seed'], update]))
                x, mask, y = model.prepare_data(sequences, [train[1][k] for k in batch])
                n_seen += x.shape[1]
                cost = float(model.f_grad_shared(x, mask, y))
                # Differs from the tutorial: noticed before the update it would spoil.
                bad_cost = not math.isfinite(cost)
                if bad_cost:
                    print('bad cost detected: ', cost)
                    break
                model.f_update(options['lrate'])
                mean.take_in(update)

                if update % options['dispFreq'] == 0:
                    print('Epoch ', epoch, 'Update ', update, 'Cost ', cost)
                    notify(Displayed(epoch, update, cost, per_epoch, options['max_epochs']))
                if options['saveto'] and update % save_freq == 0:
                    print('Saving...')
                    with mean.in_use() as current:
                        saved_model.save(options['saveto'], best or current, options,
                                         model.vocabulary(), history_errs=history_errs)
                    print('Done')
                if update % valid_freq == 0:
                    with mean.in_use() as current:
                        train_err, valid_err, test_err = errors()
                    history_errs.append([valid_err, test_err])
                    is_best = stopping.judge(valid_err)
                    if is_best:
                        best = current
                    print('Train ', train_err, 'Valid ', valid_err, 'Test ', test_err)
                    notify(Validated(epoch, update, train_err, valid_err, test_err, is_best))
                if update % save_freq == 0 or update % valid_freq == 0:
                    kept.save(best, update=update, epoch=epoch, n_done=place + 1,
                              history_errs=history_errs, rng=rng_before)
                if stopping.stop:
                    print('Early Stop!')
                    break
            print('Seen %d samples' % n_seen)
            n_done = 0
            if bad_cost or stopping.stop:
                break
    except KeyboardInterrupt:
        print('Training interrupted')
        options['interrupted'] = True
    seconds = time.time() - start

    with mean.in_use() as current:
        best = best or current
    zipp(best, tparams)
    train_err, valid_err, test_err = (1., 1., 1.) if bad_cost else errors()
    print('Train ', train_err, 'Valid ', valid_err, 'Test ', test_err)
    if options['saveto']:
        saved_model.save(options['saveto'], unzip(tparams), options, model.vocabulary(),
                         train_err=train_err, valid_err=valid_err, test_err=test_err,
                         history_errs=history_errs)
    print('The code run for %d epochs, with %f sec/epochs' % (epoch + 1, seconds / (epoch + 1)))
    print('Training took %.1fs' % seconds, file=sys.stderr)
    return train_err, valid_err, test_err


# Command line.

GROUPS = OrderedDict([
    ('data', ['dataset', 'n_words', 'maxlen', 'valid_portion', 'test_size']),
    ('model', ['dim_proj', 'encoder', 'use_dropout', 'word_dropout', 'noise_std',
               'reload_model']),
    ('optimization', ['optimizer', 'lrate', 'decay_c', 'batch_size', 'length_window', 'average',
                      'max_epochs', 'patience', 'seed']),
    ('bookkeeping', ['saveto', 'checkpoint', 'resume', 'dispFreq', 'validFreq', 'saveFreq',
                     'valid_batch_size'])])
# The two values that the tutorial's own main passes.
DEFAULTS = {'max_epochs': 100, 'test_size': 500}


def main(arguments=None):
    """Run from a command line; exit with status 2 and a message where something is wrong."""
    parser = command_line.parser_for(
        train_lstm, GROUPS, DEFAULTS,
        description='Train an LSTM to tell positive from negative reviews. With no '
                    '--dataset, imdb is used, or demo where imdb cannot be had.')
    curves.add_options(parser)
    parser.add_argument('--repeat', metavar='MODEL',
                        help='run again what made this model, into a new file')
    command_line.add_common(parser)
    with command_line.plain_errors(arguments=arguments), command_line.plain_warnings(), \
            command_line.ended_by_signals():
        options = vars(parser.parse_args(arguments))
        del options['debug']
        model = options.pop('repeat')
        with curves.recorder(options.pop('plot'), options.pop('log')) as record:
            if model is not None:
                options = provenance.arguments_of(model, train_lstm, options)
            elif 'dataset' not in options:
                options['dataset'] = finding.choose_dataset()
            with command_line.progress_bar() as bar:
                train_lstm(callback=command_line.each(record, bar), **dict(DEFAULTS, **options))


if __name__ == '__main__':
    main()
