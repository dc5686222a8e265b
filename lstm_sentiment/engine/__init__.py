"""Theano's names over Theano, PyTensor or JAX.

The flags that choose among them, and the backend in use. May import the small modules beside it.
"""
