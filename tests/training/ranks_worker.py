"""Trains small models; tests/training/test_ranks.py starts it, alone and by mpiexec.

Its arguments are a list of runs as JSON and a file for the records of rank 0: for each run a list
of ``[cost]`` and ``[train_err, valid_err, test_err]``. Of a run these are no arguments of
`train_lstm`: ``fault``, what happens, ``at``, at which minibatch, ``on``, on which rank.
"""
import json
import os
import signal
import sys

import numpy

import imdb
import lstm
from lstm_sentiment import command_line, processes
from lstm_sentiment.errors import DataError
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS, Vocabulary

COMMON = dict(dataset='easy', n_words=60, dim_proj=6, batch_size=10, validFreq=14, saveFreq=9,
              dispFreq=1, max_epochs=4, patience=100, saveto=None, checkpoint=None)


def load_data(n_words, rng=None, **arguments):
    """Texts of 1 to 25 words whose label is in the words; the last minibatch has 5 of 105."""
    if FAULT.get('fault') == 'unreadable' and is_here():
        raise DataError('the file is cut off')
    if FAULT.get('fault') == 'other data' and is_here():
        n_words -= 1
    random = numpy.random.RandomState(1)

    def part(n):
        texts = [random.randint(2, n_words, size=random.randint(1, 26)).tolist()
                 for _ in range(n - (n_words < COMMON['n_words']))]
        return texts, [int(numpy.mean(text) > n_words / 2) for text in texts]
    return part(105), part(31), part(33)


def load_reviews(n_words, rng=None, about=None, **arguments):
    """Short reviews with words of praise and blame, and a vocabulary, for the option composed."""
    words = [['fine', 'sharp', 'warm', 'bright'], ['dull', 'poor', 'flat', 'stale']]
    about['vocabulary'] = vocabulary = Vocabulary(
        ['the', 'film', 'is', 'very', 'plot', '.', 'but', 'not', 'it', *words[0], *words[1]],
        TEXT_SETTINGS, ['pos', 'neg'])

    def part(n):
        labels = [k % 2 for k in range(n)]
        return [vocabulary.ids('the film is very %s . the plot is %s but it is .' % (
            words[label][k // 2 % 4], words[label][k // 8 % 4]))
            for k, label in enumerate(labels)], labels
    return part(104), part(31), part(33)


def is_here():
    return processes.rank() == FAULT.get('on')


def launcher():
    """The process of mpiexec that this one descends from, on Linux."""
    pid, name = os.getpid(), ''
    while not name.startswith('mpiexec'):
        with open('/proc/%d/stat' % pid) as stream:
            name, _, fields = stream.read().partition('(')[2].rpartition(') ')
        found, pid = pid, int(fields.split()[1])
    return found


def prepare_data(sequences, labels):
    """As `imdb.prepare_data`; at the minibatch that the fault names it happens."""
    N_CALLS[0] += 1
    if FAULT.get('at') == N_CALLS[0] and is_here():
        if FAULT['fault'] == 'raise':
            raise ZeroDivisionError('made for a test')
        if FAULT['fault'] == 'launcher':
            os.kill(launcher(), signal.SIGKILL)
        else:
            open('fault', 'w').close()  # its time tells when
            os.kill(os.getpid(), getattr(signal, FAULT['fault']))
    return imdb.prepare_data(sequences, labels)


def train(options, records):
    """One run; its records go to the end of the list."""
    FAULT.clear()
    FAULT.update({name: options.pop(name) for name in ('fault', 'at', 'on') if name in options})
    N_CALLS[:], rows = [0], []
    records.append(rows)

    def callback(record):
        if FAULT.get('fault') == 'callback' and record.update == FAULT['at']:
            raise ZeroDivisionError('made for a test')
        rows.append([record.cost] if hasattr(record, 'cost')
                    else [record.train_err, record.valid_err, record.test_err])
    rows.append(list(lstm.train_lstm(callback=callback, **dict(COMMON, **options))))


def work(arguments):
    lstm.datasets['easy'], records = (load_data, prepare_data), []
    lstm.datasets['reviews'] = load_reviews, prepare_data
    for options in json.loads(arguments[0]):
        train(options, records)
    if processes.is_first():
        with open(arguments[1], 'w') as stream:
            json.dump(records, stream)


FAULT, N_CALLS = {}, [0]
if __name__ == '__main__':
    sys.exit(command_line.run(work, shared=True))
