"""Datasets of word ids: reading files safely, finding and downloading them, splitting them.

It may import `text`.
"""
