"""Listens on ADDRESS:PORT of the lab's network and connects on to 127.0.0.1:TARGET of the network that
descriptor 9 stands for, so that hosts reach a controller on the loopback of the machine and nothing else of it.
Usage: relay.py ADDRESS PORT TARGET"""
import ctypes
import os
import selectors
import socket
import sys

CLONE_NEWNET = 0x40000000
LIMIT = 262144


def enter(fd):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


class Pair(object):
    """One direction of a connection: bytes read from `source` waiting to go to `sink`."""

    def __init__(self, source, sink):
        self.source, self.sink, self.waiting, self.ended = source, sink, b"", False


def events_of(sock, pairs):
    mask = 0
    for pair in pairs:
        if pair.source is sock and not pair.ended and len(pair.waiting) < LIMIT:
            mask |= selectors.EVENT_READ
        if pair.sink is sock and pair.waiting:
            mask |= selectors.EVENT_WRITE
    return mask


def refresh(selector, sock, pairs):
    mask = events_of(sock, pairs)
    known = sock in selector.get_map()
    if mask and known:
        selector.modify(sock, mask, pairs)
    elif mask:
        selector.register(sock, mask, pairs)
    elif known:
        selector.unregister(sock)


def pump(sock, pairs, mask):
    for pair in pairs:
        if pair.source is sock and mask & selectors.EVENT_READ:
            data = sock.recv(LIMIT)
            pair.waiting += data
            pair.ended = pair.ended or not data
        if pair.sink is sock and mask & selectors.EVENT_WRITE and pair.waiting:
            pair.waiting = pair.waiting[sock.send(pair.waiting):]


def finish(selector, pairs):
    for sock in (pairs[0].source, pairs[0].sink):
        if sock in selector.get_map():
            selector.unregister(sock)
        sock.close()


def step(selector, sock, pairs, mask):
    try:
        pump(sock, pairs, mask)
    except (BlockingIOError, InterruptedError):
        pass
    except OSError:
        finish(selector, pairs)
        return
    for pair in pairs:
        if pair.ended and not pair.waiting:
            try:
                pair.sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass
    if all(pair.ended and not pair.waiting for pair in pairs):
        finish(selector, pairs)
        return
    for side in (pairs[0].source, pairs[0].sink):
        refresh(selector, side, pairs)


def main(address, port, target):
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(1024)
    listener.setblocking(False)
    enter(9)
    os.close(own)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ, None)
    while True:
        for key, mask in selector.select():
            if key.data is not None:
                # The other end of its pair, earlier in this batch, may have closed it.
                if key.fileobj.fileno() >= 0 and key.fileobj in selector.get_map():
                    step(selector, key.fileobj, key.data, mask)
                continue
            try:
                client, _ = listener.accept()
            except OSError:
                continue
            try:
                onward = socket.create_connection(("127.0.0.1", target), 5)
            except OSError:
                client.close()
                continue
            for sock in (client, onward):
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pairs = (Pair(client, onward), Pair(onward, client))
            refresh(selector, client, pairs)
            refresh(selector, onward, pairs)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
