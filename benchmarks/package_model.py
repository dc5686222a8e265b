"""Make the model that comes along, and its card, of a trained model.

``python benchmarks/package_model.py MODEL.npz --reviews aclImdb/test --recipe COMMAND``

The reviews that the model was trained on must be found (``IMDB_DATA_DIR``), for its validation
part. That part decides whether half precision will do, and gives the temperature. The test reviews
are read as text, as `predict.py` reads them, and decide nothing. Written are
``lstm_sentiment/model/reviews.npz`` and ``reviews.md``, and docs/figures/reliability.csv.
"""
import argparse
import datetime
import functools
import hashlib
import json
import os
import sys
import warnings

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
for folder in (ROOT, HERE):
    if folder not in sys.path:
        sys.path.append(folder)

import sentences  # noqa: E402 (found in the folders above)

import imdb  # noqa: E402
from lstm_sentiment.data.training_data import load_training_data  # noqa: E402
from lstm_sentiment.files import replace_file  # noqa: E402
from lstm_sentiment.model import calibration, packaged, saved_model  # noqa: E402
from lstm_sentiment.prediction import classifier, inputs  # noqa: E402
from lstm_sentiment.prediction.network import Network  # noqa: E402

RELIABILITY = os.path.join(ROOT, 'docs', 'figures', 'reliability.csv')
# Of the file, and what options and names of arrays may take of it.
MOST_BYTES, ROOM = 8 * 10 ** 6, 20000
# Half precision may change this share of the verdicts.
MOST_CHANGED = 0.001
# What says where a run was, and what is of no use to others.
PLACES = ('saveto', 'checkpoint', 'reload_model', 'interrupted')
SECTIONS = '''# The model that comes along

{about}

| | |
|---|---|
| file | `{name}`, {n_bytes:,} bytes, parameters in {precision} |
| SHA-256 | `{sha256}` |
| made | {date} with {engine}, NumPy {numpy} |
| network | {network} |
| trained on | {n_train:,} of the 25,000 labelled training reviews of the Large Movie Review \
Dataset (Maas et al. 2011), film reviews in English{composed}; {n_valid:,} others for validation |
| settings | {settings} |
| test error | {test_err!r} of {n_test:,} test reviews, read by `predict.py` from their files; \
{full_err!r} before rounding to {precision} |
| verdicts changed by rounding | {changed_valid} of {n_valid:,} validation reviews, \
{changed_test} of {n_test:,} test reviews |
| calibration | temperature {temperature:.4f}, fitted on the validation reviews; expected \
calibration error on the test reviews {ece:.4f} with it, {ece_before:.4f} without it (15 bins) |

## Make it again

```sh
{recipe}
python benchmarks/package_model.py MODEL.npz --reviews aclImdb/test --recipe '...'
```

## Limits

Of the {n_sentences} short sentences in `docs/sentences.tsv` it gets {n_right} right:

| kind | right |
|---|---|
{kinds}

{wrong}

It knows film reviews in English from before 2011. It was trained on reviews of {n_words_5} to
{n_words_95} words (5 % to 95 %), so the probabilities of a single sentence are worth less than
those of a review. Other subjects, other languages, irony and mixed verdicts are
outside what it was made for, and it has learned the names, genres and prejudices of its reviews.
Do not use it to judge people.
'''


def halved(params):
    """The parameters in half precision."""
    return {name: value.astype('float16') if value.dtype.kind == 'f' else value
            for name, value in params.items()}


def restored(params):
    """The parameters as a model that was read has them."""
    return {name: value.astype('float32') if value.dtype.kind == 'f' else value
            for name, value in params.items()}


def scores_of(network, sequences):
    """The scores of many texts, in their order."""
    window = [classifier.Encoded(None, None, ids) for ids in sequences]
    scores = numpy.zeros((len(window), len(network.b_out)), dtype=network.b_out.dtype)
    for batch in classifier.batches_by_length(window, classifier.BATCH_WORDS):
        scores[batch] = network.scores([sequences[k] for k in batch])
    return scores


def n_changed(scores, others):
    """How many verdicts differ."""
    return int((scores.argmax(axis=1) != others.argmax(axis=1)).sum())


def error_of(scores, labels):
    """Share of wrong verdicts, as `predict.py` reports it."""
    return 1. - float((scores.argmax(axis=1) == labels).sum()) / float(len(labels))


def parts_of(options):
    """The training and validation parts of the run that made a model."""
    dataset = options['dataset']
    load = imdb.load_data if dataset == 'imdb' else functools.partial(imdb.load_data, dataset)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        data = load_training_data(load, dict(options),
                                  numpy.random.RandomState(options['seed']))
    return data.train, data.valid


def read_test(model, folder):
    """Ids and labels of a folder of reviews, through the tokenizer."""
    samples = inputs.from_path(folder, model.classes).samples
    encoded = list(model.encode(samples, keep_words=False))
    return ([item.ids for item in encoded],
            numpy.array([model.classes.index(item.sample.label) for item in encoded]))


def measure(path, folder):
    """All that the card says of a model, and what is saved.

    Returns
    -------
    dict, dict, vocabulary, list of calibration.Bin
        Numbers for the card, parameters to be saved, and the test reviews in bins.
    """
    params, options, vocabulary = saved_model.load(path)
    (train, _), (valid, valid_labels) = parts_of(options)
    small = halved(params)
    both = [Network(params, options), Network(restored(small), options)]
    on_valid = [scores_of(network, valid) for network in both]
    changed_valid = n_changed(*on_valid)
    precision = 'float16'
    if changed_valid > MOST_CHANGED * len(valid):
        precision, small, both[1], on_valid[1] = 'float32', params, both[0], on_valid[0]
    temperature = calibration.fit_temperature(on_valid[1], numpy.asarray(valid_labels))
    model = classifier.Classifier(
        Network(restored(small), dict(options, temperature=temperature)), vocabulary)
    test, labels = read_test(model, folder)
    on_test = [scores_of(network, test) for network in both]
    bins = [calibration.reliability(calibration.softmax(on_test[1] / degree), labels)
            for degree in (1., temperature)]
    by_kind, wrong = sentences.ask(model, sentences.read_sentences())
    lengths = numpy.percentile([len(sequence) for sequence in train], [5, 95])
    numbers = dict(
        options=options, precision=precision, temperature=temperature, n_train=len(train),
        n_valid=len(valid), n_test=len(test), test_err=error_of(on_test[1], labels),
        full_err=error_of(on_test[0], labels), changed_valid=changed_valid,
        changed_test=n_changed(*on_test), by_kind=by_kind, wrong=wrong,
        ece_before=calibration.calibration_error(bins[0]),
        ece=calibration.calibration_error(bins[1]), n_words_5=int(lengths[0]),
        n_words_95=int(lengths[1]))
    return numbers, small, vocabulary, bins[1]


def about(numbers):
    """What a person should know of the model, in one sentence."""
    n_right, n_all = sentences.total(numbers['by_kind'])
    return ('trained on %s English film reviews (IMDB); wrong on %.1f %% of %s test reviews, and '
            'on %d of %d short sentences.' % (
                format(numbers['n_train'], ','), 100 * numbers['test_err'],
                format(numbers['n_test'], ','), n_all - n_right, n_all))


def network_of(options):
    """The layers in words."""
    words = ['bidirectional' if options.get('bidirectional') else 'one direction',
             options['encoder'], '%d units' % options['dim_proj'],
             '%d layer(s)' % options.get('n_layers', 1),
             'pooling %s' % options.get('pooling', 'mean'), '%d words' % options['n_words']]
    if options.get('ngrams'):
        words.append('beside them sequences of up to %d words' % options['ngrams'])
    return ', '.join(words)


def composed_of(options):
    """What the model was trained on besides reviews, in words."""
    share = options.get('composed')
    return (', and at each update %g composed sentences for each review, whose labels follow by '
            'rule (`lstm_sentiment/text/composing.py`)' % share if share else '')


def card(numbers, sha256, n_bytes, recipe, date):
    """The text of the card."""
    options = numbers['options']
    n_right, n_all = sentences.total(numbers['by_kind'])
    kinds = ['| %s | %d of %d |' % (kind, *pair) for kind, pair in numbers['by_kind'].items()]
    wrong = ['- %s: %s (%s)' % (each.kind, each.text, each.label) for each in numbers['wrong']]
    shown = {name: value for name, value in sorted(options.items())
             if name not in PLACES + ('dataset',) and not name.endswith('sha256')}
    text = about(numbers)
    return SECTIONS.format(
        about='The model is ' + text, name=packaged.NAME, n_bytes=n_bytes, sha256=sha256,
        date=date, engine=options.get('engine', 'an unknown engine'),
        numpy=options.get('numpy', '?'), network=network_of(options), composed=composed_of(options),
        settings='`%s`' % json.dumps(shown), recipe=recipe, n_sentences=n_all, n_right=n_right,
        kinds='\n'.join(kinds), wrong='\n'.join(['It is wrong about these:', ''] + wrong),
        **{name: value for name, value in numbers.items()
           if name not in ('options', 'by_kind', 'wrong')})


def write_bins(path, bins):
    """The table of the reliability diagram."""
    lines = ['low,high,n_answers,confidence,accuracy']
    lines += [','.join(map(repr, each)) for each in bins]
    replace_file(path, ('\n'.join(lines) + '\n').encode('ascii'))


def package(path, folder, recipe, date, target, table):
    """Write the model, its card and the table of its reliability."""
    numbers, params, vocabulary, bins = measure(path, folder)
    options = {name: value for name, value in numbers['options'].items() if name not in PLACES}
    options['dataset'] = os.path.basename(options['dataset'])
    options.update(temperature=numbers['temperature'], about=about(numbers))
    n_bytes = sum(value.nbytes for value in params.values()) + len(vocabulary.to_json())
    if n_bytes > MOST_BYTES - ROOM:
        raise SystemExit('the model would have %d bytes: expected %d or fewer'
                         % (n_bytes, MOST_BYTES - ROOM))
    saved_model.save(target, params, options, vocabulary, beside=False,
                     test_err=numbers['test_err'])
    with open(target, 'rb') as file:
        content = file.read()
    text = card(numbers, hashlib.sha256(content).hexdigest(), len(content), recipe, date)
    replace_file(os.path.splitext(target)[0] + '.md', text.encode('utf-8'))
    write_bins(table, bins)
    print(text)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', metavar='MODEL')
    parser.add_argument('--reviews', metavar='FOLDER', required=True,
                        help='the test reviews as files, such as aclImdb/test')
    parser.add_argument('--recipe', metavar='COMMAND', required=True,
                        help='what the model was trained with, for the card')
    parser.add_argument('--date', default=datetime.date.today().isoformat())
    parser.add_argument('--output', metavar='FILE', default=packaged.place())
    parser.add_argument('--table', metavar='FILE', default=RELIABILITY)
    options = parser.parse_args(arguments)
    package(options.model, options.reviews, options.recipe, options.date, options.output,
            options.table)


if __name__ == '__main__':
    main()
