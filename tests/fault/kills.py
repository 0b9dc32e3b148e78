#!/usr/bin/env python3
"""kills.py CICLO: the real binary, killed with -9 at random moments of imports and of serving.

What an import said it had done is there wholly; what was killed is there wholly or not at all;
nothing is there twice; ciclo verify finds nothing wrong; and a file that went through all of it
holds the same histories as one that was left in peace."""

import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from killing import chance, ciclo, kill, must, must_in_s, remove, run, tell, times

ROUNDS = 10 * times
ROUNDS_A_FILE = 20  # then a new one, so that rounds do not get slower
CUSTOMERS = 3000
IMPORT_S = 0.5  # how long one import shall take here


def write_events(path, batch, n):
    """n events that no other batch has, some of the customers new, most times late."""
    with open(path, 'w', encoding='utf-8') as out:
        for i in range(n):
            day, hour = 1 + (i * 7 + batch) % 28, (i * 5 + batch) % 24
            customer = i * 7919 % CUSTOMERS + batch * 10
            out.write(f'{{"type":"track","event":"{("visit", "purchase", "login")[i % 3]}",'
                      f'"userId":"c{customer}","messageId":"{batch}.{i}",'
                      f'"timestamp":"2026-01-{day:02}T{hour:02}:00:00Z",'
                      f'"properties":{{"revenue":{i % 100},"sku":"s{i % 50}"}}}}\n')


def report_of(shop, data):
    return json.loads(must('import', shop, data, '--json'))


def seconds_of_import(folder, n):
    shop, data = f'{folder}/measure.ciclo', f'{folder}/measure.jsonl'
    remove(shop)
    must('init', shop)
    write_events(data, 0, n)
    return must_in_s('import', shop, data)


class Run:
    """Counts what must hold, and tells the first time that it does not."""

    def __init__(self):
        self.wrong = {}
        self.killed = self.came_through = self.ended = 0

    def need(self, holds, name, what=''):
        if not holds:
            self.wrong.setdefault(name, what)

    def check(self, shop):
        ended = run('verify', shop)
        self.need(ended.returncode == 0, VERIFY, ended.stdout + ended.stderr)


SAID = 'what an import said it had done is there'
WHOLE = 'what was killed is there wholly or not at all'
VERIFY = 'ciclo verify finds nothing wrong'
SAME = 'the file holds what one holds that was left in peace'
SERVED = 'a server that is killed leaves a good file'
NAMES = [SAID, WHOLE, VERIFY, SAME, SERVED]


def kill_an_import(state, shop, data, n, seconds):
    """The import is killed, or ends before; then it is run again, undisturbed."""
    status = kill(1.1 * seconds, 'import', shop, data, '--json')
    state.check(shop)
    report = report_of(shop, data)
    parts = report['events'], report['known']
    if status == 0:
        state.ended += 1
        state.need(parts == (0, n), SAID, f'{parts} of {n}')
    else:
        state.killed += 1
        state.came_through += parts == (0, n)
        state.need(status == -signal.SIGKILL and parts in ((0, n), (n, 0)), WHOLE,
                   f'status {status}: {parts} of {n}')


def ask(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def kill_a_server(state, shop, seconds):
    with subprocess.Popen([ciclo, 'serve', shop, '--listen', '127.0.0.1:0'],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as child:
        words = child.stdout.readline().split()
        url = next((word for word in words if word.startswith('http')), '')
        until = time.monotonic() + chance.uniform(0, seconds / 5)
        state.need(ask(url + 'api/stages'), SERVED, f'it does not answer at {url}')
        while time.monotonic() < until:
            ask(url + 'api/stages')
        child.send_signal(signal.SIGKILL)
    state.check(shop)


def main():
    state = Run()
    with tempfile.TemporaryDirectory() as folder:
        n = 5000
        seconds = seconds_of_import(folder, n)
        if seconds < IMPORT_S:
            n = int(n * min(IMPORT_S / seconds, 40))
            seconds = seconds_of_import(folder, n)
        for first in range(0, ROUNDS, ROUNDS_A_FILE):
            shop, peace = f'{folder}/shop.ciclo', f'{folder}/peace.ciclo'
            for made in shop, peace:
                remove(made)
                must('init', made)
            for batch in range(first, min(first + ROUNDS_A_FILE, ROUNDS)):
                data = f'{folder}/batch.jsonl'
                write_events(data, batch, n)
                kill_an_import(state, shop, data, n, seconds)
                if batch % 5 == 0:
                    kill_a_server(state, shop, seconds)
                seconds = must_in_s('import', peace, data)  # the machine may be busier now
            hashes = [must('replay', made, '--hash') for made in (shop, peace)]
            state.need(hashes[0] == hashes[1] and hashes[0], SAME, str(hashes))
    print(f'# {n} events an import: {state.killed} killed ({state.came_through} of them '
          f'after their commit), {state.ended} ended before')
    return tell(NAMES, state.wrong)


sys.exit(main())
