"""`lstm.py --dataset reviews.csv`: from texts to a model in one command."""
import os
import re
import shlex
import warnings

import pytest

import imdb_preprocess
import lstm
import predict
from lstm_sentiment.data import own_corpus
from lstm_sentiment.errors import DataError
from lstm_sentiment.model import saved_model

WORDS = {'down': ('sour', 'stale', 'bitter'), 'up': ('sweet', 'fresh', 'mild')}
TEXTS = [('The %s no. %d tastes %s.' % (('plum', 'pear', 'fig')[k % 3], k, WORDS[name][k // 2 % 3]),
          name) for k in range(300) for name in [('down', 'up')[k % 2]]]
SMALL = ['--dim-proj', '4', '--max-epochs', '1', '--tokenizer', 'whitespace']


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, n_texts=60, separator=','):
    lines = ['text,label'] + [text + separator + name for text, name in TEXTS[:n_texts]]
    path.write_text('\n'.join(lines).replace('text,', 'text' + separator) + '\n')


def write_folder(path, n_texts=60):
    for k, (text, name) in enumerate(TEXTS[:n_texts]):
        (path / name).mkdir(parents=True, exist_ok=True)
        (path / name / ('%d.txt' % k)).write_text(text)


def run(*arguments):
    return lstm.main(list(arguments) + SMALL)


def made():
    return sorted(name for name in os.listdir('.') if name.endswith('.pkl') and 'dict' not in name)


def test_from_a_table_to_a_model(folder, capsys):
    write(folder / 'fruit.csv')
    assert run('--dataset', 'fruit.csv') == 0
    out = capsys.readouterr().out
    dataset, = made()
    assert re.match(r'fruit-[0-9a-f]{12}\.pkl$', dataset)
    assert out.startswith('fruit.csv: 48 train, 12 test texts, of the classes down, up. '
                          'Their word ids are in ' + dataset)
    options = saved_model.load_options('fruit.npz')
    # All texts have six words; the 48 numbers, three fruits and six words, and three others.
    assert options['maxlen'] == 7 and options['n_words'] == 2 + 48 + 3 + 6 + 3
    assert options['validFreq'] == -1 and options['valid_portion'] == 0.21
    assert options['dataset'] == dataset


def test_the_command_that_is_printed_is_the_same_run(folder, capsys):
    write(folder / 'fruit.csv')
    assert run('--dataset', 'fruit.csv', '--n-words', '40') == 0
    command, = [line for line in capsys.readouterr().out.splitlines()
                if line.startswith('python lstm.py')]
    assert '--n-words' not in command  # it was given
    chosen = saved_model.load('fruit.npz')
    arguments = shlex.split(command)[2:] + ['--n-words', '40', '--overwrite']
    assert lstm.main(arguments + SMALL[:4]) == 0
    again = saved_model.load('fruit.npz')
    assert all((chosen[0][name] == again[0][name]).all() for name in chosen[0])
    assert chosen[1]['maxlen'] == again[1]['maxlen'] and again[1]['n_words'] == 40


def test_the_word_ids_are_kept_for_the_same_texts_and_settings(folder, capsys, monkeypatch):
    write(folder / 'fruit.csv')
    paths = [own_corpus.place_for('fruit.csv', {})]
    assert own_corpus.place_for('fruit.csv', {'lowercase': False}) not in paths
    assert own_corpus.prepared({'dataset': 'fruit.csv', 'saveto': 'x.npz'})['dataset'] == paths[0]
    before = os.stat(paths[0]).st_mtime_ns
    capsys.readouterr()
    found = own_corpus.prepared({'dataset': 'fruit.csv', 'saveto': 'x.npz', 'maxlen': 3})
    assert 'from an earlier run' in capsys.readouterr().out
    assert os.stat(paths[0]).st_mtime_ns == before
    assert found['saveto'] == 'x.npz' and found['maxlen'] == 3 and 'n_words' in found
    write(folder / 'fruit.csv', 62)
    assert own_corpus.place_for('fruit.csv', {}) not in paths


def test_the_ids_of_a_large_corpus_stay_on_disk(folder, capsys, monkeypatch):
    pytest.importorskip('pyarrow')
    write(folder / 'fruit.csv')
    assert run('--dataset', 'fruit.csv', '--saveto', 'a.npz') == 0
    dataset, = made()
    monkeypatch.setattr(own_corpus, 'LARGE', 100)
    assert run('--dataset', 'fruit.csv') == 0
    found = saved_model.load_options('fruit.npz')
    assert re.match(r'fruit-[0-9a-f]{12}\.arrow$', found['dataset'])
    # The same run, but for the names of the files.
    options, vocabulary = saved_model.load('a.npz')[1:]
    assert {name: value for name, value in options.items() if found[name] != value} == {
        'saveto': 'a.npz', 'dataset': dataset}
    assert vocabulary.words == saved_model.load('fruit.npz')[2].words
    weights = [saved_model.load(path)[0] for path in ('a.npz', 'fruit.npz')]
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])
    capsys.readouterr()
    assert run('--dataset', 'fruit.csv', '--overwrite') == 0
    assert 'The word ids of fruit.csv are in %s, from' % found['dataset'] in capsys.readouterr().out

    def refuse():
        raise own_corpus.ConfigError('not installed')
    monkeypatch.setattr(own_corpus, 'load_pyarrow', refuse)
    assert own_corpus.place_for('fruit.csv', {}).endswith('.pkl')
    said = capsys.readouterr().out
    assert 'fruit.csv is large (0 MB), and training will hold all word ids in memory. With' in said


def test_the_word_ids_are_read_by_training_alone(folder, monkeypatch):
    write(folder / 'fruit.csv')
    first = own_corpus.prepared({'dataset': 'fruit.csv'})
    with open(first['dataset'], 'wb') as file:  # the choice of options does not look into it
        file.write(b'x')
    assert own_corpus.prepared({'dataset': 'fruit.csv'}) == first
    facts = own_corpus.facts_path(first['dataset'])
    for content in ('', '[]', '{"lengths": [[1, "2"]], "n_words": 3, "n_valid": 0}',
                    '{"lengths": [], "n_words": 3, "n_valid": 0}', '{"lengths": 7}'):
        (folder / facts).write_text(content)
        assert own_corpus.read_facts(first['dataset']) is None
    assert own_corpus.prepared({'dataset': 'fruit.csv'}) == first
    assert os.path.getsize(first['dataset']) > 100 and own_corpus.read_facts(first['dataset'])


def test_a_folder_is_known_by_its_names_and_contents(folder):
    write_folder(folder / 'fruit')
    paths = [own_corpus.place_for('fruit', {})]
    assert os.path.dirname(paths[0]) == ''
    (folder / 'fruit' / 'up' / '1.txt').write_text('Other.')
    paths.append(own_corpus.place_for('fruit', {}))
    (folder / 'fruit' / 'up' / '1.txt').rename(folder / 'fruit' / 'down' / '1.txt')
    paths.append(own_corpus.place_for('fruit/', {}))
    assert len(set(paths)) == 3
    (folder / 'fruit' / 'up' / 'above').symlink_to(folder / 'fruit')
    assert own_corpus.place_for('fruit', {}) == paths[-1]


@pytest.mark.parametrize('name', ['fruit', 'fruit.txt', 'fruit.tsv', 'fruit.data'])
def test_other_kinds(folder, capsys, name):
    options = []
    if name == 'fruit':
        write_folder(folder / 'fruit')
    elif name == 'fruit.txt':
        (folder / name).write_text(''.join('__label__%s %s\n' % pair[::-1] for pair in TEXTS[:60]))
    else:
        (folder / 'fruit.tsv').write_text(''.join('%s\t%s\n' % pair for pair in TEXTS[:60]))
        name = 'fruit.tsv'
        options = ['--no-header', '--text-column', '1', '--label-column', '2']
    assert run('--dataset', name, *options) == 0
    assert '48 train, 12 test texts, of the classes down, up' in capsys.readouterr().out
    assert os.path.isfile('fruit.npz')


def test_the_parts_and_groups_of_a_corpus_are_used(folder, capsys):
    lines = ['text,label,split,who'] + ['%s,%s,%s,w%d' % (
        text, name, 'test' if k % 6 > 3 else 'train', k // 10)
        for k, (text, name) in enumerate(TEXTS[:60])]
    (folder / 'a.csv').write_text('\n'.join(lines) + '\n')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert run('--dataset', 'a.csv', '--group-column', 'who', '--valid-split', 'group') == 0
    out = capsys.readouterr().out
    assert '40 train, 20 test texts' in out
    assert re.search('Validation has [1-5] groups of texts of its own', out)


@pytest.mark.parametrize('arguments, said', [
    (['--dataset', 'b.csv'], "no column 'label' or 'sentiment'"),
    (['--dataset', 'none.csv'], 'none.csv'),
    (['--dataset', 'a.xls'], 'save the sheet as CSV UTF-8'),
    (['--dataset', 'a.txt'], 'is not of a kind that can be read. Expected a table'),
    (['--dataset', 'c.csv'], 'too small to train on'),
    (['--dataset', 'demo', '--encoding', 'cp1252'],
     '--encoding, --tokenizer with dataset=demo, which is no')])
def test_what_cannot_be_used_is_refused(folder, capsys, arguments, said):
    write(folder / 'b.csv')
    (folder / 'b.csv').write_text((folder / 'b.csv').read_text().replace('label', 'kind'))
    write(folder / 'c.csv', 3)
    write(folder / 'a.txt')
    (folder / 'a.xls').write_bytes(b'\xd0\xcf\x11\xe0')
    assert run(*arguments) == 2 if 'demo' in arguments else lstm.main(arguments) == 2
    err = capsys.readouterr().err
    assert said in err and 'Traceback' not in err
    assert not made() and not os.path.exists('lstm_model.npz')


def test_a_folder_that_cannot_be_written_to(folder, monkeypatch):
    (folder / 'texts').mkdir()
    write(folder / 'texts' / 'fruit.csv')
    monkeypatch.setenv('IMDB_DATA_DIR', str(folder / 'unused'))
    monkeypatch.setattr(own_corpus, 'data_folders', lambda: ['other', str(folder / 'kept')])
    monkeypatch.setattr(own_corpus.os, 'access', lambda path, mode: False)
    path = own_corpus.place_for('texts/fruit.csv', {})
    assert path.startswith('kept' + os.sep) and os.path.isdir('kept')
    monkeypatch.setattr(own_corpus, 'data_folders', lambda: [str(folder / 'texts/fruit.csv/x')])
    with pytest.raises(DataError, match='fruit.csv is in a folder that cannot be written to'):
        own_corpus.place_for('texts/fruit.csv', {})


@pytest.mark.parametrize('n_texts', [6, 7, 60, 300])
def test_the_printed_command_works(folder, capsys, n_texts):
    """On a corpus of any size, just as it is printed."""
    write(folder / 'a.csv', n_texts)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert imdb_preprocess.main(['a.csv', '--output', 'my a.pkl', '--jobs', '1']) == 0
        command = capsys.readouterr().out.splitlines()[-1]
        assert lstm.main(shlex.split(command)[2:] + SMALL[:4]) == 0
    assert os.path.isfile('my a.npz')


def test_three_texts_with_a_test_part(folder, capsys):
    (folder / 'a.csv').write_text('text,label,split\nSweet,up,train\nSweet fig,up,train\n'
                                  'Sour,down,train\nSour fig,down,test\n')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert imdb_preprocess.main(['a.csv', '--output', 'a.pkl', '--jobs', '1']) == 0
        command = capsys.readouterr().out.splitlines()[-1]
        assert lstm.main(shlex.split(command)[2:] + SMALL[:4]) == 0, command


SCRIPTS = {
    'chinese': ('那本书真{0}，他觉得{1}。', ['好看', '喜欢', '精彩', '感人', '温暖'],
                ['难看', '无聊', '失望', '糟糕', '冷淡']),
    'arabic': ('هذا الكتاب {0} جدا، النهاية {1}.', ['جميل', 'رائع', 'ممتع'],
               ['ممل', 'سيئ', 'ضعيف']),
    'emoji': ('ok {0}{1}', ['😀', '😍', '👍'], ['😡', '👎', '💩'])}


@pytest.mark.slow
@pytest.mark.parametrize('name, options', [('chinese', []), ('chinese', ['--language', 'zh']),
                                           ('arabic', []), ('emoji', [])])
def test_other_scripts_are_learnt_from_few_texts(folder, capsys, name, options):
    form, *words = SCRIPTS[name]
    rows = [form.format(of_class[k // 2 % len(of_class)], of_class[k // 3 % len(of_class)])
            for k in range(400) for of_class in [words[k % 2]]]
    (folder / 'a.csv').write_text('text,label\n' + ''.join(
        '"%s",%s\n' % (text, ('up', 'down')[k % 2]) for k, text in enumerate(rows)),
        encoding='utf-8')
    assert lstm.main(['--dataset', 'a.csv', '--dim-proj', '16', '--max-epochs', '25'] + options) \
        == 0
    error = float(capsys.readouterr().out.rsplit('Test  ', 1)[1].split()[0])
    assert error < 0.05
    model = predict.load_model('a.npz')
    # The same words in another sentence.
    texts = ['我' + form.format(of_class[0], of_class[-1]) for of_class in words]
    assert model.predict(texts) == ['up', 'down']
