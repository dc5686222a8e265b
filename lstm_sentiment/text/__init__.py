"""Texts to words to word ids.

Readers of corpora, tokenizers, the vocabulary, preprocessing, the demo grammar. May import the
small modules alone.
"""
