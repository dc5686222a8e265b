"""The tutorial's model in PyTorch, with the weights of a saved model; see docs/compare.md."""
import sys

import compare
import numpy
import torch
from torch import nn

VERSION = 'PyTorch ' + torch.__version__


class Classifier(nn.Module):
    """Embedding, LSTM, mean over the words, dropout, logistic regression."""

    def __init__(self, n_words, dim_proj, ydim, use_dropout):
        super().__init__()
        self.embedding = nn.Embedding(n_words, dim_proj)
        self.lstm = nn.LSTM(dim_proj, dim_proj, batch_first=True)
        self.lstm.bias_hh_l0.data.zero_()           # there are two biases: one is enough
        self.lstm.bias_hh_l0.requires_grad = False
        self.dropout = nn.Dropout(0.5 if use_dropout else 0.)
        self.output = nn.Linear(dim_proj, ydim)

    def forward(self, x):                           # (n_samples, n_timesteps)
        mask = (x != 0)[:, :, None]
        h, _ = self.lstm(self.embedding(x))         # (n_samples, n_timesteps, dim_proj)
        mean = (h * mask).sum(1) / mask.sum(1).clamp(min=1)
        return self.output(self.dropout(mean))      # scores: the softmax is in the loss


def train(model, sequences, labels, max_epochs, batch_size):
    rule = torch.optim.Adadelta(model.parameters(), lr=1., rho=0.95, eps=1e-6)
    model.train()
    for _ in range(max_epochs):
        for batch in torch.randperm(len(sequences)).split(batch_size):
            x = torch.from_numpy(compare.padded([sequences[k] for k in batch]))
            y = torch.tensor([labels[k] for k in batch])
            rule.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            rule.step()


def make_model(options, dtype):
    sizes = [options[name] for name in ('n_words', 'dim_proj', 'ydim', 'use_dropout')]
    torch.manual_seed(options.get('seed', 123))
    return Classifier(*sizes).to(getattr(torch, dtype))


def set_weights(model, params, options):
    """Rows i, f, c, o in place of columns i, f, o, c; U halved, for dropout doubles its input."""
    def rows(value):
        i, f, o, c = numpy.split(value, 4, axis=-1)
        return numpy.concatenate([i, f, c, o], axis=-1).T

    share = 0.5 if options['use_dropout'] else 1.
    for parameter, value in [(model.embedding.weight, params['Wemb']),
                             (model.lstm.weight_ih_l0, rows(params['lstm_W'])),
                             (model.lstm.weight_hh_l0, rows(params['lstm_U'])),
                             (model.lstm.bias_ih_l0, rows(params['lstm_b'])),
                             (model.output.weight, share * params['U'].T),
                             (model.output.bias, params['b'])]:
        parameter.data.copy_(torch.from_numpy(numpy.ascontiguousarray(value)))


def probabilities(model, x):
    model.eval()
    with torch.inference_mode():
        return model(torch.from_numpy(x)).softmax(1).numpy()


if __name__ == '__main__':
    compare.main(sys.modules[__name__])
