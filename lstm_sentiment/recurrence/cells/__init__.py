"""The cells that have a form by hand, by their names in the option `encoder`."""
from lstm_sentiment.recurrence.cells.lstm import LSTM
from lstm_sentiment.recurrence.cells.peephole import Diagonal, Peephole, Standard

# Where a name has two forms, the option `peephole` chooses.
CELLS = {'lstm': LSTM(), 'lstm_standard': Standard(),
         'lstm_peephole': {'matrix': Peephole(), 'diagonal': Diagonal()}}


def find_form(options):
    """The form by hand of the cell that a model's options name; None if it has none."""
    form = CELLS.get(options.get('encoder'))
    return form.get(options.get('peephole', 'matrix')) if isinstance(form, dict) else form
