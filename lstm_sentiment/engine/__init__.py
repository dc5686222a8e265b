"""Theano's names over Theano, PyTensor or PyTensor on JAX, and what the user's flags ask for.

Only this wing knows which engine runs. It imports the modules of `lstm_sentiment` that every wing
may use, and no other wing.
"""
