"""The LSTM by hand.

Packing, the forward and backward passes in NumPy and Numba, their graph nodes, and sparse updates.
This wing may import the engine. The passes need no engine, and prediction uses them too.
"""
