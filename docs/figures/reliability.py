"""The reliability diagram of the model that comes along, from the table reliability.csv.

``benchmarks/package_model.py`` writes the table: the test reviews in 15 bins of equal width by the
probability of the answer (Guo et al. 2017).
"""
import style
from tables import column, read_table

TITLE = 'How often an answer of a given probability is right'
DESCRIPTION = (
    'Accuracy against the probability of the likeliest class, in bins of equal width, on the '
    '%d test reviews. The dashed diagonal is a perfectly calibrated model. The mean distance of '
    'the bars from it, weighted by the number of answers, is %.4f. Of the answers, %.0f %% are in '
    'the last bin.')


def filled(rows):
    """The rows of bins that hold answers."""
    return [row for row in rows if row['n_answers'] != '0']


def distance(rows):
    """The expected calibration error.

    >>> distance([{'n_answers': '3', 'confidence': '0.9', 'accuracy': '1.0'},
    ...           {'n_answers': '1', 'confidence': '0.6', 'accuracy': '0.5'},
    ...           {'n_answers': '0', 'confidence': 'nan', 'accuracy': 'nan'}])
    0.1
    """
    rows = filled(rows)
    counts = column(rows, 'n_answers')
    gaps = [abs(accuracy - confidence) for accuracy, confidence
            in zip(column(rows, 'accuracy'), column(rows, 'confidence'))]
    return round(sum(count * gap for count, gap in zip(counts, gaps)) / sum(counts), 12)


def draw(table):
    """The figure of the table, as SVG."""
    rows = read_table(table)
    counts = column(rows, 'n_answers')
    description = DESCRIPTION % (sum(counts), distance(rows), 100 * counts[-1] / sum(counts))
    return style.draw_figure(720, 520, lambda figure: plot(figure, rows), TITLE, description)


def plot(figure, rows):
    rows = filled(rows)
    axes = figure.add_axes([0.1, 0.14, 0.87, 0.76])
    low, high = column(rows, 'low'), column(rows, 'high')
    axes.bar(low, column(rows, 'accuracy'), [b - a for a, b in zip(low, high)], align='edge',
             color=style.VIOLET, alpha=0.35, edgecolor=style.VIOLET, gid='accuracy')
    axes.plot(column(rows, 'confidence'), column(rows, 'accuracy'), 'o', color=style.VIOLET,
              markersize=8, gid='mean')
    first = min(low)
    axes.plot([first, 1], [first, 1], '--', color=style.INK, linewidth=1.5, gid='diagonal')
    axes.set_xlim(first, 1)
    axes.set_ylim(0, 1)
    axes.set_title('share of right answers')
    axes.set_xlabel('probability of the answer')
