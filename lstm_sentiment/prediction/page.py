"""A page to ask a model in a browser: ``python predict.py --serve``.

It is made with Gradio. It answers this computer alone unless another address is asked for. It is
sent nothing from other hosts and sends them nothing; a header forbids the browser to try. What is
typed is not stored, and an uploaded table is removed when it is answered.
"""
import contextlib
import functools
import importlib.util
import os
import sys
import tempfile
import threading

from threadpoolctl import threadpool_limits

from lstm_sentiment.errors import ConfigError
from lstm_sentiment.prediction import page_contents

OWN_ADDRESS = '127.0.0.1'
# The oldest Python that Gradio's present version runs on with this project.
OLDEST = (3, 11)
# Requests that may wait. Each kind is answered one at a time.
MOST_WAITING = 32
# Uploads that no answer removed, such as one that was cut off, are looked for and removed after so
# many seconds.
LOOK_EVERY, KEPT_FOR = 60, 600
EXAMPLES = ['A film to see again.',
            'The plot is witty, but the film as a whole is a bore.',
            'I expected little, and was moved to tears. The actors are superb, and not one scene '
            'is too long.',
            'Dull, slow, and a waste of time.']
# Fonts, pictures and scripts of other hosts are not loaded, and nothing is sent to them.
POLICY = (b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
          b"base-uri 'self'; form-action 'self'; frame-ancestors 'self'")


def add_options(parser):
    """Give a parser the options of the page."""
    group = parser.add_argument_group('page')
    group.add_argument('--serve', action='store_true',
                       help='answer in a browser, at an address that this computer alone can '
                            'reach, until Ctrl-C (needs Python 3.11 and the extra app)')
    group.add_argument('--host', metavar='ADDRESS', default=OWN_ADDRESS,
                       help='let others ask as well: serve at this address of the computer, or at '
                            'all with 0.0.0.0. Everybody who can reach it can ask, without a '
                            'password, and what they send is not encrypted (default: %(default)s)')
    group.add_argument('--port', metavar='N', type=int,
                       help='(default: the first of 7860 to 7959 that is free)')


class OwnHostAlone:
    """ASGI middleware that adds the policy to each response."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_with_policy(message):
            if message['type'] == 'http.response.start':
                message['headers'] = [*message.get('headers', ()),
                                      (b'content-security-policy', POLICY)]
            await send(message)
        await self.app(scope, receive, send_with_policy)


def require_gradio():
    """Raise `ConfigError` if Gradio is missing; it is not imported."""
    if sys.version_info < OLDEST:
        raise ConfigError('--serve needs Python %d.%d or later, and this is Python %d.%d. Use a '
                          'newer one, or --html FILE for a page of answers'
                          % (OLDEST + sys.version_info[:2]))
    if importlib.util.find_spec('gradio') is None:
        raise ConfigError('--serve needs the package gradio. Install it with the extra app: '
                          "pip install -e '.[app]'")


def import_gradio(folder):
    """Gradio, with nothing in it that reports to others; it keeps uploads in `folder`."""
    require_gradio()
    # Gradio reads these when it is imported.
    os.environ.update(GRADIO_TEMP_DIR=folder, GRADIO_ANALYTICS_ENABLED='False',
                      HF_HUB_DISABLE_TELEMETRY='1')
    try:
        import gradio
    except ImportError as error:
        raise ConfigError('--serve needs the package gradio, which cannot be imported: %s' % error)
    return gradio


def make_page(gradio, classifier, about, threshold=0.):
    """The page as `gradio.Blocks`.

    Parameters
    ----------
    gradio : module
    classifier : classifier.Classifier
    about : str
        Which model answers, and how often it errs.
    threshold : float
        See `classifier.Classifier.predict`.
    """
    def answer_table(path):
        if path is None:
            return None, ''
        with removed(path):
            return None, page_contents.answered_table(classifier, path, threshold)

    with gradio.Blocks(title='Ask the model', analytics_enabled=False,
                       delete_cache=(LOOK_EVERY, KEPT_FOR)) as blocks:
        gradio.HTML(page_contents.header(about))
        with gradio.Tab('A text'):
            box = gradio.Textbox(label='A text', lines=3, max_lines=12, elem_id='text',
                                 placeholder='Type or paste a text. It is answered as you type.')
            answer = gradio.HTML(page_contents.INVITATION, elem_id='answer')
            gradio.Examples([[text] for text in EXAMPLES], box)
            with gradio.Accordion('The gates and the cell, word by word'):
                picture = gradio.HTML(elem_id='picture')
        with gradio.Tab('A table'):
            gradio.HTML('<div class="answer"><p>A table with a column named text or review, such '
                        'as a .csv, .tsv, .json, .jsonl or .parquet of at most %d MB. If it has a '
                        'column label or sentiment, the accuracy is said too. It is removed from '
                        'the computer that answers when it is answered.</p></div>'
                        % (page_contents.MOST_BYTES >> 20))
            table = gradio.File(label='A table', elem_id='table')
            answers = gradio.HTML(elem_id='answers')
        quiet = {'show_progress': 'hidden', 'api_visibility': 'private'}
        box.change(functools.partial(page_contents.answered, classifier, threshold=threshold),
                   box, answer, trigger_mode='always_last', **quiet)
        box.change(functools.partial(page_contents.pictured, classifier), box, picture,
                   trigger_mode='always_last', **quiet)
        table.upload(answer_table, table, [table, answers], api_visibility='private')
    return blocks.queue(max_size=MOST_WAITING, default_concurrency_limit=1)


@contextlib.contextmanager
def removed(path):
    """Remove a file in the end, and its folder if that is empty."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.remove(path)
            os.rmdir(os.path.dirname(path))


@contextlib.contextmanager
def serving(classifier, about, host=OWN_ADDRESS, port=None, threshold=0.):
    """Serve the page; the context is its address.

    Raises
    ------
    errors.ConfigError
        If Gradio is missing, or nothing can be served at the address.
    """
    with tempfile.TemporaryDirectory(prefix='lstm-') as folder:
        gradio = import_gradio(folder)
        blocks = make_page(gradio, classifier, about, threshold)
        fonts = {'font': ['system-ui', 'sans-serif'], 'font_mono': ['ui-monospace', 'monospace']}
        try:
            _, address, _ = blocks.launch(
                server_name=host, server_port=port, share=False, inbrowser=False, quiet=True,
                prevent_thread_lock=True, max_file_size=page_contents.MOST_BYTES, ssr_mode=False,
                run_history=False, enable_monitoring=False, mcp_server=False, footer_links=[],
                theme=gradio.themes.Default(**fonts),
                head='<style>%s</style>' % page_contents.STYLE,
                app_kwargs={'middleware': [(OwnHostAlone, (), {})]})
        except (OSError, ValueError, OverflowError) as error:
            raise ConfigError('nothing can be served at %s%s: %s. Give another --port, or another '
                              '--host' % (host, '' if port is None else ':%d' % port, error))
        try:
            yield address
        finally:
            blocks.close(verbose=False)


def serve(classifier, about, host=OWN_ADDRESS, port=None, threshold=0.):
    """Serve the page until Ctrl-C, and say where it is."""
    with threadpool_limits(limits=1, user_api='blas'), \
            serving(classifier, about, host, port, threshold) as address:
        print('The page is at %s' % address)
        print('This computer alone can reach it.' if host == OWN_ADDRESS else
              'Everybody who can reach %s can ask, without a password and without encryption.'
              % host)
        print('Ctrl-C ends it.', flush=True)
        threading.Event().wait()
