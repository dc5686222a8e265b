"""From texts to words and word ids.

Readers of corpora, tokenizers, the vocabulary, preprocessing, the demo grammar. May import only
the small modules of the package.
"""
