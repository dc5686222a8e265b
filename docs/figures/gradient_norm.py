"""How much of a gradient reaches an earlier step: in plain networks, and in this LSTM.

The loss is v·h_t, where v has norm 1, so its gradient by h_t has norm 1. The table holds the norm
of its gradient by the whole state k steps earlier: h_{t-k} in a plain network; (h_{t-k}, c_{t-k}),
taken as one vector, in the LSTM. A network carries nothing else from step to step.

All networks have 128 units and read the first 100 words of the same 64 test
reviews, the shortest of those with 100 words or more. t is 100, and k goes from
0 to 99. The numbers are medians over the reviews, computed in float64.

plain
    h_t = φ(h_{t-1} U + x_t W). x_t is the embedding of the word before training. W is a random
    orthogonal matrix. U is another one times 0.9, 1.0 or 1.1, so all its eigenvalues have this
    modulus. v is random, and differs between reviews. If φ is the identity, the norm is that factor
    to the power of k for every text. With φ = tanh it is the same for 0.9 and nearly the same for
    1.0. For 1.1 the state grows until the tanh saturates, which limits the gradient.
lstm_initial
    This LSTM with the parameters that `lstm.init_params` draws from the seed 123. v points along
    U_1 - U_0. The logistic regression uses h_t in this direction alone, and the gradient that each
    h_t gets directly from the cost has this direction.
lstm_trained
    The same for the model of the default run, ``THEANO_FLAGS="floatX=float32" python lstm.py``,
    with the 10th and 90th percentile.
"""

import numpy
import style
from tables import column, read_table, write_table

N_STEPS, N_REVIEWS, SEED = 100, 64, 123
FACTORS = (0.9, 1.0, 1.1)
# Column, label, colour, dashes, and the place of the label: at which k, how far from the line.
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
        Embeddings of the words.
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

    Equations 1 to 7 forward, then equations 16 to 21 backward, written plainly.

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
    Wemb, W, U, b = (numpy.asarray(params[name], dtype='float64')
                     for name in ('Wemb', 'lstm_W', 'lstm_U', 'lstm_b'))
    h, c, steps = numpy.zeros_like(v), numpy.zeros_like(v), []
    for words in Wemb[x]:
        z_i, z_f, z_o, z_c = numpy.split(words.dot(W) + h.dot(U) + b, 4, axis=1)
        i, f, o = (1 / (1 + numpy.exp(-z)) for z in (z_i, z_f, z_o))
        candidate, c_before = numpy.tanh(z_c), c
        c = f * c_before + i * candidate
        tanh_c = numpy.tanh(c)
        h = o * tanh_c
        steps.append((i, f, o, candidate, c_before, tanh_c))
    dh, dc, norms = v, numpy.zeros_like(v), []
    for i, f, o, candidate, c_before, tanh_c in steps[::-1]:
        norms.append(numpy.sqrt((dh ** 2 + dc ** 2).sum(axis=1)))
        dc = dc + dh * o * (1 - tanh_c ** 2)
        dz = numpy.concatenate([dc * candidate * i * (1 - i), dc * c_before * f * (1 - f),
                                dh * tanh_c * o * (1 - o), dc * i * (1 - candidate ** 2)], axis=1)
        dh, dc = dz.dot(U.T), dc * f
    return numpy.array(norms)


def first_words(test):
    """The first words of the shortest test reviews of `N_STEPS` words or more.

    The shape is (N_STEPS, N_REVIEWS).
    """
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
    """U_1 - U_0, scaled to norm 1, in each of `n_samples` rows; float64."""
    along = numpy.asarray(params['U'], dtype='float64')
    along = along[:, 1] - along[:, 0]
    return numpy.tile(along / numpy.linalg.norm(along), (n_samples, 1))


def compute(table, model):
    """Measure with a `model` of the default run; write the table."""
    from lstm_sentiment.model import saved_model
    write_table(table, measure(saved_model.load(model).params))


def draw(table):
    """The figure of the table, as SVG."""
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
