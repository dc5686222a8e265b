"""Graphs of the layer by hand.

:func:`encode` replaces `lstm.encode` in a graph, and :func:`run_layer` a layer of `lstm.layers`.
"""
from lstm_sentiment.engine.names import config, tensor
from lstm_sentiment.recurrence.cells.table import find_form
from lstm_sentiment.recurrence.cost_nodes import Clip, CrossEntropy, MeanCost
from lstm_sentiment.recurrence.graph_nodes import (
    Layer,
    NoState,
    Pack,
    PackWhole,
    Pool,
    Reorder,
    ReversedRows,
    RowsGradient,
    Spread,
    project,
    rows_gradient,
    take_rows,
)
from lstm_sentiment.recurrence.stack import directions


def has_cell(options):
    """Whether there is a form by hand of the cell that a model's options name."""
    return find_form(options) is not None


def make_layer(tparams, projected, tokens, n_alive, options, prefix, initial, ends=False):
    """The outputs of a `graph_nodes.Layer`, without those that only the backward pass needs."""
    op = Layer(options['encoder'], options.get('peephole', 'matrix'), ends)
    weights = [tparams['%s_%s' % (prefix, name)] for name in op.form.names]
    outputs = op(*([projected] + weights + list(initial) + [tokens, n_alive]))
    return outputs[:3] if ends else outputs[0]


def encode(tparams, x, mask, options):
    """The embedding, the layers and the pooling, by hand; see `lstm.encode`.

    Parameters and result are those of `lstm.encode`; the gradient by ``Wemb`` is a
    `graph_nodes.RowsGradient`.
    """
    words, tokens, n_alive, order = Pack()(x, mask)
    from_the_end = ReversedRows()(n_alive, order)
    below = take_rows(tparams['Wemb'], words)
    for level in range(options.get('n_layers', 1)):
        outputs = []
        for prefix, is_reverse in directions(options, level):
            W, b, U = (tparams['%s_%s' % (prefix, name)] for name in 'WbU')
            outputs.append(make_layer(
                tparams, project(below, W, b), tokens[from_the_end] if is_reverse else tokens,
                n_alive, options, prefix, NoState()(U, order)))
        # The inputs of the next level have a row for each word, in the order of the texts.
        below = joined([outputs[0]] + [Reorder()(h, from_the_end) for h in outputs[1:]])
        tokens = tensor.arange(tokens.shape[0])
    return joined([Pool(options.get('pooling', 'mean'))(h, n_alive, order)[0] for h in outputs])


def joined(columns):
    """Matrices side by side."""
    return columns[0] if len(columns) == 1 else tensor.concatenate(columns, axis=1)


def mean_cost(proj, tparams, mask, y, class_weights=None):
    """The logistic regression and its cost by hand; see `lstm.mean_cost`."""
    return MeanCost(tuple(class_weights or ()))(proj, tparams['U'], tparams['b'], mask, y)[0]


def cross_entropy(h, tparams, y):
    """The mean cross-entropy of a softmax over the outputs of a layer, by hand.

    Parameters
    ----------
    h : floatX variable, (n_timesteps, n_samples, dim_proj)
    tparams : dict of shared variables
        ``U`` and ``b`` are used.
    y : int64 variable, (n_timesteps, n_samples)
        The right class at each step.
    """
    U, b = tparams['U'], tparams['b']
    rows = h.reshape((y.shape[0] * y.shape[1], U.shape[0]))
    return CrossEntropy()(rows, U, b, y.flatten())[0]


def clipped(plain, grads, clip_norm):
    """`lstm.clipped`, where a gradient of rows remains one: the other rows are zero.

    Without such gradients it is one node, which is faster for small layers.
    """
    of_rows = [grad.owner is not None and isinstance(grad.owner.op, RowsGradient)
               for grad in grads]
    if not any(of_rows):
        found = Clip(clip_norm)(*grads)
        return found if isinstance(found, (list, tuple)) else [found]
    new = plain([grad.owner.inputs[2] if is_rows else grad
                 for grad, is_rows in zip(grads, of_rows)], clip_norm)
    return [rows_gradient(*(grad.owner.inputs[:2] + [scaled])) if is_rows else scaled
            for grad, is_rows, scaled in zip(grads, of_rows, new)]


def run_layer(tparams, state_below, options, prefix='lstm', mask=None, initial=None):
    """One layer by hand, with an initial and a last state.

    Parameters
    ----------
    tparams : dict of shared variables
    state_below : floatX variable, (n_timesteps, n_samples, n_inputs)
        Or symbols, int64, (n_timesteps, n_samples): the number k stands for a vector of zeros with
        a one at k, so that W has a row for each symbol.
    options : dict
        ``encoder`` and, if the cell has it, ``peephole`` are used.
    prefix : str
        Of the names of the layer's parameters.
    mask : floatX variable, (n_timesteps, n_samples), optional
        By default every step counts.
    initial : pair of floatX variables, (n_samples, dim_proj), optional
        h and c before the first step; by default zero.

    Returns
    -------
    h : floatX variable, (n_timesteps, n_samples, dim_proj)
        At each step; zero where the mask is zero.
    last_h, last_c : floatX variables, (n_samples, dim_proj)
        After the last step whose mask is 1.
    """
    n_timesteps, n_samples = state_below.shape[0], state_below.shape[1]
    W, b, U = (tparams['%s_%s' % (prefix, name)] for name in 'WbU')
    if state_below.ndim == 2 and mask is None:
        places = state_below  # only its shape is used
    else:
        places = tensor.arange(n_timesteps * n_samples).reshape((n_timesteps, n_samples))
    if mask is None:
        row_places, n_alive = PackWhole(config.floatX)(places)
        words, tokens = row_places, tensor.arange(row_places.shape[0])
        order = tensor.arange(n_samples)
    else:
        words, tokens, n_alive, order = Pack()(places, mask)
        row_places = words[tokens]
    if state_below.ndim == 2:
        projected, tokens = W + b, state_below.flatten()[row_places]
    else:
        rows = state_below.reshape((n_timesteps * n_samples, state_below.shape[2]))
        projected = project(take_rows(rows, words), W, b)
    if initial is None:
        initial = NoState()(U, order)
    elif mask is not None:
        initial = [take_rows(state, order) for state in initial]
    h, last_h, last_c = make_layer(tparams, projected, tokens, n_alive, options, prefix, initial,
                                   ends=True)
    h = Spread()(h, places, row_places).reshape((n_timesteps, n_samples, U.shape[0]))
    if mask is None:
        return h, last_h, last_c
    back = tensor.argsort(order)
    return h, take_rows(last_h, back), take_rows(last_c, back)
