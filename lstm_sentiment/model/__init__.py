"""A saved model.

The file and its contents. May import data and text.
"""
