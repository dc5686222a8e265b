"""Theano's names over Theano, PyTensor or JAX.

The flags that select the engine, and the backend in use. May import the small modules of the
package.
"""
