"""The native loops against those in NumPy, in float32, and what threads must not change."""
import concurrent.futures
import os
import sys
import threading
import time

import numpy
import pytest

from lstm_sentiment.recurrence import numba_recurrence, numpy_recurrence, threads

native = pytest.mark.skipif(numba_recurrence.numba is None,
                            reason='Numba is not installed; it comes with PyTensor')


def problem(seed=0, n_samples=5, longest=9, n_words=12, dim_proj=6, n_groups=2):
    """Arguments of `numpy_recurrence.forward` and a derivative by its result, all float32."""
    rng = numpy.random.RandomState(seed)
    x = rng.randint(2, n_words, (longest, n_samples))
    mask = (numpy.arange(longest)[:, None] < rng.randint(1, longest + 1, n_samples))
    words, tokens, n_alive, order = numpy_recurrence.pack(x, mask.astype('float32'), n_groups)
    shapes = [(len(words), dim_proj), (dim_proj, 4 * dim_proj), (dim_proj, 4 * dim_proj),
              (4 * dim_proj,)]
    weights = [rng.randn(*shape).astype('float32') for shape in shapes]
    d_pooled = rng.randn(n_samples, dim_proj).astype('float32')
    return weights, (tokens, n_alive, order), d_pooled


def both_passes(weights, packed, d_pooled):
    """All that the passes return, forward then backward."""
    results = numpy_recurrence.forward(*weights, *packed)
    derivatives = numpy_recurrence.backward(d_pooled, *weights, *packed, *results[1:])
    return list(results) + list(derivatives)


@native
@pytest.mark.parametrize('seed', range(4))
def test_native_loops_equal_those_of_numpy(monkeypatch, seed):
    arguments = problem(seed, n_samples=5 + 7 * seed)  # of the last, 13 samples in a group
    native = both_passes(*arguments)
    monkeypatch.setattr(numba_recurrence, 'usable', lambda dtype: False)
    plain = both_passes(*arguments)
    assert all(abs(array).max() > 1e-2 for array in plain)
    for found, expected in zip(native, plain):
        assert found.dtype == numpy.float32
        numpy.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * abs(expected).max())


@native
def test_native_loops_are_what_runs_in_float32(monkeypatch):
    calls = []
    for name in ('run_steps', 'run_steps_back'):
        monkeypatch.setattr(numba_recurrence, name,
                            lambda *arguments, name=name: calls.append(name))
    weights, packed, d_pooled = problem()
    both_passes(weights, packed, d_pooled)
    assert calls == ['run_steps'] * 2 + ['run_steps_back'] * 2
    results = numpy_recurrence.forward(*[array.astype('float64') for array in weights], *packed)
    assert abs(results[0]).max() > 0 and len(calls) == 4


def test_a_pass_that_keeps_nothing_gives_the_same():
    weights, packed, _ = problem()
    numpy.testing.assert_array_equal(numpy_recurrence.forward(*weights, *packed, keep=False)[0],
                                     numpy_recurrence.forward(*weights, *packed)[0])


@pytest.mark.parametrize('n_groups', [1, 3, 7])
def test_the_number_of_groups_changes_nothing(n_groups):
    two, other = (both_passes(*problem(3, n_groups=number)) for number in (2, n_groups))
    for k in (0, 5, 6, 7, 8):  # pooled and the four derivatives: the others are ordered by group
        numpy.testing.assert_allclose(other[k], two[k], rtol=0, atol=2e-6 * abs(two[k]).max())


def test_one_thread_and_two_give_the_same_bits(monkeypatch):
    arguments = problem(1, n_samples=16, longest=40, dim_proj=32)
    results = []
    for number in (1, 2):
        monkeypatch.setattr(threads, 'n_threads', lambda number=number: number)
        results.append(both_passes(*arguments))
    for one, two in zip(*results):
        numpy.testing.assert_array_equal(one, two)


def test_a_product_in_halves_is_the_product():
    rng = numpy.random.RandomState(0)
    array, matrix = rng.randn(9, 4), rng.randn(4, 3)
    for worth_sharing in (1, 9, 10):
        numpy.testing.assert_allclose(numpy_recurrence.product(array, matrix, worth_sharing),
                                      array.dot(matrix), rtol=0, atol=1e-14)


def test_overlapping_contexts_leave_a_setting_as_it_was():
    value = [5]

    def change():
        before, value[0] = value[0], 1
        return lambda: value.__setitem__(0, before)
    setting = threads.ProcessSetting(change)
    first, second = setting, setting
    first.__enter__()
    second.__enter__()
    assert value == [1]
    first.__exit__(None, None, None)
    assert value == [1]  # the other still needs it
    second.__exit__(None, None, None)
    assert value == [5]
    with setting:
        assert value == [1]
    assert value == [5]


def test_an_interrupt_waits_for_the_other_thread(monkeypatch):
    """A second Ctrl-C inside the wait does not end it either."""
    monkeypatch.setattr(threads, 'n_threads', lambda: 2)
    waits, go_on, done = [], threading.Event(), []
    wait = concurrent.futures.wait

    def interrupted_wait(futures):
        waits.append(1)
        if len(waits) < 3:
            raise KeyboardInterrupt
        go_on.set()
        return wait(futures)

    monkeypatch.setattr(threads.concurrent.futures, 'wait', interrupted_wait)
    with pytest.raises(KeyboardInterrupt):
        threads.side_by_side(int, lambda: go_on.wait(60) and done.append(True))
    assert done == [True] and len(waits) == 3


def test_one_thread_where_a_variable_says_so(monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    assert threads.n_threads() == 1


@native
def test_loading_leaves_the_switch_interval_as_it_was():
    before, others = sys.getswitchinterval(), set(threading.enumerate())
    threads.begin_loading('float32')
    for thread in set(threading.enumerate()) - others:
        thread.join(60)
    assert sys.getswitchinterval() == before


def test_an_error_in_either_thread_is_raised():
    def fail():
        raise KeyError('here')
    for tasks in ((fail, int), (int, fail)):
        with pytest.raises(KeyError):
            threads.side_by_side(*tasks)


def test_after_an_error_nothing_runs_on(monkeypatch):
    monkeypatch.setattr(threads, 'n_threads', lambda: 2)
    done = []

    def fail():
        raise KeyboardInterrupt

    def slow():
        time.sleep(0.2)
        done.append(True)
    with pytest.raises(KeyboardInterrupt):
        threads.side_by_side(fail, slow)
    assert done == [True]


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='there is no fork here')
def test_a_forked_process_has_a_thread_of_its_own(monkeypatch):
    monkeypatch.setattr(threads, 'n_threads', lambda: 2)
    assert threads.side_by_side(lambda: 1, lambda: 2) == [1, 2]
    child = os.fork()
    if child == 0:
        os._exit(threads.side_by_side(lambda: 3, lambda: 4) != [3, 4])
    assert os.waitpid(child, 0)[1] == 0


@native
def test_tanh_is_close_and_odd_and_lets_nan_through():
    x = numpy.linspace(-12, 12, 4801).astype('float32')
    found = numpy.array([numba_recurrence.tanh(value) for value in x])
    numpy.testing.assert_allclose(found, numpy.tanh(x.astype('float64')), rtol=0, atol=4e-7)
    assert numba_recurrence.tanh(numpy.float32(0)) == 0
    assert numpy.isnan(numba_recurrence.tanh(numpy.float32('nan')))
    assert numba_recurrence.tanh(numpy.float32('inf')) == pytest.approx(1, abs=4e-7)


def test_nan_in_a_parameter_reaches_the_result():
    weights, packed, _ = problem()
    weights[2][0, 0] = numpy.nan
    assert numpy.isnan(numpy_recurrence.forward(*weights, *packed)[0]).any()
