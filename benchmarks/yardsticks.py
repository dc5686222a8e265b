"""What other models get on the same reviews: linear models, and PyTorch's LSTM.

``python benchmarks/yardsticks.py`` fits each to all training reviews, prints its error on all test
reviews, and how long it took to fit. It needs the extra ``bench`` and the reviews. All settings are
those of the papers or of common use; none was chosen by these errors.

The linear models are over the n-grams that are in a review, each counted once:

words, bigrams, trigrams
    logistic regression, C = 1;
NB-LR
    the same over n-grams scaled by their naive Bayes log-count ratios;
NB-SVM
    a support vector machine in its place, whose weights are mixed with their mean (S. Wang,
    C. D. Manning, Baselines and bigrams, ACL 2012, with their C = 1 and beta = 0.25).

``--lstm`` adds a bidirectional LSTM with max pooling in PyTorch: 64 units each way, half of the
words and of the outputs dropped, Adam, six epochs. This takes a quarter of an hour of
processor time.
"""
import argparse
import os
import sys
import time

import numpy
from scipy import sparse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
if ROOT not in sys.path:  # the program need not be installed
    sys.path.insert(0, ROOT)

from lstm_sentiment.data import datasets, finding  # noqa: E402 (found in that folder)

BETA = 0.25  # the share of its own that a weight keeps in NB-SVM


def ngram_numbers(sequences, longest):
    """The distinct n-grams of each text, exactly, each a number.

    Returns
    -------
    samples, ngrams : int64 arrays, (n_pairs,)
        The text of each pair, ascending, and the number of an n-gram in it, from 0.
    """
    words = numpy.concatenate([numpy.asarray(sequence, 'int64') for sequence in sequences])
    of_word = numpy.repeat(numpy.arange(len(sequences)), [len(text) for text in sequences])
    numbers, size = numpy.zeros(len(words), 'int64'), int(words.max()) + 1
    samples, ngrams, n_before = [], [], 0
    for n in range(longest):
        inside = of_word[:len(words) - n] == of_word[n:]
        # The number of an n-gram's first words, and its last word.
        pairs = numbers[:len(inside)] * size + words[n:]
        found, numbers = numpy.unique(pairs, return_inverse=True)
        both = numpy.unique(of_word[:len(inside)][inside] * len(found) + numbers[inside])
        samples.append(both // len(found))
        ngrams.append(both % len(found) + n_before)
        n_before += len(found)
    return numpy.concatenate(samples), numpy.concatenate(ngrams)


def features(train_x, test_x, longest):
    """One row for each text and one column for each training n-gram: 1 where a text has it."""
    samples, ngrams = ngram_numbers(list(train_x) + list(test_x), longest)
    is_train = samples < len(train_x)
    columns = numpy.full(ngrams.max() + 1, -1)
    known = numpy.unique(ngrams[is_train])
    columns[known] = numpy.arange(len(known))
    columns = columns[ngrams]
    inside = columns >= 0
    x = sparse.csr_matrix((numpy.ones(inside.sum(), 'float32'), (samples[inside], columns[inside])),
                          shape=(len(train_x) + len(test_x), len(known)))
    return x[:len(train_x)], x[len(train_x):]


def log_count_ratios(x, y):
    """The naive Bayes log-count ratio of each column, with one added to each count."""
    pos, neg = (numpy.asarray(x[y == label].sum(axis=0)).ravel() + 1. for label in (1, 0))
    return numpy.log(pos / pos.sum()) - numpy.log(neg / neg.sum())


def logistic_regression(x, y):
    from sklearn.linear_model import LogisticRegression
    model = LogisticRegression(C=1., solver='liblinear', max_iter=100).fit(x, y)
    return model.coef_[0], model.intercept_[0]


def mixed_svm(x, y):
    from sklearn.svm import LinearSVC
    model = LinearSVC(C=1., max_iter=5000).fit(x, y)
    weights = model.coef_[0]
    # The constant shrinks with the weights: the naive Bayes side of the mixture has none, as both
    # classes have equally many texts. Left whole, it costs one point of accuracy.
    return (1 - BETA) * abs(weights).mean() + BETA * weights, BETA * model.intercept_[0]


def linear_model(fit, longest, is_scaled):
    """A function of the parts that returns the predicted labels of the test texts."""
    def answers(train, test):
        x, test_x = features(train[0], test[0], longest)
        y = numpy.array(train[1])
        if is_scaled:
            ratios = log_count_ratios(x, y)
            x, test_x = (part.multiply(ratios[None, :]).tocsr() for part in (x, test_x))
        weights, bias = fit(x, y)
        return (test_x.dot(weights) + bias > 0).astype(int)
    return answers


MODELS = [('words', linear_model(logistic_regression, 1, False)),
          ('bigrams', linear_model(logistic_regression, 2, False)),
          ('trigrams', linear_model(logistic_regression, 3, False)),
          ('NB-LR, bigrams', linear_model(logistic_regression, 2, True)),
          ('NB-LR, trigrams', linear_model(logistic_regression, 3, True)),
          ('NB-SVM, bigrams', linear_model(mixed_svm, 2, True)),
          ('NB-SVM, trigrams', linear_model(mixed_svm, 3, True))]


def torch_lstm(train, test, n_words=20000, n_epochs=6, size=32):
    """The labels that PyTorch's bidirectional LSTM with max pooling gives the test texts."""
    import torch
    from worker_torch import Classifier, prepare
    torch.manual_seed(1)
    rng = numpy.random.RandomState(1)
    cut = [numpy.where(text < n_words, text, 1) for text in map(numpy.array, train[0])]
    model = Classifier(n_words, 64, bidirectional=True, pooling='max')
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    n_updates = n_epochs * -(-len(cut) // size)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: max(0, 1 - k / n_updates))
    for _ in range(n_epochs):
        for batch in batches_by_length(cut, size, rng):
            kept = [cut[k][rng.random_sample(len(cut[k])) >= 0.5] for k in batch]
            kept = [text if len(text) else cut[k][:1] for k, text in zip(batch, kept)]
            x, mask, y = prepare((kept, [train[1][k] for k in batch]), range(len(batch)))
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x, mask), y).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.)
            optimizer.step()
            falling.step()
    model.eval()
    cut = [numpy.where(text < n_words, text, 1) for text in map(numpy.array, test[0])]
    answers = numpy.zeros(len(cut), int)
    with torch.no_grad():
        for batch in batches_by_length(cut, 128, rng):
            x, mask, _ = prepare((cut, test[1]), batch)
            answers[batch] = model(x, mask).argmax(1).numpy()
    return answers


def batches_by_length(texts, size, rng, window=100):
    """Minibatches of texts of similar length, in random order."""
    order = rng.permutation(len(texts))
    lengths = numpy.array([len(text) for text in texts])
    batches = []
    for start in range(0, len(order), size * window):
        part = order[start:start + size * window]
        part = part[numpy.argsort(lengths[part], kind='stable')]
        batches += [part[k:k + size] for k in range(0, len(part), size)]
    return [batches[k] for k in rng.permutation(len(batches))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--lstm', action='store_true', help='PyTorch as well, which takes long')
    chosen = MODELS + ([('PyTorch, bidirectional LSTM', torch_lstm)]
                       if parser.parse_args().lstm else [])
    train, test = datasets.read_dataset(finding.find_dataset())
    print('%-28s %8s %9s %8s' % ('model', 'error', 'accuracy', 'seconds'))
    for name, answers in chosen:
        started = time.time()
        error = (answers(train, test) != numpy.array(test[1])).mean()
        print('%-28s %8.4f %9.4f %8.0f' % (name, error, 1 - error, time.time() - started),
              flush=True)


if __name__ == '__main__':
    main()
