"""Figure 1: the memory cell of this LSTM, equations 1 to 4, 6 and 7."""
from style import GATES, INK, PLAIN, QUIET
from svg import Drawing

TITLE = 'The memory cell of this LSTM'
DESCRIPTION = (
    'The input x_t and the output before, h_{t-1}, go to the candidate (tanh) and to the gates '
    'i, f and o (sigmoid). The input gate multiplies the candidate. The forget gate multiplies '
    'c_{t-1}, the cell one step before. Their sum is the cell c_t. The output gate multiplies '
    'tanh of c_t, which gives the output h_t. Dashed arrows reach the next step: c_t as its '
    'c_{t-1}, h_t as its h_{t-1}.')
# From the top.
MAIN, LOOP, GATE, BUS, ENTRY = 68, 166, 284, 364, 424
# From the left.
CANDIDATE, TIMES_I, PLUS, TIMES_F, CELL, TANH, TIMES_O, OUTPUT = (
    84, 220, 310, 380, 450, 538, 610, 692)
X, H_BEFORE = 300, 495


def operation(drawing, x, y, sign):
    """A small circle for a product or a sum, element by element."""
    drawing.circle(x, y, 18, '#ffffff', INK)
    arm = 8 if sign == '+' else 6
    ends = [(arm, 0), (0, arm)] if sign == '+' else [(arm, arm), (arm, -arm)]
    for dx, dy in ends:
        drawing.line([(x - dx, y - dy), (x + dx, y + dy)], INK, arrow=False)


def gate(drawing, x, y, name, formula, colours):
    line, fill = colours
    drawing.box(x, y, 136, 80, fill, line)
    drawing.words(x, y - 20, name, INK, size=21)
    drawing.symbols(x, y + 16, formula, line, size=25)


def draw():
    drawing = Drawing(720, 460, TITLE, DESCRIPTION)
    line = drawing.line
    # The inputs go to all four.
    line([(CANDIDATE, BUS), (TIMES_O, BUS)], QUIET, arrow=False)
    for x in (X, H_BEFORE):
        line([(x, ENTRY - 22), (x, BUS)], QUIET, arrow=False)
    for x, bottom in ((CANDIDATE, MAIN + 40), (TIMES_I, GATE + 40), (TIMES_F, GATE + 40),
                      (TIMES_O, GATE + 40)):
        line([(x, BUS), (x, bottom)], QUIET)
    for x in (TIMES_I, X, TIMES_F, H_BEFORE):
        drawing.circle(x, BUS, 3.5, QUIET, QUIET)
    for x, name in ((X, 'x_t'), (H_BEFORE, 'h_{t-1}')):
        drawing.box(x, ENTRY, 96, 44, PLAIN, INK)
        drawing.symbols(x, ENTRY - 3, name, INK)
    # From the candidate to the output.
    line([(CANDIDATE + 68, MAIN), (TIMES_I - 18, MAIN)], GATES['c'][0])
    line([(TIMES_I + 18, MAIN), (PLUS - 18, MAIN)], INK)
    line([(PLUS + 18, MAIN), (CELL - 34, MAIN)], INK)
    line([(CELL + 34, MAIN), (TANH - 30, MAIN)], INK)
    line([(TANH + 30, MAIN), (TIMES_O - 18, MAIN)], INK)
    line([(TIMES_O + 18, MAIN), (OUTPUT - 22, MAIN)], INK)
    # To the next step.
    line([(CELL, MAIN + 34), (CELL, LOOP), (TIMES_F + 18, LOOP)], INK, dashed=True)
    line([(TIMES_F - 18, LOOP), (PLUS, LOOP), (PLUS, MAIN + 18)], INK)
    drawing.symbols(CELL + 12, LOOP - 26, 'c_{t-1}', INK, anchor='start')
    line([(OUTPUT, MAIN + 24), (OUTPUT, ENTRY), (H_BEFORE + 48, ENTRY)], INK, dashed=True)
    line([(18, ENTRY), (66, ENTRY)], INK, dashed=True)
    drawing.words(76, ENTRY, 'to the next step', INK, anchor='start')
    # The gates.
    line([(TIMES_I, GATE - 40), (TIMES_I, MAIN + 18)], GATES['i'][0])
    line([(TIMES_F, GATE - 40), (TIMES_F, LOOP + 18)], GATES['f'][0])
    line([(TIMES_O, GATE - 40), (TIMES_O, MAIN + 18)], GATES['o'][0])
    gate(drawing, CANDIDATE, MAIN, 'candidate', 'c~_t = tanh(\u00b7)', GATES['c'])
    gate(drawing, TIMES_I, GATE, 'input gate', 'i_t = \u03c3(\u00b7)', GATES['i'])
    gate(drawing, TIMES_F, GATE, 'forget gate', 'f_t = \u03c3(\u00b7)', GATES['f'])
    gate(drawing, TIMES_O, GATE, 'output gate', 'o_t = \u03c3(\u00b7)', GATES['o'])
    for x, y, sign in ((TIMES_I, MAIN, '\u00d7'), (PLUS, MAIN, '+'), (TIMES_F, LOOP, '\u00d7'),
                       (TIMES_O, MAIN, '\u00d7')):
        operation(drawing, x, y, sign)
    drawing.circle(CELL, MAIN, 34, PLAIN, INK)
    drawing.symbols(CELL, MAIN - 2, 'c_t', INK, size=30)
    drawing.box(TANH, MAIN, 60, 40, PLAIN, INK)
    drawing.symbols(TANH, MAIN, 'tanh', INK, size=22)
    drawing.symbols(OUTPUT, MAIN - 2, 'h_t', INK, size=30)
    return str(drawing)
