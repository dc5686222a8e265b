"""Installs the scripts as modules: ``pip install -e .``, for the tests ``-e '.[test]'``."""
import os

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, 'README.md'), encoding='utf-8') as stream:
    LONG_DESCRIPTION = stream.read()

MODULES = sorted(name[:-len('.py')] for name in os.listdir(HERE)
                 if name.endswith('.py') and name != 'setup.py')
# What runs the notebook.
NOTEBOOK = ['nbclient>=0.8', 'nbformat>=5.9', 'ipykernel>=6.20']

setup(
    name='lstm-sentiment',
    version='0.1.0',
    description='The deeplearning.net LSTM tutorial on today\'s Python: Theano and PyTensor',
    long_description=LONG_DESCRIPTION,
    long_description_content_type='text/markdown',
    license='BSD-3-Clause',
    python_requires='>=3.8',
    py_modules=MODULES,
    packages=find_packages(include=['lstm_sentiment*']),
    install_requires=[
        'six>=1.16',           # one spelling of pickle and urllib
        'pooch>=1.6',         # fetches and verifies the reviews
        'requests>=2.20',     # asks the sources whether they answer
        'sacremoses>=0.0.53',  # the Moses tokenizer the reviews were cut with
        'tqdm>=4.62',         # progress bars
        'threadpoolctl>=2.1',  # one BLAS thread: small products are slower on two
        # Theano 1.0.5 was written for the NumPy of its day.
        'Theano==1.0.5; python_version < "3.11"',
        'numpy>=1.18,<1.22; python_version < "3.11"',
        'scipy>=1.4,<1.12; python_version < "3.11"',
        'pytensor>=3.0,<4; python_version >= "3.11"',
        'numba>=0.61; python_version >= "3.11"',  # native loops; PyTensor needs it anyway
        'numpy>=2.0; python_version >= "3.11"',
        'scipy>=1.13; python_version >= "3.11"',  # the SVD by gesdd, sparse sums
    ],
    extras_require={
        'test': ['pytest>=7.0', 'hypothesis>=6.100', 'matplotlib>=3.5'] + NOTEBOOK,
        'plot': ['matplotlib>=3.5'],
        'gpu': ['jax[cuda13]'],
        'docs': ['matplotlib>=3.5'] + NOTEBOOK,
        'bench': ['torch'],
    },
    classifiers=[
        'License :: OSI Approved :: BSD License',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
