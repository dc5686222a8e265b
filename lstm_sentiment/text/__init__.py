"""From texts to word ids: readers of corpora, tokenizers, vocabulary, and the grammar behind `demo`.

It imports no other wing.
"""
