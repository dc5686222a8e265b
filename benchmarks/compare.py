"""What `compare_keras.py` and `compare_torch.py` share: weights, texts, and the comparison."""
import argparse
import time

import numpy

import lstm
from lstm_sentiment.data.training_data import load_training_data
from lstm_sentiment.errors import ModelError
from lstm_sentiment.model import saved_model
from lstm_sentiment.model.calibration import softmax
from lstm_sentiment.prediction.classifier import as_samples, load_model
from lstm_sentiment.prediction.network import Network

# The model of the tutorial: other cells, directions and pooling are not translated.
SAME = dict(saved_model.LAYERS, ngrams=0, temperature=1.)


def load(path):
    """Parameters and options of a saved model, if it is the tutorial's."""
    params, options, _ = saved_model.load(path)
    for name, expected in SAME.items():
        if options.get(name, expected) != expected:
            raise ModelError('the model %s has %s=%s: only %s can be compared'
                             % (path, name, options[name], expected))
    return params, options


def dataset_of(options):
    """The parts train, valid and test of a model's dataset, as they were for its training."""
    load_data, _ = lstm.get_dataset(options['dataset'])
    return load_training_data(load_data, options, numpy.random.RandomState(options['seed']))


def padded(sequences):
    """Word ids, (n_samples, n_timesteps) int64; 0 is padding."""
    x = numpy.zeros((len(sequences), max(map(len, sequences))), dtype='int64')
    for row, sequence in zip(x, sequences):
        row[:len(sequence)] = sequence
    return x


def answered(probabilities, model, sequences, size=64):
    """What a model of the other library answers, in minibatches."""
    return numpy.concatenate([probabilities(model, padded(sequences[k:k + size]))
                              for k in range(0, len(sequences), size)])


def difference(library, path, sequences, dtype):
    """The largest difference of a probability, of the library and of this program."""
    params, options = load(path)
    params = {name: value.astype(dtype) for name, value in params.items()}
    model = library.make_model(options, dtype)
    library.set_weights(model, params, options)
    found = answered(library.probabilities, model, sequences)
    return abs(found - softmax(Network(params, options).scores(sequences))).max()


def trained(library, options, start):
    """Test error and seconds after as many epochs as the saved model had at most."""
    data = dataset_of(options)
    model = library.make_model(options, 'float32')
    if start == 'same':
        rng = numpy.random.RandomState(options['seed'])
        library.set_weights(model, lstm.init_params(options, rng), options)
    started = time.perf_counter()
    library.train(model, *data.train, options['max_epochs'], options['batch_size'])
    seconds = time.perf_counter() - started
    sequences, labels = data.test
    answers = answered(library.probabilities, model, sequences).argmax(axis=1)
    return (answers != numpy.array(labels)).mean(), seconds


def main(library, arguments=None):
    """Compare a saved model with the same one in a library, a module of this folder."""
    parser = argparse.ArgumentParser(description=library.__doc__)
    parser.add_argument('model', help='the .npz that lstm.py saved')
    parser.add_argument('texts', nargs='*', help='by default the test reviews of its dataset')
    parser.add_argument('--train', choices=['same', 'own'], help='also train for as many epochs, '
                        "from lstm.py's initial parameters or from the library's own")
    wanted = parser.parse_args(arguments)
    if wanted.texts:
        encoded = load_model(wanted.model).encode(as_samples(wanted.texts), False)
        sequences = [item.ids for item in encoded]
    else:
        sequences = dataset_of(load(wanted.model)[1]).test[0]
    print(library.VERSION)
    for dtype in ('float32', 'float64'):
        print('%s: largest difference %.1e (%d texts)' % (
            dtype, difference(library, wanted.model, sequences, dtype), len(sequences)))
    if wanted.train:
        options = load(wanted.model)[1]
        print('%d epochs: test error %.3f, %.0f seconds'
              % ((options['max_epochs'],) + trained(library, options, wanted.train)))
