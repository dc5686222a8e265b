"""Tests of predict.py and imdb_preprocess.py started by mpiexec: they write what one process does.

They need mpiexec and mpi4py (the extra `mpi`).
"""
import csv
import json
import os
import subprocess

import numpy
import pytest
from launcher import command, needs_mpi
from models import random_texts, save_model

pytestmark = needs_mpi
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run(n_ranks, folder, script, *arguments, stdin=None):
    """Start a script on so many ranks; return the finished process."""
    return subprocess.run(
        command(n_ranks) + [os.path.join(ROOT, script)] + list(arguments), cwd=str(folder),
        env=dict(os.environ, OMP_NUM_THREADS='1'), input=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True, timeout=120)


@pytest.fixture
def folder(tmp_path):
    """A folder with a model and a table of more labelled texts than a rank gets at a time."""
    save_model(tmp_path / 'm.npz')
    with open(str(tmp_path / 'texts.csv'), 'w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(['text', 'label'])
        writer.writerows([text, ('neg', 'pos')[len(text) % 2]]
                         for text in random_texts(1200, seed=4))
    return tmp_path


def test_answers_come_in_order_with_the_totals_of_all(folder):
    asked = 'predict.py', 'm.npz', '--file', 'texts.csv', '--format', 'jsonl'
    alone, *shared = (run(n_ranks, folder, *asked) for n_ranks in (1, 2, 3))
    expected = [json.loads(line) for line in alone.stdout.splitlines()]
    assert len(expected) == 1200 and 'of 1200 texts are right' in alone.stderr
    for done in shared:
        assert done.returncode == 0 and done.stderr == alone.stderr
        found = [json.loads(line) for line in done.stdout.splitlines()]
        for name in ('p_neg', 'p_pos'):
            numpy.testing.assert_allclose([answer.pop(name) for answer in found],
                                          [answer[name] for answer in expected], rtol=1e-12)
        assert found == [{name: value for name, value in answer.items() if name[:2] != 'p_'}
                         for answer in expected]


def test_rank_0_reads_standard_input_and_explains(folder):
    asked = 'predict.py', 'm.npz', '-', '--explain', '--format', 'jsonl'
    texts = ''.join(text + '\n' for text in random_texts(7, seed=5))
    alone, both = (run(n_ranks, folder, *asked, stdin=texts) for n_ranks in (1, 2))
    assert both.returncode == 0 and both.stdout == alone.stdout
    assert len(alone.stdout.splitlines()) == 7 and 'words' in alone.stdout


@pytest.mark.parametrize('arguments, says', [
    (('m.npz', '--file', 'nowhere.csv'), 'nowhere.csv cannot be read'),
    (('nowhere.npz', 'A film.'), 'nowhere.npz'),
    (('m.npz', 'A film.', '--states', 'page.html'), '--states is for one process')])
def test_an_error_is_said_once(folder, arguments, says):
    done = run(2, folder, 'predict.py', *arguments)
    assert done.returncode == 2 and done.stderr.count(says) == 1


def test_the_words_are_counted_as_by_one_process(folder):
    alone, both = (run(n_ranks, folder, 'imdb_preprocess.py', 'texts.csv', '--output',
                       'of_%d.pkl' % n_ranks) for n_ranks in (1, 2))
    assert alone.returncode == both.returncode == 0, both.stderr
    for name in ('of_%d.pkl', 'of_%d.dict.pkl'):
        assert (folder / (name % 2)).read_bytes() == (folder / (name % 1)).read_bytes()
    assert both.stdout.count('960 train and 240 test texts') == 1
