"""How one product serves four gates: the blocks i, f, o and c of W, U and b."""
from style import GATES, INK, PLAIN, QUIET
from svg import Drawing

TITLE = 'One product for four gates'
DESCRIPTION = (
    'x_t times W, plus h_{t-1} times U, plus b gives z_t. W and U have dim_proj rows and '
    '4 dim_proj columns, the blocks i, f, o and c side by side in this order. z_t is cut into four '
    'slices of dim_proj: the sigmoid of the first three gives the gates i, f and o, tanh of the '
    'fourth gives the candidate.')
LEFT, WIDTH = 210, 122  # of the first block; of each block, which is dim_proj
ROW = 42
W_Y, U_Y, B_Y, Z_Y, PHI_Y, OUT_Y = 122, 256, 350, 418, 498, 570
CENTRES = [LEFT + (k + 0.5) * WIDTH for k in range(4)]


def blocks(drawing, y, height, names):
    for x, name, gate in zip(CENTRES, names, 'ifoc'):
        line, fill = GATES[gate]
        drawing.box(x, y, WIDTH - 4, height, fill, line, radius=0)
        drawing.symbols(x, y - 3, name, line, size=26)


def row_vector(drawing, y, sign, name):
    """A vector of dim_proj numbers at the left, to be multiplied by the matrix beside it."""
    drawing.symbols(24, y, sign, INK)
    drawing.words(44 + WIDTH / 2., y - ROW / 2. - 16, 'dim_proj', QUIET)
    drawing.box(44 + WIDTH / 2., y, WIDTH - 4, ROW, PLAIN, INK, radius=0)
    drawing.symbols(44 + WIDTH / 2., y - 3, name, INK)
    drawing.circle(188, y, 3, INK, INK)


def draw():
    drawing = Drawing(720, 606, TITLE, DESCRIPTION)
    # How wide: a line with ticks over each block.
    for k in range(4):
        drawing.words(CENTRES[k], 24, 'dim_proj', QUIET)
        drawing.line([(LEFT + k * WIDTH + 3, 46), (LEFT + (k + 1) * WIDTH - 3, 46)], QUIET,
                     arrow=False, width=2)
    row_vector(drawing, W_Y, '', 'x_t')
    blocks(drawing, W_Y, WIDTH, ['W_i', 'W_f', 'W_o', 'W_c'])
    row_vector(drawing, U_Y, '+', 'h_{t-1}')
    blocks(drawing, U_Y, WIDTH, ['U_i', 'U_f', 'U_o', 'U_c'])
    drawing.symbols(188, B_Y, '+', INK)
    blocks(drawing, B_Y, ROW, ['b_i', 'b_f', 'b_o', 'b_c'])
    drawing.symbols(196, Z_Y, 'z_t =', INK, anchor='end')
    blocks(drawing, Z_Y, ROW, ['z_i', 'z_f', 'z_o', 'z_c'])
    results = (('\u03c3', 'i_t'), ('\u03c3', 'f_t'), ('\u03c3', 'o_t'), ('tanh', 'c~_t'))
    for x, gate, (function, result) in zip(CENTRES, 'ifoc', results):
        line, fill = GATES[gate]
        drawing.line([(x, Z_Y + ROW / 2.), (x, PHI_Y - 21)], line)
        drawing.box(x, PHI_Y, 78, 42, '#ffffff', line, radius=21)
        drawing.symbols(x, PHI_Y, function, line, size=24)
        drawing.line([(x, PHI_Y + 21), (x, OUT_Y - 18)], line)
        drawing.symbols(x, OUT_Y, result, line, size=30)
    return str(drawing)
