#!/usr/bin/env python3
"""apply_kills.py CICLO [ROUNDS]: ciclo model apply, killed with -9 at random moments.

Each time the file holds the old version or the new one, with just the histories that its text gives,
and ciclo verify finds nothing wrong. CICLO_ROUNDS makes it longer, CICLO_SEED repeats the moments
(what the machine does in them, it does not)."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ciclo = sys.argv[1]
rounds = int(sys.argv[2] if len(sys.argv) > 2 else 200) * int(os.environ.get('CICLO_ROUNDS', '1'))
seed = int(os.environ.get('CICLO_SEED', random.randrange(1 << 32)))
chance = random.Random(seed)
print(f'# CICLO_SEED={seed}')

CUSTOMERS, EVENTS = 4000, 20000
AT = '2026-06-01'
MODEL = '''ciclo: 1
events: {{ purchase: {{}}, visit: {{}} }}
lifecycle:
  start: known
  stages: {{ known: {{}}, buyer: {{}}, away: {{}} }}
  moves:
    - {{ from: [known, away], to: buyer, when: "since(purchase) < {days}d" }}
    - {{ from: [known, buyer], to: away, when: "since(any) >= {days}d" }}
'''


def run(*words):
    return subprocess.run([ciclo, *words], capture_output=True, text=True, check=False)


def must(*words):
    ended = run(*words)
    if ended.returncode:
        raise SystemExit(f'ciclo {" ".join(words)}: {ended.stderr}')
    return ended.stdout


def history_of(shop, name):
    """The hash of everybody's moves, as the file has them (stages) and computed anew (replay)."""
    with open(name, 'w', encoding='utf-8') as out:
        out.write(must('stages', shop, '--at', AT, '--clock', AT, '--csv'))
    return must('replay', shop, '--hash', '--at', AT, '--clock', AT)


def prepare(folder):
    shop = f'{folder}/shop.ciclo'
    for days in 20, 40:
        with open(f'{folder}/{days}.yaml', 'w', encoding='utf-8') as out:
            out.write(MODEL.format(days=days))
    with open(f'{folder}/events.jsonl', 'w', encoding='utf-8') as out:
        for i in range(EVENTS):
            out.write(f'{{"type":"track","event":"{("visit", "purchase")[i * i % 7 % 2]}",'
                      f'"userId":"c{i * 7919 % CUSTOMERS}","messageId":"{i}","timestamp":'
                      f'"2026-0{1 + i % 5}-{1 + i * 3 % 28:02}T{i % 24:02}:00:00Z"}}\n')
    must('init', shop, '--clock', AT)
    must('import', shop, f'{folder}/events.jsonl', '--clock', AT)
    must('model', 'apply', shop, f'{folder}/20.yaml', '--clock', AT)
    return shop


def try_one(folder, seconds, wanted, wrong):
    """Applies the second model to a copy; what stands there afterwards."""
    copy = f'{folder}/copy.ciclo'
    for side in '-wal', '-shm':
        if os.path.exists(copy + side):
            os.remove(copy + side)
    shutil.copyfile(f'{folder}/shop.ciclo', copy)
    with subprocess.Popen([ciclo, 'model', 'apply', copy, f'{folder}/40.yaml', '--clock', AT],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            child.wait(chance.uniform(0, 1.1 * seconds))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
        status = child.returncode
    verified = run('verify', copy)
    if verified.returncode:
        wrong.setdefault(VERIFY, verified.stdout + verified.stderr)
    text = must('model', 'show', copy)
    days = next((days for days in wanted if text == MODEL.format(days=days)), None)
    if days is None or (status == 0 and days != 40):
        wrong.setdefault(WHOLE, f'status {status}: {text}')
        return status, None
    got = history_of(copy, f'{folder}/got'), open(f'{folder}/got', encoding='utf-8').read()
    if got != wanted[days]:
        wrong.setdefault(HISTORY, f'status {status}, {days} days: {got}, not {wanted[days]}')
    return status, days


WHOLE = 'the old version stands there, or the new one'
HISTORY = 'and just the histories that its text gives'
VERIFY = 'ciclo verify finds nothing wrong'
NAMES = [WHOLE, HISTORY, VERIFY]


def main():
    wrong, old, new, ended = {}, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        shop = prepare(folder)
        wanted = {20: (history_of(shop, f'{folder}/w'), open(f'{folder}/w', encoding='utf-8').read())}
        shutil.copyfile(shop, f'{folder}/other.ciclo')
        begun = time.monotonic()
        must('model', 'apply', f'{folder}/other.ciclo', f'{folder}/40.yaml', '--clock', AT)
        seconds = time.monotonic() - begun
        wanted[40] = (history_of(f'{folder}/other.ciclo', f'{folder}/w'),
                      open(f'{folder}/w', encoding='utf-8').read())
        if wanted[20] == wanted[40]:
            raise SystemExit('the two models give the same histories')
        for _ in range(rounds):
            status, days = try_one(folder, seconds, wanted, wrong)
            ended += status == 0
            old += status != 0 and days == 20
            new += status != 0 and days == 40
    print(f'# {old} killed before the switch, {new} after it, {ended} ended before')
    for at, name in enumerate(NAMES):
        print('not ok' if name in wrong else 'ok', at + 1, '-', name)
        for line in wrong.get(name, '').splitlines()[:20]:
            print('#', line)
    print(f'1..{len(NAMES)}')
    return 1 if wrong else 0


sys.exit(main())
