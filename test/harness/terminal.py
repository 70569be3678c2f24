"""Runs a program on a pseudo-terminal: JSON lines on stdin say what is typed and how the window changes.

Usage: terminal.py COLUMNS ROWS PROGRAM [ARGUMENT ...]. Its output goes to stdout as it is; ends with the program's code.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios


def set_window(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def obey(master, line):
    wish = json.loads(line)
    if "resize" in wish:
        set_window(master, *wish["resize"])
    else:
        os.write(master, wish["type"].encode("utf-8"))


def main(columns, rows, argv):
    pid, master = pty.fork()
    if pid == 0:
        set_window(0, columns, rows)
        os.execvp(argv[0], argv)
    inputs, pending = [master, 0], b""
    while True:
        ready, _, _ = select.select(inputs, [], [])
        if master in ready:
            try:
                data = os.read(master, 65536)
            except OSError:
                data = b""
            if not data:
                break
            os.write(1, data)
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                inputs.remove(0)
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                obey(master, line)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
