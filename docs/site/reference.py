"""Pages of the API: the directive ``modules``, and names in docstrings as links."""
import glob
import os

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

# They need an engine or a library that is not here.
NOT_HERE = {'lstm_sentiment.engine.theano_names', 'lstm_sentiment.engine.jax_random'}


def modules_in(folder, root):
    """Names of the modules in a folder of the repository, and in the folders below it."""
    found = glob.glob(os.path.join(root, folder, '**', '*.py'), recursive=True)
    stems = [os.path.splitext(os.path.relpath(path, root))[0] for path in found]
    names = {stem.replace(os.sep, '.') for stem in stems}
    return sorted(name[:-len('.__init__')] if name.endswith('.__init__') else name
                  for name in names)


class Modules(SphinxDirective):
    """``.. modules:: FOLDER``: a section for each module in a folder of the repository."""

    required_arguments = 1

    def run(self):
        lines = []
        for name in modules_in(self.arguments[0], str(self.env.srcdir)):
            if name not in NOT_HERE:
                title = name.replace('lstm_sentiment.', '')
                lines += [title, '=' * len(title), '', '.. automodule:: ' + name, '']
        return self.parse_text_to_nodes('\n'.join(lines), allow_section_headings=True)


def find_name(app, env, node, contnode):
    """Resolve the end of a dotted name, such as ``packing.reversed_rows``, if there is only one.

    A name between single backquotes or in the type of an attribute may be no object of the package:
    it stays plain.
    """
    if node.get('refdomain') != 'py':
        return None
    target = node['reftarget']
    objects = env.get_domain('py').objects
    found = [name for name in objects if name.endswith('.' + target)]
    is_plain = node['reftype'] == 'obj' or not isinstance(contnode, nodes.literal)
    if len(found) == 1 and ('.' in target or not is_plain):
        entry = objects[found[0]]
        return make_refnode(app.builder, node['refdoc'], entry.docname, entry.node_id, contnode,
                            found[0])
    return contnode if is_plain else None


def skip(app, what, name, obj, is_skipped, options):
    """Leave out fields of named tuples whose docstring says nothing, and what scikit-learn adds."""
    doc = getattr(obj, '__doc__', None) or ''
    is_added = name.startswith('set_') and name.endswith('_request')
    return True if is_added or doc.startswith('Alias for field number') else None


def setup(app):
    app.add_directive('modules', Modules)
    app.connect('missing-reference', find_name)
    app.connect('autodoc-skip-member', skip)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
