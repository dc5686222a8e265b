"""The n-grams of a model in an ONNX graph: their hashes, where each is in the table, the scores.

The steps are those of :mod:`ngrams.features` and :meth:`ngrams.model.NGrams.scores`. A hash is an
int64 from 0 to 2³² - 1, because onnxruntime multiplies no uint32. No product here reaches 2⁶³.
N-grams of padding are there too, and count as unknown.
"""
import numpy

from lstm_sentiment.ngrams.features import MULTIPLIER, SHIFT
from lstm_sentiment.ngrams.model import HASHES, WEIGHTS, of_classes

LOW_BITS = 0xFFFFFFFF
LARGEST = numpy.iinfo('int64').max


def add_scores(graph, ngrams, x, running):
    """Add the scores of the classes without the bias; return them, (n_samples, ydim) float32.

    Parameters
    ----------
    graph : onnx_graph.Graph
    ngrams : ngrams.model.NGrams
    x : str
        Word ids, (n_timesteps, n_samples) int64.
    running : str
        Whether the text has a word there, (n_timesteps, n_samples, 1) bool.
    """
    known, weights = ngrams.params[HASHES], ngrams.params[WEIGHTS].copy()
    weights[-1] = 0  # the bias's; here it is the row of all unknown n-grams
    inside = graph.add('Squeeze', running, graph.axes(2))
    n_samples = graph.add('Shape', 'lengths')
    samples = graph.add('Range', whole(graph, 0), graph.add('Squeeze', n_samples), whole(graph, 1))
    values, samples_of, insides = [], [], []
    for n, value in enumerate(add_hashes(graph, x, ngrams.longest)):
        values.append(flat(graph, value))
        samples_of.append(flat(graph, graph.add('Expand', samples, graph.add('Shape', value))))
        insides.append(flat(graph, part(graph, inside, n, LARGEST)))
    values, samples_of, insides = (graph.add('Concat', *each, axis=0)
                                   for each in (values, samples_of, insides))
    rows = add_rows(graph, known, values, insides)
    # An n-gram counts once for each text.
    n_rows = whole(graph, len(weights))
    pairs = graph.add('Unique', graph.add('Add', graph.add('Mul', samples_of, n_rows), rows))
    samples_of, rows = graph.add('Div', pairs, n_rows), graph.add('Mod', pairs, n_rows)
    weights_of = graph.add('Gather', graph.constant('ngram_weights', weights), rows)
    return add_sums(graph, weights_of, samples_of, n_samples, weights.shape[1])


def add_shares(graph, options):
    """Add the share of the n-grams in each text, (n_samples, 1) float32; see `model.shares`."""
    share = graph.constant('ngram_share', options.get('ngram_share', 0.75))
    if not options.get('ngram_words', 0):
        return share
    lengths = graph.add('Cast', graph.add('Unsqueeze', 'lengths', graph.axes(1)),
                        to=graph.onnx.TensorProto.FLOAT)
    n_words = graph.constant('ngram_words', options['ngram_words'])
    part = graph.add('Div', graph.add('Min', lengths, n_words), n_words)
    return graph.add('Mul', share, part)


def add_hashes(graph, x, longest):
    """As `features.hashes`, of the columns of `x`; those of n words have n - 1 rows fewer."""
    found, value = [], None
    for n in range(longest):
        words = part(graph, x, n, LARGEST)
        if value is not None:
            words = graph.add('BitwiseXor', part(graph, value, 0, -1), words)
        value = low_bits(graph, add_product(graph, words))
        value = graph.add('BitwiseXor', value,
                          graph.add('Div', value, whole(graph, 1 << int(SHIFT))))
        value = low_bits(graph, graph.add('Add', value, whole(graph, n + 1)))
        found.append(value)
    return found


def add_product(graph, value):
    """A number whose low 32 bits are those of `value` times MULTIPLIER."""
    high, low = divmod(int(MULTIPLIER), 1 << 16)
    high = graph.add('BitwiseAnd', graph.add('Mul', value, whole(graph, high)),
                     whole(graph, 0xFFFF))
    return graph.add('Add', graph.add('Mul', high, whole(graph, 1 << 16)),
                     graph.add('Mul', value, whole(graph, low)))


def add_rows(graph, known, values, insides):
    """The row of each hash in `known`, which ascends; ``len(known)`` for one that is unknown.

    This is a binary search for all of them at once. Before each step, the row lies less than
    2 · 2^bit rows after the one that is reached. The table ends with a number that is no hash.
    """
    end = len(known)
    table = graph.add('Concat', graph.add('Cast', graph.constant('ngram_hashes', known, 'uint32'),
                                          to=graph.onnx.TensorProto.INT64),
                      graph.constant('no_hash', [LOW_BITS + 1], 'int64'), axis=0)
    row = whole(graph, 0)
    for bit in reversed(range(end.bit_length())):
        further = graph.add('Min', graph.add('Add', row, whole(graph, 1 << bit)),
                            whole(graph, end))
        is_after = graph.add('Greater', graph.add('Gather', table, further), values)
        row = graph.add('Where', is_after, row, further)
    is_known = graph.add('And', graph.add('Equal', graph.add('Gather', table, row), values),
                         insides)
    return graph.add('Where', is_known, row, whole(graph, end))


def add_sums(graph, weights, samples, n_samples, n_scores):
    """The scores of each text, summed in float64: (n_samples, ydim) float32."""
    double, single = graph.onnx.TensorProto.DOUBLE, graph.onnx.TensorProto.FLOAT
    weights = graph.add('Cast', weights, to=double)
    shape = graph.add('Concat', n_samples, graph.constant('n_scores', [n_scores], 'int64'), axis=0)
    zeros = graph.add('ConstantOfShape', shape,
                      value=graph.onnx.numpy_helper.from_array(numpy.zeros(1)))
    places = graph.add('Expand', graph.add('Unsqueeze', samples, graph.axes(1)),
                       graph.add('Shape', weights))
    # Not ScatterND, which some programs run in threads that lose what others add to the same sum.
    scores = graph.add('ScatterElements', zeros, places, weights, axis=0, reduction='add')
    if n_scores == 1:
        scores = graph.add('MatMul', scores,
                           graph.constant('both', of_classes(numpy.eye(1)), 'float64'))
    return graph.add('Cast', scores, to=single)


def whole(graph, value):
    """A whole number as a constant."""
    return graph.constant('int64_%d' % value, value, 'int64')


def low_bits(graph, value):
    return graph.add('BitwiseAnd', value, whole(graph, LOW_BITS))


def part(graph, array, start, stop):
    """Some rows of an array."""
    start, stop = ([bound] for bound in (start, stop))
    return graph.add('Slice', array, *[graph.constant('int64s_%d' % bound[0], bound, 'int64')
                                       for bound in (start, stop, [0])])


def flat(graph, array):
    return graph.add('Reshape', array, graph.constant('int64s_-1', [-1], 'int64'))
