"""hostile.py good URL SECONDS: a sender as they should be: a batch again and again, on a connection
that stays and on new ones. Prints how many were taken, or what was wrong: one may take TRIES_S, with
what it was told to wait.

hostile.py attack URL SECONDS CONNECTIONS: senders as they should not be, all at the same time. Prints
how many connections the server had at once, and every answer that may not be.

hostile.py odd URL: requests and bodies that are wrong in themselves. Prints every one that has another
answer than it must have.

What an attacker tries to smuggle in past a proxy is an event whose messageId begins with
"smuggled": none of them may ever be in the file."""

import concurrent.futures, functools, gzip, http.client, json, os, random, re, resource, selectors, socket, sys, time, urllib.parse

what, url = sys.argv[1], urllib.parse.urlsplit(sys.argv[2])
AT = (url.hostname, url.port)
HOST = b"Host: %s:%d\r\n" % (url.hostname.encode(), url.port)
TRIES_S = max(5, int(os.environ.get("PATIENCE", "0")))  # after which a good sender gives up
ENOUGH = 0.7  # of the connections that were asked for


def event(i, more=""):
    return '{"type":"track","event":"Seen","userId":"u","messageId":"%s"%s}' % (i, more)


# --- good ---

def send(connection, body):
    connection.request("POST", "/v1/batch", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.getheader("Retry-After")


def good():
    end, n, slowest = time.monotonic() + float(sys.argv[3]), 0, 0.0
    staying = None
    while time.monotonic() < end:
        n += 1
        body = '{"batch":[%s]}' % ",".join(event("good-%d-%d" % (n, i)) for i in range(20))
        began = time.monotonic()
        while True:
            try:
                if staying is None or n % 2:
                    staying = http.client.HTTPConnection(*AT, timeout=TRIES_S)
                status, text, again = send(staying, body)
            except OSError as error:
                status, text, again = 0, repr(error), "0.1"
                staying = None
            if status == 200:
                break
            if status not in (0, 429) or time.monotonic() - began > TRIES_S:
                sys.exit("a good batch is answered with %s: %s" % (status, text))
            time.sleep(float(again))
        taken = json.loads(text)
        if taken["accepted"] + taken["duplicates"] != 20:
            sys.exit("a good batch is taken as %s" % text)
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.02)
    print("%d batches taken, the slowest in %.0f ms" % (n, slowest * 1000))


# --- attacks: generators; what they yield is sent when there is room, None is a second's rest ---

def request(body, headers=b"", path=b"/v1/batch", length=True):
    said = b"Content-Length: %d\r\n" % len(body) if length else b""
    return b"POST %s HTTP/1.1\r\n%s%s%s\r\n" % (path, HOST, headers, said) + body


def byte_by_byte(data):
    for i in range(len(data)):
        yield data[i:i + 1]
        yield None


def slow_headers():
    yield from byte_by_byte(request(b"{}"))


def slow_body():
    whole = request(b'{"batch":[' + event(1).encode() * 1000)
    yield whole[:150]
    yield from byte_by_byte(whole[150:])


def stalled_body():
    """Takes room for what never comes."""
    yield request(b" " * 1000000)[:150000]
    while True:
        yield None


def endless_chunks():
    yield request(b"", b"Transfer-Encoding: chunked\r\n", length=False)
    for _ in range(40):
        yield b"8000\r\n" + b" " * 0x8000 + b"\r\n"
        yield None
    while True:
        yield b"8000\r\n" + b" " * 0x8000 + b"\r\n"


def endless_header():
    yield b"POST /v1/batch HTTP/1.1\r\nX: "
    while True:
        yield b"x" * 4096


def endless_headers():
    yield b"POST /v1/batch HTTP/1.1\r\n"
    while True:
        yield b"".join(b"X-%d: y\r\n" % i for i in range(400))


def endless_line():
    yield b"POST /"
    while True:
        yield b"a" * 4096


@functools.cache
def bomb(times):
    return gzip.compress(bomb(times - 1)) if times else b"[" + b" " * (64 << 20)


def bombs():
    for data in (bomb(1), bomb(2), bomb(3), bomb(1)[:-9], gzip.compress(b"[1]") + b"more"):
        yield request(data, b"Content-Encoding: gzip\r\n")


GARBAGE = b"[" + b",".join([b"1"] * 5000) + b"]"


def no_ear():
    """What is answered is large, and nobody reads it."""
    for _ in range(40):
        yield request(GARBAGE)
        yield request(gzip.compress(GARBAGE))
        yield None


def nonsense():
    chance = random.Random(os.getpid())
    yield bytes(chance.randrange(256) for _ in range(3000)) + b"\r\n\r\n"


SLOW = [slow_headers, slow_body, stalled_body]
LOUD = [endless_chunks, endless_header, endless_headers, endless_line, bombs, no_ear, nonsense]


class Attack:
    def __init__(self, selector, kind):
        self.selector, self.kind, self.socket = selector, kind, None
        self.answers = b""
        self.dial()

    def dial(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(AT)
        self.left, self.parts, self.until = b"", self.kind(), 0
        self.selector.register(self.socket, selectors.EVENT_WRITE | selectors.EVENT_READ, self)

    def close(self):
        self.selector.unregister(self.socket)
        self.socket.close()

    def go_on(self, mask):
        """False: nothing to do for a while."""
        try:
            if mask & selectors.EVENT_READ and self.kind is not no_ear:
                answer = self.socket.recv(65536)
                if not answer:
                    raise ConnectionResetError
                note(self.kind.__name__, answer)
            if mask & selectors.EVENT_WRITE:
                return self.send_more()
        except OSError:
            self.close()
            self.until = time.monotonic() + 0.2
            return None
        return True

    def send_more(self):
        if not self.left:
            self.left = next(self.parts, b"")
        if not self.left:
            self.until = time.monotonic() + 1
            return False
        self.left = self.left[self.socket.send(self.left):]
        return True


wrong = {}


def note(name, answer):
    status = answer[9:12] if answer.startswith(b"HTTP/1.1 ") else b""
    if status.startswith(b"5") and status != b"503":
        wrong[name + " is answered with " + status.decode()] = True


def flood(connections, end):
    """Most of them slow, a few loud; longer where the machine is too busy to let them in so fast."""
    selector = selectors.EpollSelector()
    attacks = [Attack(selector, LOUD[i // 10 % len(LOUD)] if i % 10 == 0 else SLOW[i % 3])
               for i in range(connections)]
    resting, at_once, look = [], 0, time.monotonic() + 1
    while time.monotonic() < (end if at_once >= ENOUGH * connections else end + TRIES_S):
        if time.monotonic() > look:
            at_once, look = max(at_once, connected()), look + 1
        for key, mask in selector.select(0.05):
            attack = key.data
            alive = attack.go_on(mask)
            if alive is None:
                resting.append(attack)
            elif not alive:
                selector.modify(attack.socket, selectors.EVENT_READ, attack)
                resting.append(attack)
        now, still = time.monotonic(), []
        for attack in resting:
            if attack.until > now:
                still.append(attack)
            elif attack.socket.fileno() < 0:
                attack.dial()
            elif attack.socket.fileno() >= 0:
                selector.modify(attack.socket, selectors.EVENT_WRITE | selectors.EVENT_READ, attack)
        resting = still
    return at_once


def connected():
    """As the server counts."""
    c = http.client.HTTPConnection(*AT, timeout=TRIES_S)
    c.request("GET", "/metrics")
    text = c.getresponse().read().decode()
    return int(re.search("^ciclo_connections ([0-9]+)$", text, re.M).group(1))


def attack():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    connections = min(int(sys.argv[4]), most - 50)
    at_once = flood(connections, time.monotonic() + float(sys.argv[3]))
    print("%d of %d connections at once: %s" % (
        at_once, connections, "enough" if connections >= 100 and at_once >= ENOUGH * connections else "too few"))
    for line in wrong:
        print(line)


# --- requests that are wrong in themselves, and the status that each must have ---

def answers(data, finish=False):
    """Every status that comes, until the server closes or says nothing more."""
    s = socket.create_connection(AT, timeout=1 if finish else 10)
    text = b""
    try:
        s.sendall(data)
        if finish:
            s.shutdown(socket.SHUT_WR)
        while True:
            more = s.recv(65536)
            if not more:
                break
            text += more
            if text.count(b"HTTP/1.1 ") >= data.count(b" HTTP/1.") and not finish:
                s.settimeout(0.3)
    except OSError:
        pass
    s.close()
    return [int(part[:3]) for part in text.split(b"HTTP/1.1 ")[1:]], text


SMUGGLED = request(event("smuggled-body").encode(), path=b"/v1/track")


def smuggling():
    inner = SMUGGLED
    chunked = b"0\r\n\r\n" + inner

    def post(headers, body):
        return b"POST /v1/batch HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body

    both = b"Content-Length: %d\r\n" % len(chunked)
    yield "a length and chunks", post(both + b"Transfer-Encoding: chunked\r\n", chunked), 400
    yield "chunks and a length", post(b"Transfer-Encoding: chunked\r\n" + both, chunked), 400
    yield "two lengths", post(b"Content-Length: 0\r\n" + both, chunked), 400
    yield "one length twice", post(b"Content-Length: 0\r\nContent-Length: 0\r\n", inner), 400
    yield "lengths in a list", post(b"Content-Length: 0, 0\r\n", inner), 400
    for odd in (b"+0", b"-1", b"0x0", b"", b"1e1", b"18446744073709551616", b"0 0"):
        yield "a length of " + odd.decode(), post(b"Content-Length: " + odd + b"\r\n", inner), (400, 413)
    for odd in (b"identity", b"xchunked", b"chunked, identity", b"gzip, chunked", b"\x0bchunked"):
        yield "a coding " + repr(odd), post(b"Transfer-Encoding: " + odd + b"\r\n", chunked), 400
    yield "two codings", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunked), 400
    yield "a blank before a colon", post(b"Content-Length : 0\r\n", inner), 400
    yield "two hosts", post(HOST + b"Content-Length: 0\r\n", inner), 400
    yield "a NUL in a name", post(b"Content-Length\0: 0\r\nX: y\r\n", inner), 400
    for odd in (b"-1", b"0x1", b"ffffffffffffffff1", b"g", b" 0"):
        yield ("a chunk of " + repr(odd), post(b"Transfer-Encoding: chunked\r\n",
                                               odd + b"\r\n\r\n" + inner), (400, 413))
    yield "no host", b"POST /v1/batch HTTP/1.1\r\nContent-Length: 0\r\n\r\n" + inner, 400
    yield "another's host", b"POST /v1/batch HTTP/1.1\r\nHost: evil\r\nContent-Length: 0\r\n\r\n" + inner, 400


def bodies():
    def batch(*events):
        return request(b'{"batch":[' + b",".join(events) + b"]}")

    def one(text):
        return event("odd-%d" % random.getrandbits(60), "," + text).encode()

    fine = event("fine").encode()
    nested = b'"properties":{"a":' + b"[" * 100000 + b"]" * 100000 + b"}"
    yield "deep lists", request(b"[" * 500000), 400
    yield "deep objects", request(b'{"a":' * 150000), 400
    yield "a deep property", batch(one(nested.decode())[:130000], fine), 400
    yield "a deep property, whole", batch(one('"properties":{"a":%s%s}' % ("[" * 999, "]" * 999))), 200
    yield "no UTF-8", batch(fine.replace(b"Seen", b"S\xff\xfe\xed\xa0\x80")), 200
    yield "NUL", batch(fine.replace(b"Seen", b"Se\0en")), 200
    yield "escaped NUL", batch(fine.replace(b"Seen", b"Se\\u0000en")), 200
    yield "half a surrogate", batch(fine.replace(b"Seen", b"Se\\ud800en")), 200
    yield "names twice", batch(one('"properties":{%s}' % ",".join('"a":1' for _ in range(9999)))), 200
    yield "a number of 400 digits", batch(one('"properties":{"a":%s}' % ("9" * 400))), 200
    yield "1e999", batch(one('"properties":{"a":1e999}')), 200
    yield "many properties", batch(*[one('"properties":{%s}' % ",".join(
        '"p%d":1' % i for i in range(1001)))] * 40), 200
    yield "a name of 100,000 bytes", batch(one('"properties":{"%s":1}' % ("n" * 100000))), 200
    yield "5,000 events of nothing", request(GARBAGE), 200
    yield "5,001 events", request(b"[" + b",".join([b"1"] * 5001) + b"]"), 413
    shared = '{"context":{%s},"batch":[%s]}' % (
        ",".join('"c%d":%d' % (i, i) for i in range(990)), ",".join(event(i) for i in range(5000)))
    yield "much said of all", request(shared.encode()), 413
    yield "a body too large", request(b" " * ((1 << 20) + 1)), 413
    yield "a body that unpacks to too much", request(bomb(1), b"Content-Encoding: gzip\r\n"), 413
    yield "gzip in gzip", request(gzip.compress(gzip.compress(b"[]"))), 400
    yield "gzip cut short", request(gzip.compress(b"[]")[:-4]), 400
    yield "less than was announced", request(fine, path=b"/v1/track")[:-5], None


def try_one(name, data, wanted):
    got, text = answers(data, finish=wanted is None)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    if 200 in got if wanted == (None,) else got[:1] == [] or got[0] not in wanted:
        return "%s: %s, not %s: %s" % (name, got, wanted, text[:300])


def odd():
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        for said in pool.map(lambda one: try_one(*one), [*smuggling(), *bodies()]):
            if said:
                print(said)


{"good": good, "attack": attack, "odd": odd}[what]()
