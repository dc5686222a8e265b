"""A saved model.

The file, and what is in it. May import data and text.
"""
