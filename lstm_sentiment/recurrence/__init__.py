"""The LSTM by hand.

Packing, the passes in NumPy and Numba, their graph nodes, sparse updates. May import the engine;
the passes need no engine, and serve prediction too.
"""
