"""What befalls the program while a call is under way: the member `amid` of a case."""
import gc
import os
import resource
import signal
import threading
from contextlib import contextmanager

# By then a call that waits for its answer is under way.
MOMENT = 0.06


@contextmanager
def amid(what, client):
    """With None nothing happens."""
    with {None: nothing, "cancel": cancel, "fork": fork, "signals": signals, "no_descriptors": no_descriptors}[what](client):
        yield


@contextmanager
def nothing(client):
    yield


@contextmanager
def cancel(client):
    ended = threading.Event()

    def fire():
        # Again, because a call that has not begun by then is not ended.
        while not ended.wait(MOMENT):
            client.cancel()

    thread = threading.Thread(target=fire)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def fork(client):
    codes = []

    def have_child():
        child = os.fork()
        if child == 0:
            os._exit(7)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    timer = threading.Timer(MOMENT, have_child)
    timer.start()
    try:
        yield
    finally:
        timer.join()
    assert codes == [7], f"the child ended with {codes}"


@contextmanager
def signals(client):
    seen = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    # Python takes them when it comes round to it, between the library's slices of waiting.
    assert seen, "no signal came"


@contextmanager
def no_descriptors(client):
    # What cases before left in circles holds connections, up to a score: collected during the call it
    # would give their descriptors to it.
    gc.collect()
    lowest = os.dup(0)
    os.close(lowest)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
