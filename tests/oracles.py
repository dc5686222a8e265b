"""The model as plain NumPy loops: what the fast forms are tested against."""
import numpy


def sigmoid(z):
    return 1 / (1 + numpy.exp(-z))


def numpy_lstm(x, mask, W, U, b):
    """h at each step, (n_timesteps, n_samples, dim_proj), one sample and one step at a time."""
    n_timesteps, n_samples, dim_proj = x.shape
    result = numpy.zeros((n_timesteps, n_samples, dim_proj))
    for sample in range(n_samples):
        h, c = numpy.zeros(dim_proj), numpy.zeros(dim_proj)
        for t in range(n_timesteps):
            if mask[t, sample]:
                z = x[t, sample].dot(W) + h.dot(U) + b
                i, f, o = (sigmoid(z[k * dim_proj:(k + 1) * dim_proj]) for k in range(3))
                c = f * c + i * numpy.tanh(z[3 * dim_proj:])
                h = o * numpy.tanh(c)
            result[t, sample] = h
    return result


def numpy_model(params, x, mask):
    """Probabilities of the classes, without dropout."""
    h = numpy_lstm(params['Wemb'][x], mask, params['lstm_W'], params['lstm_U'],
                   params['lstm_b'])
    proj = (h * mask[:, :, None]).sum(axis=0) / mask.sum(axis=0)[:, None]
    scores = proj.dot(params['U']) + params['b']
    exps = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def plain_states(params, sequence):
    """h at each word, (n_words, dim_proj), by a loop over single numbers' formulas."""
    embedded = params['Wemb'][numpy.array(sequence, dtype=int)][:, None]
    return numpy_lstm(embedded, numpy.ones((len(sequence), 1)),
                      *[params['lstm_' + name] for name in 'WUb'])[:, 0]


def plain_scores(params, sequence, share):
    h = plain_states(params, sequence)
    pooled = h.mean(axis=0) if len(h) else numpy.zeros(params['U'].shape[0])
    return (share * pooled).dot(params['U']) + params['b']


def plain_gates(params, sequence):
    """i, f, o, candidate, c and h at each word, one word at a time."""
    W, U, b = (params['lstm_' + name] for name in 'WUb')
    h = c = numpy.zeros(len(U))
    found = []
    for word in sequence:
        z_i, z_f, z_o, z_c = numpy.split(params['Wemb'][word].dot(W) + h.dot(U) + b, 4)
        i, f, o = (1 / (1 + numpy.exp(-z)) for z in (z_i, z_f, z_o))
        candidate = numpy.tanh(z_c)
        c = i * candidate + f * c
        h = o * numpy.tanh(c)
        found.append((i, f, o, candidate, c, h))
    return zip(*found)
