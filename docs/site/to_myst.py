"""From the Markdown of a code host to that of MyST.

Three things are spelled differently: equations within a line, targets of links, and links to a
folder of the package. A page that only the site can show in the text stands in a comment.
"""
import os
import re

# A fenced block stays as it is.
FENCED = re.compile(r'(^```.*?^```$)', re.M | re.S)
INLINE_MATH = re.compile(r'\$`([^`]+)`\$')
TARGET = re.compile(r'<a id="([^"]+)"></a>')
# A page of `html_extra_path`, which a code host cannot show in a frame.
FRAMED = re.compile(r'^<!-- on the site: ([\w.]+) -->$', re.M)
FRAME = r'<iframe src="%s\1" title="\1" loading="lazy"></iframe>'
# To a part of the package: its page of the API.
PART = re.compile(r'\]\((?:\.\./)*lstm_sentiment/(\w+)/?\)')


def translated(text, to_root=''):
    """The text as MyST spells it.

    Parameters
    ----------
    text : str
    to_root : str
        The way from the folder of the page to the root.

    Examples
    --------
    >>> translated('Of $`D`$ units <a id="ref"></a>')
    'Of {math}`D` units []{#ref}'
    >>> translated('[data](../lstm_sentiment/data)', '../')
    '[data](../docs/site/api/data.rst)'
    >>> translated('<!-- on the site: a.html -->', '../')
    '<iframe src="../a.html" title="a.html" loading="lazy"></iframe>'
    """
    parts = FENCED.split(text)
    for position in range(0, len(parts), 2):  # what stands between the blocks
        prose = INLINE_MATH.sub(r'{math}`\1`', parts[position])
        prose = TARGET.sub(r'[]{#\1}', prose)
        prose = FRAMED.sub(FRAME % to_root, prose)
        parts[position] = PART.sub(r'](%sdocs/site/api/\1.rst)' % to_root, prose)
    return ''.join(parts)


def read_source(app, docname, source):
    """Translate a page, and put the order of the pages at the end of the first."""
    if str(app.env.doc2path(docname)).endswith('.md'):
        source[0] = translated(source[0], '../' * docname.count('/'))
    if docname == app.config.root_doc:
        contents = os.path.join(app.confdir, 'contents.md')
        app.env.note_dependency(contents)  # the first page is read again when this changes
        with open(contents, encoding='utf-8') as file:
            source[0] += '\n\n' + file.read()


def setup(app):
    app.connect('source-read', read_source)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
