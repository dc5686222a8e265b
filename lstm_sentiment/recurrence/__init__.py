"""The LSTM by hand: packed minibatches, NumPy and Numba loops, threads, graph nodes, sparse updates.

It may import `engine`. The loops themselves (`numpy_recurrence`, `numba_recurrence`) do not, so
that `prediction` can use them without an engine.
"""
