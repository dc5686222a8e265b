"""A linear model over word sequences of one to a few words, which may stand beside the LSTM.

It reads word ids and needs no engine. `lstm.py --ngrams 3` fits it before the LSTM is trained.
"""
