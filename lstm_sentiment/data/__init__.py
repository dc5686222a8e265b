"""Datasets of word ids.

Reading them safely, finding and downloading them, the parts that a run trains on. May import text.
"""
