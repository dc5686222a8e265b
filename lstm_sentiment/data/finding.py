"""Find datasets on this machine, download the reviews, make `demo`."""
import os
import shlex
import tempfile

from lstm_sentiment.command_line import command
from lstm_sentiment.data.datasets import Dataset
from lstm_sentiment.errors import DataError, DownloadError
from lstm_sentiment.options import require
from lstm_sentiment.text import demo_grammar
from lstm_sentiment.text.arrow_files import is_arrow
from lstm_sentiment.text.table_files import FASTTEXT, table_kind
from lstm_sentiment.text.vocabulary import dictionary_path

DATASET = 'imdb.pkl'
DEMO = 'demo'
# Endings of files that hold texts or tables, whether they can be read or not.
NO_DATASETS = ('.txt', '.txt.gz', '.xlsx', '.xls', '.ods', '.docx', '.pdf', '.html', '.csv.bz2')

# The folder above the package; in a checkout, that of the scripts.
CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def find_dataset(path=DATASET, download=True):
    """Find a dataset on this machine, or download it.

    A path with a folder is used as it is. A bare name is searched in the current folder, in the
    folder that the environment variable ``IMDB_DATA_DIR`` names, and in ``data/`` next to the
    scripts (in a user cache folder if the scripts are installed). In each folder the name is tried
    first, then the name with ``.gz``.

    Parameters
    ----------
    path : str or Dataset
        The dataset. ``demo`` is the one that the grammar writes; it is made if it is missing. A
        dataset in memory is returned as it is.
    download : bool
        Whether to download ``imdb.pkl`` if it is not found. No other name can be downloaded.

    Returns
    -------
    str
        The path of an existing file.

    Raises
    ------
    DownloadError
        If it is not found and no source can be used.
    DataError
        If it is not found and `download` is false.
    """
    if isinstance(path, Dataset):
        return path
    path = os.fspath(path)
    if path == DEMO:
        return demo_dataset()
    candidates = [path]
    if not os.path.dirname(path):
        candidates += [os.path.join(folder, path) for folder in data_folders()]
    for candidate in candidates:
        for ending in [''] if path.endswith('.gz') else ['', '.gz']:
            if os.path.isfile(candidate + ending):
                return candidate + ending
    looked_in = ', '.join(os.path.dirname(os.path.abspath(place)) for place in candidates)
    if download and path == DATASET:
        # Most runs need no network: requests alone takes longer to import than all of this.
        from lstm_sentiment.data.downloads import download_dataset
        return download_dataset(data_folders()[0], looked_in)
    raise DataError(f'There is no dataset {path}. Expected the file, or the same name with .gz, '
                    f'in {looked_in}. Put it there, or set IMDB_DATA_DIR to its folder and give '
                    'the bare name.')


def data_folders():
    """Return the folders for data; a download goes to the first."""
    folders = []
    if os.environ.get('IMDB_DATA_DIR'):
        folders.append(os.environ['IMDB_DATA_DIR'])
    if os.path.isfile(os.path.join(CHECKOUT, 'setup.py')):
        folders.append(os.path.join(CHECKOUT, 'data'))
    else:
        import pooch  # slow to import, and only an installed program asks for its folder
        folders.append(str(pooch.os_cache('lstm-sentiment')))
    return folders


def find_dictionary(path):
    """The dictionary next to a dataset, compressed or not."""
    expected = dictionary_path(path)
    other = expected[:-len('.gz')] if expected.endswith('.gz') else expected + '.gz'
    for candidate in (expected, other):
        if os.path.isfile(candidate):
            return candidate
    raise DataError('there is no %s' % expected)


def name_of(dataset):
    """The name of a dataset in memory; any other is one already."""
    return dataset.name if isinstance(dataset, Dataset) else dataset


def check_dataset(name, known):
    """Raise a `TutorialError` unless this is one of the `known` datasets, or a file."""
    if isinstance(name, Dataset) or name in known:
        return
    is_path = isinstance(name, (str, os.PathLike))
    if is_path:
        refuse_texts(os.fspath(name))
    looks_like_one = is_path and ('.pkl' in os.fspath(name) or is_arrow(os.fspath(name))
                                  or os.path.dirname(name) or os.path.isfile(name))
    require(looks_like_one, 'dataset', name, 'one of %s, or the path of a dataset (PATH.pkl or '
            'PATH.arrow) that %s wrote' % (', '.join(sorted(known)), command('imdb_preprocess.py')))
    find_dataset(name, download=False)


def is_texts(path):
    """Whether a path is a table or a folder: texts that are not word ids yet.

    A document that cannot be read is one too: it is refused where texts are read.
    """
    path = os.fspath(path)
    return os.path.isdir(path) or os.path.isfile(path) and (
        table_kind(path) is not None or path.lower().endswith(NO_DATASETS)
        or begins_with_label(path))


def begins_with_label(path):
    """Whether a file begins with a label in the form of fastText."""
    with open(path, 'rb') as file:
        return file.read(len(FASTTEXT)) == FASTTEXT.encode('ascii')


def refuse_texts(path):
    """Raise `DataError` for a table or a folder: texts that are not word ids yet."""
    if is_texts(path):
        raise DataError('%s holds texts, not word ids. %s' % (path, how_to_preprocess(path)))


def how_to_preprocess(path):
    """The two commands by which texts become a dataset that is trained on.

    >>> print(how_to_preprocess('my tickets.csv.gz'))
    Make a dataset of it: python imdb_preprocess.py 'my tickets.csv.gz' --output 'my tickets.pkl'
    Then train on that: python lstm.py --dataset 'my tickets.pkl'
    """
    name = os.path.basename(os.path.abspath(path))
    dataset = shlex.quote((name[:-len('.gz')] if name.endswith('.gz') else name).split('.')[0]
                          + '.pkl')
    return ('Make a dataset of it: %s %s --output %s\nThen train on that: %s --dataset %s'
            % (command('imdb_preprocess.py'), shlex.quote(path), dataset,
               command('lstm.py'), dataset))


def choose_dataset():
    """Return ``imdb`` if it is here or can be downloaded; otherwise say why not, return `demo`."""
    try:
        find_dataset()
    except DownloadError as error:
        print('%s\nTraining on the dataset demo instead.' % error)
        return DEMO
    return 'imdb'


# The dataset `demo`


def demo_dataset(path='demo.pkl'):
    """Find the dataset `demo`, or make it; return its path.

    The file name contains the first digits of the corpus's SHA-256, so that reviews of another
    version of the grammar are never used instead. A bare name is placed in the last of the data
    folders.
    """
    folder, name = os.path.split(os.fspath(path))
    stem, ending = os.path.splitext(name)
    path = os.path.join(folder or data_folders()[-1],
                        f'{stem}-{demo_grammar.CORPUS_SHA256[:8]}{ending}')
    if not (os.path.isfile(path) and os.path.isfile(dictionary_path(path))):
        make_demo_dataset(path)
    return path


def make_demo_dataset(path):
    """Write the reviews of the grammar and turn them into word ids.

    Parameters
    ----------
    path : str
        The dataset, such as ``demo.pkl``. Its dictionary, ``demo.dict.pkl``, is written next to it.
        Both appear only when they are complete.

    Returns
    -------
    preprocessing.Summary

    Raises
    ------
    DataError
        If they cannot be written.
    """
    # Most runs make no dataset: the tokenizer alone takes 0.15 s to import.
    from lstm_sentiment.text.preprocessing import preprocess
    path = os.fspath(path)
    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise DataError(f'The folder {folder} for the demo dataset cannot be made: '
                        f'{error.strerror}. Make it, or install the project where you may write.'
                        ) from error
    with tempfile.TemporaryDirectory() as scratch:
        corpus_dir = os.path.join(scratch, 'demo')
        demo_grammar.write_corpus(corpus_dir)
        return preprocess(corpus_dir, path, dictionary_path(path))
