#!/usr/bin/env python3
"""People of chance, each with ids of every kind and with words and numbers that nobody else has, in
everything that a file holds: events by lines and over HTTP, names of types and properties, refused
lines, decisions and suspicions, in what webhooks are still to be told, and in what others did. Some
are erased, while the file is served and while it is not. None of their words is then in any byte,
packed or not, nor in what is made of the file afterwards; those of others all are."""
import atexit, http.client, json, os, random, subprocess, sys, tempfile, time

ROOT, CICLO = os.environ['ROOT'], os.environ['CICLO']
sys.path.insert(0, ROOT + '/tests/support')
from inside import pieces

SEED = int(os.environ.get('CICLO_SEED', random.SystemRandom().randrange(2**32)))
# What is looked for, and where, both grow with the people.
PEOPLE, ERASED = 8 + 2 * int(os.environ.get('CICLO_ROUNDS', 1)), 4
MODEL = """ciclo: 1
events: { visit: {}, order: { properties: { total: number } } }
lifecycle:
  start: seen
  stages: { seen: {}, buyer: {} }
  moves: [ { from: seen, to: buyer, when: "exists(order)" } ]
segments: { often: { when: "count(any) >= 3" } }
"""
r = random.Random(SEED)
folder = tempfile.TemporaryDirectory()
os.mkdir(folder.name + '/tmp')
os.mkdir(folder.name + '/file')
os.environ['TMPDIR'] = os.environ['SQLITE_TMPDIR'] = folder.name + '/tmp'
shop = folder.name + '/file/shop.ciclo'
tests = failed = 0


def ok(name, is_so, why=''):
    global tests, failed
    tests += 1
    failed += not is_so
    print(f'{"ok" if is_so else "not ok"} {tests} - {name}{"" if is_so else f" # {why}"}', flush=True)


def ciclo(*words):
    done = subprocess.run([CICLO, *words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'ciclo {words}: {done.stderr}')
    return done.stdout


# --- people ---


class Person:
    def __init__(self, number):
        self.marks = {}  # what nobody else has: what it is
        is_numbered = number % 4 == 3
        self.user = self.mark(str(r.randrange(10**11, 10**12)), 'user') if is_numbered else self.word('user')
        self.browser = [self.word('browser'), self.word('browser')]
        self.mail = self.mark(f'Q{r.randrange(10**10)}x@q{r.randrange(10**10)}.Example', 'mail')
        self.phone = self.mark(f'+39{r.randrange(10**8, 10**9)}', 'phone')
        self.device, self.crm = self.word('device'), self.word('crm')
        self.ids = [self.user, *self.browser, self.mail, self.phone, self.device, self.crm]
        self.names = [*self.ids[:-1], 'crm:' + self.crm]

    def mark(self, text, what):
        self.marks[text] = what
        return text

    def word(self, what):
        return self.mark('q' + ''.join(r.choices('abcdefghijkmnopqrstuvwxyzé23456789', k=11)), what)

    def amount(self):
        return self.mark(f'{r.randrange(10**8, 10**9)}.{r.randrange(10**5, 10**6) // 10}1', 'number')


class Raw:
    """A number whose digits stay what they are."""

    def __init__(self, digits):
        self.digits = digits


def print_json(value):
    if isinstance(value, Raw):
        return value.digits
    if isinstance(value, dict):
        return '{' + ','.join(f'{json.dumps(k)}:{print_json(v)}' for k, v in value.items()) + '}'
    if isinstance(value, list):
        return '[' + ','.join(map(print_json, value)) + ']'
    return json.dumps(value, ensure_ascii=r.random() < 0.5)


def call(p, day=None, **members):
    moment = f'2026-01-{day or r.randrange(2, 29):02}T10:{r.randrange(60):02}:{r.randrange(60):02}.000Z'
    name = p.word('messageId') if r.random() < 0.3 else f'm{r.randrange(10**15)}'
    return {'messageId': name, 'timestamp': moment, **members}


def who(p):
    """Some of his ids."""
    members = {}
    if r.random() < 0.6:
        members['userId'] = Raw(p.user) if p.user.isdigit() and r.random() < 0.5 else p.user
    if r.random() < 0.5 or not members:
        members['anonymousId'] = r.choice(p.browser)
    if r.random() < 0.3:
        members['context'] = {'device': {'id': p.device}, 'externalIds': [
            {'type': 'crm', 'id': p.crm}, {'type': 'phone', 'id': p.phone}]}
    return members


def content(p):
    """Properties that are his, by their names or values."""
    return {'note': f'he said {p.word("text")}, and more', 'total': Raw(p.amount()), p.word('property'): 1,
            'tags': ['usual', p.word('item')], 'deep': {'down': {p.word('inner property'): p.word('inner value')},
                                                        'list': [{'x': p.word('inner item')}]}}


def his(p):
    """What he did; the first ties all of his ids."""
    calls = [call(p, 1, type='identify', userId=p.user, anonymousId=p.browser[0],
                  traits={'email': p.mail, 'phone': p.phone, 'name': p.word('trait'),
                          'address': {'city': p.word('inner trait')}},
                  context={'device': {'id': p.device}, 'externalIds': [{'type': 'crm', 'id': p.crm}],
                           'page': {'url': f'https://x.example/{p.word("url")}?q={p.word("url")}'}}),
             call(p, 1, type='track', event='visit', userId=p.user, anonymousId=p.browser[1]),
             call(p, type='track', event=p.word('type'), **who(p), properties=content(p)),
             call(p, type='alias', userId=p.user, previousId=p.word('former id')),
             call(p, type='group', userId=p.user, groupId=p.word('group'), traits={'name': p.word('group name')}),
             call(p, type='page', name=p.word('page'), **who(p), properties={'path': '/' + p.word('path')},
                  integrations={p.word('unused'): p.word('unused')}, other={p.word('unused'): p.word('unused')})]
    return calls + [call(p, type='track', event=r.choice(['visit', 'order']), **who(p), properties=content(p))
                    for _ in range(r.randrange(6))]


def named(p, one):
    """What q did, in which an id of p stands."""
    forms = [one, one.upper() if '@' in one else one]
    if not one.isdigit():
        forms += [f'gift for {one}, gladly', f'({one})', ['someone', one]]
    return {r.choice(['friend_id', 'referred_by_user', 'customer']): r.choice(forms)} | (
        {'free': f'to {one}', 'who': one} if not one.isdigit() else {})


def of_others(p, q, is_first):
    """What q did with p's device, for him, or told of him; of the last two nothing is left."""
    calls = [call(q, type='track', event='visit', userId=q.user, anonymousId=r.choice(p.browser)),
             call(q, type='track', event='order', userId=q.user,
                  properties=named(p, r.choice(p.ids)) | {'own': q.word('own')}),
             call(q, type='track', event='visit', userId=q.user, other={'unused': [p.mail, p.crm]},
                  context={'traits': {'email': p.mail}})]
    if is_first:
        calls += [call(Person(0), type='alias', userId=q.user, previousId=p.browser[0]),
                  call(Person(0), type='alias', userId='nobody' + str(r.randrange(10**9)), previousId=p.browser[1])]
    return calls


def refused(p):
    """Lines that are none, with his ids."""
    return [print_json(c) for c in (
        call(p, type='track', userId=p.user, properties={'x': p.word('refused')}),
        call(p, type='track', anonymousId=p.browser[0], event=7, other=p.word('refused')),
        call(p, type='track', context={'externalIds': [{'type': 'crm', 'id': p.crm}]}, other=p.word('refused')),
        call(p, type='track', event='', userId='null', properties={'email': p.mail.upper(), 'x': p.word('refused')}),
        {'type': 'track', 'userId': p.user, 'event': 'x', 'timestamp': p.word('refused')})] + [
            '{"userId":"' + p.browser[1] + '","broken":"' + p.word('refused')]


# --- the file ---


def has(texts, marks):
    """Which marks stand in any of the (place, bytes); letters of any case."""
    wanted = {mark.lower().encode() for mark in marks}
    found = {}
    for place, text in texts:
        text = text.lower()
        found |= {mark: place for mark in wanted if mark in text and mark not in found}
        found |= {mark: place for mark in wanted - found.keys()
                  if json.dumps(mark.decode())[1:-1].encode() in text}
    return {mark.decode(): os.path.basename(place) for mark, place in found.items()}


def tell(people, marks):
    """Those, with what they are."""
    what = {mark.lower(): what for p in people for mark, what in p.marks.items()}
    return ', '.join(f'{what[mark]} {mark} {marks[mark] if isinstance(marks, dict) else ""}' for mark in marks)


def everything():
    yield from pieces(shop)
    for name in ('reader', 'logged'):
        said = subprocess.run([sys.executable, f'{ROOT}/tests/format/{name}.py', shop], capture_output=True)
        yield name, said.stdout + said.stderr
    for kept in os.walk(folder.name + '/tmp'):
        for name in kept[2]:
            with open(os.path.join(kept[0], name), 'rb') as file:
                yield name, file.read()


def exports():
    for words in (['export', 'events', '--json'], ['export', 'events'], ['export', 'stages'],
                  ['export', 'customers', '--json'], ['refused', '--csv'], ['dictionary', '--json'],
                  ['identity', 'suspicions', '--json'], ['info', '--json'], ['erase', '--receipts', '--json'],
                  ['sql', 'select * from events'], ['sql', 'select * from timelines']):
        yield ' '.join(words), ciclo(words[0], shop, *words[1:]).encode()
    ciclo('backup', shop, folder.name + '/copy')
    ciclo('compact', folder.name + '/copy')
    yield from pieces(folder.name + '/copy')
    os.unlink(folder.name + '/copy')


class Server:
    def __init__(self):
        self.process = subprocess.Popen([CICLO, 'serve', shop, '--listen', '127.0.0.1:0'],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(self.process.kill)
        for line in self.process.stdout:
            if ' at http://' in line:
                self.port = int(line.split(' at http://')[1].split('/')[0].split(':')[1].split()[0])
                return
        sys.exit('the server does not start')

    def ask(self, method, path, body=None):
        to = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        to.request(method, path, body and body.encode(), {'Content-Type': 'application/json'})
        answer = to.getresponse()
        text = answer.read().decode()
        to.close()
        if answer.status not in (200, 202):
            sys.exit(f'{method} {path}: {answer.status} {text}')
        return json.loads(text)

    def end(self, how):
        how()
        self.process.wait()


def decisions(server, people):
    for p in people:
        for q in r.sample(people, 2):
            if p is not q:
                server.ask('POST', '/api/identity', json.dumps(
                    {'a': q.user, 'b': p.user, 'says': r.choice(['apart', 'apart', 'undecided'])}))


def counted():
    """Events and customers that the file has, and those that it says were erased."""
    said = json.loads(ciclo('info', shop, '--json'))
    events = ciclo('export', shop, 'events', '--json').count('\n')
    customers = ciclo('export', shop, 'customers', '--json').count('\n')
    return [events + said['erased']['events'], customers + said['erased']['customers']]


def erase(server, p):
    """His receipt."""
    if not server:
        return json.loads(ciclo('erase', shop, r.choice(p.names)))
    job = server.ask('POST', '/api/erase', json.dumps({'customer': r.choice(p.names)}))['job']
    while not (said := server.ask('GET', f'/api/erase/{job}')).get('result') and not said['error']:
        time.sleep(0.02)
    return json.loads(said['result']['receipt'])


def need_there(people):
    """What is not."""
    stay = {mark.lower() for p in people for mark, what in p.marks.items() if what != 'unused'}
    return stay - has(everything(), stay).keys()


def need_gone(erased, others):
    gone = [mark for p in erased for mark in p.marks]
    found = has(everything(), gone)
    ok('nothing of who is erased is in any byte', not found, tell(erased, found))
    found = has(exports(), gone)
    ok('nor in what is made of the file', not found, tell(erased, found))
    missing = need_there(others)
    ok('what others said stays', not missing, tell(others, missing))
    said = subprocess.run([CICLO, 'verify', shop], capture_output=True, text=True)
    ok('the file is whole', said.returncode == 0, said.stdout.replace('\n', ' ')[-300:])


def main():
    print(f'# CICLO_SEED={SEED}')
    people = [Person(number) for number in range(PEOPLE)]
    lines = [print_json(c) for p in people for c in his(p)]
    for p in people:
        for i, q in enumerate(r.sample([q for q in people if q is not p], 2)):
            lines += [print_json(c) for c in of_others(p, q, i == 0)]
    lines += [line for p in people for line in refused(p)]
    r.shuffle(lines)
    half = len(lines) // 2
    with open(folder.name + '/model', 'w') as model:
        model.write(MODEL)
    with open(folder.name + '/in.jsonl', 'w') as text:
        text.write('\n'.join(lines[:half]) + '\n')
    ciclo('init', shop, '--model', folder.name + '/model')
    # Nobody listens there: what is to be sent stays in the journal.
    ciclo('webhook', shop, 'add', '--name', 'deaf', '--url', 'http://127.0.0.1:9/in', '--allow-private',
          '--what', 'events,moves,segments')
    ciclo('import', shop, folder.name + '/in.jsonl')
    os.unlink(folder.name + '/in.jsonl')
    server = Server()
    for line in lines[half:]:
        to = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
        to.request('POST', '/v1/batch', f'{{"batch":[{line}]}}'.encode(), {'Content-Type': 'text/plain'})
        to.getresponse().read()
        to.close()
    decisions(server, people)
    missing = need_there(people)
    ok('all of it is in the file at first', not missing, tell(people, missing))
    before = counted()
    erased = r.sample(people, ERASED)
    for i, p in enumerate(erased):
        receipt = erase(server if i < 2 else None, p)
        with open(folder.name + '/receipt', 'w') as text:
            json.dump(receipt, text)
        if i == 1:
            server.end(server.process.kill)  # what is beside the file stays
        others = [q for q in people if q not in erased[:i + 1]]
        need_gone(erased[:i + 1], others)
    ok('those who are left and those who are gone are all there were', counted() == before,
       (before, counted()))
    print(f'1..{tests}')
    sys.exit(failed != 0)


main()
