"""The n-grams of a run, and the texts that they are fitted to if there are very many."""
import numpy

from lstm_sentiment.data.text_ids import TextIds
from lstm_sentiment.training import samples
from lstm_sentiment.training.linear_model import fit_ngrams


def test_of_many_words_some_texts_are_drawn(monkeypatch):
    lengths = numpy.array([3, 5, 2, 4, 6] * 40)
    part = [[number] * length for number, length in enumerate(lengths)], list(range(200))
    assert samples.sample_of_words(part, 1) is part
    monkeypatch.setattr(samples, 'MOST_WORDS', 100)
    sequences, labels = samples.sample_of_words(part, 1)
    assert sequences == [part[0][label] for label in labels] and labels == sorted(set(labels))
    # No text that is left out would have had a place, if it had come next.
    assert 100 - lengths.max() < lengths[labels].sum() <= 100
    assert samples.sample_of_words(part, 1)[1] == labels != samples.sample_of_words(part, 2)[1]


def test_the_ngrams_are_fitted_to_these(monkeypatch, capsys):
    sequences = [[2 + k % 2, 4] for k in range(200)]
    part, options = (sequences, [k % 2 for k in range(200)]), {'ngrams': 1, 'ydim': 2, 'seed': 1}
    assert fit_ngrams(part, dict(options, ngrams=0)) is None
    monkeypatch.setattr(samples, 'MOST_WORDS', 100)
    model = fit_ngrams(part, options)
    assert 'The n-grams are fitted to 50 of the 200 texts' in capsys.readouterr().out
    flat = numpy.array(sequences, dtype='int32').ravel()
    from_file = TextIds(flat, numpy.arange(200) * 2, numpy.full(200, 2), 9), numpy.array(part[1])
    again = fit_ngrams(from_file, options)
    assert all((model.params[name] == again.params[name]).all() for name in model.params)
    assert model.scores([[2], [3]]).argmax(axis=1).tolist() == [0, 1]
