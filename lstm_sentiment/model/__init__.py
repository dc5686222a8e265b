"""A saved model: its file, and the arrays, options and words in it.

It may import `data` and `text`. It knows neither the engine nor the recurrence.
"""
