"""A trained model for text: from texts to words, ids, batches and answers."""
from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import functools
import itertools
from array import array
from typing import (
    Any,
    Callable,
    Deque,
    Generator,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import numpy

from lstm_sentiment import processes
from lstm_sentiment.data.datasets import read_vocabulary
from lstm_sentiment.errors import ConfigError, ModelError
from lstm_sentiment.hints import Path
from lstm_sentiment.model import packaged, saved_model
from lstm_sentiment.model.calibration import UNSURE, softmax
from lstm_sentiment.prediction import html_report, inputs, leaving_out
from lstm_sentiment.prediction.explanation import LEAVE_OUT, SHARE, Explanation
from lstm_sentiment.prediction.network import Network, States, check_model
from lstm_sentiment.text.tokenizing import number_of_jobs, tokenize_texts
from lstm_sentiment.text.vocabulary import FIRST_WORD_ID, UNKNOWN_ID, Vocabulary

# Texts are sorted by length within a window of at most this many texts and about this many words.
WINDOW_TEXTS, WINDOW_WORDS = 4096, 2000000
# Texts that a rank gets at a time.
PIECE_TEXTS = 512
# Limits of a batch: texts, and words with padding. Explanations need 4 kB for each word, so their
# batches have fewer words.
BATCH_TEXTS, BATCH_WORDS, EXPLAINED_WORDS = 512, 1 << 18, 1 << 14

# Batches of positions in a window, and the answers to each.
Batches = Sequence[Tuple[List[int], 'concurrent.futures.Future[List[Answer]]']]
Encoded = collections.namedtuple('Encoded', 'sample words ids')


class Answer(NamedTuple):
    """What a model says of a sample."""

    sample: inputs.Sample
    label: int  # the number of the likeliest class
    said: str   # its name, or UNSURE
    probabilities: numpy.ndarray
    n_words: int
    n_unknown: int
    explanation: Any  # an Explanation, or None unless it is requested


def load_model(path: Optional[Path] = None, dictionary: Optional[Path] = None,
               jobs: Optional[int] = None) -> Classifier:
    """Load a trained model.

    Parameters
    ----------
    path : str, optional
        The ``.npz`` that `lstm.py` or the original program saved; by default the model that comes
        along, which `packaged` describes.
    dictionary : str, optional
        The dictionary of the training data; needed for a model that was saved without its words, as
        the original program does.
    jobs : int, optional
        Number of threads, and of tokenizing processes; by default one for each core.

    Returns
    -------
    Classifier

    Raises
    ------
    errors.TutorialError
        If the model or the dictionary cannot be used, or a dictionary is needed and missing.
    """
    if path is None:
        path = packaged.path()
    params, options, vocabulary = saved_model.load(path)
    check_model(path, params, options)
    if dictionary is not None:
        vocabulary = given_vocabulary(path, dictionary, params, options, vocabulary)
    elif vocabulary is None:
        raise ModelError('the model %s was saved without its words, so text cannot become ids. '
                         'Give the dictionary of the dataset that it was trained on: '
                         '--dictionary FILE (imdb.dict.pkl.gz for the IMDB reviews).' % path)
    return Classifier(Network(params, options), vocabulary, jobs, options.get('about'))


def given_vocabulary(path: Path, dictionary: Path, params: Mapping[str, numpy.ndarray],
                     options: Mapping[str, Any], own: Optional[Vocabulary] = None) -> Vocabulary:
    """The vocabulary of a dictionary that is given for a model, limited to the model's words.

    Parameters
    ----------
    path, dictionary : str
        The model and the dictionary.
    params, options
        Of the model. With ``dataset_sha256`` in them, a dictionary of another dataset is refused.
    own : Vocabulary, optional
        The one in the model; the dictionary must give the same words, settings and classes.

    Raises
    ------
    errors.ModelError
        If the dictionary is not that of the data that the model was trained on.
    """
    found = read_vocabulary(dictionary).limited(len(params['Wemb']))
    advice = 'Give the dictionary of the dataset that the model was trained on'
    if own is not None:
        advice += ', or none: this model has words of its own'
    refused = f'{dictionary} does not fit the model {path}: '
    if len(found.classes) != len(params['b']):
        raise ModelError(f'{refused}expected {len(params["b"])} classes, found '
                         f'{", ".join(found.classes)}. {advice}.')
    expected = options.get('dataset_sha256')
    if None not in (expected, found.fingerprint) and expected != found.fingerprint:
        raise ModelError(f'{refused}expected the fingerprint {expected}, found '
                         f'{found.fingerprint}, so that its ids mean other words. {advice}.')
    for what in ('settings', 'classes', 'words') if own is not None else ():
        if getattr(found, what) != getattr(own, what):
            raise ModelError(f'{refused}it has other {what} than the model has. {advice}.')
    return found


class Classifier:
    """A trained model for text.

    It does not change after it is made, so threads may share it. Many texts are classified faster
    with one BLAS thread, which the command line sets.

    Attributes
    ----------
    classes : list of str
        The name of each label.
    about : str or None
        What the model was trained on and how often it errs, if that was saved with it.
    """

    def __init__(self, network: Network, vocabulary: Vocabulary, jobs: Optional[int] = None,
                 about: Optional[str] = None) -> None:
        self.network, self.vocabulary, self.jobs = network, vocabulary, number_of_jobs(jobs)
        self.classes: List[str] = list(vocabulary.classes)
        self.about = about

    def __repr__(self) -> str:
        return '<Classifier: %s; %d words%s>' % (
            ' or '.join(self.classes), len(self.network.Wemb) - FIRST_WORD_ID,
            '; ' + self.about if self.about else '')

    def predict(self, texts: Iterable[str], threshold: float = 0.) -> List[str]:
        """The name of the likeliest class of each text.

        A text without words is classified by the bias alone.

        Parameters
        ----------
        texts : iterable of str
        threshold : float
            Where the likeliest class has a lower probability, the answer is ``unsure``.
        """
        return [answer.said for answer in self.answers(as_samples(texts), threshold=threshold)]

    def predict_proba(self, texts: Iterable[str]) -> numpy.ndarray:
        """Probability of each class for each text, (n_texts, n_classes), floatX of the model."""
        probabilities = [answer.probabilities for answer in self.answers(as_samples(texts))]
        dtype = self.network.b_out.dtype
        return numpy.array(probabilities, dtype=dtype).reshape(-1, len(self.classes))

    def explain(self, text: str, kind: str = LEAVE_OUT) -> Explanation:
        """Why a text gets its class; see :class:`explanation.Explanation`.

        Parameters
        ----------
        text : str
        kind : str
            ``leave-out``: what the verdict loses without each word. ``share``: the share of each
            word in the score.
        """
        answer, = self.answers(as_samples([text]), explain=kind)
        answer.explanation.make_page = functools.partial(html_report.framed, [answer], 'this model')
        return answer.explanation

    def states(self, text: str) -> Tuple[List[str], States]:
        """The gates and the cell at each word of a text.

        Returns
        -------
        words : list of str
            As the tokenizer splits them.
        states : network.States
            Arrays with a row for each word.
        """
        encoded, = self.encode(as_samples([text]), keep_words=True)
        return encoded.words, self.network.states(encoded.ids)

    def answers(self, samples: Iterable[inputs.Sample], explain: Optional[str] = None,
                threshold: float = 0.) -> Generator[Answer, None, None]:
        """Classify samples while they are read.

        Parameters
        ----------
        samples : iterable of inputs.Sample
            They are read when they are needed; a few windows of texts are in memory at a time.
        explain : str, optional
            The kind of the answers' explanations; by default they have none.
        threshold : float
            As for :meth:`predict`.

        Yields
        ------
        Answer
            In the order of the samples.
        """
        if threshold > 0 and UNSURE in self.classes:
            raise ConfigError('threshold=%s: a class of this model is named %s, so that the answer '
                              'would have two meanings' % (threshold, UNSURE))
        # The tokenizing processes are started before the threads: a fork copies only one thread.
        windows = gather(self.encode(samples, explain is not None))
        pending: Deque[Tuple[List[Encoded], Batches]] = collections.deque()
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            try:
                for window in windows:
                    pending.append((window, [
                        (batch, pool.submit(self.classify, [window[k] for k in batch], explain,
                                            threshold))
                        for batch in batches_by_length(
                            window, EXPLAINED_WORDS if explain else BATCH_WORDS)]))
                    # While the threads work on this window, the next one is gathered.
                    if len(pending) > 1:
                        yield from in_order(*pending.popleft())
                while pending:
                    yield from in_order(*pending.popleft())
            finally:
                for _, futures in pending:
                    for _, future in futures:
                        future.cancel()
                windows.close()

    def answers_over_ranks(self, samples: Iterable[inputs.Sample], explain: Optional[str] = None,
                           threshold: float = 0.) -> Generator[Answer, None, None]:
        """As :meth:`answers`, with a share of the work for each rank; to be called on rank 0.

        The others call :meth:`help_first` with the same arguments.
        """
        samples = iter(samples)
        pieces = iter(lambda: list(itertools.islice(samples, PIECE_TEXTS)), [])
        for answers in processes.dealt(self.piece_answerer(explain, threshold), pieces):
            yield from answers

    def help_first(self, explain: Optional[str] = None, threshold: float = 0.) -> None:
        """Answer what is this rank's share of :meth:`answers_over_ranks`."""
        processes.help_first(self.piece_answerer(explain, threshold))

    def piece_answerer(self, explain: Optional[str], threshold: float) -> Callable[
            [Iterable[inputs.Sample]], List[Answer]]:
        return lambda piece: list(self.answers(piece, explain, threshold))

    def encode(self, samples: Iterable[inputs.Sample], keep_words: bool) -> Generator[
            Encoded, None, None]:
        """Yield an `Encoded` for each sample: its ids, and its words if `keep_words` is true."""
        waiting: Deque[inputs.Sample] = collections.deque()

        def texts() -> Iterator[str]:
            for sample in samples:
                waiting.append(sample)
                yield sample.text

        tokenized = tokenize_texts(texts(), self.vocabulary.settings, self.jobs)
        with contextlib.closing(tokenized):
            for words in tokenized:
                ids = array('q', self.vocabulary.ids(words))
                yield Encoded(waiting.popleft(), words.split() if keep_words else None, ids)

    def classify(self, encoded: Sequence[Encoded], kind: Optional[str],
                 threshold: float) -> List[Answer]:
        """The answers to some samples."""
        sequences = [item.ids for item in encoded]
        if kind == SHARE:
            scores, terms = self.network.word_scores(sequences)
        else:
            scores, terms = self.network.scores(sequences), [None] * len(sequences)
        answers = []
        for item, own, of_words in zip(encoded, scores, terms):
            probabilities = softmax(own)
            label = int(probabilities.argmax())
            said = UNSURE if probabilities[label] < threshold else self.classes[label]
            explanation = None
            if kind is not None:
                explanation = self.explanation_of(item, kind, said, probabilities, own, of_words)
            answers.append(Answer(item.sample, label, said, probabilities, len(item.ids),
                                  item.ids.count(UNKNOWN_ID), explanation))
        return answers

    def explanation_of(self, item: Encoded, kind: str, said: str, probabilities: numpy.ndarray,
                       scores: numpy.ndarray, of_words: Any) -> Explanation:
        """The explanation of one answer; `of_words` are the shares, if it is of that kind."""
        parts = None
        if kind == LEAVE_OUT:
            parts = leaving_out.parts_of(item.words)
            of_words = scores - leaving_out.scores_without(self.network, item.ids, parts)
        known = [word_id != UNKNOWN_ID for word_id in item.ids]
        return Explanation(item.sample.text, item.words, known, of_words, scores,
                           self.network.bias_of(len(item.ids)), self.classes, probabilities,
                           self.vocabulary.settings, said, kind, parts, self.network.is_running)


def as_samples(texts: Iterable[str]) -> Iterator[inputs.Sample]:
    """Texts as samples; a single str is refused, because its letters would become texts."""
    if isinstance(texts, str):
        raise ConfigError('one text where a list of texts is expected: put it in brackets')
    return (inputs.Sample(checked(text, number), None, None)
            for number, text in enumerate(texts, 1))


def checked(text: Any, number: int) -> str:
    """The text, if it is one; a missing value and bytes are refused."""
    if isinstance(text, str):
        return text
    advice = '; decode it first' if isinstance(text, bytes) else ''
    raise ConfigError(f'the text {number} is {text!r:.40}: expected a str, found '
                      f'{type(text).__name__}{advice}')


def gather(encoded: Generator[Encoded, None, None]) -> Generator[List[Encoded], None, None]:
    """Yield lists of consecutive samples, each to be sorted by length."""
    window, n_words = [], 0
    with contextlib.closing(encoded):
        for item in encoded:
            window.append(item)
            n_words += len(item.ids)
            if len(window) == WINDOW_TEXTS or n_words >= WINDOW_WORDS:
                yield window
                window, n_words = [], 0
        if window:
            yield window


def batches_by_length(window: Sequence[Encoded], most_words: int) -> List[List[int]]:
    """Split the positions in a window into batches of samples of similar length.

    A batch has at most `most_words` words with padding, unless it is a single longer sample.

    >>> sequences = [[2] * n for n in (3, 1, 2)]
    >>> batches_by_length([Encoded(None, None, ids) for ids in sequences], 100)
    [[1, 2, 0]]
    """
    batches: List[List[int]] = []
    batch: List[int] = []
    for position in sorted(range(len(window)), key=lambda k: len(window[k].ids)):
        too_large = (len(batch) + 1) * len(window[position].ids) > most_words
        if batch and (too_large or len(batch) == BATCH_TEXTS):
            batches.append(batch)
            batch = []
        batch.append(position)
    return batches + [batch]


def in_order(window: Sequence[Encoded], futures: Batches) -> List[Answer]:
    """The answers to a window of samples, in the order of the samples."""
    answers: List[Any] = [None] * len(window)
    for batch, future in futures:
        for position, answer in zip(batch, future.result()):
            answers[position] = answer
    return answers
