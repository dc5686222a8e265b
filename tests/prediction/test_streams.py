"""Where the answers of predict.py go: any stream, and text that no encoding has."""
import json
import os
import subprocess
import sys

import pytest
from models import save_model

import predict


@pytest.fixture
def saved(tmp_path):
    """The path of a small model, and its parameters."""
    return save_model(tmp_path / 'm.npz')


def run(saved, *arguments):
    """Run the script; return what it wrote to standard output."""
    return subprocess.check_output([sys.executable, predict.__file__, saved[0], *arguments],
                                   env=dict(os.environ, PYTHONIOENCODING='utf-8')).decode('utf-8')


class Plain:
    """A stream that can do nothing but take text, such as a notebook's."""

    def __init__(self):
        self.text = ''

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return False


@pytest.mark.parametrize('name', ['jsonl', 'csv', 'tsv', 'table'])
def test_answers_go_into_any_stream(monkeypatch, saved, name):
    stream = Plain()
    monkeypatch.setattr(sys, 'stdout', stream)
    assert predict.main([saved[0], 'caf\u00e9', '--format', name]) == 0
    assert 'caf\u00e9' in stream.text


@pytest.mark.parametrize('name', ['jsonl', 'csv', 'table'])
def test_lone_surrogates_are_escaped(saved, tmp_path, name):
    """JSON can write them, and a file name can hold them."""
    text = 'the \ud800 film'
    (tmp_path / 't.jsonl').write_text(json.dumps({'text': text}))
    output = run(saved, '--file', str(tmp_path / 't.jsonl'), '--format', name, '--html',
                    str(tmp_path / 'r.html'))
    assert 'the \\ud800 film' in output
    if name == 'jsonl':
        assert json.loads(output)['text'] == text
    page = (tmp_path / 'r.html').read_text(encoding='utf-8')
    assert '\\ud800' in page and '&amp;#' not in page


@pytest.mark.skipif(sys.platform != 'linux', reason='where file names are any bytes')
def test_a_file_name_that_is_not_utf8_is_escaped(saved, tmp_path):
    (tmp_path / 'texts').mkdir()
    (tmp_path / 'texts' / 'a\udcff.txt').write_text('the film')
    output = run(saved, '--file', str(tmp_path / 'texts'), '--html', str(tmp_path / 'r.html'))
    assert 'a\\udcff.txt' in output
    assert 'a\\udcff.txt' in (tmp_path / 'r.html').read_text(encoding='utf-8')


@pytest.mark.skipif(os.name != 'posix', reason='permissions as on Unix')
def test_a_page_keeps_its_permissions(saved, tmp_path):
    (tmp_path / 'r.html').write_text('earlier')
    (tmp_path / 'r.html').chmod(0o600)
    assert predict.main([saved[0], 'the film', '--html', str(tmp_path / 'r.html')]) == 0
    assert (tmp_path / 'r.html').stat().st_mode & 0o777 == 0o600
    assert '<article ' in (tmp_path / 'r.html').read_text()
