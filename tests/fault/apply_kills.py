#!/usr/bin/env python3
"""apply_kills.py CICLO [KILLS]: ciclo model apply, killed with -9 at random moments, so many times
while it ran.

Each time the file holds the old version or the new one, with just the histories that its text gives,
and ciclo verify finds nothing wrong."""

import shutil
import signal
import sys
import tempfile

from killing import kill, must, must_in_s, remove, run, tell, times

KILLS = int(sys.argv[2] if len(sys.argv) > 2 else 200) * times
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
    remove(copy)
    shutil.copyfile(f'{folder}/shop.ciclo', copy)
    status = kill(seconds, 'model', 'apply', copy, f'{folder}/40.yaml', '--clock', AT)
    verified = run('verify', copy)
    if verified.returncode:
        wrong.setdefault(VERIFY, verified.stdout + verified.stderr)
    text = must('model', 'show', copy)
    days = next((days for days in wanted if text == MODEL.format(days=days)), None)
    if days is None or status not in (0, -signal.SIGKILL) or (status == 0 and days != 40):
        wrong.setdefault(WHOLE, f'status {status}: {text}')
        return status, None
    got = history_of(copy, f'{folder}/got'), open(f'{folder}/got', encoding='utf-8').read()
    if got != wanted[days]:
        wrong.setdefault(HISTORY, f'status {status}, {days} days: {got}, not {wanted[days]}')
    return status, days


WHOLE = 'the old version stands there, or the new one'
HISTORY = 'and just the histories that its text gives'
VERIFY = 'ciclo verify finds nothing wrong'
KILLED = 'it was killed as often as it should be'
NAMES = [WHOLE, HISTORY, VERIFY, KILLED]


def main():
    wrong, old, new, ended = {}, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        shop = prepare(folder)
        wanted = {20: (history_of(shop, f'{folder}/w'), open(f'{folder}/w', encoding='utf-8').read())}
        shutil.copyfile(shop, f'{folder}/other.ciclo')
        seconds = must_in_s('model', 'apply', f'{folder}/other.ciclo', f'{folder}/40.yaml', '--clock', AT)
        wanted[40] = (history_of(f'{folder}/other.ciclo', f'{folder}/w'),
                      open(f'{folder}/w', encoding='utf-8').read())
        if wanted[20] == wanted[40]:
            raise SystemExit('the two models give the same histories')
        while not wrong and old + new < KILLS and ended < 2 * KILLS + 10:
            status, days = try_one(folder, 1.1 * seconds, wanted, wrong)
            ended += status == 0
            old += status != 0 and days == 20
            new += status != 0 and days == 40
            # The machine may be busier now, or idler.
            seconds *= 0.95 if status == 0 else 1.02
    if not wrong and old + new < KILLS:
        wrong[KILLED] = f'only {old + new} of {KILLS}'
    print(f'# {old + new} killed while it ran: {old} before the switch, {new} after it; {ended} more had '
          'ended')
    return tell(NAMES, wrong)


sys.exit(main())
