"""Two threads for one minibatch, and the settings of the process that they need."""
import concurrent.futures
import functools
import os
import sys
import threading

import numpy
from threadpoolctl import threadpool_limits

from lstm_sentiment import processes

# The variables that BLAS and OpenMP read.
THREAD_VARIABLES = ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS')
# A product of two matrices is shared if it has at least this many multiplications.
WORTH_SHARING = 2 ** 22


class ProcessSetting(object):
    """A context that changes a setting of the whole process.

    Contexts of several threads may overlap: the first to enter changes the setting, and the last
    to leave sets it back.

    Parameters
    ----------
    change : callable
        Changes the setting; returns a function that sets it back.
    """

    def __init__(self, change):
        self.change, self.lock, self.n_inside = change, threading.Lock(), 0

    def __enter__(self):
        with self.lock:
            if not self.n_inside:
                self.set_back = self.change()
            self.n_inside += 1

    def __exit__(self, *error):
        with self.lock:
            self.n_inside -= 1
            if not self.n_inside:
                self.set_back()


def limit_blas():
    limits = threadpool_limits(limits=1, user_api='blas')
    return functools.partial(limits.__exit__, None, None, None)


def switch_often():
    seconds = sys.getswitchinterval()
    sys.setswitchinterval(seconds / 50)
    return functools.partial(sys.setswitchinterval, seconds)


ONE_BLAS_THREAD, FREQUENT_SWITCHES = ProcessSetting(limit_blas), ProcessSetting(switch_often)


def one_blas_thread():
    """A context in which each product runs in one thread.

    The products of a step are too small to share. Instead, two halves of a minibatch run at the
    same time, see :func:`side_by_side`.
    """
    return ONE_BLAS_THREAD


def n_threads():
    """How many threads share a minibatch: two, if there are two cores and no variable says 1."""
    named = [os.environ[name] for name in THREAD_VARIABLES if os.environ.get(name, '').isdigit()]
    return min([2, processes.n_cores()] + [int(number) for number in named])


@functools.lru_cache(maxsize=1)
def pool_of(process):
    """A second thread; a forked process needs its own."""
    return concurrent.futures.ThreadPoolExecutor(1)


def side_by_side(*tasks):
    """Call functions, two at a time if there are two threads; return their results.

    When this function returns or raises, none of them is still running, even after an interrupt.
    They must not call this function: the second thread would wait for itself.
    """
    if len(tasks) == 1 or n_threads() == 1:
        return [task() for task in tasks]
    pool, others = pool_of(os.getpid()), []
    try:
        others += [pool.submit(task) for task in tasks[1:]]
        first = tasks[0]()
    finally:
        wait_to_the_end(others)
    return [first] + [other.result() for other in others]


def wait_to_the_end(futures):
    """Wait until none of these is running; an interrupt is raised only after that."""
    interrupt = None
    while not all(future.done() for future in futures):
        try:
            concurrent.futures.wait(futures)
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


def product(array, matrix):
    """array·matrix; if it is large, each thread computes half of the rows."""
    if array.size * matrix.shape[1] < WORTH_SHARING:
        return array.dot(matrix)
    result = numpy.empty((len(array), matrix.shape[1]), dtype=matrix.dtype)
    halves = slice(0, len(array) // 2), slice(len(array) // 2, None)
    side_by_side(*[functools.partial(numpy.dot, array[half], matrix, out=result[half])
                   for half in halves])
    return result
