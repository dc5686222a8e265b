"""What happens around an update.

Counts, checkpoint, early stopping, averaging, display, curves, provenance. May import model, data,
text and the engine; it does not know prediction.
"""
