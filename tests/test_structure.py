"""The arrows that import-linter cannot see: between scripts, examples and imports in functions."""

import ast
import glob
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Each script, and the scripts that it may import.
SCRIPTS = {'imdb': set(), 'imdb_preprocess': set(), 'predict': set(), 'lstm': {'imdb'}}
# What may be imported inside a function, and why it waits there.
LATE = {
    'matplotlib': 'takes a second, and only pictures need it',
    'duckdb': 'takes a tenth of a second, and only Parquet and JSON arrays need it',
    'pyarrow': 'an extra that takes a tenth of a second, and only .arrow files need it',
    'charset_normalizer': 'only text that is not UTF-8 needs a guess',
    'gradio': 'an extra that takes two seconds, and only --serve needs it',
    'onnx': 'an extra, and only --export needs it',
    'pooch': 'imports requests, and only an installation without a checkout asks it',
    'scipy.optimize': 'takes 20 MB, and only n-grams need it',
    'tensorboardX': 'an extra, and only --log with a folder needs it',
    'tqdm': 'only a terminal needs a bar',
    'mpi4py': 'an extra, and importing it joins the processes that mpiexec started',
    'jax': 'an extra, and only device=cuda and mode=JAX need it',
    'lstm_sentiment.engine.jax_random': 'imports jax',
    'lstm_sentiment.data.downloads': 'imports requests; most runs download nothing',
    'lstm_sentiment.text.preprocessing': 'imports the tokenizer; most runs make no dataset',
    'lstm_sentiment.text.composing': 'imports the tokenizer; most runs compose no sentences',
    'lstm': 'imports the engine; a TextClassifier that only answers needs none',
    'pytensor': 'is the engine from Python 3.11 on',
    'theano': 'is the engine before Python 3.11',
}


def files(*patterns):
    """Paths of the checkout, relative to it."""
    found = [path for pattern in patterns
             for path in glob.glob(os.path.join(ROOT, pattern), recursive=True)]
    return sorted(os.path.relpath(path, ROOT) for path in found)


PACKAGE = files('lstm_sentiment/**/*.py')


def parse(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return ast.parse(file.read())


def imported(node):
    """Full names of the modules that the import statements in a node name."""
    for statement in ast.walk(node):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert not statement.level, 'imports are absolute'
            yield statement.module


def late_imports(path):
    """The same, for imports inside functions."""
    for node in ast.walk(parse(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from imported(node)


def top(names):
    return {name.split('.')[0] for name in names}


def test_the_top_level_holds_the_four_scripts():
    assert files('*.py') == sorted(name + '.py' for name in list(SCRIPTS) + ['setup'])


@pytest.mark.parametrize('script', SCRIPTS)
def test_a_script_imports_only_scripts_before_it(script):
    names = top(imported(parse(script + '.py')))
    assert names & set(SCRIPTS) <= SCRIPTS[script]
    assert not names & {'examples', 'tests'}


def test_the_package_imports_no_script_and_no_example():
    assert len(PACKAGE) > 20
    for path in PACKAGE:
        names = top(imported(parse(path)))
        allowed = {'lstm'} if path == os.path.join('lstm_sentiment', 'estimator.py') else set()
        assert names & (set(SCRIPTS) | {'examples', 'tests'}) <= allowed, path


def test_only_the_estimator_imports_a_script_and_only_in_a_function():
    path = os.path.join('lstm_sentiment', 'estimator.py')
    assert [name for name in late_imports(path) if name in SCRIPTS] == ['lstm']
    assert [name for name in imported(parse(path)) if name in SCRIPTS] == ['lstm']


def test_an_example_imports_no_other_example():
    names = {os.path.splitext(os.path.basename(path))[0] for path in files('examples/*.py')}
    for path in files('examples/*.py'):
        assert not top(imported(parse(path))) & (names | {'examples', 'tests'}), path


@pytest.mark.parametrize('path', PACKAGE + [name + '.py' for name in SCRIPTS])
def test_no_import_hides_in_a_function(path):
    for name in late_imports(path):
        assert name in LATE or name.split('.')[0] in LATE, name


@pytest.mark.parametrize('path', files('lstm_sentiment/**/__init__.py'))
def test_a_wing_says_what_it_holds_and_imports_nothing(path):
    tree = parse(path)
    assert len(ast.get_docstring(tree)) > 60
    # The package itself hands out two names, which it imports when they are asked for.
    allowed = {'importlib'} if path == os.path.join('lstm_sentiment', '__init__.py') else set()
    assert set(imported(tree)) <= allowed, 'importing one module of a wing would import others'
