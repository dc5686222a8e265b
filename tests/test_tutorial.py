"""The tutorial: its links, equations, figures and quotations, and every command in it, run.

``python tests/test_tutorial.py`` sets the line numbers of its links into the code anew, after lines
of code have moved; what a link quotes must still stand in the file.
"""
import ast
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
CODE_LINK = re.compile(r'\[`([^`\n]+)`\]\(\.\./(\w+\.py)#L(\d+)\)')
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
    """The numbers that a phrase names.

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
    """The anchor that a code host gives a heading.

    >>> slug('Does it agree, *with* `lstm.py`?'), slug('1. Summary')
    ('does-it-agree-with-lstmpy', '1-summary')
    """
    heading = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', heading)
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', '-')


def anchors(path):
    """Of the headings of a page, where the second of a name ends in -1, and of <a id="...">."""
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


def test_code_links():
    links = CODE_LINK.findall(read(TUTORIAL))
    assert len(links) == len(re.findall(r'#L\d', read(TUTORIAL))) > 50
    for quoted, name, number in links:
        lines = read(os.path.join(ROOT, name)).splitlines()
        holding = [k for k, line in enumerate(lines, 1) if quoted in line]
        assert int(number) in holding, (
            '%s#L%s does not hold %r; it stands in %s: python tests/test_tutorial.py mends this'
            % (name, number, quoted, holding or 'no line'))


def with_line_numbers(text):
    """The text, with the links to code set to the lines that hold what they quote."""
    def set_line(match):
        quoted, name, number = match.groups()
        lines = read(os.path.join(ROOT, name)).splitlines()
        holding = [k for k, line in enumerate(lines, 1) if quoted in line]
        if not holding:
            sys.exit('%s has no line with %r' % (name, quoted))
        if len(holding) > 1 and int(number) not in holding:
            print('%r stands in the lines %s of %s: the first is taken' % (quoted, holding, name))
        line = int(number) if int(number) in holding else holding[0]
        return match.group().replace('#L' + number, '#L%d' % line)
    return CODE_LINK.sub(set_line, text)


# Equations.


def tags():
    """The numbers of the equations, in their order."""
    return [int(number) for block in blocks(read(TUTORIAL)) if block.language == 'math'
            for number in re.findall(r'\\tag\{(\d+)\}', block.content)]


def naming_functions():
    """File, first and last line, name, and equations, of each function that names some."""
    for path in sorted(glob.glob(os.path.join(ROOT, '*.py'))):
        for node in ast.walk(ast.parse(read(path))):
            said = isinstance(node, ast.FunctionDef) and ast.get_docstring(node) or ''
            if 'docs/tutorial.md' in said:
                phrases = re.findall(EQUATIONS.pattern + r'\s+of\s+docs/tutorial\.md', said)
                yield (os.path.basename(path), node.lineno, node.end_lineno, node.name,
                       sum(map(numbers, phrases), []))


def test_equations_are_numbered_without_gap():
    assert tags() == list(range(1, len(tags()) + 1))
    assert len(tags()) >= 21


def test_equations_that_are_named_exist():
    # Those of other people's papers stand in the references.
    text = prose(read(TUTORIAL)).split('## 10. References')[0]
    named = sum(map(numbers, EQUATIONS.findall(text)), [])
    named += [int(number) for number in re.findall(r'(?<!\w)\((\d+)\)', text)]
    assert named and set(named) <= set(tags())
    assert set(named) == set(tags()), 'these are named nowhere: %s' % (set(tags()) - set(named))


def test_code_names_equations_and_is_linked():
    functions = list(naming_functions())
    names = [name for _, _, _, name, _ in functions]
    assert {'lstm_layer', 'sgd', 'adadelta', 'rmsprop', 'forward', 'backward'} <= set(names)
    links = CODE_LINK.findall(read(TUTORIAL))
    for path, first, last, name, equations in functions:
        assert equations and set(equations) <= set(tags()), name
        assert any(linked == path and first <= int(line) <= last for _, linked, line in links), (
            'no link into %s of %s' % (name, path))


def test_every_difference_is_told():
    told = {(name, int(line)) for _, name, line in
            CODE_LINK.findall(section(read(TUTORIAL), 'Differences from the original'))}
    marked = {(os.path.basename(path), number)
              for path in glob.glob(os.path.join(ROOT, '*.py'))
              for number, line in enumerate(read(path).splitlines(), 1) if DIFFERS in line}
    assert len(marked) > 5
    assert marked <= told


# Figures and quotations.


def test_figures():
    pictures = IMAGE.findall(prose(read(TUTORIAL)))
    folder = os.path.join(ROOT, 'docs')
    for alt, target in pictures:
        assert len(alt) > 40, 'say what is seen in %s' % target
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
        assert source, 'where is this from?\n' + block.content
        lines = iter(read(os.path.join(os.path.dirname(page), source.group(1))).splitlines())
        for line in block.content.splitlines():
            assert line == '...' or line in lines, 'not there, or not in this order: ' + line


# Commands.


def test_blocks_are_marked():
    for block in blocks(read(TUTORIAL)):
        assert block.language in ('sh', 'python', 'math', 'text'), block
        if block.language in ('sh', 'python'):
            assert MARKERS.match(block.marker), 'run, or why not?\n' + block.content


def run_blocks(marker, languages, folder, environment, seconds):
    """Run the blocks of one kind, one after the other, in a copy of the program.

    The blocks in Python are run first, in one process; each has names of its own.

    Parameters
    ----------
    marker : str
    languages : tuple of str
        Of 'sh' and 'python'.
    folder : pathlib.Path
        An empty one.
    environment : dict of str to str
        Added to that of this process.
    seconds : float
        That each block may take.
    """
    copy, programs = folder / 'copy', folder / 'programs'
    shutil.copytree(os.path.join(ROOT, 'docs'), str(copy / 'docs'))
    shutil.copytree(os.path.join(ROOT, 'lstm_sentiment'), str(copy / 'lstm_sentiment'))
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
@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('IMDB_DATA_DIR'), reason='needs the reviews (IMDB_DATA_DIR)')
def test_slow_commands(tmp_path):
    copy = run_blocks('run slowly', ('sh', 'python'), tmp_path, {}, 3600)
    assert (copy / 'report.html').is_file()


if __name__ == '__main__':
    mended = with_line_numbers(read(TUTORIAL))
    with open(TUTORIAL, 'w', encoding='utf-8') as file:
        file.write(mended)
