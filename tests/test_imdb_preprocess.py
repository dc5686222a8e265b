"""Tests of imdb_preprocess.py: from folders of text to the two pickles."""

import gzip
import hashlib
import os
import pickle
import subprocess
import sys

import pytest

import imdb_preprocess
from lstm_sentiment import files
from lstm_sentiment.data import datasets, finding
from lstm_sentiment.errors import ConfigError, DataError
from lstm_sentiment.text import corpora, preprocessing, tokenizing
from lstm_sentiment.text.vocabulary import TEXT_SETTINGS

ROOT = os.path.dirname(os.path.abspath(imdb_preprocess.__file__))
SCRIPT = os.path.join(ROOT, 'imdb_preprocess.py')
DATA_DIR = os.environ.get('IMDB_DATA_DIR')


def real_corpus():
    """Return the folder of the real reviews, or None."""
    folder = os.environ.get('IMDB_CORPUS_DIR') or os.path.join(DATA_DIR or '', 'aclImdb')
    return folder if os.path.isdir(folder) else None


needs_corpus = pytest.mark.skipif(
    not (DATA_DIR and real_corpus()),
    reason='IMDB_DATA_DIR is not set, or the reviews are neither in its aclImdb nor in '
           'IMDB_CORPUS_DIR')

# Names are sorted as strings, so 10_9 comes before 2_9.
REVIEWS = {
    'train/pos/2_9.txt': 'Warm, warm film.',
    'train/pos/10_9.txt': 'A film that\nworks!',
    'train/neg/0_1.txt': "It isn't a film.",
    'test/pos/0_8.txt': 'A WARM nothing',
    'test/neg/0_2.txt': 'works: film?',
}


@pytest.fixture
def corpus(tmp_path):
    return make_corpus(tmp_path / 'corpus', REVIEWS)


def make_corpus(folder, reviews):
    for name, text in reviews.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode('utf-8'))
    return folder


def load_all(path):
    with (gzip.open if str(path).endswith('.gz') else open)(path, 'rb') as file:
        return pickle.load(file), pickle.load(file)


def run(*arguments, **options):
    return subprocess.run([sys.executable, SCRIPT] + [str(a) for a in arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, **options)


# The whole

def test_another_number_of_texts_is_an_error(monkeypatch, corpus, tmp_path):
    honest = tokenizing.tokenize_chunk
    monkeypatch.setattr(tokenizing, 'tokenize_chunk',
                        lambda texts, settings: honest(texts, settings)[1:])
    with pytest.raises(DataError, match='was given 5 texts and returned 4'):
        preprocessing.preprocess(corpus, tmp_path / 'a.pkl', tmp_path / 'b.pkl')
    assert sorted(os.listdir(tmp_path)) == ['corpus']


def test_reviews_are_read_in_order_of_their_names(corpus, monkeypatch):
    make_corpus(corpus, {'train/pos/1_9.txt': 'x', 'train/pos/1_10.txt': 'x'})
    honest = os.listdir
    for backwards in (False, True):
        monkeypatch.setattr(os, 'listdir', lambda path, backwards=backwards: sorted(
            honest(path), reverse=backwards))
        rows = corpora.open_corpus(corpus).rows
        assert [(os.path.basename(row.where), row.label) for row in rows
                if row.part == 'train'] == [('10_9.txt', 'pos'), ('1_10.txt', 'pos'),
                                            ('1_9.txt', 'pos'), ('2_9.txt', 'pos'),
                                            ('0_1.txt', 'neg')]


def test_preprocess_a_small_corpus(corpus, tmp_path):
    summary = preprocessing.preprocess(corpus, tmp_path / 'a.pkl', tmp_path / 'a.dict.pkl')
    words, settings = load_all(tmp_path / 'a.dict.pkl')
    # In order: a film that works ! / warm , warm film . / it isn &apos;t a film .
    assert words == {'film': 2, 'a': 3, 'warm': 4, '.': 5, 'that': 6, 'works': 7, '!': 8, ',': 9,
                     'it': 10, 'isn': 11, '&apos;t': 12}
    (train_x, train_y), (test_x, test_y) = load_all(tmp_path / 'a.pkl')
    assert train_x == [[3, 2, 6, 7, 8], [4, 9, 4, 2, 5], [10, 11, 12, 3, 2, 5]]
    assert train_y == [1, 1, 0]
    assert test_x == [[3, 4, 1], [7, 1, 2, 1]]
    assert test_y == [1, 0]
    fingerprint = hashlib.sha256((tmp_path / 'a.pkl').read_bytes()).hexdigest()
    assert settings == {'tokenizer': 'moses', 'language': 'en', 'lowercase': True,
                        'classes': ['neg', 'pos'], 'fingerprint': fingerprint}
    assert summary[:6] == (3, 2, 0, 11, 16, fingerprint)
    assert sorted(os.listdir(tmp_path)) == ['a.dict.pkl', 'a.pkl', 'corpus']


def test_compressed_files_hold_the_same_and_can_be_made_again(corpus, tmp_path):
    names = ['a.pkl', 'a.dict.pkl', 'b.pkl.gz', 'b.dict.pkl.gz', 'c.pkl.gz', 'c.dict.pkl.gz']
    paths = [tmp_path / name for name in names]
    for output, dictionary in zip(paths[::2], paths[1::2]):
        preprocessing.preprocess(corpus, str(output), str(dictionary))
    plain, words, packed, packed_words, again, words_again = [p.read_bytes() for p in paths]
    assert (gzip.decompress(packed), gzip.decompress(packed_words)) == (plain, words)
    assert (packed, packed_words) == (again, words_again)
    # No time of writing in the header.
    assert packed[4:8] == packed_words[4:8] == bytes(4)


def test_texts_without_words_are_left_out_with_one_warning(corpus, tmp_path):
    make_corpus(corpus, {'train/pos/0_9.txt': ' \n', 'train/pos/99_9.txt': '\x00',
                         'train/pos/notes.md': 'not a review', 'train/pos/.1_9.txt': 'hidden'})
    with pytest.warns(UserWarning, match='2 of 7 texts have no words .* first is .*0_9.txt') as w:
        summary = preprocessing.preprocess(corpus, tmp_path / 'a.pkl', tmp_path / 'b.pkl')
    # The first one names notes.md; the third says that neg has one text to train on.
    assert len(w) == 3 and '1 left out' in str(w[0].message) and 'notes.md' in str(w[0].message)
    assert summary[:3] == (3, 2, 2)
    (train_x, train_y), _ = load_all(tmp_path / 'a.pkl')
    assert (len(train_x), train_y) == (3, [1, 1, 0])


def test_an_import_shows_and_loads_nothing_of_the_model():
    code = 'import sys, imdb_preprocess; assert "lstm_sentiment.engine" not in sys.modules'
    output = subprocess.check_output([sys.executable, '-c', code], stderr=subprocess.STDOUT,
                                     env=dict(os.environ, PYTHONPATH=ROOT))
    assert output == b''


# Bad input

def spoil(corpus, what):
    """Spoil a corpus; return what the message must say."""
    if what == 'no folder':
        os.rename(corpus, f'{corpus}.away')
        return [str(corpus), 'No such file', 'train/pos, train/neg']
    if what == 'no class folder':
        (corpus / 'test' / 'neg').rename(corpus / 'test' / 'away')
        return ['other classes in train (neg, pos) than in test (away, pos)']
    if what == 'empty class folder':
        (corpus / 'train' / 'neg' / '0_1.txt').rename(corpus / 'train' / 'neg' / 'away')
        return [os.path.join('train', 'neg'), 'has no *.txt']
    if what == 'not UTF-8':
        (corpus / 'test' / 'pos' / '0_8.txt').write_bytes(b'caf\xe9 noir')
        return [os.path.join('test', 'pos', '0_8.txt'), 'not UTF-8', '0xe9 at position 3']
    if what == 'a folder as text':
        (corpus / 'test' / 'pos' / '1_8.txt').mkdir()
        return [os.path.join('test', 'pos', '1_8.txt'), 'Is a directory']
    if what == 'no words':
        for name in ('pos', 'neg'):
            (corpus / 'test' / name).joinpath(f'0_{8 if name == "pos" else 2}.txt').write_text('')
        return ['no test text with a word in it: 5 texts were read, 2 of them']
    raise AssertionError(what)


@pytest.mark.filterwarnings('ignore:.*no words')
@pytest.mark.parametrize('what', ['no folder', 'no class folder', 'empty class folder',
                                  'not UTF-8', 'a folder as text', 'no words'])
def test_a_bad_corpus_is_named_and_nothing_is_written(corpus, tmp_path, capsys, what):
    said = spoil(corpus, what)
    target = tmp_path / 'target'
    target.mkdir()
    (target / 'a.pkl').write_bytes(b'earlier')
    status = imdb_preprocess.main([str(corpus), '--output', str(target / 'a.pkl'),
                                   '--dictionary', str(target / 'a.dict.pkl')])
    output = capsys.readouterr()
    assert status == 2 and output.out == ''
    assert 'error: ' in output.err and 'Traceback' not in output.err
    for words in said:
        assert words in output.err
    assert os.listdir(target) == ['a.pkl'] and (target / 'a.pkl').read_bytes() == b'earlier'


def test_an_unwritable_output_is_found_before_the_work(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(tokenizing, 'tokenize_texts', lambda *_: pytest.fail('works'))
    good = tmp_path / 'good.pkl'
    nowhere = tmp_path / 'nowhere' / 'a.pkl'
    for output, dictionary, message in [
            (nowhere, good, 'nowhere.* cannot be written: No such file'),
            (good, nowhere, 'nowhere.* cannot be written: No such file'),
            (corpus, good, 'corpus cannot be written: it is a folder')]:
        with pytest.raises(DataError, match=message):
            preprocessing.preprocess(corpus, output, dictionary)
        assert os.listdir(tmp_path) == ['corpus']


def test_a_full_disk_leaves_both_files_as_they_were(corpus, tmp_path, monkeypatch):
    calls = []

    def full(_):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, 'No space left on device')
    targets = [tmp_path / 'a.pkl', tmp_path / 'a.dict.pkl']
    for target in targets:
        target.write_bytes(b'earlier')
    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(DataError, match='a.dict.pkl cannot be written: No space left'):
        preprocessing.preprocess(corpus, *targets)
    assert [target.read_bytes() for target in targets] == [b'earlier', b'earlier']
    assert sorted(os.listdir(tmp_path)) == ['a.dict.pkl', 'a.pkl', 'corpus']


def test_options_that_cannot_be_used(corpus, tmp_path):
    same = tmp_path / 'same.pkl'
    with pytest.raises(ConfigError, match='cannot both be written'):
        preprocessing.preprocess(corpus, same, str(same))
    with pytest.raises(ConfigError, match='jobs must be 1 or more, but it is 0'):
        preprocessing.preprocess(corpus, same, tmp_path / 'b.pkl', jobs=0)
    assert os.listdir(tmp_path) == ['corpus']


def test_an_interrupt_ends_quietly_and_leaves_nothing(corpus, tmp_path, monkeypatch, capsys):
    def interrupted(texts, settings):
        raise KeyboardInterrupt
    monkeypatch.setattr(tokenizing, 'tokenize_chunk', interrupted)
    monkeypatch.chdir(tmp_path)
    assert imdb_preprocess.main([str(corpus)]) == 130
    assert capsys.readouterr().err == 'Interrupted; no file was written.\n'
    assert os.listdir(tmp_path) == ['corpus']


def test_command_line(corpus, tmp_path):
    make_corpus(corpus, {'train/pos/0_9.txt': ''})
    result = run(corpus, cwd=str(tmp_path))
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    # Of the 7 test tokens training has not seen 3: nothing, : and ?
    assert lines[:6] == ['3 train and 2 test texts, 11 words, 16 training tokens',
                         'class  train texts train tokens   test texts  test tokens',
                         'neg              1            6            1            4',
                         'pos              2           10            1            3',
                         '11 words kept, 0 cut; 42.86 % of the test tokens are unknown',
                         'words in a training text: 5 (5 %), 5 (25 %), 5 (50 %), 6 (75 %), '
                         '6 (95 %), 6 (100 %)']
    assert lines[6].startswith('imdb.pkl and imdb.dict.pkl written in ')
    assert lines[7:] == ['To train on it, with a maxlen that keeps 95 % of the texts:',
                         'python lstm.py --dataset imdb.pkl --maxlen 7 --n-words 13 '
                         '--valid-portion 0.5 --saveto imdb.npz']
    # No bar where there is no terminal.
    assert [line[:30] for line in result.stderr.splitlines()] == [
        'warning: 1 of 6 texts have no ', 'warning: The class neg has 1 t']
    assert sorted(os.listdir(tmp_path)) == ['corpus', 'imdb.dict.pkl', 'imdb.pkl']


def test_command_line_refuses(corpus, tmp_path):
    spoil(corpus, 'not UTF-8')
    result = run(corpus, cwd=str(tmp_path))
    assert result.returncode == 2 and result.stdout == ''
    assert result.stderr.startswith('error: ') and result.stderr.count('\n') == 1
    assert 'Traceback' not in result.stderr and os.listdir(tmp_path) == ['corpus']
    assert run(cwd=str(tmp_path)).returncode == 2


# Groups

PAGES = {
    'train/urls_pos.txt': '\n'.join('http://www.imdb.com/title/tt%07d/usercomments' % film
                                    for film in [9, 9, 7, 5, 5, 5, 5, 5, 5, 5, 8]),
    'train/urls_neg.txt': 'http://www.imdb.com/title/tt0000007/usercomments\n',
}


def test_the_film_of_each_training_review_is_its_group(tmp_path):
    with pytest.warns(UserWarning, match='1 of 7 texts'):
        preprocessing.preprocess(make_corpus(tmp_path / 'corpus', dict(
            REVIEWS, **PAGES, **{'train/pos/1_9.txt': ' ', 'train/pos/3_9.txt': 'Works.'})),
            tmp_path / 'a.pkl', tmp_path / 'a.dict.pkl')
    with open(str(tmp_path / 'a.pkl'), 'rb') as file:
        (train_x, train_y), _, further = (pickle.load(file) for _ in range(3))
    # pos 10 is of film 8, pos 2 of film 7, pos 3 of film 5, neg 0 of film 7; pos 1 has no words.
    assert len(train_x) == 4 and train_y == [1, 1, 1, 0]
    (name, groups), = further
    assert name == 'groups' and groups[1] == groups[3] and len(set(groups)) == 3
    facts = {}
    datasets.read_dataset(str(tmp_path / 'a.pkl'), facts=facts)
    assert facts['groups'] == groups


@pytest.mark.parametrize('pages', [
    {'train/urls_pos.txt': PAGES['train/urls_pos.txt']},
    dict(PAGES, **{'train/urls_neg.txt': ''}), dict(PAGES, **{'train/urls_neg.txt': 'x'})])
def test_where_not_every_film_is_known_there_are_no_groups(corpus, tmp_path, recwarn, pages):
    make_corpus(corpus, pages)
    preprocessing.preprocess(corpus, tmp_path / 'a.pkl', tmp_path / 'a.dict.pkl')
    facts = {}
    datasets.read_dataset(str(tmp_path / 'a.pkl'), facts=facts)
    assert facts['groups'] is None
    said = [str(warning.message) for warning in recwarn if 'names no film' in str(warning.message)]
    assert len(said) == len(pages) - 1


# The real reviews

@needs_corpus
def test_real_reviews_give_the_ids_of_the_pickle():
    dataset = finding.find_dataset(download=False)
    ending = '.gz' if dataset.endswith('.gz') else ''
    dictionary = os.path.join(os.path.dirname(dataset), 'imdb.dict.pkl' + ending)
    words, _ = datasets.load_dictionary(dictionary, files.fingerprint(dataset))
    parts = dict(zip(('train', 'test'), datasets.read_dataset(dataset)))
    for part, classes in corpora.find_parts(real_corpus(), {}).items():
        sequences, labels = parts[part]
        reviews = [(path, ['neg', 'pos'].index(name)) for name, paths in classes.items()
                   for path in paths]
        assert labels == [label for _, label in reviews]
        sample = range(0, len(reviews), 500)
        texts = [corpora.read_text(reviews[n][0]) for n in sample]
        for n, text in zip(sample, tokenizing.tokenize_texts(texts, TEXT_SETTINGS)):
            assert [words.get(word, 1) for word in text.split()] == sequences[n]


@pytest.mark.slow
@needs_corpus
def test_the_whole_corpus_gives_both_pickles_exactly(tmp_path):
    dataset = finding.find_dataset(download=False)
    ending = '.gz' if dataset.endswith('.gz') else ''
    dictionary = os.path.join(os.path.dirname(dataset), 'imdb.dict.pkl' + ending)
    made = [tmp_path / 'imdb.pkl', tmp_path / 'imdb.dict.pkl']
    summary = preprocessing.preprocess(real_corpus(), *made)
    assert summary[:5] == (25000, 25000, 0, 101744, 7113749)
    assert load_all(made[0]) == load_all(dataset)
    assert summary.fingerprint == files.fingerprint(dataset)
    assert datasets.load_dictionary(made[1], summary.fingerprint)[0] == (
        datasets.load_dictionary(dictionary)[0])
