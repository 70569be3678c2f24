"""A slow cable: two tap devices between which frames are copied DELAY milliseconds late, each way.
For kernels without netem. Usage: delay.py TAP_A TAP_B DELAY"""
import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x0002 | 0x1000


def open_tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP_NO_PI))
    return fd


def drain(fd, queue, due, onward):
    while True:
        try:
            queue.append((due, onward, os.read(fd, 65535)))
        except BlockingIOError:
            return


def main(first, second, delay):
    a, b = open_tap(first), open_tap(second)
    queue = collections.deque()
    while True:
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            _, fd, frame = queue.popleft()
            try:
                os.write(fd, frame)
            except OSError:
                pass  # the far end is down: a cable loses frames
        wait = max(0, queue[0][0] - now) if queue else None
        for fd in select.select([a, b], [], [], wait)[0]:
            drain(fd, queue, time.monotonic() + delay, b if fd == a else a)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) / 1000.0)
