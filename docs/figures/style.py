"""What the figures share: colours, and how matplotlib draws here.

The colours are those of Okabe and Ito, which nearly everybody can tell apart,
some of them darker so that words can be written in them.
"""
import io
import re

from svg import FONT, frame

INK, QUIET, GRID = '#1f2937', '#57606a', '#d8dee4'
PLAIN = '#f3f4f6'  # of boxes that have no colour of their own
STEP = '#8a6100', '#fdf3d3'  # line and filling of a step of the LSTM
# Line and filling; each gate keeps its own in all figures.
GATES = {'i': ('#0072b2', '#d9ebf7'), 'f': ('#c04f00', '#fbe6d8'),
         'o': ('#007a5a', '#d8f0e8'), 'c': ('#9b4b80', '#f6e4ef')}
# Lines of curves, none of them that of a gate.
VIOLET, ORANGE = '#6f4fb0', '#b36b00'
# Sizes in pixels of a picture that is 720 wide.
TEXT, SMALL = 21, 20
STYLE = {
    'svg.hashsalt': 'lstm', 'svg.fonttype': 'none', 'font.family': 'DejaVu Sans',
    'font.size': SMALL, 'axes.labelsize': TEXT, 'axes.titlesize': TEXT,
    'axes.titlelocation': 'left',
    'text.color': INK, 'axes.labelcolor': INK, 'axes.titlecolor': INK, 'axes.edgecolor': QUIET,
    'xtick.color': QUIET, 'ytick.color': QUIET, 'xtick.labelcolor': INK, 'ytick.labelcolor': INK,
    'axes.grid': True, 'grid.color': GRID, 'axes.axisbelow': True, 'axes.facecolor': 'none',
    'axes.spines.top': False, 'axes.spines.right': False, 'lines.linewidth': 2.5,
    'lines.solid_capstyle': 'round', 'path.simplify': False}
UPWARDS = str.maketrans('-0123456789', '\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077'
                                       '\u2078\u2079')


def draw_figure(width, height, plot, title, description):
    """A picture that matplotlib draws, as SVG text within the frame that all figures have.

    The words in it are text, in the font of the page. The same numbers and the
    same matplotlib give the same bytes.

    Parameters
    ----------
    width, height : int
        Pixels.
    plot : callable
        Draws on the matplotlib figure it is given.
    title, description : str
        For those who do not see it.
    """
    import matplotlib
    from matplotlib.figure import Figure
    content = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width / 72., height / 72.))  # an SVG has 72 dots per inch
        figure.patch.set_visible(False)
        plot(figure)
        figure.savefig(content, format='svg', metadata={'Date': None})
    inside = re.search(r'<svg.*?>(.*)</svg>', content.getvalue(), flags=re.DOTALL).group(1)
    inside = re.sub(r'\s*<metadata>.*</metadata>', '', inside, flags=re.DOTALL)
    inside = re.sub(r"(')?DejaVu Sans(?(1)')", FONT.replace('"', "'"), inside)
    return frame(width, height, title, description, inside.strip())


def name_line(axes, xs, ys, name, at, offset, colour, align='center'):
    """Write the name of a line beside it.

    Parameters
    ----------
    axes : matplotlib axes
    xs, ys : list of float
        The line.
    at : float
        The name stands at the first of its points from this x on,
    offset : (float, float)
        so many pixels to the right of it and above it.
    """
    place = next(k for k, x in enumerate(xs) if x >= at)
    axes.annotate(name, (xs[place], ys[place]), offset, textcoords='offset points',
                  color=colour, ha=align, va='center')


def power_of_ten(exponent):
    """As it stands on an axis.

    >>> power_of_ten(-12) == '10\u207b\u00b9\u00b2', power_of_ten(0)
    (True, '1')
    """
    return '10' + str(exponent).translate(UPWARDS) if exponent else '1'
