r"""The time of an update on many ranks, by what was measured on two: a model, its table and figure.

``python docs/figures/many_ranks.py`` prints the table. The measured times are in many_ranks.csv,
which ``benchmarks/scaling.py --output docs/figures/many_ranks.csv`` writes. Of n ranks, each on a
machine of its own and with one thread, an update takes

.. math:: t(n) = a + c\,w(n) + m\,(S + R(n)) + \frac{2 (n-1)}{n} \frac{S}{B} + \frac{n-1}{n}
   \frac{R(n)}{B} + 4 L \lceil \log_2 n \rceil

a and c are fitted to the measured updates of one process, with w words; w(n) are the words of the
rank that has the most. S are the bytes of the sum and R(n) those of the embedding's rows of all
ranks. m is the time a byte of them takes within a machine, as measured with two ranks. B and L are
the bandwidth and the latency of the network. The two terms in B and the number of messages are
those of the usual algorithms (R. Thakur, R. Rabenseifner, W. Gropp, Optimization of collective
communication operations in MPICH, IJHPCA 2005). An update that waits for nothing else is assumed.
"""
import math
import os
import sys

import numpy
import style
from tables import read_table

HERE = os.path.dirname(os.path.abspath(__file__))
BENCHMARKS = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'benchmarks')
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)

from scaling import Row, minibatch  # noqa: E402 (found in that folder)

from lstm_sentiment.engine.exchange import Deal  # noqa: E402

TABLE = os.path.join(HERE, 'many_ranks.csv')
# Bytes and seconds: bandwidth, and latency of a message.
NETWORKS = {'1 Gb/s': (1e9 / 8, 5e-5), '10 Gb/s': (1e10 / 8, 2e-5), '100 Gb/s': (1e11 / 8, 2e-6)}
RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
CASES = ((128, 16), (128, 256), (512, 64), (512, 256), (512, 4096))
N_SEEDS = 4
COLOURS = (style.ORANGE, style.VIOLET, style.INK)
TITLE = 'Milliseconds of an update, by the number of ranks'
DESCRIPTION = (
    'Lines of the modelled time of an update with 512 units, on logarithmic scales, from 1 to 256 '
    'ranks: for minibatches of 256 and 4,096 samples and networks of 1, 10 and 100 gigabits a '
    'second. With 100 gigabits the time falls; with 1 gigabit the exchange alone takes longer '
    'than the gradient. Dots are measured times.')


def measured(path=TABLE):
    """The rows of the measured table, as `scaling.Row` of numbers."""
    whole = 'units', 'batch', 'ranks'
    return [Row(**{name: int(value) if name in whole else float(value)
                   for name, value in row.items()}) for row in read_table(path)]


def words_and_rows(batch, n_ranks):
    """Words of the rank that has the most, and distinct words of all ranks, in a minibatch.

    These are means over a few made-up minibatches. A word counts once for each rank that has it.
    """
    most, distinct = [], []
    for seed in range(N_SEEDS):
        texts = minibatch(batch, seed)
        lengths = [len(text) for text in texts]
        own = [[texts[k] for k in Deal(lengths, numpy.ones(batch), rank, n_ranks).mine]
               for rank in range(min(n_ranks, batch))]
        most.append(max(sum(map(len, part)) for part in own))
        distinct.append(sum(len(set().union(*part)) for part in own))
    return numpy.mean(most), numpy.mean(distinct)


class Model(object):
    """The time of an update with so many units; see the module.

    Parameters
    ----------
    units : int
    rows : list of scaling.Row
        Measured, of any number of units.
    """

    def __init__(self, units, rows):
        rows = [row for row in rows if row.units == units]
        points = [(words_and_rows(row.batch, n)[0], ms)
                  for row in rows for n, ms in ((1, row.alone_ms), (row.ranks, row.share_ms))]
        words, times = numpy.array(points).T
        # Relative errors count: a minibatch of 8 as much as one of 256.
        design = numpy.stack([1 / times, words / times], axis=1)
        (self.start, self.of_word), *_ = numpy.linalg.lstsq(design, numpy.ones(len(times)), None)
        self.units, self.sum_bytes = units, rows[0].sum_bytes
        self.of_byte = numpy.median([row.exchange_ms / (row.sum_bytes + row.ranks * row.rows_bytes)
                                     for row in rows])

    def bytes(self, batch, n_ranks):
        """Bytes of the sum, and of the rows of all ranks."""
        return self.sum_bytes, words_and_rows(batch, n_ranks)[1] * 4 * (self.units + 1)

    def gradient(self, batch, n_ranks):
        """Milliseconds of the gradient and the update rule on the rank with the most words."""
        return self.start + self.of_word * words_and_rows(batch, n_ranks)[0]

    def time(self, batch, n_ranks, network=None):
        """Milliseconds of an update; without a network the ranks are on one machine."""
        result = self.gradient(batch, n_ranks)
        if n_ranks == 1:
            return result
        of_sum, of_rows = self.bytes(batch, n_ranks)
        result += self.of_byte * (of_sum + of_rows)
        if network is not None:
            bandwidth, latency = network
            sent = (n_ranks - 1.) / n_ranks * (2 * of_sum + of_rows)
            result += 1e3 * (sent / bandwidth + 4 * latency * math.ceil(math.log2(n_ranks)))
        return result


def print_table(rows):
    """The table of docs/scale.md, and how near the model is to what was measured."""
    models = {units: Model(units, rows) for units in sorted({row.units for row in rows})}
    print('| units, batch | network | ' + ' | '.join(map(str, RANKS)) + ' |')
    print('|---|---|' + '---|' * len(RANKS))
    for units, batch in CASES:
        for name, network in NETWORKS.items():
            times = [models[units].time(batch, n, network) if n <= batch else None for n in RANKS]
            print('| %d, %d | %s | %s |' % (units, batch, name, ' | '.join(
                '' if time is None else format(float('%.3g' % time), ',g') for time in times)))
    for row in rows:
        model = models[row.units]
        print('%d units, batch %d, %d ranks: measured %.1f ms, by the model %.1f; %.0f kB of rows, '
              '%.0f' % (row.units, row.batch, row.ranks, row.ranks_ms,
                        model.time(row.batch, row.ranks), row.rows_bytes / 1e3,
                        model.bytes(row.batch, row.ranks)[1] / row.ranks / 1e3))


def draw(table):
    """The figure of the table, as SVG."""
    rows = measured(table)
    return style.draw_figure(720, 560, lambda figure: plot(figure, rows), TITLE, DESCRIPTION,
                             text_as_paths=True)


def plot(figure, rows):
    axes = figure.add_axes([0.11, 0.13, 0.6, 0.77])
    model = Model(512, rows)
    for batch, line in ((256, '--'), (4096, '-')):
        for colour, (name, network) in zip(COLOURS, NETWORKS.items()):
            ranks = [n for n in RANKS if n <= batch]
            times = [model.time(batch, n, network) for n in ranks]
            axes.plot(ranks, times, line, color=colour, label='%s, %s' % (name, batch))
    points = [(n, ms) for row in rows if (row.units, row.batch) == (512, 256)
              for n, ms in ((1, row.alone_ms), (row.ranks, row.ranks_ms))]
    axes.plot(*zip(*points), 'o', color=style.QUIET, markersize=9, label='measured')
    axes.set_xscale('log', base=2)
    axes.set_yscale('log')
    axes.set_xticks(RANKS[::2])
    axes.set_xticklabels(map(str, RANKS[::2]))
    axes.set_xlabel('ranks')
    axes.set_title('milliseconds of an update, 512 units')
    axes.legend(loc='upper left', bbox_to_anchor=(1.01, 1), frameon=False, fontsize=15,
                handlelength=1.5)


if __name__ == '__main__':
    print_table(measured())
