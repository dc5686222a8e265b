"""Asking a trained model.

Network, classifier, inputs, outputs, explanation, report. May import model, data, text and
the NumPy recurrence, but no engine and nothing from training.
"""
