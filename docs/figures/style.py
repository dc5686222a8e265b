"""What the drawn figures share: colours, fonts, and the settings of matplotlib.

The colours are those of Okabe and Ito, which nearly everybody can tell apart. Some are darker here,
so that text in these colours is legible.
"""
import io
import re
from xml.sax.saxutils import escape

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
INK, QUIET, GRID = '#1f2937', '#57606a', '#d8dee4'
# Lines of curves. Figure 1 and the blocks of the gates use other colours.
VIOLET, ORANGE = '#6f4fb0', '#b36b00'
# Sizes in pixels of a picture that is 720 wide.
TEXT, SMALL = 21, 20
STYLE = {
    'svg.hashsalt': 'lstm', 'font.family': 'DejaVu Sans',
    'font.size': SMALL, 'axes.labelsize': TEXT, 'axes.titlesize': TEXT,
    'axes.titlelocation': 'left',
    'text.color': INK, 'axes.labelcolor': INK, 'axes.titlecolor': INK, 'axes.edgecolor': QUIET,
    'xtick.color': QUIET, 'ytick.color': QUIET, 'xtick.labelcolor': INK, 'ytick.labelcolor': INK,
    'axes.grid': True, 'grid.color': GRID, 'axes.axisbelow': True, 'axes.facecolor': 'none',
    'axes.spines.top': False, 'axes.spines.right': False, 'lines.linewidth': 2.5,
    'lines.solid_capstyle': 'round', 'path.simplify': False}
UPWARDS = str.maketrans('-0123456789', '\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077'
                                       '\u2078\u2079')


def frame(width, height, title, description, content):
    """A complete picture: `content` on an opaque white panel, legible on a page of any colour.

    Parameters
    ----------
    width, height : int
        Pixels.
    title, description : str
        For readers who do not see the picture.
    content : str
        SVG elements.
    """
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
             'width="%s" height="%s" viewBox="0 0 %s %s" role="img" '
             'aria-labelledby="title description">' % (width, height, width, height),
             '<title id="title">%s</title>' % escape(title),
             '<desc id="description">%s</desc>' % escape(description),
             '<rect x="0.5" y="0.5" width="%s" height="%s" rx="10" fill="#ffffff" '
             'stroke="#d0d7de"/>' % (width - 1, height - 1),
             content, '</svg>']
    return '\n'.join(lines) + '\n'


def draw_figure(width, height, plot, title, description, text_as_paths=False):
    """A picture drawn by matplotlib, as SVG within the frame that all figures have.

    The same numbers and the same version of matplotlib give the same bytes.

    Parameters
    ----------
    width, height : int
        Pixels.
    plot : callable
        Called with the matplotlib figure; draws on it.
    title, description : str
        For readers who do not see the picture.
    text_as_paths : bool
        Whether words become outlines, which look the same everywhere. Otherwise they stay text, in
        the font of the page.
    """
    import matplotlib
    from matplotlib.figure import Figure
    content = io.StringIO()
    with matplotlib.rc_context(dict(STYLE, **{
            'svg.fonttype': 'path' if text_as_paths else 'none'})):
        figure = Figure(figsize=(width / 72., height / 72.))  # an SVG has 72 dots per inch
        figure.patch.set_visible(False)
        plot(figure)
        figure.savefig(content, format='svg', metadata={'Date': None})
    inside = re.search(r'<svg.*?>(.*)</svg>', content.getvalue(), flags=re.DOTALL).group(1)
    inside = re.sub(r'\s*<metadata>.*</metadata>', '', inside, flags=re.DOTALL)
    inside = re.sub(r"(')?DejaVu Sans(?(1)')", FONT.replace('"', "'"), inside)
    return frame(width, height, title, description, inside.strip())


def name_line(axes, xs, ys, name, at, offset, colour, align='center'):
    """Write the name of a line next to the line.

    Parameters
    ----------
    axes : matplotlib axes
    xs, ys : list of float
        The points of the line.
    at : float
        The name is placed at the first point whose x is `at` or more.
    offset : (float, float)
        Distance of the name from that point, in pixels to the right and upwards.
    """
    place = next(k for k, x in enumerate(xs) if x >= at)
    axes.annotate(name, (xs[place], ys[place]), offset, textcoords='offset points',
                  color=colour, ha=align, va='center')


def power_of_ten(exponent):
    """A power of ten as the label of an axis.

    >>> power_of_ten(-12) == '10\u207b\u00b9\u00b2', power_of_ten(0)
    (True, '1')
    """
    return '10' + str(exponent).translate(UPWARDS) if exponent else '1'
