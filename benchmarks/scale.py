"""Time and memory against the number of texts: preprocessing, the start of training, an update.

    python benchmarks/scale.py

makes corpora of 25,000, 250,000 and 2,500,000 texts of 80 words in a folder for temporary files
(``--folder`` names another; the largest takes 3 GB there), and prints a row for each. It needs
Linux and the extra ``arrow``.

Memory is the largest anonymous memory (RssAnon) of a program and the processes it started, looked
at 20 times a second. Pages of files, which the system takes back when it needs them, are not in it.
Seconds are those of the clock, and in parentheses those of the processor, which other programs on
the machine change less.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
if ROOT not in sys.path:  # the program need not be installed
    sys.path.insert(0, ROOT)

N_TEXTS, N_WORDS, LENGTH = (25000, 250000, 2500000), 100000, 80
BLOCK = 10000
WARM_UPDATES, UPDATES = 20, 100


def write_corpus(path, n_texts, seed=1):
    """Write a table of texts; the word k occurs about 1/k as often as the first, like real ones."""
    rng = numpy.random.RandomState(seed)
    words = numpy.array(['w%d' % number for number in range(N_WORDS)], dtype=object)
    with open(path, 'w') as file:
        file.write('label,text\n')
        for start in range(0, n_texts, BLOCK):
            n_rows = min(BLOCK, n_texts - start)
            ranks = N_WORDS ** rng.random_sample((n_rows, LENGTH)) - 1
            labels = rng.randint(2, size=n_rows)
            for label, text in zip(labels, words[ranks.astype('int64')]):
                file.write('%s,%s\n' % (('bad', 'good')[label], ' '.join(text)))


def anonymous_memory(pid):
    """Bytes of anonymous memory of a process and of those that it started."""
    try:
        with open('/proc/%d/status' % pid) as file:
            found = [line.split()[1] for line in file if line.startswith('RssAnon')]
        with open('/proc/%d/task/%d/children' % (pid, pid)) as file:
            children = file.read().split()
    except OSError:  # it has ended
        return 0
    return 1024 * sum(map(int, found)) + sum(anonymous_memory(int(child)) for child in children)


def measured(arguments):
    """Run a program.

    Returns
    -------
    seconds : (float, float)
        Of the clock and of the processor.
    memory : float
        The peak of anonymous memory, in MB.
    output : str
    """
    environment = dict(os.environ, PYTHONPATH=ROOT, THEANO_FLAGS='floatX=float32')
    started, peak, before = time.time(), 0, processor_seconds()
    with tempfile.TemporaryFile('w+') as output:
        process = subprocess.Popen([sys.executable] + arguments, stdout=output, env=environment)
        while process.poll() is None:
            peak = max(peak, anonymous_memory(process.pid))
            time.sleep(0.05)
        if process.returncode:
            raise SystemExit('%s ended with status %d' % (arguments, process.returncode))
        output.seek(0)
        seconds = time.time() - started, processor_seconds() - before
        return seconds, peak / 1e6, output.read()


def processor_seconds():
    """Of all programs that were started and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def now():
    """The clock and the processor time of this process, in seconds."""
    return numpy.array([time.time(), time.process_time()])


class Enough(Exception):
    """Ends a training run."""


def train(dataset):
    """Train for some updates; print seconds of loading and of an update as JSON."""
    import lstm
    from lstm_sentiment.data import training_data
    seconds, times = {}, []

    def loading(*arguments, load=training_data.load_training_data):
        started = now()
        data = load(*arguments)
        seconds['load'] = (now() - started).tolist()
        return data

    def updated(record):
        times.append(now())
        if len(times) > WARM_UPDATES + UPDATES:
            raise Enough

    lstm.load_training_data = loading
    try:
        lstm.train_lstm(dataset=dataset, n_words=10000, dispFreq=1, validFreq=10 ** 9,
                        saveFreq=10 ** 9, saveto=None, callback=updated)
    except Enough:
        seconds['update'] = numpy.median(numpy.diff(times[WARM_UPDATES:], axis=0), axis=0).tolist()
        print(json.dumps(seconds))


def row(folder, n_texts, ending, tokenizer):
    """Measure a corpus; return the cells of its row."""
    corpus = os.path.join(folder, '%d.csv' % n_texts)
    dataset = os.path.join(folder, '%d.%s' % (n_texts, ending))
    if not os.path.exists(corpus):
        write_corpus(corpus, n_texts)
    made, made_memory, _ = measured([
        os.path.join(ROOT, 'imdb_preprocess.py'), corpus, '--output', dataset, '--n-words', '10000',
        '--tokenizer', tokenizer])
    _, memory, output = measured([os.path.abspath(__file__), '--train', dataset])
    seconds = json.loads(output.splitlines()[-1])
    return ['{:,}'.format(n_texts), '.' + ending, '%.0f s (%.1f)' % made, '%.0f MB' % made_memory,
            '%.2f s (%.2f)' % tuple(seconds['load']),
            '%.1f ms (%.1f)' % tuple(1000 * value for value in seconds['update']),
            '%.0f MB' % memory]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--texts', type=int, nargs='+', default=N_TEXTS, metavar='N')
    parser.add_argument('--endings', nargs='+', default=['arrow'], choices=['arrow', 'pkl'])
    parser.add_argument('--tokenizer', default='moses', choices=['moses', 'whitespace'])
    parser.add_argument('--folder', help='for the corpora and datasets, which stay there')
    parser.add_argument('--train', metavar='DATASET', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        train(options.train)
        return
    print('| texts | dataset | preprocessing | its memory | start | update | memory of training |')
    print('|' + '---|' * 7)
    with tempfile.TemporaryDirectory() as scratch:
        for n_texts in options.texts:
            for ending in options.endings:
                cells = row(options.folder or scratch, n_texts, ending, options.tokenizer)
                print('| ' + ' | '.join(cells) + ' |', flush=True)


if __name__ == '__main__':
    main()
