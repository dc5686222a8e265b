"""The default run of ``python lstm.py``: its output, its curves, its model, an explained review.

The run is started from the command line in an empty folder, as a reader would start it. Its output
becomes docs/default_run.log, its plot docs/curves.png. With Chromium installed, a screenshot of the
model's explanation of docs/review.txt becomes docs/explain.png.
"""
import os
import shutil
import subprocess
import sys

DOCS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(DOCS)
COMMAND = 'THEANO_FLAGS="floatX=float32" python lstm.py --plot curves.png --log run.csv'
CHROMIUMS = ('chromium', 'chromium-browser', 'google-chrome')
WINDOW = 820, 630


def python(folder, script, *arguments):
    """Run a script of the repository in a folder; return its stdout and stderr as one text."""
    environment = dict(os.environ, THEANO_FLAGS='floatX=float32', PYTHONUNBUFFERED='1')
    return subprocess.run([sys.executable, os.path.join(ROOT, script)] + list(arguments),
                          cwd=folder, env=environment, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True).stdout


def run(folder):
    """Train in the empty folder `folder`; return the path of the model."""
    print('The default run', flush=True)
    output = python(folder, 'lstm.py', '--plot', 'curves.png', '--log', 'run.csv')
    with open(os.path.join(DOCS, 'default_run.log'), 'w', encoding='utf-8') as stream:
        stream.write('$ %s\n%s' % (COMMAND, output))
    shutil.copy(os.path.join(folder, 'curves.png'), DOCS)
    model = os.path.join(folder, 'lstm_model.npz')
    python(folder, 'predict.py', model, '--file', os.path.join(DOCS, 'review.txt'), '--explain',
           'share', '--html', 'report.html')
    photograph(os.path.join(folder, 'report.html'), os.path.join(DOCS, 'explain.png'))
    return model


def photograph(page, picture):
    """Take a screenshot of a page in a window of `WINDOW` pixels."""
    browser = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if browser is None:
        print('%s is unchanged: Chromium was not found' % os.path.basename(picture))
        return
    subprocess.run([browser, '--headless', '--no-sandbox', '--hide-scrollbars',
                    '--window-size=%d,%d' % WINDOW, '--screenshot=' + picture,
                    'file://' + page], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
