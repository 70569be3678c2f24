"""
A controller for the agent's tests: a test CA, real TLS with mutual certificates, real Thrift frames, scriptable.

FakeController keeps what agents report (deduplicated by offset, as the real one does), answers hello, serves content
with ranges and uploads, and can be told to cut connections, refuse, or withhold answers.
"""
from __future__ import absolute_import, division, print_function, unicode_literals

import collections
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import drover_agent as agent
from fake_authority import Authority, public_key_of_request
from fake_http import HttpServer

AGENT_FILE = os.path.abspath(agent.__file__).replace('.pyc', '.py')


def wait_for(condition, what, seconds=20):
    """Waits until condition() is true and returns its value; fails after so many seconds."""
    limit = time.time() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.time() > limit:
            raise AssertionError('waited in vain for ' + what)
        time.sleep(0.005)


class Connection(object):
    """One agent session, seen from the controller."""

    def __init__(self, controller, sock):
        self.controller = controller
        self.sock = sock
        self.lock = threading.Lock()
        self.answers = {}
        self.sequence = 0
        self.hello = None
        self.open = True

    def send(self, data):
        with self.lock:
            self.sock.sendall(data)

    def call(self, method, seconds=20, **values):
        """Calls the agent; returns the result or raises agent.Problem."""
        fields = agent.SERVICES['Agent'][method][0]
        with self.lock:
            self.sequence += 1
            number = self.sequence
            self.sock.sendall(agent.encode_message(method, agent.CALL, number, fields, values))
        answer = wait_for(lambda: self.answers.pop(number, None) or not self.open, 'answer to ' + method, seconds)
        if answer is True:
            raise AssertionError('the connection ended')
        return answer[0](answer[1])

    def tell(self, method, **values):
        """A oneway call."""
        fields = agent.SERVICES['Agent'][method][0]
        self.send(agent.encode_message(method, agent.ONEWAY, 0, fields, values))

    def receive(self):
        """Some bytes, b'' at the end. One thread at a time may touch a TLS connection: the lock is held while reading."""
        while True:
            if not self.sock.pending():
                select.select([self.sock], [], [], 60)
            with self.lock:
                self.sock.settimeout(0)
                try:
                    return self.sock.recv(65536)
                except (ssl.SSLError, socket.error) as error:
                    if not agent.Session.would_block(error):
                        raise
                finally:
                    self.sock.settimeout(60)

    def run(self, first):
        data = bytearray(first)
        try:
            while True:
                while len(data) < 4 or len(data) < 4 + agent.bytes_to_int(bytes(data[:4])):
                    more = self.receive()
                    if not more:
                        return
                    data += more
                size = agent.bytes_to_int(bytes(data[:4]))
                frame = bytes(data[4:4 + size])
                del data[:4 + size]
                self.take(frame)
        except (OSError, IOError, socket.error, ValueError):
            pass
        finally:
            self.open = False
            self.controller.ended(self)

    def take(self, frame):
        reader = agent.Reader(frame)
        name, kind, number = reader.message()
        if kind in (agent.CALL, agent.ONEWAY):
            values = reader.fields(agent.SERVICES['Controller'][name][0], 0)
            if name == 'hello' and self.controller.hello_delay:
                timer = threading.Timer(self.controller.hello_delay, self.serve, (name, kind, number, values))
                timer.daemon = True
                timer.start()
            else:
                self.serve(name, kind, number, values)
        elif kind == agent.REPLY:
            values = reader.fields(agent.reply_fields(agent.SERVICES['Agent'][name]), 0)
            self.answers[number] = (result_or_raise, values)
        else:
            error = reader.fields(agent.APPLICATION_EXCEPTION, 0)
            self.answers[number] = (result_or_raise, {'problem': {'code': 'internal', 'text': error['message']}})

    def serve(self, name, kind, number, values):
        reply = agent.reply_fields(agent.SERVICES['Controller'][name])
        try:
            body = {'success': getattr(self.controller, 'on_' + name)(self, values)}
        except agent.Problem as problem:
            body = {'problem': {'code': problem.code, 'text': problem.text}}
        if kind == agent.CALL:
            self.send(agent.encode_message(name, agent.REPLY, number, reply, body))

    def cut(self):
        """As when a cable is pulled: nothing is said."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, socket.error):
            pass


def hang_up(sock):
    """Really closes: Python 2 waits for the last reference otherwise."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except (OSError, socket.error):
        pass
    sock.close()


def result_or_raise(values):
    if values.get('problem'):
        raise agent.Problem(values['problem']['code'], values['problem']['text'])
    return values.get('success')


class FakeController(object):
    """Listens on loopback; everything it heard is in its attributes."""

    def __init__(self, authority=None):
        self.dir = tempfile.mkdtemp(prefix='drover-fake-')
        self.authority = authority or Authority()
        self.release_key = agent.new_private_key()
        self.release_public = agent.to_pem('PUBLIC KEY', agent.public_key_der(agent.public_key_of(self.release_key)))
        for name, text in (('ca.pem', self.authority.pem), ('server.pem', self.authority.server())):
            with open(os.path.join(self.dir, name), 'wb') as out:
                out.write(agent.to_bytes(text))
        self.lock = threading.RLock()
        self.connections = []
        self.hellos = []
        self.output = collections.defaultdict(lambda: {1: b'', 2: b''})
        self.chunks = []
        self.started = {}
        self.results = {}
        self.result_count = collections.Counter() if hasattr(collections, 'Counter') else {}
        self.progress = []
        self.heartbeats = []
        self.facts = []
        self.reports = 0
        self.report_delay = 0  # seconds that each report takes
        self.hello_delay = 0  # seconds until a welcome, while other calls are answered
        self.pings = 0
        self.knows_ping = True
        self.awake = threading.Event()  # cleared: frozen as soon as it is asked
        self.awake.set()
        self.renewed = 0
        self.shell_output = collections.defaultdict(bytes)
        self.shell_closed = {}
        self.refuse_hello = ''
        self.hold_reports = threading.Event()
        self.hold_reports.set()
        self.renew_percent = 80
        self.addresses = None  # of all controllers, as a welcome says them
        self.blobs = {}
        self.uploads = {}
        self.cut_after = None  # content bytes to send before the connection breaks
        self.agent_files = {}
        self.content_bytes = 0
        self.csrs = {}
        self.approve = True
        self.tokens = ['t1.secret']
        self.closing = False
        self.nodes = []
        self.agent_port = self.listen(self.serve_agent, True)
        self.api_port = self.listen(self.serve_api, False)

    def listen(self, serve, mutual):
        if hasattr(ssl, 'PROTOCOL_TLS_SERVER'):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_SSLv23)
        context.load_cert_chain(os.path.join(self.dir, 'server.pem'))
        if mutual:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(os.path.join(self.dir, 'ca.pem'))
        listener = socket.socket()
        listener.bind((str('127.0.0.1'), 0))
        listener.listen(64)

        def accept():
            while not self.closing:
                try:
                    sock, _ = listener.accept()
                except (OSError, socket.error):
                    return listener.close()
                if self.closing:
                    listener.close()
                    return sock.close()
                thread = threading.Thread(target=self.handle, args=(context, sock, serve))
                thread.daemon = True
                thread.start()
        thread = threading.Thread(target=accept)
        thread.daemon = True
        thread.start()
        return listener.getsockname()[1]

    def handle(self, context, sock, serve):
        try:
            sock.settimeout(60)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock = context.wrap_socket(sock, server_side=True)
            serve(sock)
        except (OSError, IOError, socket.error, ValueError):
            pass
        finally:
            hang_up(sock)

    def serve_agent(self, sock):
        first = sock.recv(1)
        if first == b'\0':
            connection = Connection(self, sock)
            with self.lock:
                self.connections.append(connection)
            connection.run(first)
        elif first:
            HttpServer(self, sock, first).serve()

    def serve_api(self, sock):
        HttpServer(self, sock, b'').serve()

    # ---- the Controller service

    def on_hello(self, connection, values):
        if self.refuse_hello:
            raise agent.Problem('refused', self.refuse_hello)
        connection.hello = values['hello']
        with self.lock:
            self.hellos.append(values['hello'])
        return {'serverTimeMs': agent.now_ms(), 'heartbeatSeconds': 1, 'forget': [],
                'renewAtPercent': self.renew_percent, 'controllers': self.addresses}

    def on_report(self, connection, values):
        self.hold_reports.wait()
        time.sleep(self.report_delay)
        with self.lock:
            self.reports += 1
            for chunk in values['output']:
                have = self.output[chunk['taskId']]
                end = chunk['offset'] + len(chunk['data'])
                size = len(have[chunk['stream']])
                if chunk['offset'] > size:
                    raise AssertionError('a hole in the output')
                if end > size:
                    have[chunk['stream']] += chunk['data'][size - chunk['offset']:]
                    self.chunks.append(chunk)
            for item in values['started']:
                self.started[item['taskId']] = item['timeMs']
            self.progress.extend(values['progress'])
            for result in values['results']:
                task_id = result['taskId']
                self.result_count[task_id] = self.result_count.get(task_id, 0) + 1
                self.results.setdefault(task_id, result)

    def on_facts(self, connection, values):
        self.facts.append(json.loads(values['json']))

    def on_ping(self, connection, values):
        self.pings += 1
        self.awake.wait(30)
        if not self.knows_ping:
            raise agent.Problem('internal', 'unknown method ping')

    def on_heartbeat(self, connection, values):
        self.heartbeats.append(values['heartbeat'])

    def on_renew(self, connection, values):
        self.renewed += 1
        public = public_key_of_request(values['request'])
        return self.authority.node('n1', public)

    def on_shellOutput(self, connection, values):
        with self.lock:
            self.shell_output[values['streamId']] += values['data']

    def on_shellClosed(self, connection, values):
        self.shell_closed[values['streamId']] = (values['exitCode'], values['reason'])

    def ended(self, connection):
        with self.lock:
            if connection in self.connections:
                self.connections.remove(connection)

    # ---- for tests

    def session(self, process_id=None, seconds=20):
        """The live session (of an agent other than process_id)."""
        def find():
            with self.lock:
                return [c for c in self.connections if c.open and c.hello and c.hello['processId'] != process_id]
        try:
            return wait_for(find, 'an agent to connect', seconds)[-1]
        except AssertionError as error:
            raise AssertionError('%s; its log: %s' % (error, ''.join(node.logged()[-4000:] for node in self.nodes)))

    def result(self, task_id, seconds=20):
        return wait_for(lambda: self.results.get(task_id), 'the result of ' + task_id, seconds)

    def add_blob(self, data):
        name = hashlib.sha256(data).hexdigest()
        self.blobs[name] = data
        return name

    def release(self, data, version='9.9.9'):
        name = hashlib.sha256(data).hexdigest()
        self.agent_files[name] = data
        return {'version': version, 'sha256': name, 'signature': agent.sign(self.release_key, data),
                'sizeBytes': len(data)}

    def close(self):
        self.closing = True
        self.hold_reports.set()
        for port in (self.agent_port, self.api_port):
            try:
                socket.create_connection((str('127.0.0.1'), port), 1).close()
            except (OSError, socket.error):
                pass
        for connection in list(self.connections):
            connection.cut()
        shutil.rmtree(self.dir, ignore_errors=True)


class Node(object):
    """An agent with its own state directory, enrolled at a FakeController without the join dialogue."""

    def __init__(self, controller, name='n1', **config):
        self.controller = controller
        controller.nodes.append(self)
        self.dir = tempfile.mkdtemp(prefix='drover-node-')
        self.name = name
        self.process = None
        self.file = AGENT_FILE
        key = agent.new_private_key()
        self.write('identity.pem', agent.private_key_pem(key) + controller.authority.node(
            name, agent.public_key_of(key)))
        self.write('ca.pem', controller.authority.pem)
        values = {'agentHost': '127.0.0.1', 'agentPort': controller.agent_port, 'name': name, 'service': 'none',
                  'releasePublicKey': controller.release_public, 'policyFile': os.path.join(self.dir, 'policy.json')}
        values.update(config)
        self.write('config.json', json.dumps(values))
        self.write('boot-id', 'boot-1')

    def write(self, name, text):
        with open(os.path.join(self.dir, name), 'wb') as out:
            out.write(agent.to_bytes(text))

    def start(self):
        with open(os.path.join(self.dir, 'test.log'), 'ab') as log:
            with open(os.devnull, 'rb') as null:
                self.process = subprocess.Popen(
                    [sys.executable, '-S', '-E', self.file, 'run', '--dir', self.dir, '--boot-id-file',
                     os.path.join(self.dir, 'boot-id')], stderr=log, stdin=null)
        return self

    def kill(self):
        """kill -9."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            self.process = None

    def kill_successor(self):
        """An agent that took over after an update has another pid: it holds the lock."""
        with open(os.path.join(self.dir, 'lock')) as lock:
            pid = int(lock.read() or 0)
        try:
            with open('/proc/%d/cmdline' % pid) as line:
                if self.dir in line.read():
                    os.kill(pid, signal.SIGKILL)
        except (OSError, IOError):
            pass

    def logged(self):
        with open(os.path.join(self.dir, 'test.log'), 'rb') as data:
            return data.read().decode('utf-8', 'replace')

    def close(self):
        """Ends the agent, its supervisors and their commands, and removes the state directory."""
        self.kill()
        if os.path.exists(os.path.join(self.dir, 'lock')):
            self.kill_successor()
        tasks = os.path.join(self.dir, 'tasks')
        for name in os.listdir(tasks) if os.path.isdir(tasks) else ():
            try:
                with open(os.path.join(tasks, name, 'state'), 'rb') as state:
                    begun = state.readline()
                    if not begun.startswith(b'begun') or state.readline().startswith(b'result'):
                        continue
                pid = json.loads(begun.split(b' ', 1)[1].decode('ascii'))['pid']
                os.kill(pid, signal.SIGUSR1)
                wait_for(lambda: not os.path.exists('/proc/%d' % pid), 'a supervisor to end', 10)
            except (OSError, IOError, ValueError, IndexError):
                pass
        shutil.rmtree(self.dir, ignore_errors=True)


def command(task_id, argv, **values):
    """A Task with a command."""
    timeout_ms = values.pop('timeout_ms', 60000)
    expires = values.pop('expires', 0)
    spec = {'argv': argv, 'script': b'', 'user': '', 'cwd': '', 'env': {}, 'input': b'', 'maxOutputBytes': 1 << 20}
    spec.update(values)
    return {'id': task_id, 'timeoutMs': timeout_ms, 'expiresAtMs': expires, 'command': spec}
