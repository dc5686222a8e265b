"""The native code of a run, loaded in a thread while the data is read."""
import threading

import numpy

from lstm_sentiment.recurrence import layer, native_updates, numba_recurrence, pooling
from lstm_sentiment.recurrence.cells.table import find_form
from lstm_sentiment.recurrence.threads import FREQUENT_SWITCHES


def begin_loading(dtype, options):
    """Compile the native loops that a model of these options needs, or read them from the cache.

    The compiler releases the interpreter lock for half of this work, and must then wait for the
    lock again. More frequent thread switches shorten the wait.
    """
    def load():
        with FREQUENT_SWITCHES:
            numba_recurrence.load(*loops_of(options))

    if numba_recurrence.usable(numpy.dtype(dtype)):
        threading.Thread(target=load, daemon=True).start()


def loops_of(options):
    """The native loops that training such a model calls; none without a form by hand."""
    form = find_form(options)
    if form is None:
        return []
    matrix, whole = numpy.zeros((1, 1), dtype='float32'), numpy.zeros(1, dtype='int64')
    loops = form.native_loops() + [(layer.native_sum, [matrix, whole, 0, 0, matrix])]
    of_pooling = {
        'mean': [(pooling.native_sum_steps, [matrix, whole, matrix])],
        'max': [(pooling.native_find_largest, [matrix, whole, matrix, whole[None]])]}
    return (loops + of_pooling.get(options.get('pooling', 'mean'), [])
            + native_updates.native_loops(options.get('optimizer')))
