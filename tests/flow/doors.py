"""doors.py walk URL KEYS | random URL KEYS [SEED]: what a server lets in. KEYS is a JSON object of
keys by their rights, with one more that was revoked.

walk: every operation of the OpenAPI document, by everybody who may not use it, and who may.
random: requests that the document nearly allows, 400 for each of CICLO_ROUNDS (1): no answer is an
error of the server, none is missing."""

import http.client, json, os, random, sys, time, urllib.parse

SECRET = "zelda"  # a customer of the file: no answer to a stranger holds it
MAY = {"collect": {"collect"}, "read": {"read"}, "edit": {"read", "edit"},
       "admin": {"collect", "read", "edit", "admin"}}

what, url, keys = sys.argv[1], urllib.parse.urlsplit(sys.argv[2]), json.loads(sys.argv[3])


def ask(method, path, body=None, headers={}):
    """Status and body; TimeoutError when nothing comes."""
    c = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
    try:
        c.request(method, path, body, headers)
        answer = c.getresponse()
        lasts = answer.getheader("Content-Type", "").startswith("text/event-stream")
        text = answer.readline() if lasts and method != "HEAD" else answer.read()
        return answer.status, text.decode("utf-8", "replace")
    finally:
        c.close()


def bearer(key):
    return {} if key is None else {"Authorization": "Bearer " + key}


status, text = ask("GET", "/api/openapi.json", headers=bearer(keys["admin"]))
assert status == 200, text
document = json.loads(text)
operations = [(path, method.upper(), operation) for path, methods in document["paths"].items()
              for method, operation in methods.items()]
wrong = []


def walk_one(path, method, operation):
    right = operation.get("x-right")
    path = path.replace("{id}", SECRET)
    for part in ("{job}", "{number}", "{name}", "{key}"):
        path = path.replace(part, "1")
    body = b"{}" if method == "POST" else None
    headers = {"Content-Type": "application/json"} if body else {}
    callers = {"nobody": None, "a wrong key": "ck_" + 43 * "x", "an empty key": "",
               "a key cut short": keys["admin"][:-1], "a revoked key": keys["revoked"]}
    callers |= {"a key to " + name: keys[name] for name in MAY}
    for who, key in callers.items():
        may = right is None or right in MAY.get(who.removeprefix("a key to "), ())
        status, text = ask(method, path, body, headers | bearer(key))
        wanted = (403,) if who.startswith("a key to") else (401,)
        if may and (status in (401, 403) and path != "/api/session" or status >= 500):
            wrong.append(f"{method} {path} refuses {who}: {status} {text}")
        if not may and (status not in wanted or SECRET in text or set(json.loads(text)) != {"error"}):
            wrong.append(f"{method} {path} lets in {who}: {status} {text[:200]}")


def walk():
    rights = {operation.get("x-right") for _, _, operation in operations}
    assert rights >= {"collect", "read", "edit", "admin", None}, rights
    assert {"/api/info", "/v1/track", "/api/keys"} <= document["paths"].keys()
    for operation in operations:
        walk_one(*operation)


def value(r, kind):
    """Of the type, or of none."""
    texts = ["", "x", SECRET, "\u0000", "\U0001f600", "../..", "%00", "2026-01-01", "9" * 400, "-1",
             "ciclo: 1\n", "a" * r.randrange(5000)]
    numbers = [0, 1, -1, 2**31, 2**63, 1e308, 0.5, r.randrange(10**6)]
    if kind == "string" and r.random() < 0.7:
        return r.choice(texts)
    if kind == "integer" and r.random() < 0.7:
        return r.choice(numbers)
    return r.choice([None, True, [], {}, [[[]]], {"a": {"b": 1}}, *texts, *numbers])


def random_body(r, operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    members = content.get("schema", {}).get("properties", {})
    if r.random() < 0.1:
        return r.choice([b"", b"[", b"null", b"\xff\xfe", b"[" * 5000, b"{}{}", r.randbytes(200)])
    if not members:
        members = {name: {} for name in ("type", "event", "userId", "timestamp", "batch", "context")}
    body = {name: value(r, schema.get("type")) for name, schema in members.items() if r.random() < 0.8}
    if r.random() < 0.1:
        body[r.choice(["", "other", "text"])] = value(r, None)
    return json.dumps(body).encode()


def random_request(r):
    path, method, operation = r.choice(operations)
    given = {}
    for p in operation.get("parameters", []):
        text = str(value(r, "string"))
        if p["in"] == "path":
            path = path.replace("{" + p["name"] + "}", urllib.parse.quote(text or "x", safe=""))
        elif r.random() < 0.6:
            given[p["name"]] = text
    if given:
        path += "?" + urllib.parse.urlencode(given, errors="replace")
    if r.random() < 0.1:
        method = r.choice(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"])
    body = random_body(r, operation) if method in ("POST", "PUT", "PATCH") else None
    return method, path[:6000], body


def ask_until_heard(*request):
    """While somebody is erased nothing is written, and whoever sends is asked to come again."""
    for _ in range(200):
        status, text = ask(*request)
        if status != 503 or "send it again later" not in text:
            break
        time.sleep(0.05)
    return status, text


def throw(seed):
    r = random.Random(seed)
    seen = set()
    print(f"# seed {seed}")
    for _ in range(400 * int(os.environ.get("CICLO_ROUNDS", 1))):
        method, path, body = random_request(r)
        headers = {"Content-Type": r.choice(["application/json"] * 9 + ["text/plain"])} if body else {}
        try:
            status, text = ask_until_heard(method, path, body, headers | bearer(keys["admin"]))
        except (OSError, http.client.HTTPException) as error:
            status, text = 599, repr(error)
        seen.add(status)
        if status >= 500:
            wrong.append(f"seed {seed}: {method} {path[:300]} {str(body)[:300]}: {status} {text[:300]}")
    if not {200, 400, 404} <= seen:
        wrong.append(f"seed {seed}: only {sorted(seen)} were answered")
    if ask("GET", "/healthz")[0] != 200:
        wrong.append("the server is not well")


if what == "walk":
    walk()
else:
    throw(int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(2**32))
print("\n".join(wrong))
sys.exit(bool(wrong))
