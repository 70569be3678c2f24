"""A small agent from the contract alone: the code that `thrift --gen py` makes of agent.thrift, Debian's python3-thrift
and the API. It enrols, says hello, runs each command it is given once, and reports. No journal: for the test only.

Usage: agent.py GENERATED API_ADDRESS AGENT_PORT NAME DIR, with DROVER_TOKEN set and DIR/ca.pem there."""

import base64
import json
import os
import select
import ssl
import struct
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, sys.argv[1])
from drover import Agent, Controller  # noqa: E402  the generated code
from drover.ttypes import Heartbeat, Hello, OutputChunk, Problem, TaskResult, TaskStarted  # noqa: E402
from thrift.protocol.TBinaryProtocol import TBinaryProtocol  # noqa: E402
from thrift.Thrift import TMessageType  # noqa: E402
from thrift.transport.TSSLSocket import TSSLSocket  # noqa: E402
from thrift.transport.TTransport import TFramedTransport, TMemoryBuffer  # noqa: E402

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


def now_ms():
    return int(time.time() * 1000)


class Api:
    def __init__(self, address, ca, token):
        self.address, self.token = address, token
        self.tls = ssl.create_default_context(cafile=ca)

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.token, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, context=self.tls, timeout=30) as answer:
            return json.load(answer)


def enrol(api, name, folder):
    """Leaves key.pem and cert.pem in the folder."""
    key, csr = os.path.join(folder, "key.pem"), os.path.join(folder, "csr.pem")
    subprocess.check_call(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
    subject = "/O=system:nodes/CN=system:node:" + name
    subprocess.check_call(["openssl", "req", "-new", "-key", key, "-subj", subject, "-out", csr])
    with open(csr, "rb") as pem:
        request = base64.b64encode(pem.read()).decode()
    created = api.call("POST", REQUESTS, {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"generateName": "interop-", "annotations": {"drover.dev/machine-id": "machine-of-" + name}},
        "spec": {"signerName": "drover.dev/node", "usages": ["digital signature", "client auth"], "request": request},
    })
    path = REQUESTS + "/" + created["metadata"]["name"]
    deadline = time.monotonic() + 30
    while "certificate" not in created.get("status", {}):
        if time.monotonic() > deadline:
            raise RuntimeError("no certificate came")
        time.sleep(0.05)
        created = api.call("GET", path)
    with open(os.path.join(folder, "cert.pem"), "wb") as cert:
        cert.write(base64.b64decode(created["status"]["certificate"]))


class Handler:
    """The Agent service: notes what to start; everything else is refused in the contract's own words."""

    def __init__(self):
        self.waiting = []
        self.seen = set()

    def start(self, tasks):
        for task in tasks:
            if task.id not in self.seen:
                self.seen.add(task.id)
                self.waiting.append(task)

    def ping(self):
        pass

    def cancel(self, taskIds):
        pass

    def _refuse(self, *_):
        raise Problem("unknown", "this agent only runs commands")

    openShell = shellInput = resizeShell = closeShell = update = uninstall = _refuse


class Session:
    """Calls both ways on one connection, with the library's own protocol and processor."""

    def __init__(self, transport, handler):
        self.transport, self.handler = transport, handler
        self.out = TBinaryProtocol(TFramedTransport(transport), strictRead=True, strictWrite=True)
        self.processor = Agent.Processor(handler)
        self.controller = Controller.Client(self.out)

    def frame(self):
        (length,) = struct.unpack("!i", self.read(4))
        return self.read(length)

    def read(self, length):
        data = b""
        while len(data) < length:
            part = self.transport.read(length - len(data))
            if not part:
                raise EOFError("the controller closed the connection")
            data += part
        return data

    def until_answer(self):
        """Serves the controller's calls until a reply to our own comes; returns its bytes as a protocol."""
        while True:
            frame = self.frame()
            _, kind, _ = TBinaryProtocol(TMemoryBuffer(frame), strictRead=True).readMessageBegin()
            if kind in (TMessageType.REPLY, TMessageType.EXCEPTION):
                return TBinaryProtocol(TMemoryBuffer(frame), strictRead=True)
            self.serve(frame)

    def serve(self, frame):
        self.processor.process(TBinaryProtocol(TMemoryBuffer(frame), strictRead=True), self.out)

    def ask(self, method, *arguments):
        getattr(self.controller, "send_" + method)(*arguments)
        self.controller._iprot = self.until_answer()
        return getattr(self.controller, "recv_" + method)()


def run(task):
    started = now_ms()
    done = subprocess.run(task.command.argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    chunks = [
        OutputChunk(task.id, stream, 0, now_ms(), data)
        for stream, data in ((1, done.stdout), (2, done.stderr)) if data
    ]
    result = TaskResult(
        taskId=task.id, outcome="exited", exitCode=done.returncode, signal=0, reason="",
        startedAtMs=started, finishedAtMs=now_ms(), userMs=0, systemMs=0, maxRssKib=0,
        stdoutBytes=len(done.stdout), stderrBytes=len(done.stderr), stdoutDropped=0, stderrDropped=0,
        survivors=0, detail="",
    )
    return chunks, TaskStarted(task.id, started), result


def beat(session):
    session.controller.heartbeat(Heartbeat(now_ms(), 0.25, 1024, 512, 10, 2048, 60, len(session.handler.waiting)))


def serve_for_ever(session, heartbeat_s):
    handler, tls = session.handler, session.transport.handle
    while True:
        while handler.waiting:
            output, started, result = run(handler.waiting.pop(0))
            session.ask("report", output, [started], [], [result])
        beat(session)
        if tls.pending() or select.select([tls], [], [], heartbeat_s)[0]:
            session.serve(session.frame())


def main(address, agent_port, name, folder):
    ca = os.path.join(folder, "ca.pem")
    enrol(Api(address, ca, os.environ["DROVER_TOKEN"]), name, folder)
    transport = TSSLSocket(
        "127.0.0.1", agent_port, cert_reqs=ssl.CERT_REQUIRED, ca_certs=ca,
        certfile=os.path.join(folder, "cert.pem"), keyfile=os.path.join(folder, "key.pem"),
    )
    transport.open()
    session = Session(transport, Handler())
    welcome = session.ask("hello", Hello(
        agentVersion="interop", agentSha256="0" * 64, pythonVersion=sys.version.split()[0],
        machineId="machine-of-" + name, bootId="boot", journalId="journal", processId="process",
        tasks=[], facts=json.dumps({"hostname": name}),
    ))
    print("welcome: heartbeats every %d s" % welcome.heartbeatSeconds, flush=True)
    serve_for_ever(session, welcome.heartbeatSeconds)


if __name__ == "__main__":
    main(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5])
