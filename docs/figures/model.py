"""Figure 2: the model, from the words of a review to the probability of its class."""
from style import INK, PLAIN, QUIET, STEP
from svg import Drawing

TITLE = 'The model, from words to the probability of a class'
DESCRIPTION = (
    'Each word w_1 to w_T is looked up in the embedding, and its vector x_1 to x_T goes to a step '
    'of the LSTM, which passes its state on to the next step. The mean over time of the outputs '
    'h_1 to h_T goes, in training through dropout, to a logistic regression, which gives the '
    'probability of each class. Beside the steps stand the shapes for n reviews of T words.')
COLUMNS = (62, 188, 314, 482)
WORD, EMBEDDING, LSTM, MEAN, DROPOUT, REGRESSION, RESULT = 36, 112, 208, 310, 380, 450, 526
CENTRE, GAP, SHAPES = 272, 398, 546  # GAP: the words between


def draw():
    drawing = Drawing(720, 560, TITLE, DESCRIPTION)
    line = drawing.line
    names = ('1', '2', '3', 'T')
    for x, name in zip(COLUMNS, names):
        drawing.symbols(x, WORD - 2, 'w_' + name, INK, size=30)
        line([(x, WORD + 20), (x, EMBEDDING - 22)], INK)
        line([(x, EMBEDDING + 22), (x, LSTM - 26)], INK)
        drawing.symbols(x + 10, (EMBEDDING + LSTM) / 2. - 4, 'x_' + name, INK, size=24,
                        anchor='start')
        line([(x, LSTM + 26), (x, MEAN - 22)], INK)
        drawing.symbols(x + 10, (LSTM + MEAN) / 2. - 2, 'h_' + name, INK, size=24,
                        anchor='start')
        drawing.box(x, LSTM, 84, 52, STEP[1], STEP[0])
        drawing.words(x, LSTM, 'LSTM', INK)
    for before, after in zip(COLUMNS, COLUMNS[1:]):
        stops = [before + 42, after - 42]
        if before < GAP < after:
            stops[1:1] = [GAP - 20, GAP + 20]
        for start, end in zip(stops[::2], stops[1::2]):
            line([(start, LSTM), (end, LSTM)], INK)
    for y in (WORD, LSTM):
        for x in (GAP - 9, GAP, GAP + 9):
            drawing.circle(x, y, 1.5, INK, INK)
    drawing.box(CENTRE, EMBEDDING, 504, 44, PLAIN, INK)
    drawing.words(CENTRE, EMBEDDING, 'embedding, a row of Wemb for each word', INK, size=21)
    drawing.box(CENTRE, MEAN, 504, 44, PLAIN, INK)
    drawing.words(CENTRE, MEAN, 'mean over time', INK, size=21)
    line([(CENTRE, MEAN + 22), (CENTRE, DROPOUT - 20)], INK)
    drawing.box(CENTRE, DROPOUT, 300, 40, '#ffffff', QUIET, dashed=True)
    drawing.words(CENTRE, DROPOUT, 'dropout, while training', INK, size=21)
    line([(CENTRE, DROPOUT + 20), (CENTRE, REGRESSION - 22)], INK)
    drawing.box(CENTRE, REGRESSION, 300, 44, PLAIN, INK)
    drawing.words(CENTRE, REGRESSION, 'logistic regression', INK, size=21)
    line([(CENTRE, REGRESSION + 22), (CENTRE, RESULT - 20)], INK)
    drawing.words(CENTRE, RESULT, 'probability of each class', INK, size=21, weight='bold')
    shapes = ((WORD, 'T × n'), (EMBEDDING, r'T × n × dim\_proj'),
              (LSTM, r'T × n × dim\_proj'), (MEAN, r'n × dim\_proj'), (RESULT, 'n × 2'))
    for y, shape in shapes:
        drawing.symbols(SHAPES, y, shape, QUIET, size=22, anchor='start')
    return str(drawing)
