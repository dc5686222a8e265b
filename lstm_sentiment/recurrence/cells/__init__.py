"""The cells by hand: for each its steps in NumPy and as native code, forward and backward.

`form` says what a cell has to offer, `table` names those that are there.
"""
