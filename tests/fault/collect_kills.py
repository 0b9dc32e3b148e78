#!/usr/bin/env python3
"""collect_kills.py CICLO ROUNDS: a server that collects, killed with -9 again and again under the
load of several clients, which send a batch until they hear that it is on disk.

Nothing acknowledged is lost, nothing is there twice, ciclo verify finds nothing wrong.
CICLO_SEED repeats the moments (what the machine does in them, it does not)."""

import base64
import gzip
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ciclo, rounds = sys.argv[1], int(sys.argv[2])
seed = int(os.environ.get('CICLO_SEED', random.randrange(1 << 32)))
chance = random.Random(seed)
print(f'# CICLO_SEED={seed}')

CLIENTS = 4
ROUNDS_A_CHECK = 10
ROUNDS_A_FILE = 50  # then a new one, so that rounds do not get slower


def must(*words):
    ended = subprocess.run([ciclo, *words], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f'ciclo {" ".join(words)}: {ended.stdout}{ended.stderr}')
    return ended.stdout


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Client(threading.Thread):
    """Sends a batch again and again until it is acknowledged, then the next."""

    def __init__(self, name, port):
        super().__init__()
        self.prefix, self.port, self.chance = name, port, random.Random(f'{seed} {name}')
        self.acknowledged, self.sent, self.answers, self.wrong = [], [], 0, ''
        self.stop = False

    def body(self, ids):
        events = [{'type': 'track', 'event': 'Seen', 'userId': f'c{sum(i.encode()) % 500}',
                   'messageId': i, 'timestamp': '2026-01-01T00:00:00Z',
                   'properties': {'n': self.chance.randrange(1000)}} for i in ids]
        return json.dumps({'batch': events}).encode()

    def send(self, body):
        """The status; None when the answer was not heard."""
        packed = self.chance.random() < 0.3
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=20)
        try:
            connection.request('POST', '/v1/batch', gzip.compress(body) if packed else body,
                               {'Authorization': 'Basic ' + base64.b64encode(b'k:').decode()})
            answer = connection.getresponse()
            told = json.loads(answer.read())
            if answer.status == 200 and told['refused']:
                self.wrong = str(told)
            return answer.status
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def run(self):
        number = 0
        while not self.stop:
            ids = [f'{self.prefix}.{number + i}' for i in range(self.chance.randrange(1, 40))]
            number += len(ids)
            self.sent += ids
            body = self.body(ids)
            while not self.stop:
                status = self.send(body)
                if status == 200:
                    self.acknowledged += ids
                    self.answers += 1
                    break
                if status is None or status in (429, 503):
                    time.sleep(0.01)
                    continue
                self.wrong = f'status {status}'
                return


def serve(shop, port):
    child = subprocess.Popen([ciclo, 'serve', shop, '--listen', f'127.0.0.1:{port}'],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not child.stdout.readline():
        raise SystemExit(f'ciclo serve: {child.stderr.read()}')
    return child


def kill(child):
    child.send_signal(signal.SIGKILL)
    child.communicate()


class Run:
    def __init__(self):
        self.wrong = {}
        self.events = self.answers = 0

    def need(self, holds, name, what=''):
        if not holds:
            self.wrong.setdefault(name, what)


KEPT = 'nothing acknowledged is lost'
ONCE = 'nothing is there twice, nor what nobody sent'
VERIFY = 'ciclo verify finds nothing wrong'
TAKEN = 'nothing that was sent is refused, nor dropped for ever'
NAMES = [KEPT, ONCE, VERIFY, TAKEN]


def check(state, shop, clients):
    acknowledged = {i for client in clients for i in list(client.acknowledged)}
    ended = subprocess.run([ciclo, 'verify', shop], capture_output=True, text=True, check=False)
    state.need(ended.returncode == 0, VERIFY, ended.stdout + ended.stderr)
    there = must('sql', shop, 'select id from events', '--csv').split()[1:]
    state.need(acknowledged <= set(there), KEPT, str(sorted(acknowledged - set(there))[:5]))
    sent = {i for client in clients for i in list(client.sent)}
    state.need(len(set(there)) == len(there) and set(there) <= sent, ONCE,
               f'{len(there)} events, {len(set(there))} ids')


def kill_again_and_again(state, shop, n):
    port = free_port()
    must('init', shop)
    clients = [Client(f'{chance.randrange(1 << 40)}-{i}', port) for i in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for i in range(n):
            child = serve(shop, port)
            time.sleep(chance.uniform(0, 0.4))
            kill(child)
            if i % ROUNDS_A_CHECK == 0:
                check(state, shop, clients)
    finally:
        for client in clients:
            client.stop = True
        for client in clients:
            client.join()
    check(state, shop, clients)
    for client in clients:
        state.need(not client.wrong, TAKEN, client.wrong)
        state.events += len(client.acknowledged)
        state.answers += client.answers


def main():
    state = Run()
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, rounds, ROUNDS_A_FILE):
            kill_again_and_again(state, f'{folder}/{first}.ciclo',
                                 min(ROUNDS_A_FILE, rounds - first))
    state.need(state.events, KEPT, 'no event was acknowledged')
    print(f'# {rounds} kills, {state.events} events acknowledged in {state.answers} answers')
    for at, name in enumerate(NAMES):
        print('not ok' if name in state.wrong else 'ok', at + 1, '-', name)
        for line in state.wrong.get(name, '').splitlines()[:20]:
            print('#', line)
    print(f'1..{len(NAMES)}')
    return 1 if state.wrong else 0


sys.exit(main())
