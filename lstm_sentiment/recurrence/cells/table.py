"""The cells that have a form by hand, by the name that the option `encoder` gives them."""
from lstm_sentiment.recurrence.cells.lstm import LSTM
from lstm_sentiment.recurrence.cells.peephole import Diagonal, Peephole, Standard

# To each name belong the forms; the option `peephole` chooses where there are two.
CELLS = {'lstm': LSTM(), 'lstm_standard': Standard(),
         'lstm_peephole': {'matrix': Peephole(), 'diagonal': Diagonal()}}


def find_form(options):
    """The form by hand of the cell that a model's options name; None if it has none."""
    form = CELLS.get(options.get('encoder'))
    return form.get(options.get('peephole', 'matrix')) if isinstance(form, dict) else form
