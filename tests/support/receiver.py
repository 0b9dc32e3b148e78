#!/usr/bin/env python3
"""receiver.py FOLDER: takes webhooks. Writes its port to FOLDER/port and, for every request, one
line of JSON to FOLDER/got: {"id","ok","status","body"}; "ok" says whether the signature is right
by the secret in FOLDER/secret.in for the path /in, as docs/webhooks.md checks it. What it answers stands in FOLDER/how,
read anew for each request: a status, "retry S" (429 with Retry-After), "slow S" (200, S seconds later),
"cut" or "redirect"."""
import json, os, socket, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
folder, lock = sys.argv[1], threading.Lock()


def read(name, otherwise=''):
    try:
        with open(os.path.join(folder, name)) as f:
            return f.read().strip()
    except OSError:
        return otherwise


def verify():
    """The example of docs/webhooks.md, as it stands there."""
    with open(os.environ['WEBHOOKS_MD']) as f:
        code = f.read().split('```python\n')[1].split('```')[0]
    space = {}
    exec(code, space)
    return space['verify']


check = verify()


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        how = read('how', '200').split()
        now = read('now')
        ok = bool(check(read('secret' + self.path.replace('/', '.')), self.headers, body, float(now) if now else None))
        status = {'retry': 429, 'redirect': 302, 'slow': 200, 'cut': 0}.get(how[0]) if not how[0].isdigit() else int(how[0])
        with lock, open(os.path.join(folder, 'got'), 'a') as f:
            f.write(json.dumps({'id': self.headers['webhook-id'], 'ok': ok, 'status': status,
                                'at': self.headers['webhook-timestamp'],
                                'body': json.loads(body)}) + '\n')
        if how[0] == 'slow':
            time.sleep(float(how[1]))
        if status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(status)
        if how[0] == 'retry':
            self.send_header('Retry-After', how[1])
        if how[0] == 'redirect':
            self.send_header('Location', '/elsewhere')
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'ok')

    def do_GET(self):
        with lock, open(os.path.join(folder, 'got'), 'a') as f:
            f.write('{"get":true}\n')
        self.send_error(405)

    def log_message(self, *_):
        pass


class Receiver(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, *_):
        """Who sends may be killed meanwhile."""


server = Receiver(('127.0.0.1', 0), Handler)
with open(os.path.join(folder, 'port.new'), 'w') as f:
    f.write(str(server.server_port))
os.rename(os.path.join(folder, 'port.new'), os.path.join(folder, 'port'))
server.serve_forever()
