"""Time an update on a GPU beside PyTorch's cuDNN `nn.LSTM`, with the same work.

``python benchmarks/gpu.py`` needs the extras ``gpu`` and ``bench``; ``--device cpu`` tries it
without a card. Two sizes: the tutorial's (16 reviews of 95 words, dim_proj 128) and a large one
(256 of 400, 512). Both programs get the same random ids at full length, and adadelta. A time is
that of several updates divided by their number, with one wait for the device at the end. Products
are in full float32, or with ``--tf32`` in TF32, in both programs.
"""
import argparse
import json
import os
import subprocess
import sys
import time

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
N_WORDS = 10000
# n_samples, n_timesteps, dim_proj, and what ours over PyTorch's should be at most
SIZES = [(16, 95, 128, 2.0), (256, 400, 512, 1.5)]


def minibatches(n_samples, n_timesteps, n):
    """Ids, mask and labels, `n` times."""
    rng = numpy.random.RandomState(0)
    mask = numpy.ones((n_timesteps, n_samples), dtype='float32')
    return [(rng.randint(2, N_WORDS, (n_timesteps, n_samples)), mask, rng.randint(0, 2, n_samples))
            for _ in range(n)]


def ours(dim_proj, options):
    """The update of this project: a function of a minibatch, and one that waits for the device."""
    sys.path.insert(0, os.path.dirname(HERE))
    flags = 'floatX=float32,mode=JAX,device=' + options.device
    os.environ['THEANO_FLAGS'] = flags
    if options.tf32:
        os.environ['JAX_DEFAULT_MATMUL_PRECISION'] = 'tensorfloat32'
    import lstm
    from lstm_sentiment.engine.names import description, tensor, theano
    print(description(), file=sys.stderr)
    settings = dict(n_words=N_WORDS, dim_proj=dim_proj, ydim=2, encoder='lstm', use_dropout=True)
    tparams = lstm.init_tparams(lstm.init_params(settings))
    use_noise, x, mask, y, _, _, cost = lstm.build_model(tparams, settings)
    use_noise.set_value(1.)
    f_grad_shared, f_update = lstm.adadelta(
        tensor.scalar('lr'), tparams, theano.grad(cost, list(tparams.values())), x, mask, y, cost)

    def update(*minibatch):
        f_grad_shared(*minibatch)
        f_update(0.)

    return update, lambda: lstm.unzip(tparams)


def torchs(dim_proj, options):
    """The same of PyTorch."""
    import torch
    from worker_torch import Classifier
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.tf32
    print('PyTorch %s on %s' % (torch.__version__, options.device), file=sys.stderr)
    model = Classifier(N_WORDS, dim_proj).to(options.device)
    rule = torch.optim.Adadelta(model.parameters(), lr=1., rho=0.95, eps=1e-6, foreach=True)

    def update(*minibatch):
        x, mask, y = (torch.from_numpy(array).to(options.device) for array in minibatch)
        rule.zero_grad()
        torch.nn.functional.cross_entropy(model(x, mask), y).backward()
        rule.step()

    return update, torch.cuda.synchronize if options.device != 'cpu' else lambda: None


def measure(options):
    """Milliseconds an update of one program at one size, the median of the rounds."""
    n_samples, n_timesteps, dim_proj, _ = SIZES[options.size]
    update, wait = {'ours': ours, 'torch': torchs}[options.program](dim_proj, options)
    batches = minibatches(n_samples, n_timesteps, options.updates)
    for minibatch in batches[:2]:
        update(*minibatch)
    wait()
    seconds = []
    for _ in range(options.rounds):
        start = time.perf_counter()
        for minibatch in batches:
            update(*minibatch)
        wait()
        seconds.append((time.perf_counter() - start) / len(batches))
    return 1000 * float(numpy.median(seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--device', default='cuda')
    parser.add_argument('--tf32', action='store_true', help='products in TF32 on both sides')
    parser.add_argument('--updates', type=int, default=50)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--size', type=int, choices=range(len(SIZES)), help='only this one')
    parser.add_argument('--program', choices=['ours', 'torch'], help='only this one, as JSON')
    options = parser.parse_args()
    if options.program:
        print(json.dumps(measure(options)))
        return
    for size in range(len(SIZES)) if options.size is None else [options.size]:
        # A process each: neither holds memory of the device while the other is timed.
        mine, theirs = (
            json.loads(subprocess.run(
                [sys.executable, os.path.abspath(__file__)] + sys.argv[1:]
                + ['--size', str(size), '--program', program], check=True,
                stdout=subprocess.PIPE, universal_newlines=True).stdout.splitlines()[-1])
            for program in ('ours', 'torch'))
        n_samples, n_timesteps, dim_proj, target = SIZES[size]
        print('%3d x %3d words, dim_proj %3d, %s: %8.2f ms | PyTorch %8.2f ms | ratio %5.2f  '
              'target <= %.1f' % (n_samples, n_timesteps, dim_proj,
                                  'TF32' if options.tf32 else 'float32', mine, theirs,
                                  mine / theirs, target), flush=True)


if __name__ == '__main__':
    main()
