"""killing.py: what the tests that kill the real binary share.

They are called as TEST.py CICLO [...]. CICLO_ROUNDS makes them longer, CICLO_SEED repeats the
moments (what the machine does in them, it does not)."""

import os
import random
import signal
import subprocess
import sys
import time

ciclo = sys.argv[1]
times = int(os.environ.get('CICLO_ROUNDS', '1'))
seed = int(os.environ.get('CICLO_SEED', random.randrange(1 << 32)))
chance = random.Random(seed)
print(f'# CICLO_SEED={seed}')


def run(*words):
    return subprocess.run([ciclo, *words], capture_output=True, text=True, check=False)


def must(*words):
    ended = run(*words)
    if ended.returncode:
        raise SystemExit(f'ciclo {" ".join(words)}: {ended.stderr}')
    return ended.stdout


def must_in_s(*words):
    """How long it takes."""
    begun = time.monotonic()
    must(*words)
    return time.monotonic() - begun


def kill(seconds, *words):
    """Runs it, and kills it at a random moment of so many seconds unless it has ended by then.
    Its status, -SIGKILL when it was killed."""
    with subprocess.Popen([ciclo, *words], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as child:
        try:
            child.wait(chance.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
        return child.returncode


def remove(shop):
    for side in '', '-wal', '-shm':
        if os.path.exists(shop + side):
            os.remove(shop + side)


def tell(names, wrong):
    """TAP: what must hold, and the first time that it did not. The program's status."""
    for at, name in enumerate(names):
        print('not ok' if name in wrong else 'ok', at + 1, '-', name)
        for line in wrong.get(name, '').splitlines()[:20]:
            print('#', line)
    print(f'1..{len(names)}')
    return 1 if wrong else 0
