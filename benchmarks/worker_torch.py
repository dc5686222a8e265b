"""The side of `bench.py` that is PyTorch: the same model, batches and work, with `nn.LSTM`."""
import gzip
import json
import pickle
import sys
import time

import numpy
import torch
from torch import nn

MODELS = {}


class Classifier(nn.Module):
    """Embedding, LSTM, mean or max over the unmasked steps, dropout, logistic regression."""

    def __init__(self, n_words, dim_proj=128, bidirectional=False, pooling='mean'):
        super().__init__()
        self.embedding = nn.Embedding(n_words, dim_proj)
        self.lstm = nn.LSTM(dim_proj, dim_proj, bidirectional=bidirectional)
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(dim_proj * (1 + bidirectional), 2)
        self.pooling = pooling

    def forward(self, x, mask):
        h = self.embedding(x)
        if self.lstm.bidirectional:  # from the end means from the last word, not from padding
            h = nn.utils.rnn.pack_padded_sequence(h, mask.sum(0).long(), enforce_sorted=False)
        h, _ = self.lstm(h)
        if self.lstm.bidirectional:
            h, _ = nn.utils.rnn.pad_packed_sequence(h)
        if self.pooling == 'max':
            return self.output(self.dropout(h.masked_fill(mask[:, :, None] == 0, -2).amax(0)))
        mean = (h * mask[:, :, None]).sum(0) / mask.sum(0)[:, None]
        return self.output(self.dropout(mean))


def make_model(n_words, optimizer, **changes):
    key = n_words, optimizer, tuple(sorted(changes.items()))
    if key not in MODELS:
        MODELS.clear()
        torch.manual_seed(0)
        model = Classifier(n_words, **changes)
        if optimizer == 'adadelta':
            rule = torch.optim.Adadelta(model.parameters(), lr=1., rho=0.95, eps=1e-6,
                                        foreach=True)
        else:
            rule = torch.optim.RMSprop(model.parameters(), lr=1e-4, alpha=0.95, eps=1e-4,
                                       centered=True, momentum=0.9, foreach=True)
        MODELS[key] = model, rule
    return MODELS[key]


def prepare(part, batch):
    """Padded ids and mask, (n_timesteps, n_samples), and labels, as tensors."""
    sequences, labels = part
    chosen = [sequences[k] for k in batch]
    longest = max(map(len, chosen))
    x = numpy.zeros((longest, len(chosen)), dtype='int64')
    mask = numpy.zeros((longest, len(chosen)), dtype='float32')
    for k, sequence in enumerate(chosen):
        x[:len(sequence), k] = sequence
        mask[:len(sequence), k] = 1
    y = torch.tensor([labels[k] for k in batch])
    return torch.from_numpy(x), torch.from_numpy(mask), y


def train(pair, part, batches):
    model, rule = pair
    model.train()
    seconds = []
    for batch in batches:
        start = time.perf_counter()
        x, mask, y = prepare(part, batch)
        rule.zero_grad()
        nn.functional.cross_entropy(model(x, mask), y).backward()
        rule.step()
        seconds.append(time.perf_counter() - start)
    return seconds


def update(data, n_words, optimizer, seed, n=40):
    rng = numpy.random.RandomState(seed)
    part = DATA[data]
    batches = [rng.permutation(len(part[0]))[:16] for _ in range(n)]
    return 1000 * float(numpy.median(train(make_model(n_words, optimizer), part, batches)[2:]))


def evaluate():
    model, _ = make_model(10000, 'adadelta')
    model.eval()
    start = time.perf_counter()
    wrong = 0
    with torch.inference_mode():
        for first in range(0, len(DATA['test'][0]), 64):
            batch = range(first, min(first + 64, len(DATA['test'][0])))
            x, mask, y = prepare(DATA['test'], batch)
            wrong += int((model(x, mask).argmax(1) != y).sum())
    return time.perf_counter() - start


def epoch(window, seed, every=1, **changes):
    """The very batches of `worker_ours.epoch`, by the same draws."""
    sequences, _ = part = DATA['long']
    rng, n = numpy.random.RandomState(seed), len(sequences)
    lengths = numpy.array([len(sequence) for sequence in sequences])
    order = numpy.arange(n, dtype='int32')
    rng.shuffle(order)
    for start in range(0, n, 16 * window):
        part_of = order[start:start + 16 * window]
        order[start:start + 16 * window] = part_of[numpy.argsort(lengths[part_of],
                                                                 kind='stable')]
    batches = [order[start:start + 16] for start in range(0, n, 16)]
    rng.shuffle(batches)
    return sum(train(make_model(10000, 'adadelta', **changes), part, batches[::every]))


def train_alone(path, n_updates):
    """A training loop and nothing else, for its memory."""
    with (gzip.open if path.endswith('.gz') else open)(path, 'rb') as stream:
        x, y = pickle.load(stream)
        pickle.load(stream)
    kept = [k for k, sequence in enumerate(x) if len(sequence) < 100]
    part = [[w if w < 10000 else 1 for w in x[k]] for k in kept], [y[k] for k in kept]
    rng = numpy.random.RandomState(0)
    train(make_model(10000, 'adadelta'), part,
          [rng.permutation(len(kept))[:16] for _ in range(n_updates)])


if __name__ == '__main__':
    torch.set_num_threads(int(sys.argv[2]))
    if '--train' in sys.argv:
        train_alone(sys.argv[1], int(sys.argv[4]))
        sys.exit()
    with open(sys.argv[1], 'rb') as stream:
        DATA = pickle.load(stream)
    for line in sys.stdin:
        task, arguments = json.loads(line)
        print(json.dumps(globals()[task](**arguments)), flush=True)
