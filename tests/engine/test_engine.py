"""Tests of engine.py: flags, what differs between the engines, NumPy operations as nodes."""

import json
import os
import subprocess
import sys

import numpy
import pytest
import scipy.special

from lstm_sentiment.engine import names as engine
from lstm_sentiment.engine.flags import parse_flags
from lstm_sentiment.engine.names import (
    Apply,
    NumpyOp,
    RandomStreams,
    register_rewrite,
    tensor,
    theano,
)
from lstm_sentiment.errors import ConfigError

SCRIPTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLOATX = engine.config.floatX
TOLERANCE = {'float64': 1e-14, 'float32': 1e-6}[FLOATX]
pytensor_only = pytest.mark.skipif(sys.version_info < (3, 11), reason='Theano runs here')


def run_python(*arguments, **variables):
    """Run Python beside the scripts, with no engine flags but those given."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ('THEANO_FLAGS', 'PYTENSOR_FLAGS', 'PYTHONWARNINGS')}
    environment.update(variables, PYTHONPATH=SCRIPTS, PYTHONDONTWRITEBYTECODE='1')
    return subprocess.run([sys.executable] + list(arguments), env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=120)


REPORT = """
import json, os, sys
before = dict(os.environ)
from lstm_sentiment.engine import names as engine
flags = engine.config
gcc = flags.gcc__cxxflags if hasattr(flags, 'gcc__cxxflags') else flags.gcc.cxxflags
x = engine.tensor.vector()
total = engine.theano.function([x], (2 * x).sum()) if engine.BY_HAND else None
print(json.dumps({
    'floatX': flags.floatX, 'dtype': x.dtype, 'by_hand': engine.BY_HAND, 'mode': str(flags.mode),
    'cxx': flags.cxx, 'cxxflags': gcc, 'unchanged': before == dict(os.environ),
    'vm': 'VM' in type(total.maker.linker).__name__ if total else None,
    'total': float(total([1, 2])) if total else None,
    'description': engine.description()}))
"""


def report(code='', **variables):
    """What an engine imported under these environment variables says, and its stderr."""
    done = run_python('-c', code + REPORT, **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


# The text of the flags

@pytest.mark.parametrize('text, expected', [
    ('', {}),
    ('floatX=float32', {'floatX': 'float32'}),
    ('floatX=float32,mode=FAST_RUN', {'floatX': 'float32', 'mode': 'FAST_RUN'}),
    (' floatX = float32 , mode=\tFAST_RUN ', {'floatX': 'float32', 'mode': 'FAST_RUN'}),
    (',floatX=float32,, ,', {'floatX': 'float32'}),
    ('gcc.cxxflags="-O3,-g -I/a b",cxx=', {'gcc.cxxflags': '-O3,-g -I/a b', 'cxx': ''}),
    ("cxx='g++,clang'", {'cxx': 'g++,clang'}),
    ('blas.ldflags=-L/x -lblas=1', {'blas.ldflags': '-L/x -lblas=1'}),
    ('floatX=float32,floatX=float64', {'floatX': 'float64'}),
    ('a=#1,b=2', {'a': '#1', 'b': '2'}),
])
def test_parse_flags(text, expected):
    assert parse_flags(text) == expected


@pytest.mark.parametrize('text, named', [
    ('floatX', "'floatX'"), ('floatX=float32,mode', "'mode'"), ('=float32', "'=float32'"),
    ('floatX:float32', 'floatX:float32'), ('cxx="g++', 'cxx="g++'),
])
def test_parse_flags_refuses_what_is_no_flag(text, named):
    with pytest.raises(ConfigError) as caught:
        parse_flags(text)
    assert named in str(caught.value)
    assert str(caught.value).startswith('THEANO_FLAGS')
    with pytest.raises(ConfigError, match='^PYTENSOR_FLAGS'):
        parse_flags(text, 'PYTENSOR_FLAGS')


# The environment

def test_default_flags():
    found, stderr = report()
    assert found['floatX'] == found['dtype'] == 'float64'
    assert found['by_hand'] and found['cxx'] == '' and found['vm']
    assert found['total'] == 6 and found['unchanged'] and 'float64' in found['description']
    assert stderr == ''


def test_theano_flags_reach_the_engine_and_an_unknown_one_is_named_once():
    found, stderr = report(
        THEANO_FLAGS='floatX=float32,gcc.cxxflags="-O3 -g",no_such_flag=1')
    assert found['floatX'] == found['dtype'] == 'float32' and 'float32' in found['description']
    assert found['by_hand'] and found['cxxflags'] == '-O3 -g' and found['unchanged']
    naming = [line for line in stderr.splitlines() if 'no_such_flag' in line]
    assert len(naming) == 1 and 'arning' in naming[0]
    assert 'floatX' not in stderr and 'cxxflags' not in stderr


@pytensor_only
def test_theano_flags_that_pytensor_dropped_share_the_warning():
    _, stderr = report(THEANO_FLAGS='compute_test_value=off,no_such_flag=1,device=cpu')
    naming = [line for line in stderr.splitlines() if 'no_such_flag' in line]
    assert len(naming) == 1 and 'compute_test_value' in naming[0]
    assert 'device' not in stderr


def test_a_mode_has_the_engine_compile():
    found, _ = report(THEANO_FLAGS='mode=FAST_COMPILE')
    assert not found['by_hand'] and found['mode'] == 'FAST_COMPILE' and found['unchanged']
    assert 'FAST_COMPILE' in found['description']


@pytensor_only
def test_explicit_pytensor_flags_win():
    found, stderr = report(THEANO_FLAGS='floatX=float64,gcc.cxxflags=-O1',
                           PYTENSOR_FLAGS='floatX=float32')
    assert found['floatX'] == 'float32' and found['cxxflags'] == '-O1'
    assert found['unchanged'] and stderr == ''


@pytensor_only
def test_pytensor_imported_beforehand_gets_the_flags():
    found, _ = report('import pytensor\n', THEANO_FLAGS='floatX=float32,gcc.cxxflags=-O1')
    assert found['floatX'] == found['dtype'] == 'float32' and found['cxxflags'] == '-O1'
    assert found['by_hand'] and found['cxx'] == '' and found['vm']
    assert found['total'] == 6 and found['unchanged']


TRY_FLAGS = """
import json, os, sys
from lstm_sentiment.errors import ConfigError
messages = []
for flags in json.loads(sys.argv[1]):
    os.environ['THEANO_FLAGS'] = flags
    before = dict(os.environ)
    for name in [name for name in sys.modules if name.startswith('lstm_sentiment.engine')]:
        del sys.modules[name]
    try:
        from lstm_sentiment.engine import names as engine
        messages.append(None)
    except ConfigError as error:
        messages.append(str(error))
    assert before == dict(os.environ)
print(json.dumps(messages))
"""


def test_flags_that_cannot_be_used_are_refused():
    named = [('floatX=float16', 'floatX=float16: expected float32 or float64'),
             ('floatX=foo', 'floatX=foo: expected float32 or float64'),
             ('floatX', "'floatX'"), ('cxx="g++', 'cxx="g++')]
    if engine.USES_PYTENSOR:
        named += [('device=tpu', 'device=tpu: expected cpu, cuda')]
    named += [('mode=foo', 'FAST_RUN')]  # the last, since it leaves the engine half imported
    done = run_python('-c', TRY_FLAGS, json.dumps([flags for flags, _ in named]))
    assert done.returncode == 0, done.stderr
    messages = json.loads(done.stdout)
    assert len(messages) == len(named)
    for (flags, part), message in zip(named, messages):
        assert message is not None and part in message, flags
        assert 'THEANO_FLAGS' in message or flags in message


@pytest.mark.parametrize('flags, named', [('floatX', 'floatX'), ('floatX=float16', 'float16')])
def test_the_script_says_what_is_wrong_with_the_flags(flags, named):
    done = run_python(os.path.join(SCRIPTS, 'lstm.py'), '--help', THEANO_FLAGS=flags)
    assert 'Traceback' not in done.stderr
    assert done.returncode == 2 and done.stdout == ''
    assert len(done.stderr.splitlines()) == 1 and named in done.stderr


# What differs between the engines

def test_sigmoid_and_softmax():
    x = tensor.matrix()
    value = (10 * numpy.random.RandomState(1).randn(5, 3)).astype(FLOATX)
    outputs = theano.function([x], [engine.sigmoid(x), engine.softmax(x)])(value)
    for output, expected in zip(outputs, [scipy.special.expit(value),
                                          scipy.special.softmax(value, axis=1)]):
        assert output.dtype == FLOATX
        numpy.testing.assert_allclose(output, expected, rtol=10 * TOLERANCE)


def draws(seed, n_calls=2, p=0.3):
    """Draws of two variables of one stream, over several calls of one function."""
    streams = RandomStreams(seed)
    shape_of = tensor.matrix()
    variables = [streams.binomial(size=shape_of.shape, p=p, n=1, dtype=FLOATX)
                 for _ in range(2)]
    function = theano.function([shape_of], variables)
    return numpy.array([function(numpy.zeros((100, 50), dtype=FLOATX)) for _ in range(n_calls)])


def test_binomial_draws_zeros_and_ones():
    drawn = draws(7)
    assert drawn.dtype == FLOATX and drawn.shape == (2, 2, 100, 50)
    assert set(numpy.unique(drawn)) == {0, 1}
    # Five standard errors of the mean of 20,000 draws.
    assert abs(drawn.mean() - 0.3) < 5 * (0.3 * 0.7 / drawn.size) ** 0.5


def test_binomial_draws_anew_at_each_call_and_for_each_variable():
    drawn = draws(7).reshape(4, -1)
    for one in range(4):
        for other in range(one):
            # Independent draws are equal at 0.58 of the places.
            assert abs((drawn[one] == drawn[other]).mean() - 0.58) < 0.05


def test_binomial_follows_its_seed():
    assert (draws(7) == draws(7)).all()
    assert (draws(7) != draws(8)).any()


def test_functions_that_share_a_stream_go_on_where_the_other_stopped():
    drawn = RandomStreams(7).binomial(size=(200,), p=0.5, n=1, dtype=FLOATX)
    first, second = theano.function([], drawn), theano.function([], drawn + 2)
    a, b, c = first(), second() - 2, first()
    assert (a != b).any() and (b != c).any() and (a != c).any()


def test_scan_returns_outputs_and_updates():
    x = tensor.vector()
    outputs, updates = theano.scan(lambda x_t, sum_before: sum_before + x_t, sequences=[x],
                                   outputs_info=[tensor.zeros((), dtype=FLOATX)])
    assert len(updates) == 0
    value = numpy.random.RandomState(2).randn(6).astype(FLOATX)
    cumulate = theano.function([x], outputs, updates=updates)
    numpy.testing.assert_allclose(cumulate(value), numpy.cumsum(value), rtol=10 * TOLERANCE)
    # d/dx of the sum of the cumulative sums: each number counts from its own step on.
    gradient = theano.function([x], theano.grad(outputs.sum(), x))
    numpy.testing.assert_allclose(gradient(value), [6, 5, 4, 3, 2, 1], rtol=10 * TOLERANCE)


def test_function_updates_shared_variables():
    count = theano.shared(numpy.asarray(1, dtype=FLOATX))
    step = tensor.scalar()
    function = theano.function([step], 10 * count, updates=[(count, count + step)])
    assert [float(function(2)), float(function(3))] == [10, 30]
    assert count.get_value() == 6


# NumPy operations as nodes

class SquareAndCube(NumpyOp):
    """x ** 2 and x ** 3 of the numbers at some places."""

    n_integer_inputs = 1

    def make_node(self, x, places):
        return Apply(self, [x, places], [x.type(), x.type()])

    def perform(self, node, inputs, output_storage):
        x, places = inputs
        output_storage[0][0], output_storage[1][0] = x[places] ** 2, x[places] ** 3

    def gradient(self, inputs, outputs, output_grads):
        x, places = inputs
        by_square = 2 * x[places] * output_grads[0]
        return [tensor.set_subtensor(tensor.zeros_like(x)[places], by_square)]

    def connection_pattern(self, node):
        return [[True, False], [False, False]]


class Square(NumpyOp):
    """x ** 2 of the numbers at some places."""

    n_integer_inputs = 1

    def make_node(self, x, places):
        return Apply(self, [x, places], [x.type()])

    def perform(self, node, inputs, output_storage):
        x, places = inputs
        output_storage[0][0] = x[places] ** 2

    gradient = SquareAndCube.gradient


class NoGradient(NumpyOp):
    """A copy, of which nobody says how it is differentiated."""

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0].copy()




def only_square(node, n_readers):
    """The plain op, where nothing reads the cube."""
    return None if n_readers(node.outputs[1]) else [Square()(*node.inputs), None]


register_rewrite(SquareAndCube, only_square)
VALUE = numpy.array([1, 2, 3, 4], dtype=FLOATX)


def test_gradient_of_a_numpy_op():
    x, places = tensor.vector(), tensor.lvector()
    cost = (3 * Square()(x, places)).sum()
    function = theano.function([x, places], [cost, theano.grad(cost, x)])
    value, gradient = function(VALUE, [3, 1])
    assert value == 3 * (16 + 4)
    assert gradient.tolist() == [0, 12, 0, 24]


def test_no_gradient_flows_to_whole_numbers():
    x, places = tensor.vector(), tensor.lvector()
    op = Square()
    node = op.make_node(x, places)
    assert op.connection_pattern(node) == [[True], [False]]
    cost = op(x, places).sum()
    with pytest.raises(ValueError) as caught:
        theano.grad(cost, places)
    assert type(caught.value).__name__ == 'DisconnectedInputError'
    # The places may themselves come from x: nothing is added to its gradient.
    other = tensor.vector()
    found = op(x, tensor.cast(other, 'int64')).sum() + other.sum()
    gradient = theano.function([x, other], theano.grad(found, other))
    assert gradient(VALUE, numpy.array([1, 2], dtype=FLOATX)).tolist() == [1, 1]


def test_a_numpy_op_without_gradient_says_so():
    x = tensor.vector()
    with pytest.raises(NotImplementedError, match='NoGradient'):
        theano.grad(NoGradient()(x).sum(), x)


def ops_of(function):
    return [type(node.op) for node in function.maker.fgraph.toposort()]


def test_a_rewrite_takes_the_plain_op_where_nothing_reads_the_rest():
    x, places = tensor.vector(), tensor.lvector()
    square, cube = SquareAndCube()(x, places)
    function = theano.function([x, places], square + 1)
    assert Square in ops_of(function) and SquareAndCube not in ops_of(function)
    assert function(VALUE, [3, 1]).tolist() == [17, 5]


def test_a_rewrite_keeps_the_op_whose_rest_is_read():
    x, places = tensor.vector(), tensor.lvector()
    square, cube = SquareAndCube()(x, places)
    for outputs, expected in (([square, cube], [[16, 4], [64, 8]]),
                              ([square, cube + square], [[16, 4], [80, 12]]),
                              ([cube], [[64, 8]])):
        function = theano.function([x, places], outputs)
        assert SquareAndCube in ops_of(function) and Square not in ops_of(function)
        assert [output.tolist() for output in function(VALUE, [3, 1])] == expected


def test_description_names_the_engine():
    version = theano.__version__
    name = 'PyTensor' if sys.version_info >= (3, 11) else 'Theano'
    assert engine.description().startswith('%s %s, cpu, %s' % (name, version, FLOATX))
