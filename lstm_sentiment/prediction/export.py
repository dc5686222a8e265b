r"""A trained model as one ONNX file, for programs that have neither this package nor its engine.

The inputs are word ids ``x``, int64, (n_timesteps, n_samples), and ``lengths``, int32,
(n_samples,); the output is ``probabilities``, float32, (n_samples, ydim). Words, classes and text
settings are in the file's metadata (:func:`metadata_of`).

ONNX's own LSTM node stands for the cells `lstm` and `lstm_peephole` with diagonal weights. The
other two have a matrix from the cell to a gate, which that node lacks: there a Scan node runs the
steps of :func:`scan_body`.
"""
import json

import numpy

from lstm_sentiment import __version__
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.files import require_writable, whole_files
from lstm_sentiment.prediction import onnx_ngrams
from lstm_sentiment.prediction.network import PADDING
from lstm_sentiment.prediction.onnx_graph import Graph, import_onnx
from lstm_sentiment.recurrence import pooling
from lstm_sentiment.recurrence.cells.lstm import LSTM
from lstm_sentiment.recurrence.cells.peephole import Diagonal
from lstm_sentiment.text.vocabulary import FIRST_WORD_ID, UNKNOWN_ID

# What onnxruntime 1.14, of 2023, and all later ones read.
OPSET, IR_VERSION = 18, 8
# Bytes that the embeddings may take: a file of this format ends below 2 GiB.
MOST_BYTES = 1 << 30
DESCRIPTION = (
    'x has a column of word ids for each text, filled up with 0 at its end; lengths are their '
    'numbers of words. A text without words is a column of 0 with the length 0. The word k of the '
    'list "words" in the metadata has the id k + %d, any other word the id %d.'
    % (FIRST_WORD_ID, UNKNOWN_ID))


def graph_of(network):
    """The whole model as an ``onnx.GraphProto``.

    Parameters
    ----------
    network : network.Network
    """
    graph = Graph()
    # One more row of padding: without a row, which texts without words may have, no loop runs.
    row = graph.add('Concat', graph.constant('one_row', [1], 'int64'),
                    graph.add('Shape', 'lengths'), axis=0)
    padding = graph.add('ConstantOfShape', row,
                        value=graph.onnx.numpy_helper.from_array(numpy.array([PADDING])))
    x = graph.add('Concat', 'x', padding, axis=0)
    # (n_timesteps, n_samples, 1): whether the text has a word there.
    steps = graph.add('Range', graph.constant('zero', 0, 'int64'),
                      graph.add('Squeeze', graph.add('Shape', x, start=0, end=1)),
                      graph.constant('one', 1, 'int64'))
    steps = graph.add('Unsqueeze', graph.add('Cast', steps, to=graph.onnx.TensorProto.INT32),
                      graph.axes(1))
    running = graph.add('Unsqueeze', graph.add('Less', steps, 'lengths'), graph.axes(2))
    below = graph.add('Gather', graph.constant('Wemb', network.Wemb), x)
    for number, level in enumerate(network.levels, 1):
        layers = []
        for reader in level:
            prefix = 'level_%d%s_' % (number, '_reverse' if reader.is_reverse else '')
            add_layer = add_lstm if is_native(network.form) else add_scan
            layers.append(add_layer(graph, network.form, reader, below, running, prefix))
        below, ends = (joined(graph, outputs) for outputs in zip(*layers))
    features = add_pooling(graph, network.pooling, below, ends, running)
    scores = add_scores(graph, network, features, x, running)
    graph.name(graph.add('Softmax', scores, axis=1), 'probabilities')
    return graph.finish(
        'lstm_sentiment',
        [('x', 'int64', ('n_timesteps', 'n_samples')), ('lengths', 'int32', ('n_samples',))],
        [('probabilities', 'float32', ('n_samples', len(network.b_out)))])


def is_native(form):
    """Whether ONNX's LSTM node computes this cell."""
    return isinstance(form, (LSTM, Diagonal))


def joined(graph, outputs):
    """Results side by side."""
    return outputs[0] if len(outputs) == 1 else graph.add('Concat', *outputs, axis=-1)


def reordered(array):
    """Columns in the order i, f, o, candidate as rows in ONNX's order i, o, f, candidate.

    >>> reordered(numpy.array([[1, 2, 3, 4]])).tolist()
    [[1], [3], [2], [4]]
    """
    i, f, o, candidate = numpy.split(array, 4, axis=-1)
    return numpy.concatenate([i, o, f, candidate], axis=-1).T


def add_lstm(graph, form, reader, below, running, prefix):
    """Add a layer as an LSTM node.

    Parameters
    ----------
    graph : Graph
    form : cells.form.Form
    reader : network.Reader
    below : str
        The layer's inputs, (n_timesteps, n_samples, n_inputs).
    running : str
        (n_timesteps, n_samples, 1) bool. It is not used here: the node takes the lengths.
    prefix : str
        Of the names of the constants.

    Returns
    -------
    h : str
        At each step, (n_timesteps, n_samples, dim_proj).
    end : str
        The h after the last word that is read, (n_samples, dim_proj).
    """
    U, dim_proj = reader.weights[0], len(reader.weights[0])
    # The node has a second bias, beside the product with h.
    b = numpy.concatenate([reordered(reader.b), numpy.zeros(4 * dim_proj)])
    inputs = [below] + [graph.constant(prefix + name, value[None]) for name, value in (
        ('W', reordered(reader.W)), ('R', reordered(U)), ('B', b))] + ['lengths']
    if isinstance(form, Diagonal):
        i, f, o = numpy.split(reader.weights[1], 3)
        inputs += ['', '', graph.constant(prefix + 'P', numpy.concatenate([i, o, f])[None])]
    h, end = graph.add('LSTM', *inputs, hidden_size=dim_proj, n_outputs=2,
                       direction='reverse' if reader.is_reverse else 'forward')
    return graph.add('Squeeze', h, graph.axes(1)), graph.add('Squeeze', end, graph.axes(0))


def add_scan(graph, form, reader, below, running, prefix):
    """Add a layer as a Scan node; see :func:`add_lstm`."""
    weights = zip(('U', 'V_if', 'V_o'), form.loop_weights(*reader.weights))
    body = scan_body(prefix, *[graph.constant(prefix + name, value) if value.size else None
                               for name, value in weights])
    dim_proj = len(reader.weights[0])
    projected = graph.add('Add', graph.add('MatMul', below, graph.constant(prefix + 'W', reader.W)),
                          graph.constant(prefix + 'b', reader.b))
    shape = graph.add('Concat', graph.add('Shape', 'lengths'),
                      graph.constant(prefix + 'dim_proj', [dim_proj], 'int64'), axis=0)
    zeros = graph.add('ConstantOfShape', shape)
    way = int(reader.is_reverse)
    end, _, h = graph.add('Scan', zeros, zeros, projected, running, n_outputs=3, body=body,
                          num_scan_inputs=2, scan_input_directions=[way, way],
                          scan_output_directions=[way])
    return h, end


def scan_body(prefix, U, V_if, V_o):
    """One step of the cells whose gates depend on the cell by a matrix, as an ``onnx.GraphProto``.

    Where a text has no word, its h and c stay. A layer that reads from the end meets the padding
    first, and h and c are still zero at the last word.

    Parameters
    ----------
    prefix : str
        Of all names in it.
    U, V_if, V_o : str
        Constants of the graph around it, as of :mod:`cells.peephole`. `V_if` is None if only the
        output gate depends on the cell.
    """
    step = Graph(prefix)
    h, c, projected, running = (prefix + name for name in ('h', 'c', 'projected', 'running'))
    z_i, z_f, z_o, z_c = step.add('Split', step.add('Add', projected, step.add('MatMul', h, U)),
                                  axis=1, n_outputs=4, num_outputs=4)
    if V_if is not None:
        seen_i, seen_f = step.add('Split', step.add('MatMul', c, V_if), axis=1, n_outputs=2,
                                  num_outputs=2)
        z_i, z_f = step.add('Add', z_i, seen_i), step.add('Add', z_f, seen_f)
    i, f = step.add('Sigmoid', z_i), step.add('Sigmoid', z_f)
    new_c = step.add('Add', step.add('Mul', f, c), step.add('Mul', i, step.add('Tanh', z_c)))
    o = step.add('Sigmoid', step.add('Add', z_o, step.add('MatMul', new_c, V_o)))
    new_h = step.add('Mul', o, step.add('Tanh', new_c))
    new_h, new_c = step.add('Where', running, new_h, h), step.add('Where', running, new_c, c)
    state = ('n_samples', 'dim_proj')
    return step.finish(
        prefix + 'step',
        [(h, 'float32', state), (c, 'float32', state),
         (projected, 'float32', ('n_samples', '4 dim_proj')), (running, 'bool', ('n_samples', 1))],
        [(step.name(new_h, prefix + 'new_h'), 'float32', state),
         (step.name(new_c, prefix + 'new_c'), 'float32', state),
         (step.name(new_h, prefix + 'kept_h'), 'float32', state)])


def add_pooling(graph, kind, h, end, running):
    """Add the pooling of a name; return its result, zero for a text without words.

    Parameters
    ----------
    graph : Graph
    kind : str
        As in :mod:`pooling`.
    h, end : str
        Of both directions, side by side; see :func:`add_lstm`.
    running : str
    """
    zero = graph.constant('zero_float', 0.)
    lengths = graph.add('Unsqueeze', 'lengths', graph.axes(1))
    has_words = graph.add('Greater', lengths, graph.constant('zero_int32', 0, 'int32'))
    if kind == pooling.MEAN:
        total = graph.add('ReduceSum', graph.add('Where', running, h, zero), graph.axes(0),
                          keepdims=0)
        least = graph.add('Max', lengths, graph.constant('one_int32', 1, 'int32'))
        pooled = graph.add('Div', total,
                           graph.add('Cast', least, to=graph.onnx.TensorProto.FLOAT))
    elif kind == pooling.MAX:
        lowest = graph.constant('lowest', -numpy.inf)
        pooled = graph.add('ReduceMax', graph.add('Where', running, h, lowest), graph.axes(0),
                           keepdims=0)
    else:
        pooled = end
    return graph.add('Where', has_words, pooled, zero)


def add_scores(graph, network, features, x, running):
    """Add the scores of the classes, as :meth:`network.Network.scores_of_features`."""
    scores = graph.add('Gemm', features, graph.constant('U', network.U_out),
                       graph.constant('b', network.b_out))
    if network.ngrams is None:
        return scores
    of_ngrams = graph.add('Add', onnx_ngrams.add_scores(graph, network.ngrams, x, running),
                          graph.constant('ngram_bias', network.ngrams.bias))
    share = onnx_ngrams.add_shares(graph, network.options)
    return graph.add('Add', scores,
                     graph.add('Mul', share, graph.add('Sub', of_ngrams, scores)))


def metadata_of(classifier):
    """What a program must know besides the graph: str by name, each JSON.

    ``words`` is a list; its word k has the id k + 2. ``classes`` is a list of names, and
    ``text_settings`` says how a text becomes words (:mod:`text_settings`).
    """
    vocabulary = classifier.vocabulary
    return {name: json.dumps(value) for name, value in (
        ('words', vocabulary.words), ('classes', vocabulary.classes),
        ('text_settings', vocabulary.settings))}


def to_onnx(classifier):
    """A trained model as the bytes of an ONNX file.

    Parameters are cast to float32, which is the type of the file whatever that of the model.

    Parameters
    ----------
    classifier : classifier.Classifier

    Raises
    ------
    errors.ConfigError
        If the package onnx is missing, or the model is too large for a file of this format.
    """
    onnx, network = import_onnx(), classifier.network
    if 4 * network.Wemb.size > MOST_BYTES:
        raise ConfigError('the model is too large for ONNX: its embeddings take %d bytes. Expected '
                          'at most %d.' % (4 * network.Wemb.size, MOST_BYTES))
    model = onnx.helper.make_model(
        graph_of(network), opset_imports=[onnx.helper.make_opsetid('', OPSET)],
        ir_version=IR_VERSION, producer_name='lstm_sentiment', producer_version=__version__,
        doc_string=DESCRIPTION)
    onnx.helper.set_model_props(model, metadata_of(classifier))
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def write(classifier, path):
    """Write the ONNX file of a model.

    Raises
    ------
    errors.ConfigError
        As of :func:`to_onnx`, or if the file cannot be written.
    """
    require_writable('export', path)
    content = to_onnx(classifier)
    with whole_files(path, error=ConfigError) as (stream,):
        stream.write(content)
