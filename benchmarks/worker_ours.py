"""The side of `bench.py` that is this project: reads tasks, prints seconds or milliseconds."""
import json
import pickle
import sys
import time

import numpy

import imdb
import lstm
from lstm_sentiment.engine.names import config, tensor, theano

MODELS = {}


def make_model(n_words, optimizer, **changes):
    """The functions of `build_model` and the optimizer, at the default settings but for changes."""
    key = n_words, optimizer, tuple(sorted(changes.items()))
    if key not in MODELS:
        MODELS.clear()
        options = dict(dict(n_words=n_words, dim_proj=128, ydim=2, encoder='lstm',
                            use_dropout=True), **changes)
        tparams = lstm.init_tparams(lstm.init_params(options))
        use_noise, x, mask, y, _, f_pred, cost = lstm.build_model(tparams, options)
        use_noise.set_value(1.)
        grads = theano.grad(cost, wrt=list(tparams.values()))
        rule = lstm.update_rules[optimizer]
        lr = tensor.scalar('lr', dtype=config.floatX)
        MODELS[key] = (use_noise, f_pred) + tuple(
            rule(lr, tparams, grads, x, mask, y, cost))
    return MODELS[key]


def train(model, part, batches):
    """Seconds of each update, its batch made ready included."""
    use_noise, _, f_grad_shared, f_update = model
    use_noise.set_value(1.)
    sequences, labels = part
    seconds = []
    for batch in batches:
        start = time.perf_counter()
        x, mask, y = imdb.prepare_data([sequences[k] for k in batch], [labels[k] for k in batch])
        f_grad_shared(x, mask, y)
        f_update(0.1)
        seconds.append(time.perf_counter() - start)
    return seconds


def update(data, n_words, optimizer, seed, n=40, **changes):
    """Median milliseconds of `n` updates."""
    rng = numpy.random.RandomState(seed)
    part = DATA[data]
    batches = [rng.permutation(len(part[0]))[:16] for _ in range(n)]
    seconds = train(make_model(n_words, optimizer, **changes), part, batches)[2:]
    return 1000 * float(numpy.median(seconds))


def evaluate():
    """Seconds to classify the test set."""
    use_noise, f_pred = make_model(10000, 'adadelta')[:2]
    use_noise.set_value(0.)
    start = time.perf_counter()
    lstm.pred_error(f_pred, imdb.prepare_data, DATA['test'],
                    lstm.get_minibatches_idx(len(DATA['test'][0]), 64))
    return time.perf_counter() - start


def epoch(window, seed, every=1, **changes):
    """Seconds of an epoch over all training reviews, or over each so-many-th minibatch."""
    sequences, _ = part = DATA['long']
    batches = lstm.get_minibatches_idx(
        len(sequences), 16, True, numpy.random.RandomState(seed),
        [len(sequence) for sequence in sequences], window)
    return sum(train(make_model(10000, 'adadelta', **changes), part,
                     [batch for _, batch in batches[::every]]))


if __name__ == '__main__':
    with open(sys.argv[1], 'rb') as stream:
        DATA = pickle.load(stream)
    with lstm.backend.training():
        for line in sys.stdin:
            task, arguments = json.loads(line)
            print(json.dumps(globals()[task](**arguments)), flush=True)
