"""Drawings by hand: boxes, circles, arrows and symbols at given places, as SVG text."""
import math
import re

# Words, and the symbols of equations.
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
MATH = "Georgia, 'Times New Roman', 'Liberation Serif', serif"
HEAD = 13  # length of an arrow's head


def escape(text):
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def number(value):
    """A coordinate without needless digits.

    >>> number(3.0), number(2.456)
    ('3', '2.46')
    """
    return ('%.2f' % value).rstrip('0').rstrip('.')


def frame(width, height, title, description, content):
    """A whole picture: an opaque light panel, to be read on a page of any colour, and `content`.

    Parameters
    ----------
    width, height : float
    title, description : str
        For those who do not see it.
    content : str
        SVG elements.
    """
    w, h = number(width), number(height)
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
             'width="%s" height="%s" viewBox="0 0 %s %s" role="img" '
             'aria-labelledby="title description">' % (w, h, w, h),
             '<title id="title">%s</title>' % escape(title),
             '<desc id="description">%s</desc>' % escape(description),
             '<rect x="0.5" y="0.5" width="%s" height="%s" rx="10" fill="#ffffff" '
             'stroke="#d0d7de"/>' % (number(width - 1), number(height - 1)),
             content, '</svg>']
    return '\n'.join(lines) + '\n'


class Drawing(object):
    """A picture, to which elements are added from back to front.

    Lengths are pixels at the size given; y runs downwards.
    """

    def __init__(self, width, height, title, description):
        self.size, self.about, self.elements = (width, height), (title, description), []

    def __str__(self):
        return frame(*self.size, *self.about, '\n'.join(self.elements))

    def add(self, name, text=None, **attributes):
        """Add an element; in the names of attributes _ stands for -."""
        shown = ''.join(
            ' %s="%s"' % (key.replace('_', '-'),
                          number(value) if isinstance(value, (int, float)) else value)
            for key, value in attributes.items() if value is not None)
        self.elements.append('<%s%s/>' % (name, shown) if text is None
                             else '<%s%s>%s</%s>' % (name, shown, text, name))

    def box(self, x, y, width, height, fill, stroke, dashed=False, radius=8):
        """A rectangle around the point x, y."""
        self.add('rect', x=x - width / 2., y=y - height / 2., width=width, height=height,
                 rx=radius, fill=fill, stroke=stroke, stroke_width=2,
                 stroke_dasharray='7 5' if dashed else None)

    def circle(self, x, y, radius, fill, stroke):
        self.add('circle', cx=x, cy=y, r=radius, fill=fill, stroke=stroke, stroke_width=2)

    def line(self, points, colour, dashed=False, arrow=True, width=2.5):
        """A line through points; with `arrow` it ends in a head whose tip is the last point."""
        (x0, y0), (x1, y1) = points[-2:]
        angle = math.atan2(y1 - y0, x1 - x0)
        along, across = math.cos(angle), math.sin(angle)
        if arrow:
            base = x1 - HEAD * along, y1 - HEAD * across
            half = 0.45 * HEAD
            corners = [(x1, y1), (base[0] - half * across, base[1] + half * along),
                       (base[0] + half * across, base[1] - half * along)]
            points = list(points[:-1]) + [(x1 - 0.8 * HEAD * along, y1 - 0.8 * HEAD * across)]
        self.add('polyline', points=joined(points), fill='none', stroke=colour, stroke_width=width,
                 stroke_linejoin='round', stroke_dasharray='7 5' if dashed else None)
        if arrow:
            self.add('polygon', points=joined(corners), fill=colour)

    def words(self, x, y, text, colour, size=20, anchor='middle', weight=None):
        """A line of words; y is their middle."""
        self.add('text', escape(text), x=x, y=y + 0.35 * size, fill=colour, font_family=FONT,
                 font_size=size, text_anchor=anchor, font_weight=weight)

    def symbols(self, x, y, text, colour, size=26, anchor='middle'):
        """A formula, ``h_{t-1} + c_t`` with subscripts as in TeX; y is its middle."""
        self.add('text', with_subscripts(text, size), x=x, y=y + 0.3 * size, fill=colour,
                 font_family=MATH, font_size=size, text_anchor=anchor)


def joined(points):
    return ' '.join('%s,%s' % (number(x), number(y)) for x, y in points)


def with_subscripts(text, size):
    """Letters in italics, numbers and words of two letters and more upright, subscripts lowered.

    >>> with_subscripts('h_{t-1}', 20)
    '<tspan font-style="italic">h</tspan><tspan dy="5" font-size="14">\
<tspan font-style="italic">t</tspan>\u22121</tspan>'
    """
    parts, depth = [], 0.
    for level, piece in split_subscripts(text):
        shift = level * 0.25 * size - depth
        depth = level * 0.25 * size
        attributes = ' dy="%s"' % number(shift) if shift else ''
        attributes += ' font-size="%s"' % number(0.7 * size) if level else ''
        inner = italics(piece)
        parts.append('<tspan%s>%s</tspan>' % (attributes, inner) if attributes else inner)
    return ''.join(parts)


def split_subscripts(text):
    r"""Pieces of a formula with their levels, 1 for a subscript.

    >>> split_subscripts('h_{t-1} + c_t')
    [(0, 'h'), (1, 't-1'), (0, ' + c'), (1, 't')]
    >>> split_subscripts(r'dim\_proj')
    [(0, 'dim_proj')]
    """
    pieces, text = [], text.replace(r'\_', '\0')
    while '_' in text:
        before, _, text = text.partition('_')
        if text.startswith('{'):
            below, _, text = text[1:].partition('}')
        else:
            below, text = text[0], text[1:]
        pieces += [(0, before), (1, below)]
    return [(level, piece.replace('\0', '_')) for level, piece in pieces + [(0, text)] if piece]


def italics(text):
    """Letters that stand alone in italics, a tilde after one set above it.

    >>> italics('a + 1')
    '<tspan font-style="italic">a</tspan> + 1'
    """
    return re.sub(r'[A-Za-z](?![A-Za-z_])(?<![A-Za-z_].)~?', in_italics,
                  escape(text).replace('-', '\u2212'))


def in_italics(found):
    """The letter that was found. A tilde is set apart: many italics lack a letter with one."""
    letter, tilde = found.group()[0], found.group()[1:]
    styled = '<tspan font-style="italic">%s</tspan>' % letter
    if tilde:
        styled += '<tspan dx="-0.36em" dy="-0.06em">\u02dc</tspan><tspan dy="0.06em"></tspan>'
    return styled
