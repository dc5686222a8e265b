"""Equations as MathML, which browsers draw themselves.

docutils translates the TeX while the site is built. A reader needs no script and no other host.
MathJax or KaTeX would need one of them, or several hundred files of theirs beside the pages.
"""
import re

from docutils import nodes
from docutils.utils.math import latex2mathml

# docutils puts the index of an accented letter below it, unless it shares braces with something.
ACCENT = re.compile(r'(\\(?:tilde|hat|bar)) ?(\w|\{\w\})')
TAG = re.compile(r'\\tag\{(\d+)\}')
BLOCK = '<div class="equation"%s><div class="equation-body">%s</div>%s</div>'


def mathml(tex, is_block=False):
    r"""MathML of an equation in TeX; a number such as ``\tag{1}`` is left out.

    >>> '<mi>x</mi>' in mathml(r'x \tag{1}'), '(1)' in mathml(r'x \tag{1}')
    (True, False)
    """
    tex = ACCENT.sub(r'{\1 \2 {}}', TAG.sub('', tex).strip())
    return latex2mathml.tex2mathml(tex, as_block=is_block)


def visit_inline(translator, node):
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_block(translator, node):
    """An equation with its number beside it, and the number as the target of links."""
    tag = TAG.search(node.astext())
    anchor = ' id="equation-%s"' % tag.group(1) if tag else ''
    number = '<span class="equation-number">(%s)</span>' % tag.group(1) if tag else ''
    translator.body.append(BLOCK % (anchor, mathml(node.astext(), is_block=True), number))
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer('mathml', (visit_inline, None), (visit_block, None))
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
