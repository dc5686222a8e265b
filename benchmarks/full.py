"""The errors of saved models on all test reviews, and of the mean of their probabilities.

``python benchmarks/full.py MODEL...`` takes the models of ``make full``. Nothing may be chosen by
what it prints. It needs the reviews.
"""
import argparse
import os
import sys

import numpy
from scipy.special import softmax

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if ROOT not in sys.path:  # the program need not be installed
    sys.path.insert(0, ROOT)

import imdb  # noqa: E402 (found in that folder)
from lstm_sentiment.model import saved_model  # noqa: E402
from lstm_sentiment.prediction.network import Network, check_model  # noqa: E402

BATCH = 100


def probabilities(path, dataset):
    """Probabilities of the classes of all test reviews, (n_samples, ydim), and their labels."""
    params, options, _ = saved_model.load(path)
    check_model(path, params, options)
    network = Network(params, options)
    _, _, (sequences, labels) = imdb.load_data(dataset, n_words=options['n_words'])
    scores = [network.scores(sequences[k:k + BATCH]) for k in range(0, len(sequences), BATCH)]
    return softmax(numpy.concatenate(scores), axis=1), numpy.array(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('models', metavar='MODEL', nargs='+')
    parser.add_argument('--dataset', default='imdb.pkl')
    arguments = parser.parse_args()
    found, errors = [], []
    for path in arguments.models:
        likelihoods, labels = probabilities(path, arguments.dataset)
        found.append(likelihoods)
        errors.append((likelihoods.argmax(axis=1) != labels).mean())
        print('%-30s error %.5f, accuracy %.5f' % (path, errors[-1], 1 - errors[-1]), flush=True)
    print('%-30s error %.5f, accuracy %.5f, standard deviation %.5f'
          % ('mean of these', numpy.mean(errors), 1 - numpy.mean(errors),
             numpy.std(errors, ddof=1) if len(errors) > 1 else 0))
    error = (numpy.mean(found, axis=0).argmax(axis=1) != labels).mean()
    print('%-30s error %.5f, accuracy %.5f' % ('mean of their probabilities', error, 1 - error))


if __name__ == '__main__':
    main()
