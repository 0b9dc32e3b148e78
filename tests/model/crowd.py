#!/usr/bin/env python3
"""crowd.py: people with three devices each, shared ones, values that are nobody's, storms of
aliases, aliases of themselves, e-mail addresses of several, tills and cashiers that meet
everybody. All that they did comes into one file as lines and into another as batches over HTTP,
in two random orders, some of it twice. In both everybody is who he is for a twin that was written
from docs/identity.md alone. Then people decide who is one and who is not, and take it all back:
what is exported is the same, byte for byte.

CICLO is the binary. CICLO_SEED repeats a run; a round of CICLO_ROUNDS (1) is 100 people with ten
events each, so that 1000 are a million events."""
import atexit, csv, ctypes, http.client, json, os, random, resource, subprocess, sys, tempfile
import threading, time

CICLO = os.environ['CICLO']
SEED = int(os.environ.get('CICLO_SEED', random.SystemRandom().randrange(2**32)))
PEOPLE = 100 * int(os.environ.get('CICLO_ROUNDS', 1))
EVENTS = 10 * PEOPLE
DECISIONS = min(1000, PEOPLE // 5)
BATCH, SENDERS = 1000, 4

MODEL = """ciclo: 1
events: { visit: {} }
lifecycle:
  start: seen
  stages: { seen: {}, usual: {}, gone: {} }
  moves:
    - { from: [seen, gone], to: usual, when: "count(visit, 7d) >= 3" }
    - { from: usual, to: gone, when: "since(visit) >= 7d" }
"""

# --- what happened ---

r = random.Random(SEED)


def around(person):
    """Somebody near him."""
    return (person + r.randrange(1, 4)) % PEOPLE


def device(person):
    if r.random() < 0.004:
        return f'till{r.randrange(1 + PEOPLE // 500)}'
    return f'd{3 * (around(person) if r.random() < 0.03 else person) + r.randrange(3)}'


def mail(person):
    return f'Zoë{person}@X.it' if r.random() < 0.9 else f' family{person // 3}@x.it '


def track(**who):
    return {'type': 'track', 'event': 'visit', **who}


def alias(user, previous):
    return {'type': 'alias', 'userId': user, 'previousId': previous}


def storm(person):
    """Everybody around is everybody else's former self."""
    names = [f'u{(person + i) % PEOPLE}' for i in range(r.choice([2, 3, 12]))]
    names += [device(person), f'old{person}', 'null']
    return [alias(r.choice(names), r.choice(names)) for _ in range(r.randrange(3, 15))]


def happen(person):
    kind = r.random()
    user = f'u{person}'
    if kind < 0.40:
        return [track(anonymousId=device(person))]
    if kind < 0.65:
        return [track(userId=user, anonymousId=device(person))]
    if kind < 0.70:
        return [track(userId=r.choice(['null', 'NaN', '0000', ' undefined ', '-']),
                      anonymousId=device(person))]
    if kind < 0.80:
        return [{'type': 'identify', 'traits': {'email': mail(person)}}
                | ({'userId': user} if r.random() < 0.5 else {'anonymousId': device(person)})]
    if kind < 0.88:
        ids = [{'type': 'email', 'id': mail(person)}, {'type': 'crm', 'id': 1000 + person}]
        return [track(context={'externalIds': ids[r.randrange(2):], 'device': {'id': f'h{person}'}})]
    if kind < 0.90:
        return [track(userId=f'cashier{r.randrange(1 + PEOPLE // 2000)}', anonymousId=device(person))]
    if kind < 0.93:
        return [alias(user, device(person))]
    if kind < 0.95:
        return [alias(user, user)]
    if kind < 0.955:
        return storm(person)
    return [track(userId=user)]


def all_calls():
    calls = []
    while len(calls) < EVENTS:
        day = r.randrange(1, 29)
        for call in happen(r.randrange(PEOPLE)):
            call['messageId'] = f'm{len(calls)}'
            call['timestamp'] = f'2026-01-{day:02}T{r.randrange(24):02}:{r.randrange(60):02}:00.000Z'
            calls.append(call)
    return calls


# --- the twin: docs/identity.md, word by word ---

KINDS = {'userId': 0, 'anonymousId': 1, 'email': 2, 'phone': 3, 'device': 4, 'other': 5}
LIMITS = (10, 200, 5, 5, 20, 20)
NOBODY = ('null', 'nan', '0000', 'undefined', '-')
NEVER = '9'
EVENT, ALIAS, DECIDED = range(3)
xxhash = ctypes.CDLL('libxxhash.so.0')
xxhash.XXH3_64bits.restype = ctypes.c_uint64


def find_ids(call):
    found = {(KINDS[name], call[name].strip()) for name in ('userId', 'anonymousId') if name in call}
    context = call.get('context', {})
    for one in context.get('externalIds', []):
        found.add((2, one['id'].strip().lower()) if one['type'] == 'email'
                  else (5, f'{one["type"]}:{one["id"]}'))
    if 'device' in context:
        found.add((4, context['device']['id']))
    if 'email' in call.get('traits', {}):
        found.add((2, call['traits']['email'].strip().lower()))
    return sorted(one for one in found if one[1].lower() not in NOBODY)


class Twin:
    def __init__(self, calls, decisions):
        self.first, self.anchor, links = {}, {}, {}
        for call in calls:
            self.take(call, links)
        apart, last = [], {}
        for one in sorted(decisions, key=self.turn):
            p = one['properties']
            a, b = sorted((KINDS[p[name + '_kind']], p[name]) for name in 'ab')
            last[a, b] = (p['says'], self.turn(one))
        for (a, b), (says, turn) in last.items():
            for one in (a, b):
                self.first.setdefault(one, NEVER)
            if says == 'merge':
                links[DECIDED, a, b] = turn
            elif says == 'apart':
                apart.append((a, b))
        self.join(sorted((turn, link) for link, turn in links.items()), apart)

    def turn(self, call):
        name = call['messageId'].encode()
        return call['timestamp'], xxhash.XXH3_64bits(name, ctypes.c_size_t(len(name)))

    def take(self, call, links):
        ids, turn = find_ids(call), self.turn(call)
        if not ids:
            return
        anchor = self.anchor[call['messageId']] = ids[0]
        tied = [(EVENT, one) for one in ids[1:]]
        for one in ids:
            self.first[one] = min(self.first.get(one, NEVER), turn[0])
        previous = call.get('previousId', 'null').strip()
        if anchor[0] == 0 and previous.lower() not in NOBODY and previous != anchor[1]:
            tied += [(ALIAS, (0, previous)), (EVENT, (1, previous))]
        for tie, one in tied:
            self.first.setdefault(one, NEVER)
            link = (tie, *sorted((anchor, one)))
            if link not in links or turn < links[link]:
                links[link] = turn

    def root(self, one):
        while self.parent[one] != one:
            self.parent[one] = one = self.parent[self.parent[one]]
        return one

    def may_join(self, tie, a, b):
        if self.apart.get(a, set()) & self.members[b]:
            return False
        if tie == DECIDED:
            return True
        of_a, of_b = self.count[a], self.count[b]
        if tie == EVENT and of_a[0] and of_b[0]:
            return False
        return all(not x or not y or x + y <= most for x, y, most in zip(of_a, of_b, LIMITS))

    def join(self, links, apart):
        self.parent = {one: one for one in self.first}
        self.members = {one: {one} for one in self.first}
        self.count = {one: [int(kind == one[0] and at != NEVER) for kind in range(6)]
                      for one, at in self.first.items()}
        self.apart = {}
        for a, b in apart:
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)
        self.refused = 0
        for _, (tie, a, b) in links:
            a, b = self.root(a), self.root(b)
            if a == b:
                continue
            if not self.may_join(tie, a, b):
                self.refused += 1
                continue
            if len(self.members[a]) < len(self.members[b]):
                a, b = b, a
            self.parent[b] = a
            self.members[a] |= self.members.pop(b)
            self.count[a] = [x + y for x, y in zip(self.count[a], self.count.pop(b))]
            if b in self.apart:
                self.apart.setdefault(a, set()).update(self.apart.pop(b))

    def name(self, one):
        return min(self.members[self.root(one)],
                   key=lambda m: (self.first[m] == NEVER, m[0], self.first[m], m[1]))

    def homes(self):
        names = {root: self.name(root) for root in self.members}
        return {message: names[self.root(one)] for message, one in self.anchor.items()}


# --- the file ---

folder = tempfile.TemporaryDirectory()
tests = failed = 0


def path(name):
    return os.path.join(folder.name, name)


def ok(name, is_so, why=''):
    global tests, failed
    tests += 1
    failed += not is_so
    print(f'{"ok" if is_so else "not ok"} {tests} - {name}{"" if is_so else f" # {why}"}', flush=True)


def note(what, began, held=''):
    print(f'# {what}: {time.monotonic() - began:.1f} s {held}', flush=True)


def held_by(process):
    """At most, so far."""
    with open(f'/proc/{process.pid}/status') as status:
        return ''.join(f'{int(line.split()[1]) >> 10} MiB' for line in status if 'VmHWM' in line)


def ciclo(*words, to=os.devnull, fails=False):
    began, held = time.monotonic(), ''
    with open(to, 'wb') as out:
        process = subprocess.Popen([CICLO, *words], stdout=out)
        while process.poll() is None:
            held = held_by(process) or held
            time.sleep(0.02)
    if process.returncode and not fails:
        sys.exit(f'ciclo {words[0]} fails')
    note(' '.join(os.path.basename(word) for word in words), began, held)
    return process.returncode == 0


def export(file, name):
    """Decisions stand in a list of their own: they are events, and stay."""
    ciclo('export', path(file), 'events', '--json', to=path('events'))
    ciclo('export', path(file), 'stages', '--at', '2026-02-20', to=path(name + '.stages'))
    ciclo('export', path(file), 'customers', '--at', '2026-02-20', to=path(name + '.customers'))
    with open(path('events')) as events, open(path(name + '.events'), 'w') as others:
        decided = []
        for line in events:
            if '"identity_decided"' in line:
                decided.append(json.loads(line))
            else:
                others.write(line)
    return decided


def need_homes(title, file, twin):
    """An exported event has the ids that it came by; whose it is now, a query says."""
    wanted = {message: home[1] for message, home in twin.homes().items()}
    ciclo('sql', path(file), "select id, customer from events where type <> 'identity_decided'",
          '--csv', to=path('homes'))
    with open(path('homes'), newline='') as rows:
        next(rows)
        found = dict(csv.reader(rows))
    other = [message for message in wanted if found.get(message) != wanted[message]]
    ok(title, not other and len(found) == len(wanted),
       f'{len(wanted)} events, {len(found)} found; ' + '; '.join(
           f'{m}: {found.get(m)} instead of {wanted[m]}' for m in other[:5]))


def need_whole(file):
    is_whole = ciclo('verify', path(file), to=path('said'), fails=True)
    with open(path('said')) as said:
        ok(f'{file} is whole', is_whole, said.read()[-500:].replace('\n', ' '))


class Server:
    def __init__(self, file):
        self.process = subprocess.Popen([CICLO, 'serve', path(file), '--listen', '127.0.0.1:0'],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(self.process.kill)
        for line in self.process.stdout:
            if ' at http://' in line:
                self.port = int(line.split(' at http://')[1].split('/')[0].split(':')[1].split()[0])
                return
        sys.exit('the server does not start')

    def connect(self):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=100)

    def end(self):
        held = held_by(self.process)
        self.process.terminate()
        self.process.wait()
        return held


def post(to, where, body):
    to.request('POST', where, body, {'Content-Type': 'application/json'})
    answer = to.getresponse()
    return answer.status, answer.read()


def send(server, bodies, wrong):
    to = server.connect()
    while True:
        try:
            body = bodies.pop()
        except IndexError:
            return
        status, text = post(to, '/v1/batch', body)
        while status in (429, 503):
            time.sleep(0.2)
            status, text = post(to, '/v1/batch', body)
        if status != 200:
            wrong.append((status, text))


def serve_all(file, lines):
    began = time.monotonic()
    bodies = [f'{{"batch":[{",".join(lines[i:i + BATCH])}]}}'.encode()
              for i in range(0, len(lines), BATCH)]
    bodies += bodies[::50]  # sent again
    server, wrong = Server(file), []
    senders = [threading.Thread(target=send, args=(server, bodies, wrong)) for _ in range(SENDERS)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    note('all over HTTP', began, server.end())
    ok('every batch is taken', not wrong, wrong[:1])


# --- decisions ---


def text_of(one):
    return one[1] if one[0] == 5 else f'{list(KINDS)[one[0]]}:{one[1]}'


def pairs_of(twin):
    """Some of one customer, some of two; events carry each."""
    carried = [one for one, at in twin.first.items() if at != NEVER]
    pairs = set()
    while len(pairs) < DECISIONS:
        a, b = r.choice(carried), r.choice(carried)
        if r.random() < 0.5:
            b = r.choice([one for one in twin.members[twin.root(a)] if twin.first[one] != NEVER])
        if a != b:
            pairs.add((min(a, b), max(a, b)))
    return sorted(pairs)


def decide(file, said):
    began = time.monotonic()
    server = Server(file)
    to = server.connect()
    wrong = []
    for (a, b), says in said:
        body = json.dumps({'a': text_of(a), 'b': text_of(b), 'says': says})
        answer = post(to, '/api/identity', body)
        if answer[0] != 200:
            wrong.append((a, b, says, answer))
    note(f'{len(said)} decisions', began, server.end())
    ok('decisions are taken', not wrong, wrong[:1])


def main():
    print(f'# CICLO_SEED={SEED}: {EVENTS} events of {PEOPLE} people')
    calls = all_calls()
    began = time.monotonic()
    twin = Twin(calls, [])
    note(f'twin: {len(twin.members)} customers of {len(twin.first)} ids, {twin.refused} links refused',
         began)
    with open(path('model'), 'w') as model:
        model.write(MODEL)
    lines = [json.dumps(call, ensure_ascii=False) for call in calls]
    for file in ('lines', 'batches'):
        ciclo('init', path(file), '--model', path('model'))
    r.shuffle(lines)
    with open(path('in.jsonl'), 'w') as text:
        for line in lines + lines[::100]:
            text.write(line + '\n')
    ciclo('import', path('lines'), path('in.jsonl'))
    r.shuffle(lines)
    serve_all('batches', lines)
    for file in ('lines', 'batches'):
        export(file, file)
        need_homes(f'everybody is who he is: {file}', file, twin)
        need_whole(file)
    same = all(sorted(open(path('lines' + what))) == sorted(open(path('batches' + what)))
               for what in ('.events', '.stages', '.customers'))
    ok('both files say the same', same)

    pairs = pairs_of(twin)
    decide('batches', [(pair, r.choice(['merge', 'apart'])) for pair in pairs])
    decisions = export('batches', 'decided')
    ok('decisions are events', len(decisions) == len(pairs), len(decisions))
    decided = Twin(calls, decisions)
    ok('and change who is who', decided.homes() != twin.homes())
    need_homes('everybody is who people say', 'batches', decided)
    decide('batches', [(pair, 'undecided') for pair in pairs])
    export('batches', 'after')
    need_homes('everybody is who he was', 'batches', twin)
    for what in ('events', 'stages', 'customers'):
        with open(path('batches.' + what), 'rb') as before, open(path('after.' + what), 'rb') as after:
            ok(f'taken back, all {what} are as they were', before.read() == after.read())
    need_whole('batches')
    print(f'# this program held {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB')
    print(f'1..{tests}')
    sys.exit(failed != 0)


main()
