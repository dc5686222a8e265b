"""What a training run needs around its updates.

Counts, checkpoint, early stopping, averaging, display, curves, provenance. May import model, data,
text and the engine, but nothing from prediction.
"""
