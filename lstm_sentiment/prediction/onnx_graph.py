"""The parts that an ONNX graph is put together from; :mod:`export` does it."""
import numpy

from lstm_sentiment.errors import ConfigError


def import_onnx():
    """The package onnx.

    Raises
    ------
    errors.ConfigError
        If it is missing.
    """
    try:
        import onnx
    except ImportError as error:
        raise ConfigError('--export needs the package onnx, which cannot be imported (%s). Install '
                          "it with the extra onnx: pip install -e '.[onnx]'" % error)
    return onnx


class Graph:
    """Nodes and constants of an ONNX graph.

    Parameters
    ----------
    prefix : str
        Of the names of results: those of a graph in another one differ from the other's.
    """

    def __init__(self, prefix=''):
        self.onnx = import_onnx()
        self.prefix, self.nodes, self.constants = prefix, [], {}

    def constant(self, name, value, dtype='float32'):
        """Add an array under a name; return the name."""
        self.constants[self.prefix + name] = numpy.ascontiguousarray(value, dtype=dtype)
        return self.prefix + name

    def axes(self, *axes):
        """The axes as a constant."""
        return self.constant('axes_' + '_'.join(map(str, axes)), axes, 'int64')

    def add(self, kind, *inputs, n_outputs=1, **attributes):
        """Add a node; return the name of its result, or the names of several."""
        name = '%s%s_%d' % (self.prefix, kind.lower(), len(self.nodes))
        outputs = [name] if n_outputs == 1 else ['%s_%d' % (name, k) for k in range(n_outputs)]
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, outputs, name=name,
                                                     **attributes))
        return name if n_outputs == 1 else outputs

    def name(self, result, name):
        """Give a result the name of an input or output of the graph; return that name."""
        self.nodes.append(self.onnx.helper.make_node('Identity', [result], [name], name=name))
        return name

    def finish(self, name, inputs, outputs):
        """The graph as an ``onnx.GraphProto``.

        Parameters
        ----------
        name : str
        inputs, outputs : list of tuples
            Name, dtype and shape of each; an axis of unknown length is a str.
        """
        infos = [[self.onnx.helper.make_tensor_value_info(
            each, self.onnx.helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype)), shape)
            for each, dtype, shape in side] for side in (inputs, outputs)]
        constants = [self.onnx.numpy_helper.from_array(value, each)
                     for each, value in self.constants.items()]
        return self.onnx.helper.make_graph(self.nodes, name, *infos, initializer=constants)
