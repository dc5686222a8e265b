"""How much of a gradient reaches an earlier step: in plain networks, and in this LSTM.

The loss is v·h_t with a v of norm 1, so its gradient by h_t has norm 1. What is
measured is the norm of its gradient by the whole state k steps earlier:
h_{t-k} of a plain network; (h_{t-k}, c_{t-k}), taken as one vector, of the
LSTM. That state is all a network has of what it read before.

All networks have 128 units and read the first 100 words of the same 64 test
reviews, the shortest of those with 100 words or more; t = 100, and k runs from
0 to 99. The numbers are medians over the reviews, computed in float64.

plain
    h_t = φ(h_{t-1} U + x_t W), x_t the word's embedding before training, W a
    random orthogonal matrix, U another one times 0.9, 1.0 or 1.1, which is then
    the modulus of all its eigenvalues; v is random, another for each review.
    With φ the identity the norm is that factor to the power of k, whatever is
    read. With φ = tanh it is the same for 0.9, and nearly so for 1.0; with 1.1
    the state grows until tanh levels off and holds the gradient back.
lstm_initial
    This LSTM as `lstm.init_params` draws it, seed 123. v is along U_1 - U_0, the
    one direction in which the logistic regression reads h_t, and along which
    each step's own gradient comes in.
lstm_trained
    The same for the model of the default run, ``THEANO_FLAGS="floatX=float32"
    python lstm.py``; also the 10th and 90th percentile.
"""

import numpy
import style
from tables import column, read_table, write_table

N_STEPS, N_REVIEWS, SEED = 100, 64, 123
FACTORS = (0.9, 1.0, 1.1)
# Column, name, colour, dashes, and where the name stands: at which k, how far from the line.
LINES = (
    ('linear_0.9', 'linear, 0.9', style.VIOLET, '-', 84, (0, 24), 'center'),
    ('linear_1.0', 'linear, 1.0', style.VIOLET, '-', 84, (0, -16), 'center'),
    ('linear_1.1', 'linear, 1.1', style.VIOLET, '-', 66, (-6, 18), 'right'),
    ('tanh_1.1', 'tanh, 1.1', style.VIOLET, '--', 68, (0, 22), 'center'),
    ('lstm_initial', 'LSTM, initial', style.INK, '-', 40, (-14, -6), 'right'),
    ('lstm_trained', 'LSTM, trained', style.ORANGE, '-', 70, (-10, -22), 'right'))
TITLE = 'How much of a gradient reaches an earlier step'
DESCRIPTION = (
    'The norm of the gradient, on a logarithmic axis, against the number of steps back, 0 to 99. '
    'Linear recurrent networks with the leading eigenvalue 0.9, 1.0 and 1.1 fall, stay and rise as '
    'straight lines; with tanh the one with 1.1 stays near 1 at first and then rises. This LSTM '
    'falls by a quarter a step before training. After it, about half is left five steps back and '
    'a fourteenth twenty steps back; then it falls too, but less steeply than before training.')


def plain_norms(words, U, W, v, squash=None):
    """Norm of the gradient of v·h_t by h_{t-k} in a plain recurrent network.

    Parameters
    ----------
    words : float64 array, (n_timesteps, n_samples, dim_proj)
        Embeddings of what is read.
    U, W : float64 arrays, (dim_proj, dim_proj)
    v : float64 array, (n_samples, dim_proj)
    squash : callable, optional
        numpy.tanh; otherwise the network is linear.

    Returns
    -------
    float64 array, (n_timesteps, n_samples)
        Row k is k steps back.
    """
    h, slopes, norms = numpy.zeros_like(v), [], []
    for x in words:
        h = h.dot(U) + x.dot(W)
        if squash:
            h = squash(h)
        slopes.append(1 - h * h if squash else 1.)
    dh = v
    for slope in slopes[::-1]:
        norms.append(numpy.linalg.norm(dh, axis=1))
        dh = (dh * slope).dot(U.T)
    return numpy.array(norms)


def lstm_norms(params, x, v):
    """Norm of the gradient of v·h_t by the LSTM's state (h, c) k steps earlier.

    The steps of `cells.lstm.run_steps_back`, with a look at dh and dc before each.

    Parameters
    ----------
    params : dict of arrays
        As from `lstm.init_params`.
    x : int64 array, (n_timesteps, n_samples)
        Word ids, without padding.
    v : float64 array, (n_samples, dim_proj)

    Returns
    -------
    float64 array, (n_timesteps, n_samples)
        Row k is k steps back.
    """
    from lstm_sentiment.recurrence import layer, packing
    from lstm_sentiment.recurrence.cells import CELLS
    from lstm_sentiment.recurrence.cells.lstm import blocks, local_derivatives
    Wemb, W, U, b = (numpy.asarray(params[name], dtype='float64')
                     for name in ('Wemb', 'lstm_W', 'lstm_U', 'lstm_b'))
    words, tokens, n_alive, _ = packing.pack(x, numpy.ones(x.shape))
    zeros = numpy.zeros_like(v)
    _, gates, c, tanh_c = layer.forward(CELLS['lstm'], layer.project(Wemb[words], W, b), tokens,
                                        n_alive, [U], zeros, zeros)
    # Of equal length, the samples keep their order: the row of c before a step's is n_samples up.
    dz_factors, dc_by_dh = local_derivatives(gates, numpy.concatenate([zeros, c])[:len(c)], tanh_c)
    f = blocks(gates)[1]
    dh, dc, norms = v, numpy.zeros_like(v), []
    for step in numpy.arange(len(gates)).reshape(x.shape)[::-1]:
        norms.append(numpy.sqrt((dh ** 2 + dc ** 2).sum(axis=1)))
        dc = dc + dh * dc_by_dh[step]
        dz = dz_factors[step] * numpy.concatenate([dc, dc, dh, dc], axis=1)
        dh, dc = dz.dot(U.T), dc * f[step]
    return numpy.array(norms)


def first_words(test):
    """The first words of the shortest test reviews that are long enough, (N_STEPS, N_REVIEWS)."""
    sequences, _ = test
    return numpy.array([sequence[:N_STEPS] for sequence in sequences
                        if len(sequence) >= N_STEPS][:N_REVIEWS]).T


def measure(trained):
    """The columns of the table, given the parameters after training."""
    import imdb
    import lstm
    options = {'n_words': 10000, 'dim_proj': 128, 'ydim': 2, 'encoder': 'lstm'}
    initial = lstm.init_params(options, numpy.random.RandomState(SEED))
    _, _, test = imdb.load_data(n_words=options['n_words'])
    x, rng = first_words(test), numpy.random.RandomState(SEED)
    v = rng.randn(x.shape[1], options['dim_proj'])
    v /= numpy.linalg.norm(v, axis=1, keepdims=True)
    U, W = (lstm.ortho_weight(options['dim_proj'], rng).astype('float64') for _ in range(2))
    words = initial['Wemb'][x].astype('float64')  # (n_timesteps, n_samples, dim_proj)
    measured = {}
    for factor in FACTORS:
        measured['linear_%s' % factor] = plain_norms(words, factor * U, W, v)
    for factor in FACTORS:
        measured['tanh_%s' % factor] = plain_norms(words, factor * U, W, v, numpy.tanh)
    for name, params in (('lstm_initial', initial), ('lstm_trained', trained)):
        measured[name] = lstm_norms(params, x, reading_direction(params, x.shape[1]))
    columns = {'k': list(range(N_STEPS))}
    for name, norms in measured.items():
        columns[name] = numpy.median(norms, axis=1).tolist()
    for percent in (10, 90):
        columns['lstm_trained_%d' % percent] = numpy.percentile(
            measured['lstm_trained'], percent, axis=1).tolist()
    return columns


def reading_direction(params, n_samples):
    """U_1 - U_0 at norm 1, in each of `n_samples` rows; float64."""
    along = numpy.asarray(params['U'], dtype='float64')
    along = along[:, 1] - along[:, 0]
    return numpy.tile(along / numpy.linalg.norm(along), (n_samples, 1))


def compute(table, model):
    """Measure with a `model` of the default run; write the table."""
    from lstm_sentiment.model import saved_model
    write_table(table, measure(saved_model.load(model).params))


def draw(table):
    """The figure, as SVG text, from the table."""
    rows = read_table(table)
    return style.draw_figure(720, 520, lambda figure: plot(figure, rows), TITLE, DESCRIPTION)


def plot(figure, rows):
    k, (lowest, highest) = column(rows, 'k'), (-9, 5)
    axes = figure.add_axes([0.115, 0.135, 0.865, 0.765])
    axes.set_yscale('log')
    axes.set_xlim(0, 99)
    axes.set_ylim(10. ** lowest, 10. ** highest)
    exponents = [exponent for exponent in range(lowest, highest + 1) if exponent % 2 == 0]
    axes.set_yticks([10. ** exponent for exponent in exponents])
    axes.set_yticklabels([style.power_of_ten(exponent) for exponent in exponents])
    axes.minorticks_off()
    axes.set_title('norm of the gradient')
    axes.set_xlabel('steps back, k')
    axes.fill_between(k, column(rows, 'lstm_trained_10'), column(rows, 'lstm_trained_90'),
                      color=style.ORANGE, alpha=0.16, linewidth=0)
    for name, label, colour, dashes, at, offset, align in LINES:
        values = column(rows, name)
        axes.plot(k, values, color=colour, linestyle=dashes, gid=name)
        style.name_line(axes, k, values, label, at, offset, colour, align)
