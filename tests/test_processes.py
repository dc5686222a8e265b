"""Tests of processes.py where there is one process; tests/training/test_ranks.py starts several."""
import subprocess
import sys
import types

import numpy
import pytest

from lstm_sentiment import command_line, processes
from lstm_sentiment.engine.exchange import Deal, Exchange, unpacked
from lstm_sentiment.errors import ConfigError
from lstm_sentiment.training.run import Run


class Pretended(object):
    """The communicator of a rank whose others have what a list says."""

    def __init__(self, rank, values):
        self.rank, self.values = rank, values

    def Get_rank(self):
        return self.rank

    def Get_size(self):
        return len(self.values)

    def allgather(self, value):
        return [value if other is None else other for other in self.values]


@pytest.fixture
def as_rank(monkeypatch):
    """Make this process the rank of a number among ranks with these values; None is its own."""
    def set_rank(rank, values):
        world = processes.World()
        world.comm, world.rank, world.size = Pretended(rank, values), rank, len(values)
        monkeypatch.setattr(processes, 'world', lambda: world)
    return set_rank


def test_one_process_imports_no_mpi():
    code = ('import sys, lstm; from lstm_sentiment import processes; '
            'assert processes.is_alone() and processes.size() == 1 and processes.n_cores() >= 1; '
            'assert not [name for name in sys.modules if name.startswith("mpi4py")]')
    subprocess.run([sys.executable, '-c', code], check=True)


def test_one_process_gets_back_what_it_gives():
    array = numpy.arange(3.)
    assert processes.add_up(array) is array and processes.total(4) == 4
    assert processes.gather('a') == ['a'] and processes.of_first('b') == 'b'
    assert processes.part_of([1, 2, 3]) == [1, 2, 3]
    assert processes.by_first(lambda: 5) == processes.first_then_all(lambda: 5) == 5
    assert processes.end_all(3) == 3
    processes.check_same('facts', {'a': 1})
    processes.barrier()


@pytest.mark.parametrize('environment, size', [
    ({}, 1), ({'PMI_SIZE': '3'}, 3), ({'OMPI_COMM_WORLD_SIZE': '2'}, 2), ({'PMIX_RANK': '0'}, None),
    ({'PMIX_RANK': '0', 'SLURM_STEP_NUM_TASKS': '1'}, 1), ({'SLURM_STEP_NUM_TASKS': '8'}, 1)])
def test_launchers_say_how_many_there_are(environment, size):
    assert processes.started_size(environment) == size


def test_ranks_that_do_not_find_one_another_are_refused():
    processes.check_size(1)
    processes.check_size(None)
    with pytest.raises(ConfigError, match='started 4 processes, but mpi4py finds one'):
        processes.check_size(4)


def test_mpi4py_without_a_library_says_how_to_install_one(monkeypatch):
    def loaded(name):
        raise RuntimeError('cannot load MPI library\nlibmpi.so: not found')
    mpi4py = types.ModuleType('mpi4py')
    mpi4py.__getattr__ = loaded
    monkeypatch.setitem(sys.modules, 'mpi4py', mpi4py)
    monkeypatch.delitem(sys.modules, 'mpi4py.MPI', raising=False)
    monkeypatch.setenv('PMI_SIZE', '2')
    with pytest.raises(ConfigError, match='needs a library of MPI, such as MPICH; found: cannot '
                                          'load MPI library. Install it with: pip install'):
        processes.world.__wrapped__()


def test_sums_and_parts_are_those_of_all_ranks(as_rank):
    as_rank(1, [5, None, 7])
    assert processes.total(1) == 13
    assert processes.part_of(list('abcdefg')) == ['b', 'e']
    assert not processes.is_first()


def test_other_facts_are_named(as_rank):
    as_rank(0, [None, {'numpy': "'1.2'", 'floatX': "'float32'"}])
    with pytest.raises(ConfigError, match="versions must be the same on all ranks: numpy is '2.0' "
                                          "on rank 0 and '1.2' on rank 1") as caught:
        processes.check_same('versions', {'numpy': '2.0', 'floatX': 'float32'})
    assert caught.value.is_of_all and processes.is_to_report(caught.value)


def test_other_ranks_print_nothing(as_rank, capsys):
    as_rank(1, [0, None])
    with processes.first_alone_prints():
        print('lost')
    as_rank(0, [None, 0])
    with processes.first_alone_prints():
        print('shown')
    assert capsys.readouterr().out == 'shown\n'


def test_a_program_of_one_process_refuses_several(as_rank):
    command_line.require_alone(False)
    as_rank(0, [None, 0])
    command_line.require_alone(True)
    with pytest.raises(ConfigError, match='started 2 processes, but this program runs as one'):
        command_line.require_alone(False)


# Which samples are whose.


@pytest.mark.parametrize('n_samples, size', [(10, 1), (10, 3), (7, 4), (2, 4), (1, 2)])
def test_each_sample_has_one_rank(n_samples, size):
    lengths = numpy.random.RandomState(0).randint(1, 30, size=n_samples)
    deals = [Deal(lengths, numpy.ones(n_samples), rank, size) for rank in range(size)]
    owned = [sample for deal in deals if deal.share for sample in deal.mine]
    assert sorted(owned) == list(range(n_samples))
    assert sum(deal.share for deal in deals) == pytest.approx(1)
    assert all(len(deal.mine) for deal in deals)


def test_ranks_have_about_as_many_words():
    lengths = numpy.random.RandomState(1).randint(1, 100, size=64)
    words = [lengths[Deal(lengths, numpy.ones(64), rank, 4).mine].sum() for rank in range(4)]
    in_turn = [numpy.sort(lengths)[::-1][rank::4].sum() for rank in range(4)]
    assert max(words) - min(words) < (max(in_turn) - min(in_turn)) / 2


def test_shares_are_those_of_the_weights():
    lengths, weights = [5, 0, 4, 3], [1., 0., 1., 5.]
    deals = [Deal(lengths, weights, rank, 2) for rank in range(2)]
    for deal in deals:
        assert deal.share == sum(weights[k] for k in deal.mine) / 7
    nothing = [Deal([0, 0], [0, 0], rank, 3) for rank in range(3)]
    assert sum(deal.share for deal in nothing) == pytest.approx(1)


class Recorded(list):
    """Texts that note which of them were read."""

    def __init__(self, texts):
        list.__init__(self, texts)
        self.read = []

    def __getitem__(self, place):
        self.read.append(place)
        return list.__getitem__(self, place)


def test_a_rank_reads_its_own_texts_alone():
    """Their lengths are known without; so a rank touches few pages of a file that is mapped."""
    texts = Recorded([[5] * length for length in (4, 9, 2, 7, 5, 1)])
    lengths, labels, composed = list(map(len, texts)), [0, 1, 0, 1, 0, 1], [[3, 3, 3]]
    of_both = []
    for rank in range(2):
        texts.read = []
        pretended = types.SimpleNamespace(
            data=types.SimpleNamespace(train=(texts, labels), class_weights=None),
            options={'word_dropout': 0., 'spans': 0.}, without_dropped=list,
            ranks=types.SimpleNamespace(deal=lambda lengths, labels, weights, rank=rank: Deal(
                lengths, numpy.ones(len(lengths)), rank, 2).mine))
        own, own_labels = Run.own_part(pretended, lengths, [5, 3, 0, 1], composed, [1])
        assert [texts.index(text) for text in own if text not in composed] == texts.read
        assert len(own) == len(own_labels)
        of_both += texts.read
    assert sorted(of_both) == [0, 1, 3, 5]


# Gradients.


def test_an_exchange_among_one_changes_nothing():
    rng = numpy.random.RandomState(0)
    matrix, words, rows = rng.randn(2, 3), numpy.array([2, 5, 9]), rng.randn(3, 4)
    exchange = Exchange()
    exchange.begin(Deal([3, 2], [1, 1], 0, 1))
    cost, (dense, (found, summed)) = exchange.combine(numpy.float64(0.5), [matrix, (words, rows)])
    assert cost == 0.5 and not exchange.stop
    numpy.testing.assert_array_equal(dense, matrix)
    numpy.testing.assert_array_equal(found, words)
    numpy.testing.assert_array_equal(summed, rows)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_rows_of_the_same_word_are_added(monkeypatch, dtype):
    """Two ranks with the same rows and half of the weight: the sum is that of one."""
    monkeypatch.setattr(processes, 'size', lambda: 2)

    def add_up(array):
        sent = array.copy()
        array += array
        array[1:3] = sent[1], sent[1]  # each rank has as many rows
        return array
    monkeypatch.setattr(processes, 'add_up', add_up)
    monkeypatch.setattr(processes, 'join_rows',
                        lambda rows, n_rows: numpy.concatenate([rows] * len(n_rows)))
    exchange = Exchange()
    exchange.share = 0.5
    words, rows = numpy.array([7, 1]), numpy.array([[1., 2.], [3., 4.]], dtype=dtype)
    cost, (whole, (found, summed)) = exchange.combine(
        numpy.asarray(3., dtype=dtype), [numpy.ones((2, 2), dtype=dtype), (words, rows)])
    assert cost == 3 and whole.tolist() == [[1, 1], [1, 1]]
    assert found.tolist() == [1, 7] and summed.tolist() == [[3, 4], [1, 2]]
    assert summed.dtype == dtype


def test_a_wish_to_stop_is_seen():
    exchange = Exchange(asks_to_stop=lambda: True)
    exchange.combine(numpy.float32(1), [numpy.zeros(2, dtype='float32')])
    assert exchange.stop


def test_packed_arrays_are_unpacked():
    arrays = [numpy.asarray(1.), numpy.arange(6.).reshape(2, 3), numpy.arange(2.)]
    packed = numpy.concatenate([array.ravel() for array in arrays])
    for found, array in zip(unpacked(packed, arrays), arrays):
        numpy.testing.assert_array_equal(found, array)
