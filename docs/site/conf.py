"""Settings of Sphinx for the site: ``make docs`` builds it into build/site.

Its sources are the Markdown files of the repository as they stand. The root of the repository is
the root of the site, so a link from one file to another holds in both. `to_myst` translates what a
code host and MyST spell differently, `mathml` the equations. `reference` makes the pages of the API
from the docstrings, `source_pages` those of the code. contents.md has the order of the pages.
"""
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, ROOT, os.path.join(ROOT, 'examples')]

import lstm_sentiment  # noqa: E402 (found in that folder)

project = html_title = 'LSTM networks for sentiment analysis'
version = release = lstm_sentiment.__version__
extensions = ['sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'myst_nb', 'sphinx_copybutton',
              'to_myst', 'mathml', 'reference', 'source_pages']
root_doc = 'README'
include_patterns = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/*.md',
                    'docs/site/api/*.rst', 'lstm_sentiment/model/*.md', 'notebooks/*.ipynb']
nitpicky = True  # a name that leads nowhere is a warning

# Markdown, and the notebook with the outputs that are stored in it.
myst_enable_extensions = ['attrs_inline']
myst_fence_as_directive = ['math']
myst_heading_anchors = 4
nb_execution_mode = 'off'

# The API. The docstrings name the types; the annotations would say them a second time.
default_role = 'py:obj'
autodoc_typehints = 'none'
autodoc_member_order = 'bysource'
autodoc_inherit_docstrings = False
autodoc_default_options = {'members': True}
napoleon_google_docstring = False
napoleon_use_param = napoleon_use_rtype = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 90

# HTML.
html_theme = 'furo'
html_static_path = ['style.css']
html_css_files = ['style.css']
html_extra_path = ['../figures/gates_at_work.html']  # the tutorial shows it in a frame
html_copy_source = html_show_copyright = html_show_sphinx = False
html_math_renderer = 'mathml'
copybutton_prompt_text = r'>>> |\.\.\. |\$ '
copybutton_prompt_is_regexp = True
linkcheck_timeout = 15


def write_index(app, error):
    """Write the first page under the name that servers of files look for, too."""
    if error is None and app.builder.name == 'html':
        shutil.copy(os.path.join(app.outdir, 'README.html'), os.path.join(app.outdir, 'index.html'))


def setup(app):
    app.connect('build-finished', write_index)
