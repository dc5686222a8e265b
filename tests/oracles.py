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


def plain_layer(words, params, prefix, options):
    """h and c at each word of one sample, (n_words, dim_proj), by any of the cells.

    Written from the equations, one gate at a time.
    """
    W, U, b = (params['%s_%s' % (prefix, name)] for name in 'WUb')
    dim_proj = len(U)
    V = params.get(prefix + '_V', numpy.zeros((dim_proj, 0)))
    if V.ndim == 1:
        V = numpy.concatenate([numpy.diag(V[k * dim_proj:(k + 1) * dim_proj]) for k in range(3)],
                              axis=1)
    n_seen = V.shape[1] // dim_proj  # no gate, o alone, or i, f and o look at the cell
    V_i, V_f, V_o = {0: 3 * [numpy.zeros((dim_proj, dim_proj))],
                     1: 2 * [numpy.zeros((dim_proj, dim_proj))] + [V],
                     3: [V[:, k * dim_proj:(k + 1) * dim_proj] for k in range(3)]}[n_seen]
    h, c, found = numpy.zeros(dim_proj), numpy.zeros(dim_proj), []
    for x in words:
        z_i, z_f, z_o, z_c = numpy.split(x.dot(W) + h.dot(U) + b, 4)
        i, f = sigmoid(z_i + c.dot(V_i)), sigmoid(z_f + c.dot(V_f))
        c = f * c + i * numpy.tanh(z_c)
        h = sigmoid(z_o + c.dot(V_o)) * numpy.tanh(c)
        found.append((h, c))
    return [numpy.reshape(array, (-1, dim_proj)) for array in zip(*found)] or 2 * [
        numpy.zeros((0, dim_proj))]


def plain_outputs(params, sequence, options):
    """The h of the last level at each word, forward and, if there is one, backward."""
    below = params['Wemb'][numpy.array(sequence, dtype=int)]
    for level in range(1, options.get('n_layers', 1) + 1):
        prefix = options['encoder'] + ('' if level == 1 else '_%d' % level)
        outputs = [plain_layer(below, params, prefix, options)[0]]
        if options.get('bidirectional'):
            outputs.append(plain_layer(below[::-1], params, prefix + '_reverse', options)[0][::-1])
        below = numpy.concatenate(outputs, axis=1)
    return outputs


def plain_features(params, sequence, options):
    """What the logistic regression is given of one sample."""
    outputs = plain_outputs(params, sequence, options)
    pooling = options.get('pooling', 'mean')
    if not len(sequence):
        return numpy.zeros(sum(h.shape[1] for h in outputs))
    if pooling == 'last':
        return numpy.concatenate([outputs[0][-1]] + [h[0] for h in outputs[1:]])
    return numpy.concatenate([getattr(h, pooling)(axis=0) for h in outputs])
