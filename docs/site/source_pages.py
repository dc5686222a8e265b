"""A page for each Python file, with a target for each definition, and links that lead there."""
import ast
import functools
import glob
import os

from docutils import nodes
from sphinx import addnodes

FILES = ('*.py', 'lstm_sentiment/**/*.py', 'examples/*.py', 'benchmarks/*.py', 'docs/figures/*.py',
         'notebooks/*.py')


@functools.lru_cache(maxsize=None)
def definitions_in(path, root):
    """The definitions of a file, given by its path from the root of the repository."""
    with open(os.path.join(root, path), encoding='utf-8') as file:
        return definitions(ast.parse(file.read()))


def definitions(node, prefix=''):
    r"""The first line of each function, class, method and constant in a syntax tree.

    >>> code = 'A = 1\nclass B:\n def c(self):\n  def d(): pass'
    >>> definitions(ast.parse(code))
    {'A': 1, 'B': 2, 'B.c': 3, 'B.c.d': 4}
    """
    found = {}
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            found.setdefault(prefix + child.name, child.lineno)
            for name, line in definitions(child, prefix + child.name + '.').items():
                found.setdefault(name, line)
        elif isinstance(child, ast.Assign) and not prefix:
            for target in child.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, child.lineno)
        elif isinstance(child, ast.stmt):
            for name, line in definitions(child, prefix).items():
                found.setdefault(name, line)
    return found


def page_of(path):
    """The name of the page of a file, from the root of the site.

    >>> page_of('lstm_sentiment/data/datasets.py')
    'source/lstm_sentiment/data/datasets'
    """
    return 'source/' + os.path.splitext(path)[0].replace(os.sep, '/')


def paths(root):
    """Paths of the files, from the root of the repository."""
    return sorted(os.path.relpath(path, root).replace(os.sep, '/') for pattern in FILES
                  for path in glob.glob(os.path.join(root, pattern), recursive=True))


def path_of(module, root):
    """The file of a module of the API, from the root of the repository, or None."""
    stem = module.replace('.', '/')
    for path in (stem + '.py', stem + '/__init__.py', 'examples/%s.py' % stem):
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def pages(app):
    """Yield name, context and template of each page."""
    for path in paths(str(app.srcdir)):
        with open(os.path.join(str(app.srcdir), path), encoding='utf-8') as file:
            source = file.read()
        lines = app.builder.highlighter.highlight_block(source, 'python').splitlines()
        for name, number in definitions_in(path, str(app.srcdir)).items():
            lines[number - 1] = '<span id="%s"></span>%s' % (name, lines[number - 1])
        yield page_of(path), {'title': path, 'body': '<h1>%s</h1>%s' % (path, '\n'.join(lines)),
                              'parents': []}, 'page.html'


def link_to(app, path, name, *children, **attributes):
    """A link to the page of a file, and on it to a definition if there is one of this name."""
    uri = app.builder.get_relative_uri(app.env.docname, page_of(path))
    anchor = '#' + name if name in definitions_in(path, str(app.srcdir)) else ''
    return nodes.reference('', '', *children, refuri=uri + anchor, internal=True, **attributes)


def link_files(app, doctree):
    """Lead links to Python files to their pages, and to the definition that a link names."""
    folder, known = os.path.dirname(app.env.docname), set(paths(str(app.srcdir)))
    for link in list(doctree.findall(addnodes.download_reference)):
        path = os.path.normpath(os.path.join(folder, link['reftarget'])).replace(os.sep, '/')
        if path in known:
            link.replace_self(link_to(app, path, link.astext(), *link.children))


def link_objects(app, doctree):
    """Add a link to its code to each object of the API."""
    for signature in doctree.findall(addnodes.desc_signature):
        path = path_of(signature.get('module') or '', str(app.srcdir))
        if path is not None:
            text = nodes.inline('', '[source]', classes=['viewcode-link'])
            signature += link_to(app, path, signature['fullname'], text)


def setup(app):
    app.connect('html-collect-pages', pages)
    app.connect('doctree-read', link_files, priority=100)  # before downloads are collected
    app.connect('doctree-read', link_objects)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
