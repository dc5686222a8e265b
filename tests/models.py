"""Small models with words, and the exit status of a command line, for the tests."""
import itertools
import pickle
from collections import OrderedDict

import numpy

from lstm_sentiment.model import saved_model
from lstm_sentiment.prediction.network import shapes_of
from lstm_sentiment.recurrence.stack import n_directions
from lstm_sentiment.text.dataset_files import PICKLE_PROTOCOL
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary

WORDS = ['.', ',', 'the', 'film', 'is', 'good', 'bad', '&apos;t', 'don', '&amp;', 'caf\u00e9',
         'see', 'it']
N_WORDS = len(WORDS) + 2


def make_params(n_classes=2, dtype='float64', dim_proj=5, n_words=N_WORDS, seed=0):
    """Parameters far from zero, so that every gate is at work; the words decide, not the bias."""
    rng = numpy.random.RandomState(seed)
    shapes = [('Wemb', (n_words, dim_proj)), ('lstm_W', (dim_proj, 4 * dim_proj)),
              ('lstm_U', (dim_proj, 4 * dim_proj)), ('lstm_b', (4 * dim_proj,)),
              ('U', (dim_proj, n_classes)), ('b', (n_classes,))]
    scales = {'U': 4., 'b': 0.1}
    return OrderedDict((name, (scales.get(name, 1.5) * rng.randn(*shape)).astype(dtype))
                       for name, shape in shapes)


CELLS = [('lstm', 'matrix'), ('lstm_standard', 'matrix'), ('lstm_peephole', 'matrix'),
         ('lstm_peephole', 'diagonal')]
# encoder, peephole, bidirectional, n_layers, pooling.
COMBINATIONS = [cell + others for cell in CELLS
                for others in itertools.product((False, True), (1, 2), ('mean', 'max', 'last'))]


def combination(encoder, peephole, bidirectional, n_layers, pooling):
    """These as options of a model."""
    return dict(encoder=encoder, peephole=peephole, bidirectional=bidirectional,
                n_layers=n_layers, pooling=pooling)


def params_for(options, seed=0, dtype='float64'):
    """Parameters far from zero for a model with these options."""
    rng = numpy.random.RandomState(seed)
    n_features = options['dim_proj'] * n_directions(options)
    shapes = [('Wemb', (options['n_words'], options['dim_proj']))]
    shapes += sorted(shapes_of(options).items())
    shapes += [('U', (n_features, options['ydim'])), ('b', (options['ydim'],))]
    return OrderedDict((name, (1.5 * rng.randn(*shape)).astype(dtype)) for name, shape in shapes)


def make_options(params, use_dropout=True):
    n_words, dim_proj = params['Wemb'].shape
    return {'n_words': n_words, 'dim_proj': dim_proj, 'ydim': len(params['b']),
            'encoder': 'lstm', 'use_dropout': use_dropout}


def save_model(path, classes=('neg', 'pos'), dtype='float64', use_dropout=True, words=True, seed=0,
               **settings):
    """Save a model; return its path and its parameters."""
    params = make_params(len(classes), dtype, seed=seed)
    vocabulary = Vocabulary(WORDS, dict(TEXT_SETTINGS, **settings), list(classes))
    saved_model.save(str(path), params, make_options(params, use_dropout),
                     vocabulary if words else None)
    return str(path), params


def write_dictionary(path, words=WORDS, **settings):
    """Write a dictionary of these words; return its path."""
    content = pickle.dumps({word: k for k, word in enumerate(words, 2)}, PICKLE_PROTOCOL)
    if settings:
        content += pickle.dumps(settings, PICKLE_PROTOCOL)
    path.write_bytes(content)
    return str(path)


def random_texts(n, seed=0, words=('The', 'film', 'is', 'GOOD', 'bad', "don't", '&', 'Caf\u00e9',
                                   'see', 'it', '.', ',', 'unheard')):
    """Texts of 1 to 30 words."""
    rng = numpy.random.RandomState(seed)
    return [' '.join(words[k] for k in rng.randint(len(words), size=rng.randint(1, 31)))
            for _ in range(n)]


def exit_status(main, arguments):
    """The exit status of a command line; argparse raises it, `main` returns it."""
    try:
        return main(arguments)
    except SystemExit as stopped:
        return stopped.code
