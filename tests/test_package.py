"""What an installation holds, and what it does in a folder without the checkout."""

import glob
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv

import pytest
import setuptools

import lstm_sentiment
from lstm_sentiment.model import packaged

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMANDS = {'lstm-train', 'imdb-preprocess', 'lstm-predict'}
SETUPTOOLS = tuple(int(part) for part in setuptools.__version__.split('.')[:2])
# What belongs to a source distribution; data/, which may hold the reviews, does not.
SOURCES = ('*.py', '*.md', '*.toml', '*.in', '*.cff', 'LICENSE', 'Makefile', '.ci', 'benchmarks',
           'docs', 'examples', 'lstm_sentiment', 'notebooks', 'tests')


@pytest.fixture(scope='module')
def sources(tmp_path_factory):
    """A copy of the checkout, in which a build may leave files."""
    folder = tmp_path_factory.mktemp('sources') / 'checkout'
    folder.mkdir()
    for path in (path for pattern in SOURCES for path in glob.glob(os.path.join(ROOT, pattern))):
        if os.path.isdir(path):
            shutil.copytree(path, str(folder / os.path.basename(path)),
                            ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy(path, str(folder))
    return folder


@pytest.fixture(scope='module')
def installed(sources, tmp_path_factory):
    """A new environment with the wheel in it, and the libraries of the one that runs the tests.

    Returns
    -------
    str, str
        Its folders for programs and for packages.
    """
    folder = tmp_path_factory.mktemp('installed')
    # 70.1 is the first setuptools that makes wheels by itself; for an older one, pip downloads what
    # pyproject.toml asks for, as it does for a user.
    alone = ['--no-build-isolation'] if SETUPTOOLS >= (70, 1) else []
    pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check']
    subprocess.check_call(pip + ['wheel', '-q', '--no-deps', '-w', str(folder), str(sources)]
                          + alone)
    wheel, = glob.glob(str(folder / '*.whl'))
    environment = folder / 'environment'
    venv.create(str(environment), with_pip=False, symlinks=os.name == 'posix')
    programs = str(environment / ('bin' if os.name == 'posix' else 'Scripts'))
    python = os.path.join(programs, 'python')
    subprocess.check_call(pip + ['--python', python, 'install', '-q', '--no-deps', '--no-index',
                                 wheel])
    packages = subprocess.check_output(
        [python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'],
        universal_newlines=True).strip()
    # The path alone: a checkout that was installed there for editing is not seen.
    with open(os.path.join(packages, 'libraries.pth'), 'w') as file:
        file.write(sysconfig.get_path('purelib') + '\n')
    return programs, packages


@pytest.fixture
def run(installed, tmp_path):
    """A function that runs a program of the new environment in an empty folder."""
    empty = tmp_path / 'empty'
    empty.mkdir()
    variables = {name: value for name, value in os.environ.items()
                 if name not in ('PYTHONPATH', 'IMDB_DATA_DIR', 'THEANO_FLAGS', 'PYTENSOR_FLAGS')}
    # Datasets that are made, and what the engine compiles, stay here.
    variables.update(XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path))

    def run_program(name, *arguments):
        return subprocess.run([os.path.join(installed[0], name)] + list(arguments), cwd=str(empty),
                              env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, timeout=300)
    return run_program


@pytest.mark.slow
def test_these_names_are_installed_and_no_other(installed, sources):
    programs, packages = installed
    names = set(os.listdir(packages)) - {'__pycache__', 'libraries.pth'}
    assert names == {'lstm.py', 'imdb.py', 'imdb_preprocess.py', 'predict.py', 'lstm_sentiment',
                     'lstm_sentiment-%s.dist-info' % lstm_sentiment.__version__}
    commands = {os.path.splitext(name)[0] for name in os.listdir(programs)}
    assert {name for name in commands if re.match('(lstm|imdb)', name)} == COMMANDS
    wings = {path.name for path in (sources / 'lstm_sentiment').iterdir()}
    own = set(os.listdir(os.path.join(packages, 'lstm_sentiment'))) - {'__pycache__'}
    assert own == wings and {'py.typed', '__init__.pyi'} <= own


@pytest.mark.slow
def test_it_works_in_an_empty_folder(run, installed):
    for command in COMMANDS:
        done = run(command, '--version')
        assert (done.returncode, done.stdout, done.stderr) == (
            0, '%s %s\n' % (command, lstm_sentiment.__version__), '')
    done = run('python', '-c', 'import lstm; from lstm import train_lstm; print(lstm.__file__)')
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == os.path.join(installed[1], 'lstm.py')


@pytest.mark.slow
def test_a_model_is_trained_and_asked_in_an_empty_folder(run):
    done = run('lstm-train', '--dataset', 'demo', '--max-epochs', '1', '--dim-proj', '8',
               '--saveto', 'small.npz')
    assert done.returncode == 0, done.stderr
    done = run('lstm-predict', 'small.npz', 'A film to see again.', '--format', 'tsv')
    assert done.returncode == 0, done.stderr
    header, answer = done.stdout.splitlines()
    assert answer.split('\t')[1] in ('neg', 'pos')
    done = run('lstm-train', '--dataset', 'nowhere.pkl')
    assert done.returncode == 2 and 'Traceback' not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isfile(packaged.place()), reason='no model is packaged yet')
def test_the_model_that_comes_along_answers_without_training(run):
    done = run('lstm-predict', 'A wonderful film.', 'Boring and stupid.', '--format', 'tsv')
    assert done.returncode == 0, done.stderr
    assert [line.split('\t')[1] for line in done.stdout.splitlines()[1:]] == ['pos', 'neg']
    assert done.stderr.startswith('The model that comes along answers: trained on ')


@pytest.mark.skipif(SETUPTOOLS < (61, 2), reason='this setuptools reads no pyproject.toml')
def test_the_source_distribution_holds_what_its_tests_need(sources, tmp_path):
    subprocess.check_output(
        [sys.executable, '-c', 'from setuptools import build_meta; build_meta.build_sdist(%r)'
         % str(tmp_path)], cwd=str(sources), stderr=subprocess.STDOUT)
    archive, = glob.glob(str(tmp_path / '*.tar.gz'))
    with tarfile.open(archive) as tar:
        found = {name.split('/', 1)[1] for name in tar.getnames() if '/' in name}
    expected = {'pyproject.toml', 'setup.py', 'README.md', 'LICENSE', 'CITATION.cff', '.ci/run'}
    for part in ('tests', 'docs', 'notebooks', 'benchmarks', 'examples', 'lstm_sentiment'):
        expected |= {path.relative_to(sources).as_posix()
                     for path in (sources / part).rglob('*.*') if path.is_file()}
    assert len(expected) > 100 and expected <= found, sorted(expected - found)
