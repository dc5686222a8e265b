"""Two threads: their results, their errors, and processes that were forked."""
import concurrent.futures
import os
import threading
import time

import numpy
import pytest

from lstm_sentiment.recurrence import threads


def test_a_product_in_halves_is_the_product(monkeypatch):
    rng = numpy.random.RandomState(0)
    array, matrix = rng.randn(9, 4), rng.randn(4, 3)
    for worth_sharing in (1, 9 * 4 * 3, 9 * 4 * 3 + 1):
        monkeypatch.setattr(threads, 'WORTH_SHARING', worth_sharing)
        numpy.testing.assert_allclose(threads.product(array, matrix), array.dot(matrix),
                                      rtol=0, atol=1e-14)


def test_one_thread_where_a_variable_says_so(monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    assert threads.n_threads() == 1


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
