"""The program of `examples/characters.py` in PyTorch, for `characters_bench.py`.

``python characters_torch.py START.npz N_THREADS DTYPE`` trains from the weights in the file on the
minibatches of the text in it, and prints one line of JSON: the losses, the held-out perplexities by
update, the seconds, and the seconds of the processor.
"""
import json
import math
import sys
import time

import numpy
import torch
from torch import nn


class Characters(nn.Module):
    """A one for each symbol, an LSTM, scores for each symbol that may follow."""

    def __init__(self, params, dtype):
        super().__init__()
        n_symbols, width = params['lstm_W'].shape
        self.lstm = nn.LSTM(n_symbols, width // 4, dtype=dtype)
        self.output = nn.Linear(width // 4, n_symbols, dtype=dtype)
        self.register_buffer('one_hot', torch.eye(n_symbols, dtype=dtype))
        weights = dict(weight_ih_l0=blocks(params['lstm_W'].T), bias_ih_l0=blocks(params['lstm_b']),
                       weight_hh_l0=blocks(params['lstm_U'].T),
                       bias_hh_l0=numpy.zeros(width))
        with torch.no_grad():
            for name, value in weights.items():
                getattr(self.lstm, name).copy_(torch.from_numpy(value))
            self.output.weight.copy_(torch.from_numpy(params['U'].T))
            self.output.bias.copy_(torch.from_numpy(params['b']))
        # PyTorch has two biases, which are added. One of them is enough.
        self.lstm.bias_hh_l0.requires_grad = False

    def forward(self, x, state):
        h, state = self.lstm(self.one_hot[x], state)
        return self.output(h), state


def blocks(rows):
    """Rows in the order i, f, candidate, o of PyTorch instead of i, f, o, candidate."""
    i, f, o, candidate = numpy.split(rows, 4)
    return numpy.concatenate([i, f, candidate, o])


def clip(parameters, limit):
    """Scale the gradients down to this norm, without the 1e-6 of `clip_grad_norm_`."""
    grads = [p.grad for p in parameters]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
    torch._foreach_mul_(grads, limit / torch.clamp(norm, min=limit))


def minibatch(numbers, n_streams, n_timesteps, update):
    starts = numpy.arange(n_streams) * (len(numbers) // n_streams) + update * n_timesteps
    read = numbers[(starts + numpy.arange(n_timesteps + 1)[:, None]) % len(numbers)]
    read = torch.from_numpy(read.astype('int64'))
    return read[:-1], read[1:]


def perplexity(model, numbers):
    numbers = torch.from_numpy(numbers.astype('int64'))
    with torch.inference_mode():
        scores, _ = model(numbers[:-1, None], None)
        return math.exp(nn.functional.cross_entropy(scores[:, 0], numbers[1:]))


def train(start, settings, dtype):
    model = Characters(start, dtype)
    parameters = [p for p in model.parameters() if p.requires_grad]
    rule = torch.optim.SGD(parameters, lr=settings['lrate'], foreach=True)
    shape = 1, settings['n_streams'], model.lstm.hidden_size
    state = torch.zeros(shape, dtype=dtype), torch.zeros(shape, dtype=dtype)
    losses, perplexities = [], {}
    started, started_cpu = time.perf_counter(), time.process_time()
    for update in range(settings['n_updates']):
        x, y = minibatch(start['training'], settings['n_streams'], settings['n_timesteps'], update)
        for group in rule.param_groups:
            group['lr'] = settings['lrate'] * 0.1 ** (update // settings['decay_every'])
        rule.zero_grad()
        scores, state = model(x, tuple(part.detach() for part in state))
        cost = nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten())
        cost.backward()
        clip(parameters, settings['clip'])
        rule.step()
        losses.append(cost.item())
        if update % 100 == 0:
            perplexities[update] = perplexity(model, start['held_out'])
    return dict(losses=losses, perplexities=perplexities, seconds=time.perf_counter() - started,
                cpu_seconds=time.process_time() - started_cpu)


if __name__ == '__main__':
    torch.set_num_threads(int(sys.argv[2]))
    with numpy.load(sys.argv[1]) as found:
        start = {name: found[name] for name in found.files}
    settings = json.loads(start['settings'].tobytes().decode('ascii'))
    print(json.dumps(train(start, settings, getattr(torch, sys.argv[3]))))
