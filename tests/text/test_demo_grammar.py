"""The grammar of the demo reviews: texts, files, and how hard they are."""

import collections
import os
import re
import subprocess
import sys

import numpy
import pytest
from scipy import optimize, sparse

import imdb
from lstm_sentiment import files
from lstm_sentiment.data import datasets, finding
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.text import demo_grammar
from lstm_sentiment.text.vocabulary import dictionary_path

ROOT = os.path.dirname(os.path.abspath(imdb.__file__))
COMMAND = [sys.executable, '-m', 'lstm_sentiment.text.demo_grammar']
SIGNED_SLOT = re.compile(r'\[(?:a )?([-+])(\w+)\]')


@pytest.fixture(scope='module')
def corpus():
    return demo_grammar.make_corpus()


def part_of(corpus, part):
    """Return the reviews of 'train' or 'test'."""
    return corpus[f'{part}/pos'] + corpus[f'{part}/neg']


def read_texts(folder):
    """Return {path inside the folder: content} of all files."""
    found = {}
    for place, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(place, name)
            with open(path, 'rb') as file:
                inside = os.path.relpath(path, str(folder))
                found[inside.replace(os.sep, '/')] = file.read()
    return found


# The texts

def test_the_default_corpus_is_the_same_everywhere(corpus):
    # If you changed the grammar on purpose: put the new digest into
    # CORPUS_SHA256, so that datasets of the old one are no longer used, and
    # measure the LSTM on it again.
    assert (demo_grammar.corpus_digest(corpus)
            == demo_grammar.CORPUS_SHA256)


def test_another_seed_gives_other_reviews_and_the_same_seed_the_same():
    first, again, other = [demo_grammar.make_corpus(20, 10, seed)
                           for seed in (5, 5, 6)]
    assert first == again
    assert first != other
    assert (demo_grammar.corpus_digest(first)
            != demo_grammar.corpus_digest(other))


def test_classes_and_kinds_are_balanced(corpus):
    for part, size in [('train', demo_grammar.N_TRAIN),
                       ('test', demo_grammar.N_TEST)]:
        kinds = []
        for folder, label in [('pos', 1), ('neg', 0)]:
            reviews = corpus[f'{part}/{folder}']
            assert len(reviews) == size // 2
            assert {review.label for review in reviews} == {label}
            kinds.append(collections.Counter(r.kind for r in reviews))
        assert kinds[0] == kinds[1]
        for kind, share in demo_grammar.KIND_SHARES.items():
            assert abs(kinds[0][kind] - share * size / 2) < 1


def test_no_text_occurs_twice(corpus):
    texts = [review.text for review in sum(corpus.values(), [])]
    assert len(set(texts)) == len(texts)
    # What the model reads is lower-cased.
    assert len({text.lower() for text in texts}) == len(texts)


def test_names_are_unique_and_their_stars_fit_the_label(corpus):
    for reviews in corpus.values():
        assert len({review.name for review in reviews}) == len(reviews)
        for review in reviews:
            stars = int(re.match(r'\d+_(\d+)\.txt$', review.name).group(1))
            assert 1 <= stars <= 10
            assert (stars > 6) == (review.label == 1)


def test_reviews_are_short_plain_sentences(corpus):
    for review in sum(corpus.values(), []):
        assert re.match(r'[A-Z][A-Za-z ,;:.!]*[.!]$', review.text)
        assert not re.search(
            r' [,;:.!]|  |[.!] [a-z]|\ba [aeiou]|\ban [^aeiou]', review.text)
        assert 7 <= len(re.findall(r'\w+|[,;:.!]', review.text)) <= 32


def test_both_labels_have_lists_of_equal_length_without_common_words():
    good, bad = demo_grammar.FEELINGS[1], demo_grammar.FEELINGS[0]
    assert good.keys() == bad.keys()
    for name in good:
        assert len(good[name]) == len(set(good[name])) == len(bad[name])
    assert not set(sum(good.values(), [])) & set(sum(bad.values(), []))


def test_plain_sentences_say_what_they_mean():
    for sentence in demo_grammar.KINDS['plain']:
        signs = {sign for sign, _ in SIGNED_SLOT.findall(sentence)}
        assert signs == {'+'}


@pytest.mark.parametrize('kind',
                         sorted(set(demo_grammar.KINDS) - {'plain'}))
def test_other_kinds_have_each_slot_as_often_with_either_sign(kind):
    slots = collections.Counter(
        SIGNED_SLOT.findall(' '.join(demo_grammar.KINDS[kind])))
    assert slots
    for _, name in slots:
        assert slots['+', name] == slots['-', name]


@pytest.mark.parametrize('label, slot, praise', [
    (1, '[+mild]', 1), (1, '[-mild]', 0),
    (0, '[+mild]', 0), (0, '[-mild]', 1)])
def test_signs_agree_with_the_label_or_contradict_it(label, slot, praise):
    rng = numpy.random.RandomState(0)
    drawn = {demo_grammar.fill_slots(slot, label, rng) for _ in range(200)}
    assert drawn == set(demo_grammar.FEELINGS[praise]['mild'])
    assert ('good' in drawn) == (praise == 1)


def test_a_named_source_is_repeated_and_no_item_used_twice():
    rng = numpy.random.RandomState(0)
    for _ in range(100):
        source, again, other = demo_grammar.fill_slots(
            '[source]/[=source]/[source]', 1, rng).split('/')
        assert source == again != other


# How hard it is

def count_words(reviews, columns):
    """Return word counts (n_reviews, n_words); new words are skipped."""
    entries = collections.Counter(
        (row, columns[word]) for row, review in enumerate(reviews)
        for word in re.findall(r'\w+|[^\w\s]', review.text.lower())
        if word in columns)
    rows, places = numpy.array(list(entries)).T
    return sparse.csr_matrix((list(entries.values()), (rows, places)),
                             shape=(len(reviews), len(columns)))


def bag_of_words_accuracy(train, test, penalty):
    """Test accuracy of a logistic regression on word counts."""
    words = sorted({word for review in train
                    for word in re.findall(r'\w+|[^\w\s]',
                                           review.text.lower())})
    columns = {word: column for column, word in enumerate(words)}
    x, z = count_words(train, columns), count_words(test, columns)
    sign, test_sign = [numpy.array([2 * r.label - 1 for r in part])
                       for part in (train, test)]

    def cost(weights):
        margin = sign * (x.dot(weights[1:]) + weights[0])
        # d/dm log(1 + exp(-m)), without overflow
        slope = -sign * 0.5 * (1 - numpy.tanh(margin / 2)) / len(train)
        gradient = numpy.append(slope.sum(),
                                x.T.dot(slope) + penalty * weights[1:])
        return (numpy.logaddexp(0, -margin).mean()
                + penalty / 2 * weights[1:].dot(weights[1:]), gradient)

    start = numpy.zeros(1 + len(words))
    fit = optimize.minimize(cost, start, jac=True, method='L-BFGS-B',
                            options={'maxiter': 500})
    assert fit.fun < 0.9 * cost(start)[0]
    score = z.dot(fit.x[1:]) + fit.x[0]
    return numpy.mean((score > 0) == (test_sign > 0))


@pytest.mark.parametrize('penalty', [1e-2, 1e-3, 1e-4, 1e-5])
def test_counting_words_is_not_enough(corpus, penalty):
    accuracy = bag_of_words_accuracy(part_of(corpus, 'train'),
                                     part_of(corpus, 'test'), penalty)
    assert 0.6 < accuracy < 0.75


def test_counting_words_is_enough_for_plain_reviews(corpus):
    train, test = [[r for r in part_of(corpus, part) if r.kind == 'plain']
                   for part in ('train', 'test')]
    assert bag_of_words_accuracy(train, test, 1e-3) > 0.95


def test_words_of_feeling_are_as_frequent_under_both_labels(corpus):
    # All kinds but the plain one; counted in the texts themselves.
    for name in ('adj', 'mild', 'noun'):
        for praise in (0, 1):
            words = set(demo_grammar.FEELINGS[praise][name])
            n_words = [sum(word in words for review in part_of(corpus, 'train')
                           if review.kind != 'plain' and review.label == label
                           for word in re.findall(r'\w+', review.text))
                       for label in (0, 1)]
            assert abs(n_words[0] - n_words[1]) < 4 * sum(n_words) ** 0.5


# The files

def test_write_corpus_writes_exactly_the_corpus(tmp_path):
    folder = tmp_path / 'new' / 'demo'
    demo_grammar.write_corpus(folder, n_train=20, n_test=10, seed=7)
    corpus = demo_grammar.make_corpus(20, 10, 7)
    expected = {f'{place}/{review.name}': (review.text + '\n').encode('utf-8')
                for place, reviews in corpus.items() for review in reviews}
    assert read_texts(folder) == expected
    assert sorted(corpus) == ['test/neg', 'test/pos', 'train/neg',
                              'train/pos']


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / 'mine.txt').write_text('mine')
    with pytest.raises(DataError, match='is not empty.*name another'):
        demo_grammar.write_corpus(tmp_path, 4, 2)
    assert read_texts(tmp_path) == {'mine.txt': b'mine'}


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='cannot be written'):
        demo_grammar.write_corpus(tmp_path / 'file', 4, 2)


@pytest.mark.parametrize('sizes, message', [
    ((0, 10), 'train reviews must be even'), ((10, 3), 'test reviews must'),
    ((-2, 10), 'it is -2'), ((10, 10, -1), 'seed must lie'),
    ((10, 10, 2 ** 32), 'seed must lie')])
def test_bad_sizes_and_seeds_are_refused(sizes, message):
    with pytest.raises(ConfigError, match=message):
        demo_grammar.make_corpus(*sizes)


def test_more_reviews_than_the_grammar_has(monkeypatch):
    monkeypatch.setattr(demo_grammar, 'ASIDE_SHARE', 0)
    monkeypatch.setattr(demo_grammar, 'KINDS', dict.fromkeys(
        demo_grammar.KINDS, ['[a +noun].']))
    with pytest.raises(ConfigError, match='no more than 6 different'):
        demo_grammar.make_corpus(20, 2)


def run_script(*arguments):
    return subprocess.run(COMMAND + list(arguments), cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True)


def test_command_line(tmp_path):
    folder = str(tmp_path / 'demo')
    arguments = [folder, '--n-train', '8', '--n-test', '4', '--seed', '1']
    done = run_script(*arguments)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == f'8 train and 4 test reviews written to {folder}\n'
    assert len(read_texts(folder)) == 12
    again = run_script(*arguments)
    assert (again.returncode, again.stdout) == (2, '')
    assert re.match('error: .* is not empty', again.stderr)
    assert 'Traceback' not in again.stderr


# The dataset

@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Load `demo` where it has to be made: the folder for data, its summary, and the parts."""
    folder = tmp_path_factory.mktemp('made') / 'data'
    summaries, make = [], finding.make_demo_dataset
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, 'data_folders', lambda: ['elsewhere', str(folder)])
        patch.setattr(finding, 'make_demo_dataset', lambda path: summaries.append(make(path)))
        parts = imdb.load_data('demo', valid_portion=0.05, n_words=50)
    summary, = summaries
    return folder, summary, parts


def test_the_ids_stand_for_the_words_of_the_texts(made, corpus):
    folder, summary, _ = made
    name = 'demo-' + demo_grammar.CORPUS_SHA256[:8]
    assert sorted(os.listdir(str(folder))) == [name + '.dict.pkl', name + '.pkl']
    path = str(folder / (name + '.pkl'))
    assert (summary.n_train, summary.n_test) == (demo_grammar.N_TRAIN,
                                                 demo_grammar.N_TEST)
    words, settings = datasets.load_dictionary(
        dictionary_path(path), files.fingerprint(path))
    assert settings['fingerprint'] == summary.fingerprint
    word_of = {number: word for word, number in words.items()}
    for part, (sequences, labels) in zip(('train', 'test'),
                                         datasets.read_dataset(path)):
        texts = collections.Counter(
            (re.sub(r'([,;:.!])', r' \1', review.text.lower()), review.label)
            for review in part_of(corpus, part))
        assert texts == collections.Counter(
            (' '.join(word_of[number] for number in sequence), label)
            for sequence, label in zip(sequences, labels))


def test_load_data_makes_the_dataset_once(made, monkeypatch):
    folder, _, parts = made
    assert [len(part[0]) for part in parts] == [3800, 200, 1000]
    assert max(map(max, parts[0][0])) == 49

    def never(path):
        raise AssertionError('made again')

    monkeypatch.setattr(finding, 'data_folders', lambda: ['elsewhere', str(folder)])
    monkeypatch.setattr(finding, 'make_demo_dataset', never)
    assert imdb.load_data('demo', valid_portion=0.05, n_words=50) == parts
    assert (imdb.load_data('demo', rng=numpy.random.RandomState(1))[0]
            != imdb.load_data('demo', rng=numpy.random.RandomState(2))[0])
    # What another grammar made is not used.
    monkeypatch.setattr(demo_grammar, 'CORPUS_SHA256', 'f' * 64)
    with pytest.raises(AssertionError, match='made again'):
        imdb.load_data('demo')


def test_a_data_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='cannot be made.*where you may'):
        finding.make_demo_dataset(str(tmp_path / 'file' / 'demo.pkl'))


def test_importing_does_nothing_visible(tmp_path):
    done = subprocess.run(
        [sys.executable, '-c', 'import lstm_sentiment.text.demo_grammar'], cwd=str(tmp_path),
        env=dict(os.environ, PYTHONPATH=ROOT),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (done.returncode, done.stdout) == (0, b'')
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize('mode', ['by_hand', 'jax'])
def test_the_lstm_solves_at_its_defaults_what_counting_words_does_not(tmp_path, mode):
    if mode == 'jax':
        pytest.importorskip('jax')
    flags = {'by_hand': 'floatX=float32', 'jax': 'floatX=float32,mode=JAX'}[mode]
    environment = dict(os.environ, THEANO_FLAGS=flags, IMDB_DATA_DIR=str(tmp_path))
    script = os.path.join(ROOT, 'lstm.py')
    run = subprocess.run([sys.executable, script, '--dataset', 'demo'], check=True,
                         env=environment, cwd=str(tmp_path), stdout=subprocess.PIPE,
                         universal_newlines=True)
    errors = [line.split() for line in run.stdout.splitlines() if line.startswith('Train ')]
    test_err = float(errors[-1][-1])
    print('demo, test error of the LSTM: %g' % test_err)
    assert test_err < 0.05
    assert 'max_epochs is capped at %d' % demo_grammar.MAX_EPOCHS in run.stdout
