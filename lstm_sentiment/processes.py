"""The processes of a run: one, or the several that ``mpiexec`` started.

Each is a rank, from 0 to `size` - 1. All do the same, each on its own part of the work, and call
the functions of this module in the same order. Where there is one process, the functions give back
what they are given, and mpi4py is not imported.

Errors of two kinds end a run. An error that this module passed on to all ranks ends each of them by
itself. Any other ends the rank on which it arose, and :func:`end_all` ends the others, which would
wait for it.
"""
import contextlib
import functools
import itertools
import os
import signal
import socket
import sys
import time
import warnings
from typing import cast

import numpy

from lstm_sentiment.errors import ConfigError, TutorialError
from lstm_sentiment.hints import F

# Where a launcher says how many processes it started: MPICH and Intel MPI, Open MPI, MVAPICH.
SIZE_VARIABLES = ('PMI_SIZE', 'OMPI_COMM_WORLD_SIZE', 'MV2_COMM_WORLD_SIZE')
# Slurm's PMIx plugin gives each process a rank, and each step of a job the number of its tasks.
RANK_VARIABLE, TASKS_VARIABLE = 'PMIX_RANK', 'SLURM_STEP_NUM_TASKS'
INSTALL = "Install it with: pip install -e '.[mpi]'"
# Seconds between two looks at whether another rank is ready, which grow from the first to the last.
SHORTEST_WAIT, LONGEST_WAIT = 1e-4, 0.02
# Seconds that mpiexec has to pass on what a rank printed; an abort loses what it has not read yet.
LAST_WORDS = 0.5


def started_size(environment):
    """The number of processes that a launcher started, or None if it does not say.

    >>> started_size({}), started_size({'PMI_SIZE': '4'}), started_size({'PMIX_RANK': '0'})
    (1, 4, None)
    """
    names = SIZE_VARIABLES + ((TASKS_VARIABLE,) if RANK_VARIABLE in environment else ())
    for name in names:
        if environment.get(name, '').isdigit():
            return int(environment[name])
    return None if RANK_VARIABLE in environment else 1


def is_alone():
    """Whether there is one process; this starts nothing."""
    return started_size(os.environ) == 1


class World(object):
    """All processes of a run.

    Attributes
    ----------
    rank, size : int
    n_sharing : int
        How many ranks share the cores of this one.
    comm : mpi4py communicator, or None where there is one process
    """

    def __init__(self, comm=None):
        self.comm, self.rank, self.size, self.n_sharing = comm, 0, 1, 1
        if comm is not None:
            self.rank, self.size = comm.Get_rank(), comm.Get_size()

            self.n_sharing = self.count_sharing()

    def count_sharing(self):
        """How many ranks share this one's cores; a launcher may have bound each to its own."""
        cores = own_cores()
        everyone = self.comm.allgather((socket.gethostname(), cores))
        host, _ = everyone[self.rank]
        return sum(name == host and bool(cores & other) for name, other in everyone)


def own_cores():
    """The numbers of the cores that the system gives this process."""
    if hasattr(os, 'sched_getaffinity'):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


@functools.lru_cache(maxsize=1)
def world():
    """The processes of this run; the first call joins them.

    Raises
    ------
    errors.ConfigError
        If a launcher started several, and mpi4py or its library is missing.
    """
    if is_alone():
        return World()
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ConfigError('mpiexec started several processes, which need mpi4py to work together; '
                          'found: %s. %s' % (error, INSTALL))
    except RuntimeError as error:  # there is no MPI library, or one that cannot be loaded
        raise ConfigError('mpi4py needs a library of MPI, such as MPICH; found: %s. %s'
                          % (str(error).split('\n')[0], INSTALL))
    if MPI.COMM_WORLD.Get_size() == 1:
        check_size(started_size(os.environ))
        return World()
    sys.excepthook = functools.partial(end_all_after, sys.excepthook)
    return World(MPI.COMM_WORLD)


def check_size(n_started):
    """Raise `ConfigError` if the launcher started more processes than found one another."""
    if n_started not in (None, 1):
        raise ConfigError('mpiexec started %d processes, but mpi4py finds one: it belongs to '
                          'another MPI. Use the mpiexec of the library that mpi4py loads: '
                          'python -c "from mpi4py import MPI; print(MPI.Get_library_version())"'
                          % n_started)


def rank():
    return world().rank


def size():
    return world().size


def is_first():
    """Whether this process is the one that prints and writes: rank 0."""
    return world().rank == 0


def n_cores():
    """How many cores this process may use: those of its machine, divided among its ranks."""
    return max(1, len(own_cores()) // world().n_sharing)


# What all ranks do together.


def part_of(sequence):
    """The elements that are this rank's: each `size`-th one."""
    return sequence[rank()::size()]


def total(value):
    """The sum over all ranks of a number or an array."""
    return value if size() == 1 else sum(world().comm.allgather(value))


def gather(value):
    """The values of all ranks, in their order."""
    return [value] if size() == 1 else world().comm.allgather(value)


def add_up(array):
    """Replace a contiguous array by its sum over all ranks."""
    if size() > 1:
        mpi = sys.modules['mpi4py.MPI']
        world().comm.Allreduce(mpi.IN_PLACE, array)
    return array


def join_rows(rows, n_rows):
    """The rows of all ranks below one another.

    Parameters
    ----------
    rows : contiguous array, (n_rows[rank], n_columns)
    n_rows : int array, (size,)
    """
    if size() == 1:
        return rows
    mpi, n_bytes = sys.modules['mpi4py.MPI'], rows.dtype.itemsize * rows.shape[1]
    joined = numpy.empty((int(numpy.sum(n_rows)), rows.shape[1]), dtype=rows.dtype)
    row = mpi.BYTE.Create_contiguous(n_bytes).Commit()  # counts of rows: those of bytes are large
    try:
        world().comm.Allgatherv([rows, len(rows), row], [joined, numpy.asarray(n_rows), row])
    finally:
        row.Free()
    return joined


def barrier():
    """Wait until all ranks are here, without keeping a core busy."""
    if size() > 1:
        request, seconds = world().comm.Ibarrier(), SHORTEST_WAIT
        while not request.Test():
            time.sleep(seconds)
            seconds = min(2 * seconds, LONGEST_WAIT)


def by_first(function):
    """Have rank 0 call a function; all ranks return its result, or raise its `TutorialError`."""
    if size() == 1:
        return function()
    result, error = None, None
    if is_first():
        try:
            result = function()
        except TutorialError as found:
            error = found
    barrier()
    raise_first(world().comm.bcast(error and (type(error), str(error))))
    return world().comm.bcast(result)


def of_first(value):
    """The value that rank 0 has."""
    return value if size() == 1 else world().comm.bcast(value)


def first_then_all(function):
    """Have rank 0 call a function, then the others; return each one's own result.

    Rank 0 makes the files that the others find. A `TutorialError` of any rank is raised on all.
    """
    if size() == 1:
        return function()
    result, error = None, None
    for is_turn in (is_first(), not is_first()):
        if is_turn:
            try:
                result = function()
            except TutorialError as found:
                error = type(found), str(found) if is_first() else on_rank(found)
        barrier()
        for other in gather(error):
            raise_first(other)
    return result


def on_rank(error):
    return 'on rank %d (%s): %s' % (rank(), socket.gethostname(), error)


def raise_first(error):
    """Raise an error, (class, message), on all ranks; each of them can end by itself."""
    if error is not None:
        kind, message = error
        raised = kind(message)
        raised.is_of_all = True
        raise raised


def check_same(what, found):
    """Raise `ConfigError` on all ranks if one of them has found other facts than rank 0.

    Parameters
    ----------
    what : str
        What the facts are of, for the message.
    found : dict
    """
    if size() == 1:
        return
    first, *others = gather({name: repr(value) for name, value in found.items()})
    for other, facts in enumerate(others, 1):
        for name in sorted(set(facts) | set(first)):
            if facts.get(name) != first.get(name):
                raise_first((ConfigError, '%s must be the same on all ranks: %s is %s on rank 0 '
                             'and %s on rank %d' % (what, name, first.get(name), facts.get(name),
                                                    other)))


# What rank 0 deals out, piece by piece.


def dealt(function, pieces):
    """Yield ``function(piece)`` for each piece, in order; the other ranks do their share of them.

    Rank 0 calls this while the others are in :func:`help_first` with the same function.

    Parameters
    ----------
    function : callable
    pieces : iterable
        They are read when they are needed: as many at a time as there are ranks.
    """
    pieces = iter(pieces)
    while True:
        some = list(itertools.islice(pieces, size()))
        if not some:
            return
        send_to_helpers(some)
        yield from gather_first(function(some[0]))[:len(some)]


def help_first(function):
    """Do this rank's share of what rank 0 deals out, until :func:`dismiss`."""
    while True:
        barrier()  # rank 0 may wait for a user
        some = of_first(None)
        if some is None:
            return
        gather_first(function(some[rank()]) if rank() < len(some) else None)


def dismiss():
    """Tell the ranks in :func:`help_first` that nothing more is dealt out."""
    send_to_helpers(None)


def send_to_helpers(pieces):
    """Send pieces, or None for the end, to the ranks in :func:`help_first`."""
    barrier()
    of_first(pieces)


def gather_first(value):
    """The values of all ranks, in their order, on rank 0; None on the others."""
    return [value] if size() == 1 else world().comm.gather(value)


# Printing, and ends.


@contextlib.contextmanager
def first_alone_prints():
    """A context in which ranks other than 0 print nothing, and warn of nothing."""
    if is_first():
        yield
        return
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere), \
            contextlib.redirect_stderr(nowhere), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


def printed_once(function: F) -> F:
    """A function that prints on rank 0 alone."""
    @functools.wraps(function)
    def wrapped(*arguments, **more):
        with first_alone_prints():
            return function(*arguments, **more)
    return cast(F, wrapped)


def is_to_report(error):
    """Whether this rank says what went wrong: an error that all have is reported by rank 0."""
    return not getattr(error, 'is_of_all', False) or is_first()


def end_all(status, error=None):
    """End all processes, unless all of them have this error; otherwise return the status."""
    if is_alone() or getattr(error, 'is_of_all', False):
        return status
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    try:
        if size() > 1:
            time.sleep(LAST_WORDS)
            world().comm.Abort(status)
    except ConfigError:  # without MPI: a launcher ends the others where one dies of a signal
        if hasattr(signal, 'SIGKILL'):
            os.kill(os.getpid(), signal.SIGKILL)
    return status


def end_all_after(hook, kind, error, traceback):
    """Show an uncaught exception as `hook` does, then end all processes."""
    hook(kind, error, traceback)
    end_all(1, error)
