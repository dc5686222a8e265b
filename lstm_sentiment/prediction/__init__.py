"""Asking a trained model.

Network, classifier, inputs, outputs, explanation, report. May import model, data, text and the
passes by hand, but no engine; it does not know training.
"""
