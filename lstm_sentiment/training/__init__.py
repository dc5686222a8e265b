"""What surrounds the updates of one run: checkpoints, early stopping, averaging, curves, provenance.

It may import every other wing but `prediction`.
"""
