"""Datasets of word ids.

Safe reading, finding and downloading, and the parts that a run trains on. May import text.
"""
