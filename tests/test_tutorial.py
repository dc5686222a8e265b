"""The documentation: its links, equations, figures and quotations; the tutorial's commands are run.

A link such as [`lstm_layer`](../lstm.py) names something that is defined in the file. After a
definition has moved to another file, ``python tests/test_tutorial.py`` updates the links to it.
"""
import ast
import csv
import glob
import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from urllib.parse import urlsplit

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TUTORIAL = os.path.join(ROOT, 'docs', 'tutorial.md')
README = os.path.join(ROOT, 'README.md')
PAGES = [README] + sorted(glob.glob(os.path.join(ROOT, 'docs', '*.md')))

# A fenced block, with the comment in the line before it.
BLOCK = re.compile(r'(?:^<!-- ([^\n]*) -->\n)?^```(\w*)\n(.*?)^```$', re.M | re.S)
# To a definition in a file, and a piece of its code that may follow: [`name`](file.py): `code`.
CODE_LINK = re.compile(r'\[`((?!\w+\.py`)[\w.]+)`\]\(([\w./]+\.py)\)(?::\s`([^`]+)`)?')
LINK = re.compile(r'\]\(([^)\s]*)\)')
IMAGE = re.compile(r'!\[([^\]]*)\]\(([^)]*)\)')
EQUATIONS = re.compile(r'[Ee]quations?\s+(\d+(?:(?:,| to| and|, and)\s+\d+)*)')
MARKERS = re.compile('run$|run with matplotlib$|run slowly$|not run: .+')
DIFFERS = 'Differs from the tutorial'

Block = namedtuple('Block', 'marker language content')


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def blocks(text):
    return [Block(*(part or '' for part in match.groups())) for match in BLOCK.finditer(text)]


def prose(text):
    """The text without its blocks and comments."""
    return re.sub(r'<!--.*?-->', '', BLOCK.sub('', text), flags=re.S)


def numbers(phrase):
    """The numbers in a phrase.

    >>> numbers('equations 1 to 4, 6 and 8')
    [1, 2, 3, 4, 6, 8]
    """
    found = []
    for before, number in re.findall(r'(to )?(\d+)', re.sub(r'\s+', ' ', phrase)):
        found += range(found[-1] + 1, int(number) + 1) if before else [int(number)]
    return found


def section(text, title):
    return re.search(r'^## \d+\. %s\n(.*?)(?=^## |\Z)' % title, text, re.M | re.S).group(1)


# Links.


def slug(heading):
    """The anchor of a heading on a code host.

    >>> slug('Does it agree, *with* `lstm.py`?'), slug('1. Summary')
    ('does-it-agree-with-lstmpy', '1-summary')
    """
    heading = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', heading)
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', '-')


def anchors(path):
    """Anchors of the headings of a page, repeated ones with -1, -2, and of <a id="...">."""
    text, found = prose(read(path)), []
    for heading in re.findall(r'^#+ (.*)$', text, re.M):
        anchor, n_before = slug(heading), 0
        while (anchor if not n_before else '%s-%d' % (anchor, n_before)) in found:
            n_before += 1
        found.append(anchor if not n_before else '%s-%d' % (anchor, n_before))
    return found + re.findall(r'<a id="([^"]+)"', text)


@pytest.mark.parametrize('page', PAGES, ids=os.path.basename)
def test_links(page):
    targets = LINK.findall(prose(read(page)))
    assert targets or page not in (README, TUTORIAL)
    for target in targets:
        parts = urlsplit(target)
        if parts.scheme:
            assert parts.scheme in ('http', 'https') and '.' in parts.netloc, target
            continue
        path = os.path.normpath(os.path.join(os.path.dirname(page), parts.path))
        path = path if parts.path else page
        assert os.path.exists(path), target
        assert not os.path.relpath(path, ROOT).startswith('..'), target
        if path.endswith('.md') and parts.fragment:
            assert parts.fragment in anchors(path), target


# Names in the code.


def modules():
    """Paths of the files that the documentation explains, from the root."""
    found = [path for pattern in ('*.py', 'lstm_sentiment/**/*.py', 'examples/**/*.py')
             for path in glob.glob(os.path.join(ROOT, pattern), recursive=True)]
    return sorted(os.path.relpath(path, ROOT) for path in found)


def definitions(node, prefix=''):
    """The functions, classes, methods and constants in a syntax tree, {dotted name: node}.

    >>> sorted(definitions(ast.parse('class A:\\n def b(self): pass\\ndef c(): d = 1\\nE = 2')))
    ['A', 'A.b', 'E', 'c']
    """
    found = {}
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            found[prefix + child.name] = child
            found.update(definitions(child, prefix + child.name + '.'))
        elif isinstance(child, ast.Assign) and not prefix:
            found.update((target.id, child) for target in child.targets
                         if isinstance(target, ast.Name))
        elif isinstance(child, ast.stmt):
            found.update(definitions(child, prefix))
    return found


def definitions_of(path):
    return definitions(ast.parse(read(os.path.join(ROOT, path))))


def lines_of(node):
    return range(node.lineno, node.end_lineno + 1)


def code_links(text, folder):
    """Name, path from the root, and quoted code or '', of each link of a page to a definition.

    Parameters
    ----------
    text : str
    folder : str
        The page's, from the root.
    """
    for name, target, code in CODE_LINK.findall(text):
        yield name, os.path.normpath(os.path.join(folder, target)), code


def links_of(page):
    return list(code_links(read(page), os.path.relpath(os.path.dirname(page), ROOT)))


@pytest.mark.parametrize('page', PAGES, ids=os.path.basename)
def test_links_to_code(page):
    assert not re.search(r'\.py#', read(page)), 'line numbers change: link to a name'
    links = links_of(page)
    assert page != TUTORIAL or len(links) > 30
    for name, path, code in links:
        defined = definitions_of(path)
        assert name in defined, '%s defines no %s: python tests/test_tutorial.py' % (path, name)
        text = '\n'.join(read(os.path.join(ROOT, path)).splitlines()[
            defined[name].lineno - 1:defined[name].end_lineno])
        assert code in text, '%s of %s has no %r' % (name, path, code)


def with_links_updated(page):
    """The text of a page, in which each name leads to the one file that defines it now."""
    folder = os.path.relpath(os.path.dirname(page), ROOT)
    defined = {path: definitions_of(path) for path in modules()}

    def update(match):
        name, target, _ = match.groups()
        if name in defined.get(os.path.normpath(os.path.join(folder, target)), ()):
            return match.group()
        paths = [path for path in defined if name in defined[path]]
        if len(paths) != 1:
            print('%s: %s is defined in %s' % (os.path.basename(page), name, paths or 'no file'))
            return match.group()
        new = os.path.relpath(paths[0], folder).replace(os.sep, '/')
        return match.group().replace('](%s)' % target, '](%s)' % new)
    return CODE_LINK.sub(update, read(page))


# Equations.


def tags():
    """The numbers of the equations, in the order of the text."""
    return [int(number) for block in blocks(read(TUTORIAL)) if block.language == 'math'
            for number in re.findall(r'\\tag\{(\d+)\}', block.content)]


def equations_in_code():
    """Path, name and equations of each function and class whose docstring names equations."""
    for path in modules():
        for name, node in definitions_of(path).items():
            said = '' if isinstance(node, ast.Assign) else ast.get_docstring(node) or ''
            if 'docs/tutorial.md' in said:
                phrases = re.findall(EQUATIONS.pattern + r'\s+of\s+docs/tutorial\.md', said)
                yield path, name, sum(map(numbers, phrases), [])


def test_equations_are_numbered_without_gap():
    assert tags() == list(range(1, len(tags()) + 1))
    assert len(tags()) >= 21


def test_equations_that_are_named_exist():
    # The references name equations of other papers.
    text = re.split(r'^## \d+\. References$', prose(read(TUTORIAL)), flags=re.M)[0]
    named = sum(map(numbers, EQUATIONS.findall(text)), [])
    named += [int(number) for number in re.findall(r'(?<!\w)\((\d+)\)', text)]
    assert named and set(named) <= set(tags())
    assert set(named) == set(tags()), 'no text refers to %s' % (set(tags()) - set(named))


def test_code_names_equations_and_is_linked():
    found = list(equations_in_code())
    assert {'lstm_layer', 'sgd', 'adadelta', 'rmsprop'} <= {name for _, name, _ in found}
    linked = {link[:2] for link in links_of(TUTORIAL)}
    # A link to a class covers its methods.
    for path, name, equations in found:
        assert equations and set(equations) <= set(tags()), name
        assert {(name, path), (name.split('.')[0], path)} & linked, (
            'docs/tutorial.md has no link to %s of %s' % (name, path))


def marked_differences():
    """Name and path of the outermost definition around each comment on a difference."""
    for path in modules():
        outermost = definitions_of(path).items()
        for number, line in enumerate(read(os.path.join(ROOT, path)).splitlines(), 1):
            if DIFFERS in line:
                yield next((name for name, node in outermost if number in lines_of(node)), ''), path


def test_every_difference_is_told():
    text = section(read(TUTORIAL), 'Differences from the original')
    told = [(name.split('.')[0], path) for name, path, _ in code_links(text, 'docs')]
    marked = list(marked_differences())
    assert len(marked) > 5
    for name, path in marked:
        assert told.count((name, path)) >= marked.count((name, path)), (
            'the list of differences has too few links into %r of %s' % (name, path))


# Exercises.

ITEM = re.compile(r'^(\d+)\. ', re.M)
ANSWER = re.compile(r'^<details><summary>Answer</summary>\n\n(.*?)\n\n</details>$', re.M | re.S)


def sections(text):
    """The sections of the text by title."""
    titles = re.findall(r'^## \d+\. (.*)$', text, re.M)
    return {title: section(text, re.escape(title)) for title in titles}


def test_each_section_ends_with_exercises():
    found = sections(read(TUTORIAL))
    assert len(found) > 9 and found.pop('References')
    for title, text in found.items():
        before, heading, exercises = text.partition('### Exercises\n')
        assert heading and '\n### ' not in exercises, title
        assert '<details>' not in before, title
        parts = ITEM.split(exercises)
        numbered, items = parts[1::2], parts[2::2]
        assert not parts[0].strip() and items, title
        assert numbered == [str(k) for k in range(1, len(items) + 1)], title
        for item in items:
            question, answer = ANSWER.split(item)[:2]
            assert '?' in question or len(question) > 40, item
            assert not ANSWER.split(item)[2].strip(), 'the answer is the end: ' + item
            # An answer is code that is run, and compares something.
            code, = [block for block in blocks(answer) if block.language == 'python']
            assert code.marker == 'run', item
            assert any(not line.startswith(('>>>', '...')) for line in code.content.splitlines())


# Figures and quotations.


def test_figures():
    folder = os.path.join(ROOT, 'docs')
    pictures = [picture for name in ('tutorial.md', 'results.md', 'scale.md')
                for picture in IMAGE.findall(prose(read(os.path.join(folder, name))))]
    for alt, target in pictures:
        assert len(alt) > 40, 'describe what %s shows' % target
        assert os.path.isfile(os.path.join(folder, target)), target
    drawn = {'figures/' + os.path.basename(path)
             for path in glob.glob(os.path.join(folder, 'figures', '*.svg'))}
    assert drawn and drawn <= {target for _, target in pictures}


@pytest.mark.parametrize('page', [TUTORIAL, README], ids=os.path.basename)
def test_quoted_lines(page):
    quotations = [block for block in blocks(read(page)) if block.language == 'text']
    assert quotations
    for block in quotations:
        source = re.match(r'from (\S+)$', block.marker)
        assert source, 'the source is not named:\n' + block.content
        lines = iter(read(os.path.join(os.path.dirname(page), source.group(1))).splitlines())
        for line in block.content.splitlines():
            assert line == '...' or line in lines, 'missing, or in another order: ' + line


CELL_NAMES = {'bidirectional': '`lstm`, bidirectional', '2 layers': '`lstm`, 2 layers',
              'max pooling': '`lstm`, maximum', 'last output': '`lstm`, last output'}


def test_the_table_of_cells_has_the_measured_numbers():
    text = section(read(TUTORIAL), 'Other cells, directions and depth')
    with open(os.path.join(ROOT, 'docs', 'figures', 'cells.csv'), newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8
    for row in rows:
        name, _, how = row['variant'].partition(', ')
        name = CELL_NAMES.get(name, '`%s`%s' % (name, how and ', ' + how))
        errors = ' | '.join('%.1f' % (100 * float(row['test_err_%d' % seed]))
                            for seed in (1, 2, 3))
        line = '| %s | %s | %.1f |\n' % (name, errors, float(row['update_ratio']))
        assert line in text, line


# Commands.


def test_blocks_are_marked():
    for block in blocks(read(TUTORIAL)):
        assert block.language in ('sh', 'python', 'math', 'text'), block
        if block.language in ('sh', 'python'):
            assert MARKERS.match(block.marker), 'a marker must say if it is run:\n' + block.content


def run_blocks(marker, languages, folder, environment, seconds):
    """Run the blocks with one marker, one after the other, in a copy of the program.

    The Python blocks run first, in one process, each with its own names.

    Parameters
    ----------
    marker : str
    languages : tuple of str
        Some of 'sh' and 'python'.
    folder : pathlib.Path
        An empty folder.
    environment : dict of str to str
        Variables to add to those of this process.
    seconds : float
        The limit for each block.
    """
    copy, programs = folder / 'copy', folder / 'programs'
    for name in ('benchmarks', 'docs', 'examples', 'lstm_sentiment'):
        shutil.copytree(os.path.join(ROOT, name), str(copy / name))
    for path in glob.glob(os.path.join(ROOT, '*.py')):
        shutil.copy(path, str(copy))
    programs.mkdir()
    (programs / 'python').write_text('#!/bin/sh\nexec "%s" "$@"\n' % sys.executable)
    (programs / 'python').chmod(0o755)
    unset = {'THEANO_FLAGS', 'PYTENSOR_FLAGS', 'PYTHONPATH'}
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    environment = dict(inherited, PATH='%s:%s' % (programs, os.environ['PATH']),
                       # Nothing may be downloaded.
                       http_proxy='http://127.0.0.1:9', https_proxy='http://127.0.0.1:9',
                       **environment)
    chosen = [block for block in blocks(read(TUTORIAL))
              if block.marker == marker and block.language in languages]
    assert {block.language for block in chosen} == set(languages)
    commands = [['bash', '-ec', block.content] for block in chosen if block.language == 'sh']
    texts = [block.content for block in chosen if block.language == 'python']
    for number, text in enumerate(texts):
        (copy / ('block_%d.txt' % number)).write_text(text)
    if texts:
        names = ['block_%d.txt' % number for number in range(len(texts))]
        commands.insert(0, [sys.executable, '-m', 'doctest'] + names)
    for command in commands:
        done = subprocess.run(command, cwd=str(copy), env=environment, timeout=seconds,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, encoding='utf-8', stdin=subprocess.DEVNULL)
        assert done.returncode == 0, '%s\n%s' % (command[-1], done.stdout)
    return copy


needs_bash = pytest.mark.skipif(not shutil.which('bash'), reason='the commands are for bash')


@pytest.mark.slow
def test_python_blocks(tmp_path):
    run_blocks('run', ('python',), tmp_path, {'IMDB_DATA_DIR': str(tmp_path)}, 120)


@needs_bash
@pytest.mark.slow
@pytest.mark.parametrize('marker, made', [('run', 'reviews.npz'),
                                          ('run with matplotlib', 'curves.png')])
def test_commands(tmp_path, marker, made):
    if marker == 'run with matplotlib':
        pytest.importorskip('matplotlib')
    (tmp_path / 'none').mkdir()
    copy = run_blocks(marker, ('sh',), tmp_path, {'IMDB_DATA_DIR': str(tmp_path / 'none')}, 120)
    assert (copy / made).is_file()


@needs_bash
@pytest.mark.long
@pytest.mark.skipif(not os.environ.get('IMDB_DATA_DIR'), reason='needs the reviews (IMDB_DATA_DIR)')
def test_slow_commands(tmp_path):
    copy = run_blocks('run slowly', ('sh', 'python'), tmp_path, {}, 3600)
    assert (copy / 'report.html').is_file()


if __name__ == '__main__':
    for each in PAGES:
        updated = with_links_updated(each)
        with open(each, 'w', encoding='utf-8') as stream:
            stream.write(updated)
