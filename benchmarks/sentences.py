"""How many of the short sentences in docs/sentences.tsv a model gets right, by kind.

``python benchmarks/sentences.py [MODEL ...]``; without a name, the model that comes along. The
sentences were written for this project before any model was asked, half of them positive. Options
are chosen with another list, ``--list benchmarks/development_sentences.tsv``.
"""
import argparse
import os
import sys
from collections import OrderedDict, namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
LIST = os.path.join(ROOT, 'docs', 'sentences.tsv')

Sentence = namedtuple('Sentence', 'kind label text')


def read_sentences(path=LIST):
    """The list, in its order."""
    with open(path, encoding='utf-8') as file:
        rows = [line.rstrip('\n').split('\t') for line in file]
    return [Sentence(*row) for row in rows[1:]]


def ask(model, sentences):
    """What a model gets right.

    Returns
    -------
    OrderedDict
        By kind: the number of right answers, and of sentences.
    list of Sentence
        Those with a wrong answer.
    """
    by_kind, wrong = OrderedDict(), []
    for sentence, said in zip(sentences, model.predict([each.text for each in sentences])):
        n_right, n_all = by_kind.get(sentence.kind, (0, 0))
        by_kind[sentence.kind] = n_right + (said == sentence.label), n_all + 1
        if said != sentence.label:
            wrong.append(sentence)
    return by_kind, wrong


def total(by_kind):
    """The sums over all kinds.

    >>> total({'a': (2, 3), 'b': (1, 4)})
    (3, 7)
    """
    return tuple(map(sum, zip(*by_kind.values())))


def table(results):
    """Lines with a row for each kind and a column for each model.

    Parameters
    ----------
    results : dict
        The first result of :func:`ask` by the name of the model.
    """
    kinds = list(next(iter(results.values())))
    rows = [(kind, [by_kind[kind] for by_kind in results.values()]) for kind in kinds]
    rows.append(('all', [total(by_kind) for by_kind in results.values()]))
    width = max(16, *[len(name) + 2 for name in results])
    yield '%-15s%s' % ('kind', ''.join('%*s' % (width, name) for name in results))
    for kind, pairs in rows:
        yield '%-15s%s' % (kind, ''.join('%*s' % (width, '%d of %d' % pair) for pair in pairs))


def main(arguments=None):
    sys.path.insert(0, ROOT)
    import predict
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('models', metavar='MODEL', nargs='*', default=[None])
    parser.add_argument('--list', metavar='FILE', default=LIST, help='another list of sentences')
    parser.add_argument('--wrong', action='store_true', help='list the wrong answers')
    options = parser.parse_args(arguments)
    results, sentences = OrderedDict(), read_sentences(options.list)
    for path in options.models:
        name = path or 'packaged'
        results[name], wrong = ask(predict.load_model(path), sentences)
        for sentence in wrong if options.wrong else ():
            print('%s: not %s, though %s: %s' % (name, sentence.label, sentence.kind,
                                                 sentence.text))
    print('\n'.join(table(results)))


if __name__ == '__main__':
    main()
