"""Labels of an input: those of the model, in other spellings, under other names, or missing."""
import json

import pytest
from models import save_model

import predict
from lstm_sentiment.errors import ConfigError, DataError


@pytest.fixture
def saved(tmp_path):
    return save_model(tmp_path / 'm.npz')[0]


def ask(capsys, saved, path, *options, status=0):
    assert predict.main([saved, '--file', str(path), '--format', 'jsonl', *options]) == status
    out, err = capsys.readouterr()
    return [json.loads(line) for line in out.splitlines()], err


def write(path, *rows):
    path.write_text('text,label\n' + ''.join('the film %d,%s\n' % pair for pair in enumerate(rows)))
    return path


@pytest.mark.parametrize('options', [[], ['--no-labels']])
def test_blank_labels_are_no_labels(capsys, saved, tmp_path, options):
    answers, err = ask(capsys, saved, write(tmp_path / 'a.csv', *10 * ['']), *options)
    assert len(answers) == 10 and 'label' not in answers[0] and err == ''


def test_some_rows_may_have_a_label(capsys, saved, tmp_path):
    answers, err = ask(capsys, saved, write(tmp_path / 'a.csv', '', 'pos', 'NaN', 'Neg'))
    assert [row['label'] for row in answers] == [None, 'pos', None, 'neg']
    assert 'of 2 texts are right' in err


def test_labels_that_are_not_used_are_not_read(capsys, saved, tmp_path):
    answers, _ = ask(capsys, saved, write(tmp_path / 'a.csv', 'x', 'y'), '--no-labels')
    assert len(answers) == 2
    _, err = ask(capsys, saved, write(tmp_path / 'a.csv', 'x', 'y'), status=2)
    assert "the label 'x' is no class of the model" in err and '--labels x=neg' in err


def test_other_names_of_the_classes(capsys, saved, tmp_path):
    names = ['--labels', 'negative=neg, positive=pos']
    answers, _ = ask(capsys, saved, write(tmp_path / 'a.csv', 'Positive', 'negative'), *names)
    assert [row['label'] for row in answers] == ['pos', 'neg']
    for name in ('positive', 'neg'):
        (tmp_path / 'texts' / name).mkdir(parents=True)
        (tmp_path / 'texts' / name / '1.txt').write_text('the film')
    answers, _ = ask(capsys, saved, tmp_path / 'texts', *names)
    assert [row['label'] for row in answers] == ['neg', 'pos']
    _, err = ask(capsys, saved, tmp_path / 'a.csv', '--labels', 'x=good', status=2)
    assert 'good is no class of the model' in err


@pytest.mark.parametrize('content, said', [
    ('[{"text": "a"}, {"text": "b"}]', 'JSON objects'), ('[\n{"text": "a"}\n]\n', 'JSON objects'),
    ('[["a", "b"]]', 'JSON objects'), ('{"text": "a"}\n', 'JSON objects'),
    ('__label__pos a\n__label__neg b\n', 'labels'), ('a __label__pos\nb __label__neg\n', 'labels'),
    ('a\tb\nc\td\n', 'tabs'), ('Text,Label\na,pos\n', 'the names of columns'),
    ('"review";"sentiment"\n"a";"pos"\n', 'the names of columns')])
def test_lines_of_a_table_are_no_texts(capsys, saved, tmp_path, monkeypatch, content, said):
    (tmp_path / 'a.dat').write_text(content)
    if not content.startswith('__label__'):  # which is a table
        _, err = ask(capsys, saved, tmp_path / 'a.dat', status=2)
        assert said in err and 'the lines of' in err
    with open(tmp_path / 'a.dat', 'rb') as file:
        source = predict.inputs.from_stream
        with pytest.raises(DataError, match='the lines of standard input .*' + said):
            source(file, 'standard input')


def test_a_folder_of_tables_names_them(capsys, saved, tmp_path):
    write(tmp_path / 'a.csv', 'pos')
    (tmp_path / 'm.npz').rename(tmp_path.parent / 'm.npz')
    _, err = ask(capsys, str(tmp_path.parent / 'm.npz'), tmp_path, status=2)
    assert 'It has tables; name one: ' in err and 'a.csv' in err


def test_texts_of_a_folder_in_any_case_and_below(capsys, saved, tmp_path):
    for name in ('pos/1.TXT', 'pos/a/b/2.txt', 'NEG/3.txt', 'pos/x.doc', 'notes.md'):
        (tmp_path / 'texts' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'texts' / name).write_text('the film')
    answers, err = ask(capsys, saved, tmp_path / 'texts')
    assert [(row['name'], row['label']) for row in answers] == [
        ('NEG/3.txt', 'neg'), ('pos/1.TXT', 'pos'), ('pos/a/b/2.txt', 'pos')]
    assert '2 left out' in err and 'notes.md' in err and 'x.doc' in err
    (tmp_path / 'texts' / '0.txt').write_text('the film')
    answers, err = ask(capsys, saved, tmp_path / 'texts', '--no-labels')
    assert len(answers) == 3 and '3 left out' in err and '0.txt' in err
    (tmp_path / 'texts' / 'pos').rename(tmp_path / 'texts' / 'other')
    _, err = ask(capsys, saved, tmp_path / 'texts', status=2)
    assert 'other is no class of the model' in err


@pytest.mark.parametrize('text, said', [(None, 'found NoneType'), (b'a', 'bytes; decode it first'),
                                        (3, 'found int')])
def test_what_is_no_text_is_refused(saved, text, said):
    model = predict.load_model(saved)
    for function in (model.predict, model.predict_proba):
        with pytest.raises(ConfigError, match='the text 2 is .*' + said):
            function(['the film', text])
