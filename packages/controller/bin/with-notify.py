"""Opens the socket by which a service manager is told how a service is (sd_notify(3)), then becomes the service.
Usage: with-notify.py PROGRAM [ARGUMENT...], with NOTIFY_SOCKET in the environment.

Node.js has no datagram sockets of the local kind, but it can write to one that is open: a write is a datagram. As this
process becomes the service, the kernel names the service itself as the sender, which NotifyAccess=main asks for. The
program finds the number of the descriptor in DROVER_NOTIFY_FD; it does not block, for a manager that is busy must not
stop the service."""
import os
import socket
import sys


def main():
    path = os.environ.pop("NOTIFY_SOCKET")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    # "@" stands for the zero byte with which the names of abstract sockets begin.
    try:
        manager.connect("\0" + path[1:] if path.startswith("@") else path)
        manager.setblocking(False)
        os.set_inheritable(manager.fileno(), True)
        os.environ["DROVER_NOTIFY_FD"] = str(manager.detach())
    except OSError as error:
        sys.stderr.write("cannot tell the service manager at %s: %s; starting all the same\n" % (path, error))
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
