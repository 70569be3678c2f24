#!/usr/bin/env python3
"""The Drover agent: one file, standard library only, Python 2.6 to 3.14.

It dials the controller, proves who it is with its own certificate, and then does what it is asked: runs commands
under detached supervisors, moves files, opens terminals, and reports. Sections, in reading order: compat, log, crypto,
wire, transport, journal, tasks, policy, content, transfers, facts, shell, install, agent, main.

Invariants
I1: a task is started at most once: its id is in the journal on disk before its supervisor is forked, and a
    supervisor runs the command only while it holds the lock of the task's state file and found that file empty.
I2: a result is kept until the controller has acknowledged it, whoever is killed when.
I3: nothing here polls while idle: the loop sleeps in poll() until a socket, the nudge pipe, a child or a timer is due.
I4: TLS is always verified in both directions; there is no way to switch that off.
I5: secrets are never in arguments, in the environment of commands, or in the log.
I6: what comes from the network is bounded before it is allocated.
"""
from __future__ import absolute_import, division, print_function, unicode_literals

# ==================================================================================================== compat
# The only section that knows versions of Python and of the kernel. It gives plain names to the rest.
import binascii
import errno
import fcntl
import gc
import hashlib
import json
import marshal
import os
import pwd
import resource  # os.wait4 wants it: loaded here once and not in every supervisor
import select
import signal
import socket
import ssl
import struct
import sys
import time

VERSION = '0.1.0'
PY3 = sys.version_info[0] >= 3
text_type = str if PY3 else type('')


def to_bytes(value):
    """Text as UTF-8; bytes as they are. Bytes that arrived as surrogate escapes go back to what they were."""
    if isinstance(value, bytes):
        return value
    if PY3:
        return value.encode('utf-8', 'surrogateescape')
    return value.encode('utf-8')


def to_text(value):
    """Bytes as text for people: what is not UTF-8 is replaced."""
    return value if isinstance(value, text_type) else value.decode('utf-8', 'replace')


def pack_of(layout):
    """struct.Struct; Python 2.6 wants a native string as format."""
    return struct.Struct(str(layout))


def bytes_to_int(data):
    return int(binascii.hexlify(data) or b'0', 16)


def int_to_bytes(number, length):
    return binascii.unhexlify(('%0*x' % (length * 2, number)).encode('ascii'))


def byte_at(data, index):
    value = data[index]
    return value if isinstance(value, int) else ord(value)


if hasattr(time, 'monotonic'):
    monotonic = time.monotonic
else:
    def monotonic():
        """Seconds that no clock change moves: on Linux times(2) counts since boot."""
        return os.times()[4]


def now_ms():
    return int(time.time() * 1000)


def cloexec(fd):
    """Marks a descriptor to be closed by exec (Python 3.4 and newer do it themselves)."""
    return fd if sys.version_info >= (3, 4) else cloexec_always(fd)


def cloexec_always(fd):
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    return fd


def nonblocking(fd):
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
    return fd


def make_pipe():
    read_end, write_end = os.pipe()
    return cloexec(read_end), cloexec(write_end)


def errno_of(error):
    """The errno of any error that a system call raised; select.error of Python 2 carries it as args[0] only."""
    code = getattr(error, 'errno', None)
    if code is None and getattr(error, 'args', None):
        code = error.args[0]
    return code


def retry(call, *args):
    """Repeats a call that a signal interrupted (Python 3.5 and newer do it themselves)."""
    while True:
        try:
            return call(*args)
        except (OSError, IOError, select.error) as error:
            if errno_of(error) != errno.EINTR:
                raise


def init_groups(name, gid):
    """os.initgroups, which Python 2.6 lacks."""
    if hasattr(os, 'initgroups'):
        os.initgroups(str(name), gid)
        return
    import grp
    os.setgroups(sorted(set([gid] + [g.gr_gid for g in grp.getgrall() if name in g.gr_mem])))


def load_libc():
    try:
        import ctypes
        return ctypes.CDLL(None, use_errno=True)
    except Exception:  # a Python without ctypes: what needs it has another way
        return None


libc = load_libc()
PR_SET_CHILD_SUBREAPER = 36


PR_SET_PDEATHSIG = 1


def can_spawn():
    """Whether os.posix_spawn can start a new session: Python 3.8 on glibc."""
    try:
        return hasattr(os, 'posix_spawn') and (os.confstr(str('CS_GNU_LIBC_VERSION')) or '').startswith('glibc')
    except (ValueError, OSError):
        return False


FAST_SPAWN = can_spawn()


def die_with_parent():
    """A transfer does not outlive its supervisor."""
    try:
        return libc is not None and libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0
    except Exception:
        return False


def become_subreaper():
    """Orphans among our descendants become our children, so that no double fork escapes. True if it worked."""
    try:
        return libc is not None and libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    except Exception:
        return False


def sync_filesystem(fd):
    """Everything of the file system that fd is on goes to the disk: cheaper than fsync of many small files."""
    try:
        if libc is not None and libc.syncfs(fd) == 0:
            return True
    except Exception:
        pass
    if hasattr(os, 'sync'):
        os.sync()
        return True
    return False


def mtime_ms(stat):
    """Whole milliseconds, rounded down; a float of seconds may be a little less than what was set."""
    exact = getattr(stat, 'st_mtime_ns', None)
    return exact // 1000000 if exact is not None else int((stat.st_mtime * 1000 + 0.001) // 1)


def set_mtime(path, time_ms, follow=True):
    """
    Modification time to the millisecond, exactly where libc can be called. follow=False: of a symbolic link itself, or
    not at all.
    """
    try:
        import ctypes
        seconds, rest = divmod(time_ms, 1000)
        times = (ctypes.c_long * 4)(seconds, rest * 1000000, seconds, rest * 1000000)
        if libc.utimensat(-100, path, times, 0 if follow else 0x100) == 0:  # AT_FDCWD, AT_SYMLINK_NOFOLLOW
            return
    except Exception:  # a Python without ctypes
        pass
    if follow:
        seconds = (time_ms + 0.0005) / 1000  # a float must not end up below the millisecond
        os.utime(path, (seconds, seconds))


MODERN_TLS = hasattr(ssl, 'PROTOCOL_TLS_CLIENT')


def keep_heap_shared():
    """Supervisors share our memory until one of us writes to it: the collector must not walk over what is old."""
    gc.collect()
    if hasattr(gc, 'freeze'):
        gc.freeze()


TLS_WANT = (ssl.SSL_ERROR_WANT_READ, ssl.SSL_ERROR_WANT_WRITE)


def tls_context(ca_file, identity_file=None):
    """A client context that verifies the peer against one CA and its host name, TLS 1.2 or newer (I4)."""
    if MODERN_TLS:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_SSLv23)
        context.verify_mode = ssl.CERT_REQUIRED
    if hasattr(ssl, 'TLSVersion'):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:
        for name in ('OP_NO_SSLv2', 'OP_NO_SSLv3', 'OP_NO_TLSv1', 'OP_NO_TLSv1_1'):
            context.options |= getattr(ssl, name, 0)
    context.load_verify_locations(cafile=ca_file)
    if identity_file:
        context.load_cert_chain(identity_file)
    return context


def tls_wrap(sock, host, ca_file, identity_file=None):
    """A verified TLS connection on a connected socket. Raises ssl.SSLError or OSError."""
    if MODERN_TLS:
        return tls_context(ca_file, identity_file).wrap_socket(sock, server_hostname=host)
    # Before 3.6 the chain is verified by OpenSSL and the name by us: 2.7 knows no addresses, 2.6 no names at all.
    if hasattr(ssl, 'SSLContext'):
        wrapped = tls_context(ca_file, identity_file).wrap_socket(sock)
    else:
        wrapped = getattr(ssl, 'wrap_socket')(
            sock, keyfile=identity_file, certfile=identity_file, cert_reqs=ssl.CERT_REQUIRED,
            ssl_version=ssl.PROTOCOL_SSLv23, ca_certs=ca_file)
    if not certificate_is_for(wrapped.getpeercert(), host):
        wrapped.close()
        raise ssl.SSLError(1, 'the certificate of the controller is not for %s' % host)
    return wrapped


def tls_unverified(sock):
    """For one purpose: to fetch the CA certificate, which is then compared with the pin."""
    if hasattr(ssl, 'SSLContext'):
        context = ssl.SSLContext(getattr(ssl, 'PROTOCOL_TLS_CLIENT', ssl.PROTOCOL_SSLv23))
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(sock)
    return getattr(ssl, 'wrap_socket')(sock, cert_reqs=ssl.CERT_NONE, ssl_version=ssl.PROTOCOL_SSLv23)


def certificate_is_for(certificate, host):
    """Whether a parsed peer certificate is for this host: exact names and addresses only, no wildcards."""
    wanted = plain_address(host)
    for kind, value in (certificate or {}).get('subjectAltName', ()):
        if kind in ('DNS', 'IP Address') and plain_address(value) == wanted:
            return True
    return False


def plain_address(text):
    """An address in the one form that compares; a name in lower case."""
    text = text.strip().lower()
    try:
        return to_text(binascii.hexlify(socket.inet_pton(socket.AF_INET6, text)))
    except (OSError, IOError, socket.error, ValueError):
        return text


# ======================================================================================================= log


def log(level, message, **fields):
    """One JSON line on stderr. error: somebody must act; warn: may become one; info: a state changed."""
    record = {'time': now_ms(), 'level': level, 'msg': message}
    record.update(fields)
    try:
        os.write(2, to_bytes(json.dumps(record, sort_keys=True)) + b'\n')
    except (OSError, ValueError):
        pass


class Problem(Exception):
    """A refusal with a code of the closed list: bad-request, unknown, busy, refused, internal."""

    def __init__(self, code, text):
        Exception.__init__(self, '%s: %s' % (code, text))
        self.code = code
        self.text = text


class Failure(Exception):
    """Something that cannot be done, in words for people."""


def words_of(error):
    """An error in words for people."""
    if isinstance(error, Failure):
        return '%s' % (error.args[0] if error.args else 'failed')
    text = getattr(error, 'strerror', None)
    return to_text(text) if text else '%s: %s' % (type(error).__name__, error)


def write_file(path, data, mode=0o600):
    """Replaces a file so that a power cut leaves the old or the new one: temp file, fsync, rename, fsync directory."""
    temp = path + '.new'
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, 'O_NOFOLLOW', 0), mode)
    try:
        os.fchmod(fd, mode)
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(temp, path)
    sync_directory(os.path.dirname(path) or '.')


def sync_directory(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_all(fd, data):
    while data:
        data = data[retry(os.write, fd, data):]


def read_file(path, limit=1 << 24):
    fd = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while limit > 0:
            part = retry(os.read, fd, min(limit, 65536))
            if not part:
                break
            parts.append(part)
            limit -= len(part)
        return b''.join(parts)
    finally:
        os.close(fd)


def read_text(path, default=''):
    """A small file as text, stripped; the default when it cannot be read."""
    try:
        return to_text(read_file(path, 1 << 20)).strip()
    except (OSError, IOError):
        return default


def remove_quietly(path):
    try:
        os.unlink(path)
    except OSError:
        pass


def remove_tree(path):
    """Removes a directory and all in it; follows no symlink."""
    try:
        names = os.listdir(path)
    except OSError:
        return remove_quietly(path)
    for name in names:
        inner = os.path.join(path, name)
        if os.path.isdir(inner) and not os.path.islink(inner):
            remove_tree(inner)
        else:
            remove_quietly(inner)
    try:
        os.rmdir(path)
    except OSError:
        pass


# ==================================================================================================== crypto
# P-256 and the little of X.509 that an agent needs (FIPS 186-4, SEC 1, RFC 5480, RFC 6979, RFC 2986); the standard
# library has none of it. Not constant in time: a key signs a handful of requests in its life, on its own server;
# TLS itself uses OpenSSL.
P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def _double(point):
    x, y, z = point
    if not y:
        return (0, 0, 0)
    zz = z * z % P
    a = 3 * (x - zz) * (x + zz) % P
    yy = y * y % P
    b = x * yy % P
    x3 = (a * a - 8 * b) % P
    return (x3, (a * (4 * b - x3) - 8 * yy * yy) % P, 2 * y * z % P)


def _add(one, two):
    if not one[2]:
        return two
    if not two[2]:
        return one
    x1, y1, z1 = one
    x2, y2, z2 = two
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * zz2 % P, x2 * zz1 % P
    s1, s2 = y1 * zz2 * z2 % P, y2 * zz1 * z1 % P
    if u1 == u2:
        return _double(one) if s1 == s2 else (0, 0, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return (x3, (r * (v - x3) - s1 * hhh) % P, z1 * z2 * h % P)


def _odd_multiples(point, count):
    """point, 3 * point, 5 * point, ... in Jacobian coordinates."""
    found = [(point[0], point[1], 1)]
    twice = _double(found[0])
    while len(found) < count:
        found.append(_add(found[-1], twice))
    return found


def _signed_digits(number, width):
    """(bit, odd digit) of a number, |digit| < 2 ** (width - 1), few of them (the non-adjacent form); highest first."""
    digits, bit, size = [], 0, 1 << width
    while number:
        if number & 1:
            digit = number & (size - 1)
            digit -= size if digit >= size >> 1 else 0
            number -= digit
            digits.append((bit, digit))
        number >>= 1
        bit += 1
    digits.reverse()
    return digits


G_MULTIPLES = []  # made when the first signature is checked


def _multiply_two(one, two, point):
    """one * G + two * point in Jacobian coordinates, with one row of doublings for both (Straus, Shamir)."""
    if not G_MULTIPLES:
        G_MULTIPLES.extend(_odd_multiples(G, 64))
    tables = (G_MULTIPLES, _odd_multiples(point, 8))
    steps = {}
    for table, digits in zip(tables, (_signed_digits(one, 8), _signed_digits(two, 5))):
        for bit, digit in digits:
            x, y, z = table[abs(digit) >> 1]
            steps.setdefault(bit, []).append((x, y if digit > 0 else P - y, z))
    total = (0, 0, 0)
    for bit in range(max(steps) if steps else -1, -1, -1):
        total = _double(total)
        for step in steps.get(bit, ()):
            total = _add(total, step)
    return total


def _multiply(number, point):
    """number * point in affine coordinates, or None for infinity. Four bits at a time."""
    table = [(0, 0, 0), (point[0], point[1], 1)]
    for _ in range(14):
        table.append(_add(table[-1], table[1]))
    total = (0, 0, 0)
    for shift in range(252, -1, -4):
        for _ in range(4):
            total = _double(total)
        total = _add(total, table[(number >> shift) & 15])
    return _affine(total)


def _affine(point):
    if not point[2]:
        return None
    inverse = pow(point[2], P - 2, P)
    square = inverse * inverse % P
    return (point[0] * square % P, point[1] * square * inverse % P)


def new_private_key():
    """A P-256 private key: a number."""
    while True:
        number = bytes_to_int(os.urandom(32))
        if 0 < number < N:
            return number


def public_key_of(private):
    return _multiply(private, G)


def _nonce(private, digest):
    """RFC 6979 section 3.2: the same message gives the same signature, so no bad random number leaks the key."""
    import hmac
    key, value = b'\0' * 32, b'\1' * 32
    seed = int_to_bytes(private, 32) + int_to_bytes(bytes_to_int(digest) % N, 32)
    for separator in (b'\0', b'\1'):
        key = hmac.new(key, value + separator + seed, hashlib.sha256).digest()
        value = hmac.new(key, value, hashlib.sha256).digest()
    while True:
        value = hmac.new(key, value, hashlib.sha256).digest()
        candidate = bytes_to_int(value)
        if 0 < candidate < N:
            yield candidate
        key = hmac.new(key, value + b'\0', hashlib.sha256).digest()
        value = hmac.new(key, value, hashlib.sha256).digest()


def sign(private, message):
    """ECDSA with SHA-256; the signature in DER."""
    digest = hashlib.sha256(message).digest()
    e = bytes_to_int(digest)
    for k in _nonce(private, digest):
        r = _multiply(k, G)[0] % N
        s = pow(k, N - 2, N) * (e + r * private) % N
        if r and s:
            return der_sequence(der_integer(r), der_integer(s))


def verify(public, digest, signature):
    """Whether a DER signature of a SHA-256 digest is by this public key (a point)."""
    try:
        content, rest = der_read(signature, 0x30)
        r_bytes, more = der_read(content, 0x02)
        s_bytes, end = der_read(more, 0x02)
    except ValueError:
        return False
    return not rest and not end and verify_numbers(public, digest, bytes_to_int(r_bytes), bytes_to_int(s_bytes))


def verify_raw(public, digest, signature):
    """As `verify`, of a signature that is r and s, 32 bytes each: there is one way to write it."""
    return len(signature) == 64 and verify_numbers(public, digest, bytes_to_int(signature[:32]),
                                                   bytes_to_int(signature[32:]))


def verify_numbers(public, digest, r, s):
    """FIPS 186-4 section 6.4.2. The curve has no points of small order (its cofactor is 1)."""
    if not (0 < r < N and 0 < s < N) or not _on_curve(public):
        return False
    w = pow(s, N - 2, N)
    x, _, z = _multiply_two(bytes_to_int(digest) * w % N, r * w % N, public)
    zz = z * z % P
    # x / zz is the number to be compared modulo N: both it may be are tried instead of dividing.
    return z != 0 and any((x - number * zz) % P == 0 for number in (r, r + N) if number < P)


def _on_curve(point):
    x, y = point
    return 0 <= x < P and 0 <= y < P and (y * y - x * x * x + 3 * x - B) % P == 0


def der(tag, *parts):
    content = b''.join(parts)
    size = len(content)
    if size < 128:
        length = int_to_bytes(size, 1)
    else:
        width = 1
        while size >> (8 * width):
            width += 1
        length = int_to_bytes(0x80 | width, 1) + int_to_bytes(size, width)
    return int_to_bytes(tag, 1) + length + content


def der_sequence(*parts):
    return der(0x30, *parts)


def der_integer(number):
    width = 1
    while number >> (8 * width - 1):
        width += 1
    return der(0x02, int_to_bytes(number, width))


def der_oid(dotted):
    numbers = [int(part) for part in dotted.split('.')]
    out = [int_to_bytes(numbers[0] * 40 + numbers[1], 1)]
    for number in numbers[2:]:
        part = int_to_bytes(number & 127, 1)
        number >>= 7
        while number:
            part = int_to_bytes(0x80 | (number & 127), 1) + part
            number >>= 7
        out.append(part)
    return der(0x06, *out)


def der_read(data, tag=None):
    """(content, rest) of the first element; ValueError when it is malformed or has another tag."""
    if len(data) < 2 or (tag is not None and byte_at(data, 0) != tag):
        raise ValueError('unexpected DER element')
    size, start = byte_at(data, 1), 2
    if size & 0x80:
        width = size & 0x7f
        if not 0 < width <= 4 or len(data) < 2 + width:
            raise ValueError('bad DER length')
        size, start = bytes_to_int(data[2:2 + width]), 2 + width
    if len(data) < start + size:
        raise ValueError('DER element is cut short')
    return data[start:start + size], data[start + size:]


OID_EC = '1.2.840.10045.2.1'
OID_P256 = '1.2.840.10045.3.1.7'
OID_ECDSA_SHA256 = '1.2.840.10045.4.3.2'
OID_CN = '2.5.4.3'
OID_O = '2.5.4.10'


def to_pem(label, data):
    encoded = to_text(binascii.b2a_base64(data)).strip()
    lines = [encoded[i:i + 64] for i in range(0, len(encoded), 64)]
    return '-----BEGIN %s-----\n%s\n-----END %s-----\n' % (label, '\n'.join(lines), label)


def from_pem(text, label):
    """The DER inside the first block with this label; ValueError when there is none."""
    begin, end = '-----BEGIN %s-----' % label, '-----END %s-----' % label
    start = text.find(begin)
    stop = text.find(end, start)
    if start < 0 or stop < 0:
        raise ValueError('no %s in PEM' % label)
    return binascii.a2b_base64(to_bytes(''.join(text[start + len(begin):stop].split())))


def public_key_der(point):
    """SubjectPublicKeyInfo (RFC 5480)."""
    bits = b'\0\4' + int_to_bytes(point[0], 32) + int_to_bytes(point[1], 32)
    return der_sequence(der_sequence(der_oid(OID_EC), der_oid(OID_P256)), der(0x03, bits))


def parse_public_key(data):
    """The point of a P-256 SubjectPublicKeyInfo; ValueError for anything else."""
    content, _ = der_read(data, 0x30)
    algorithm, rest = der_read(content, 0x30)
    bits, _ = der_read(rest, 0x03)
    if algorithm != der_oid(OID_EC) + der_oid(OID_P256) or len(bits) != 66 or bits[:2] != b'\0\4':
        raise ValueError('not an uncompressed P-256 public key')
    point = (bytes_to_int(bits[2:34]), bytes_to_int(bits[34:66]))
    if not _on_curve(point) or public_key_der(point) != data:
        raise ValueError('not a point of P-256 in DER')
    return point


def key_id(data):
    """By which a public key (DER) is told, as in `drover key show`."""
    return 'SHA256:' + to_text(binascii.b2a_base64(hashlib.sha256(data).digest())).strip().rstrip('=')


def private_key_pem(private):
    """SEC 1 ECPrivateKey."""
    point = public_key_of(private)
    bits = b'\0\4' + int_to_bytes(point[0], 32) + int_to_bytes(point[1], 32)
    return to_pem('EC PRIVATE KEY', der_sequence(
        der_integer(1), der(0x04, int_to_bytes(private, 32)),
        der(0xa0, der_oid(OID_P256)), der(0xa1, der(0x03, bits))))


def x509_name(organization, common_name):
    def part(oid, value):
        return der(0x31, der_sequence(der_oid(oid), der(0x0c, to_bytes(value))))
    return der_sequence(part(OID_O, organization), part(OID_CN, common_name))


def certificate_request(private, node):
    """PKCS#10 (RFC 2986) in PEM for CN system:node:<node>, O system:nodes."""
    info = der_sequence(der_integer(0), x509_name('system:nodes', 'system:node:' + node),
                        public_key_der(public_key_of(private)), der(0xa0))
    signature = der(0x03, b'\0' + sign(private, info))
    return to_pem('CERTIFICATE REQUEST', der_sequence(info, der_sequence(der_oid(OID_ECDSA_SHA256)), signature))


def _der_time(data):
    """Seconds since 1970 of a UTCTime or GeneralizedTime."""
    content, rest = der_read(data)
    text = to_text(content).rstrip('Z')
    if byte_at(data, 0) == 0x17:
        text = ('19' if text[:2] >= '50' else '20') + text
    year, month, day, hour, minute, second = [int(text[i:j]) for i, j in
                                              ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))]
    year -= month <= 2
    month_index = (month + 9) % 12
    days = year * 365 + year // 4 - year // 100 + year // 400 + (month_index * 306 + 5) // 10 + day - 1 - 719468
    return days * 86400 + hour * 3600 + minute * 60 + second, rest


def parse_certificate(data):
    """{notBefore, notAfter (seconds), publicKey (DER of its SubjectPublicKeyInfo)} of a certificate in DER."""
    rest = der_read(der_read(data, 0x30)[0], 0x30)[0]
    if byte_at(rest, 0) == 0xa0:
        rest = der_read(rest, 0xa0)[1]
    for _ in range(3):  # serial number, signature algorithm, issuer
        rest = der_read(rest)[1]
    validity, rest = der_read(rest, 0x30)
    not_before, more = _der_time(validity)
    not_after, _ = _der_time(more)
    rest = der_read(rest)[1]  # subject
    public, _ = der_read(rest, 0x30)
    return {'notBefore': not_before, 'notAfter': not_after, 'publicKey': der(0x30, public)}


# ====================================================================================================== wire
# Thrift binary protocol (strict), interpreted from the tables below. Structs are dicts; see agent.gen.ts for the form
# of the tables. Every length is checked against what is there before anything is made of it (I6).

# >>> generated wire tables
STRUCTS = {
    'Problem': (True, (
        (1, 'code', 'string', ''),
        (2, 'text', 'string', ''),
    )),
    'CommandSpec': (False, (
        (1, 'argv', ('list', 'string'), ()),
        (2, 'script', 'binary', b''),
        (3, 'user', 'string', ''),
        (4, 'cwd', 'string', ''),
        (5, 'env', ('map', 'string'), {}),
        (6, 'input', 'binary', b''),
        (7, 'maxOutputBytes', 'i64', 0),
    )),
    'PushSpec': (False, (
        (1, 'manifest', 'string', ''),
        (2, 'path', 'string', ''),
        (3, 'mode', 'string', ''),
        (4, 'owner', 'string', ''),
        (5, 'check', 'bool', False),
    )),
    'PullSpec': (False, (
        (1, 'path', 'string', ''),
        (2, 'check', 'bool', False),
    )),
    'Signature': (False, (
        (1, 'keyId', 'string', ''),
        (2, 'signature', 'binary', b''),
    )),
    'SignedRequest': (False, (
        (1, 'payload', 'binary', b''),
        (2, 'signatures', ('list', ('struct', 'Signature')), ()),
    )),
    'Task': (False, (
        (1, 'id', 'string', ''),
        (2, 'timeoutMs', 'i64', 0),
        (3, 'expiresAtMs', 'i64', 0),
        (4, 'command', ('struct', 'CommandSpec'), None),
        (5, 'push', ('struct', 'PushSpec'), None),
        (6, 'pull', ('struct', 'PullSpec'), None),
        (7, 'signed', ('struct', 'SignedRequest'), None),
    )),
    'OutputChunk': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'stream', 'i16', 0),
        (3, 'offset', 'i64', 0),
        (4, 'timeMs', 'i64', 0),
        (5, 'data', 'binary', b''),
    )),
    'TaskStarted': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'timeMs', 'i64', 0),
    )),
    'TaskProgress': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'doneBytes', 'i64', 0),
        (3, 'totalBytes', 'i64', 0),
    )),
    'TaskResult': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'outcome', 'string', ''),
        (3, 'exitCode', 'i32', 0),
        (4, 'signal', 'i32', 0),
        (5, 'reason', 'string', ''),
        (6, 'startedAtMs', 'i64', 0),
        (7, 'finishedAtMs', 'i64', 0),
        (8, 'userMs', 'i64', 0),
        (9, 'systemMs', 'i64', 0),
        (10, 'maxRssKib', 'i64', 0),
        (11, 'stdoutBytes', 'i64', 0),
        (12, 'stderrBytes', 'i64', 0),
        (13, 'stdoutDropped', 'i64', 0),
        (14, 'stderrDropped', 'i64', 0),
        (15, 'survivors', 'i32', 0),
        (16, 'detail', 'string', ''),
    )),
    'KnownTask': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'state', 'string', ''),
    )),
    'Hello': (False, (
        (1, 'agentVersion', 'string', ''),
        (2, 'agentSha256', 'string', ''),
        (3, 'pythonVersion', 'string', ''),
        (4, 'machineId', 'string', ''),
        (5, 'bootId', 'string', ''),
        (6, 'journalId', 'string', ''),
        (7, 'processId', 'string', ''),
        (8, 'tasks', ('list', ('struct', 'KnownTask')), ()),
        (9, 'facts', 'string', ''),
    )),
    'Welcome': (False, (
        (1, 'serverTimeMs', 'i64', 0),
        (2, 'heartbeatSeconds', 'i32', 0),
        (3, 'forget', ('list', 'string'), ()),
        (4, 'renewAtPercent', 'i32', 0),
        (5, 'controllers', ('list', 'string'), None),
    )),
    'Heartbeat': (False, (
        (1, 'timeMs', 'i64', 0),
        (2, 'load1', 'double', 0),
        (3, 'memoryTotalKib', 'i64', 0),
        (4, 'memoryAvailableKib', 'i64', 0),
        (5, 'cpuBusyPermille', 'i64', 0),
        (6, 'diskFreeKib', 'i64', 0),
        (7, 'uptimeSeconds', 'i64', 0),
        (8, 'runningTasks', 'i32', 0),
    )),
    'ShellSpec': (False, (
        (1, 'streamId', 'string', ''),
        (2, 'user', 'string', ''),
        (3, 'columns', 'i32', 0),
        (4, 'rows', 'i32', 0),
        (5, 'argv', ('list', 'string'), ()),
    )),
    'AgentRelease': (False, (
        (1, 'version', 'string', ''),
        (2, 'sha256', 'string', ''),
        (3, 'signature', 'binary', b''),
        (4, 'sizeBytes', 'i64', 0),
        (5, 'signed', ('struct', 'SignedRequest'), None),
    )),
}
SERVICES = {
    'Agent': {
        'start': ((
            (1, 'tasks', ('list', ('struct', 'Task')), ()),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'cancel': ((
            (1, 'taskIds', ('list', 'string'), ()),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'openShell': ((
            (1, 'shell', ('struct', 'ShellSpec'), 'required'),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'shellInput': ((
            (1, 'streamId', 'string', ''),
            (2, 'data', 'binary', b''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'resizeShell': ((
            (1, 'streamId', 'string', ''),
            (2, 'columns', 'i32', 0),
            (3, 'rows', 'i32', 0),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'closeShell': ((
            (1, 'streamId', 'string', ''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'update': ((
            (1, 'release', ('struct', 'AgentRelease'), 'required'),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'uninstall': ((), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'leave': ((
            (1, 'withinMs', 'i32', 0),
        ), None, (), True),
        'ping': ((), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
    },
    'Controller': {
        'hello': ((
            (1, 'hello', ('struct', 'Hello'), 'required'),
        ), ('struct', 'Welcome'), (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'report': ((
            (1, 'output', ('list', ('struct', 'OutputChunk')), ()),
            (2, 'started', ('list', ('struct', 'TaskStarted')), ()),
            (3, 'progress', ('list', ('struct', 'TaskProgress')), ()),
            (4, 'results', ('list', ('struct', 'TaskResult')), ()),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'facts': ((
            (1, 'json', 'string', ''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'heartbeat': ((
            (1, 'heartbeat', ('struct', 'Heartbeat'), 'required'),
        ), None, (), True),
        'ping': ((), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'renew': ((
            (1, 'request', 'string', ''),
        ), 'string', (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'shellOutput': ((
            (1, 'streamId', 'string', ''),
            (2, 'data', 'binary', b''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'shellClosed': ((
            (1, 'streamId', 'string', ''),
            (2, 'exitCode', 'i32', 0),
            (3, 'reason', 'string', ''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
    },
}
# <<< generated wire tables

MAX_FRAME = 16 * 1024 * 1024
MAX_DEPTH = 16
VERSION_1 = 0x80010000
CALL, REPLY, EXCEPTION, ONEWAY = 1, 2, 3, 4
TYPE_CODES = {'bool': 2, 'byte': 3, 'double': 4, 'i16': 6, 'i32': 8, 'i64': 10, 'string': 11, 'binary': 11,
              'struct': 12, 'map': 13, 'list': 15}
SCALARS = {'byte': pack_of('>b'), 'i16': pack_of('>h'), 'i32': pack_of('>i'), 'i64': pack_of('>q'),
           'double': pack_of('>d')}
SCALAR_LIMITS = {'byte': 1 << 7, 'i16': 1 << 15, 'i32': 1 << 31, 'i64': 1 << 63}
I16, I32, U32 = SCALARS['i16'], SCALARS['i32'], pack_of('>I')
FIELD_HEAD, MAP_HEAD, LIST_HEAD = pack_of('>bh'), pack_of('>bbi'), pack_of('>bi')
NO_FIELD = (None, -1, None)
SKIP_SIZES = {2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8}
APPLICATION_EXCEPTION = ((1, 'message', 'string', ''), (2, 'type', 'i32', 0))


class WireError(Exception):
    """Bytes that are not what the protocol allows: the connection is closed."""


def type_code(kind):
    return TYPE_CODES[kind if isinstance(kind, text_type) else kind[0]]


def write_value(out, kind, value):
    if kind == 'string':
        data = value.encode('utf-8', 'replace') if isinstance(value, text_type) else value
        out.append(I32.pack(len(data)))
        out.append(data)
    elif kind == 'binary':
        out.append(I32.pack(len(value)))
        out.append(value)
    elif kind == 'bool':
        out.append(b'\1' if value else b'\0')
    elif isinstance(kind, text_type):
        out.append(SCALARS[kind].pack(value))
    elif kind[0] == 'struct':
        write_fields(out, STRUCTS[kind[1]][1], value)
    elif kind[0] == 'list':
        out.append(LIST_HEAD.pack(type_code(kind[1]), len(value)))
        for item in value:
            write_value(out, kind[1], item)
    else:
        out.append(MAP_HEAD.pack(11, type_code(kind[1]), len(value)))
        for key in value:
            write_value(out, 'string', key)
            write_value(out, kind[1], value[key])


class Shape(object):
    """What reading and writing one struct takes, worked out once from its table."""

    def __init__(self, fields):
        self.table = fields  # kept, so that nothing else ever gets its id
        self.by_number = dict((number, (name, type_code(kind), kind)) for number, name, kind, _ in fields)
        self.plain = dict((name, default) for _, name, _, default in fields)
        self.fresh = [(name, type(default)) for _, name, _, default in fields if default in ({}, ())]
        self.required = [name for _, name, _, default in fields if default == 'required']
        self.rows = [(name, kind, default, FIELD_HEAD.pack(type_code(kind), number), self.whole(number, kind, default))
                     for number, name, kind, default in fields]

    @staticmethod
    def whole(number, kind, default):
        """The bytes of a field that has its default, which most have; None when it has none."""
        if default is None or default == 'required':
            return None
        out = [FIELD_HEAD.pack(type_code(kind), number)]
        write_value(out, kind, default)
        return b''.join(out)

    def defaults(self):
        found = self.plain.copy()
        for name, kind in self.fresh:
            found[name] = {} if kind is dict else []
        return found


SHAPES = {}


def shape_of(fields):
    shape = SHAPES.get(id(fields))
    if shape is None:
        shape = SHAPES[id(fields)] = Shape(fields)
    return shape


def write_fields(out, fields, values):
    for name, kind, default, head, whole in shape_of(fields).rows:
        value = values.get(name, default)
        if value is None:
            continue
        if whole is not None and value == default:
            out.append(whole)
            continue
        if default == 'required' and value == 'required':
            raise WireError('field %s is missing' % name)
        out.append(head)
        write_value(out, kind, value)
    out.append(b'\0')


RAW = ''  # key of a Task's own bytes, as they came: they are what the journal keeps


class Reader(object):
    """Reads values from one frame; raises WireError for anything malformed. `with_raw`: tasks keep their own bytes."""

    def __init__(self, data, with_raw=False):
        self.data = data
        self.with_raw = with_raw
        self.position = 0

    def unpack(self, layout):
        try:
            values = layout.unpack_from(self.data, self.position)
        except struct.error:
            raise WireError('frame is cut short')
        self.position += layout.size
        return values

    def take(self, size):
        start = self.position
        if size < 0 or size > len(self.data) - start:
            raise WireError('length %d is beyond the frame' % size)
        self.position = start + size
        return self.data[start:start + size]

    def byte(self):
        try:
            value = byte_at(self.data, self.position)
        except IndexError:
            raise WireError('frame is cut short')
        self.position += 1
        return value

    def string(self):
        try:
            return self.take(self.unpack(I32)[0]).decode('utf-8')
        except UnicodeDecodeError:
            raise WireError('string is not UTF-8')

    def count(self, size):
        if size < 0 or size > len(self.data) - self.position:
            raise WireError('count %d is beyond the frame' % size)
        return size

    def value(self, kind, depth):
        if depth > MAX_DEPTH:
            raise WireError('nested too deeply')
        if kind == 'string':
            return self.string()
        if kind == 'binary':
            return self.take(self.unpack(I32)[0])
        if kind == 'bool':
            return self.take(1) != b'\0'
        if isinstance(kind, text_type):
            return self.unpack(SCALARS[kind])[0]
        if kind[0] == 'struct':
            start = self.position
            found = self.fields(STRUCTS[kind[1]][1], depth + 1)
            if self.with_raw and kind[1] == 'Task':
                found[RAW] = self.data[start:self.position]
            return found
        if kind[0] == 'list':
            code, size = self.unpack(LIST_HEAD)
            if size and code != type_code(kind[1]):
                raise WireError('list of an unexpected type')
            return [self.value(kind[1], depth + 1) for _ in range(self.count(size))]
        key_code, code, size = self.unpack(MAP_HEAD)
        if size and (key_code != 11 or code != type_code(kind[1])):
            raise WireError('map of an unexpected type')
        found = {}
        for _ in range(self.count(size)):
            key = self.string()
            found[key] = self.value(kind[1], depth + 1)
        return found

    def fields(self, fields, depth):
        if depth > MAX_DEPTH:
            raise WireError('nested too deeply')
        shape = shape_of(fields)
        found = shape.defaults()
        while True:
            code = self.byte()
            if code == 0:
                break
            name, expected, kind = shape.by_number.get(self.unpack(I16)[0], NO_FIELD)
            if expected != code:
                self.skip(code, depth + 1)
            else:
                found[name] = self.value(kind, depth + 1)
        for name in shape.required:
            if found[name] == 'required':
                raise WireError('field %s is missing' % name)
        return found

    def skip(self, code, depth):
        """Reads over a value of a type we do not use here."""
        if depth > MAX_DEPTH:
            raise WireError('nested too deeply')
        if code in SKIP_SIZES:
            self.take(SKIP_SIZES[code])
        elif code == 11:
            self.take(self.unpack(I32)[0])
        elif code == 12:
            self.skip_struct(depth)
        elif code == 13:
            key_code, value_code, size = self.unpack(MAP_HEAD)
            for _ in range(self.count(size)):
                self.skip(key_code, depth + 1)
                self.skip(value_code, depth + 1)
        elif code in (14, 15):
            item_code, size = self.unpack(LIST_HEAD)
            for _ in range(self.count(size)):
                self.skip(item_code, depth + 1)
        else:
            raise WireError('unknown type %d' % code)

    def skip_struct(self, depth):
        while True:
            code = self.byte()
            if code == 0:
                return
            self.take(2)
            self.skip(code, depth + 1)

    def message(self):
        """(name, message type, sequence id)."""
        version = self.unpack(U32)[0]
        if version & 0xffff0000 != VERSION_1:
            raise WireError('not a strict Thrift message')
        name = self.string()
        return name, version & 0xff, self.unpack(I32)[0]


def encode_message(name, kind, sequence, fields, values):
    """One frame with its length in front."""
    out = [b'', U32.pack(VERSION_1 | kind)]
    write_value(out, 'string', name)
    out.append(I32.pack(sequence))
    write_fields(out, fields, values)
    size = sum(len(part) for part in out)
    if size >= MAX_FRAME:
        raise WireError('message of %d bytes is too large' % size)
    out[0] = U32.pack(size)
    return b''.join(out)


REPLIES = {}


def reply_fields(method):
    """Fields of a reply to a method of SERVICES: 0 is the result."""
    found = REPLIES.get(id(method))
    if found is None:
        args, result, exceptions, oneway = method
        found = REPLIES[id(method)] = (((0, 'success', result, None),) if result is not None else ()) + exceptions
    return found


# ================================================================================================= transport
# An event loop, and a duplex session on one TLS connection. Both sides call each other; calls that are pending when
# the session ends are all told so.
import collections
import heapq


class Loop(object):
    """poll() with timers and deferred calls. No threads."""

    def __init__(self):
        self.poller = select.poll()
        self.watched = {}
        self.timers = []
        self.count = 0
        self.deferred = collections.deque()
        self.running = True

    def watch(self, fd, events, call):
        self.watched[fd] = call
        self.poller.register(fd, events)

    def change(self, fd, events):
        self.poller.modify(fd, events)

    def unwatch(self, fd):
        if self.watched.pop(fd, None) is not None:
            self.poller.unregister(fd)

    def after(self, seconds, call):
        """Calls once after so many seconds; cancel() takes the returned entry."""
        self.count += 1
        entry = [monotonic() + seconds, self.count, call]
        heapq.heappush(self.timers, entry)
        return entry

    @staticmethod
    def cancel(entry):
        if entry is not None:
            entry[2] = None

    def soon(self, call):
        self.deferred.append(call)

    def wait_ms(self):
        if self.deferred:
            return 0
        while self.timers and self.timers[0][2] is None:
            heapq.heappop(self.timers)
        if not self.timers:
            return None
        return max(0, int(min(self.timers[0][0] - monotonic(), 1e5) * 1000) + 1)

    @staticmethod
    def safely(call, *args):
        """A defect in one thing must not end everything else."""
        try:
            call(*args)
        except Exception as error:
            import traceback
            log('error', 'internal error', error='%s: %s' % (type(error).__name__, error),
                where=traceback.format_exc().splitlines()[-6:])

    def run_once(self):
        for fd, events in retry(self.poller.poll, self.wait_ms()):
            call = self.watched.get(fd)
            if call is not None:
                self.safely(call, events)
        now = monotonic()
        while self.timers and self.timers[0][0] <= now:
            call = heapq.heappop(self.timers)[2]
            if call is not None:
                self.safely(call)
        for _ in range(2):  # what is deferred by these, such as sending, need not wait for another look at all files
            for _ in range(len(self.deferred)):
                self.safely(self.deferred.popleft())

    def run(self):
        while self.running:
            self.run_once()


def dial(host, port, timeout_s):
    """A TCP connection that notices a dead peer within about half a minute. Raises OSError or socket.error."""
    last = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            cloexec(sock.fileno())
            sock.settimeout(timeout_s)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in ((4, 20), (5, 5), (6, 3), (18, 25000)):  # KEEPIDLE, KEEPINTVL, KEEPCNT, USER_TIMEOUT
                try:
                    sock.setsockopt(socket.IPPROTO_TCP, option, value)
                except (OSError, socket.error):
                    pass
            return sock
        except (OSError, socket.error) as error:
            sock.close()
            last = error
    raise last or Failure('no address for %s' % host)


def hang_up(sock):
    """Closes for the peer to see: Python 2 waits for the last reference to the socket otherwise."""
    for step in (lambda: sock.shutdown(socket.SHUT_RDWR), sock.close):
        try:
            step()
        except (OSError, IOError, socket.error):
            pass


def split_address(address, default_port=None):
    """('host', port) of 'host:port', '[v6]:port' or 'https://host:port/'."""
    text = address.split('://', 1)[-1].split('/', 1)[0]
    host, colon, port = text.rpartition(':')
    if not colon or ']' in port:
        host, port = text, ''
    if not port and default_port is None:
        raise Failure('address %s has no port' % address)
    return host.strip('[]'), int(port or default_port)


def controllers_of(config):
    """[(host, port)] of the controllers that this node may go to. The one that it joined is among them, whatever they say."""
    found = []
    for text in config.get('controllers') or ():
        try:
            found.append(split_address(text))
        except (Failure, ValueError, AttributeError):
            log('warn', 'cannot use the address of a controller', address='%s' % (text,))
    joined = (config['agentHost'], int(config['agentPort']))
    return list(unique(found + [joined]))


def unique(items):
    seen = set()
    for item in items:
        if item not in seen:
            seen.add(item)
            yield item


LATER = object()  # what a handler returns when it will answer by itself


class Session(object):
    """
    One connection. `handlers` maps a method of the Agent service to a function of (args, answer) that returns the
    result (None for void), raises Problem, or returns LATER and calls answer(result) once.
    """

    def __init__(self, loop, sock, handlers, on_close):
        self.loop = loop
        self.sock = sock
        self.fd = sock.fileno()
        self.handlers = handlers
        self.on_close = on_close
        self.incoming = bytearray()
        self.outgoing = []
        self.outgoing_bytes = 0
        self.pending = {}
        self.sequence = 0
        self.flushing = False
        self.closed = False
        self.moves = 0  # grows while the other side sends, or takes what waited for it
        sock.setblocking(0)
        self.mask = select.POLLIN
        loop.watch(self.fd, self.mask, self.on_event)
        loop.soon(self.read)

    def call(self, method, values, done):
        """Calls the Controller; done(result, None) or done(None, error) follows exactly once (not for oneway)."""
        fields, result, exceptions, oneway = SERVICES['Controller'][method]
        self.sequence = self.sequence % 0x7fffffff + 1
        frame = encode_message(method, ONEWAY if oneway else CALL, self.sequence, fields, values)
        if not oneway:
            self.pending[self.sequence] = (method, done)
        self.send(frame)

    def send(self, frame):
        if self.closed:
            return
        self.outgoing.append(frame)
        self.outgoing_bytes += len(frame)
        if self.outgoing_bytes > 4 * MAX_FRAME:
            return self.close('the controller does not read')
        if not self.flushing:
            self.flushing = True
            self.loop.soon(self.flush)

    def flush(self):
        self.flushing = False
        if self.closed or not self.outgoing:
            return
        data = b''.join(self.outgoing) if len(self.outgoing) > 1 else self.outgoing[0]
        sent = 0
        try:
            while sent < len(data):
                sent += self.sock.send(data[sent:sent + 262144] if sent or len(data) > 262144 else data)
        except (ssl.SSLError, OSError, socket.error) as error:
            if not self.would_block(error):
                return self.close(words_of(error))
        self.outgoing = [data[sent:]] if sent < len(data) else []
        self.outgoing_bytes = len(data) - sent
        self.listen(select.POLLIN | select.POLLOUT if self.outgoing else select.POLLIN)

    def listen(self, mask):
        if not self.closed and mask != self.mask:
            self.mask = mask
            self.loop.change(self.fd, mask)

    @staticmethod
    def would_block(error):
        if isinstance(error, ssl.SSLError) and error.args and error.args[0] in TLS_WANT:
            return True
        return errno_of(error) in (errno.EAGAIN, errno.EINTR)

    def on_event(self, events):
        if events & select.POLLOUT and not self.closed:
            self.moves += 1
            self.flush()
        if events & (select.POLLIN | select.POLLHUP | select.POLLERR) and not self.closed:
            self.read()

    def read(self):
        """Takes what TLS has: poll() does not see what OpenSSL has already read."""
        for _ in range(64):
            if self.closed:
                return
            try:
                data = self.sock.recv(65536)
            except (ssl.SSLError, OSError, socket.error) as error:
                return None if self.would_block(error) else self.close(words_of(error))
            if not data:
                return self.close('the controller closed the connection')
            self.moves += 1
            self.incoming += data
            self.take_frames()
            if self.closed or not self.sock.pending():
                return
        self.loop.soon(self.read)

    def take_frames(self):
        while not self.closed and len(self.incoming) >= 4:
            size = bytes_to_int(bytes(self.incoming[:4]))
            if size >= MAX_FRAME:
                return self.close('frame of %d bytes is too large' % size)
            if len(self.incoming) < size + 4:
                return
            frame = bytes(self.incoming[4:size + 4])
            del self.incoming[:size + 4]
            try:
                self.take_message(frame)
            except WireError as error:
                return self.close('bad message: %s' % error)
            except Exception:
                self.close('internal error')
                raise

    def take_message(self, frame):
        reader = Reader(frame, True)
        name, kind, sequence = reader.message()
        if kind in (REPLY, EXCEPTION):
            self.take_reply(reader, name, kind, sequence)
        elif kind in (CALL, ONEWAY):
            self.take_call(reader, name, kind, sequence)
        else:
            raise WireError('unknown message type %d' % kind)

    def take_reply(self, reader, name, kind, sequence):
        method, done = self.pending.pop(sequence, (None, None))
        if done is None:
            raise WireError('reply to a call that was not made')
        if kind == EXCEPTION:
            error = reader.fields(APPLICATION_EXCEPTION, 0)
            return done(None, Problem('internal', error['message']))
        values = reader.fields(reply_fields(SERVICES['Controller'][method]), 0)
        if values.get('problem') is not None:
            return done(None, Problem(values['problem']['code'], values['problem']['text']))
        done(values.get('success'), None)

    def take_call(self, reader, name, kind, sequence):
        method = SERVICES['Agent'].get(name)
        if method is None or name not in self.handlers:
            if kind == CALL:
                self.send(encode_message(name, EXCEPTION, sequence, APPLICATION_EXCEPTION,
                                         {'message': 'unknown method %s' % name, 'type': 1}))
            return
        values = reader.fields(method[0], 0)

        def answer(result, problem=None):
            if kind == CALL:
                body = {'problem': {'code': problem.code, 'text': problem.text}} if problem else {'success': result}
                self.send(encode_message(name, REPLY, sequence, reply_fields(method), body))
        try:
            result = self.handlers[name](values, answer)
        except Problem as problem:
            return answer(None, problem)
        except Exception as error:  # a defect of ours must not end the session
            log('error', 'call failed', method=name, error='%s: %s' % (type(error).__name__, error))
            return answer(None, Problem('internal', words_of(error)))
        if result is not LATER:
            answer(result)

    def close(self, reason):
        if self.closed:
            return
        self.closed = True
        self.loop.unwatch(self.fd)
        hang_up(self.sock)
        pending, self.pending = self.pending, {}
        for method, done in pending.values():
            done(None, Problem('internal', 'connection closed: %s' % reason))
        self.on_close(reason)


# =================================================================================================== journal
# What was asked of this server, on disk before it is done (I1). One file of records, filled with zeros ahead of its
# end, so that a durable append is one fdatasync without a change of the file's length.
RECORD = pack_of('>II')
STAMP = pack_of('>q')
KEEP_DONE_MS = 7 * 86400 * 1000
KEEP_DONE_COUNT = 20000
KEEP_USED_MS = 86400 * 1000
JOURNAL_STEP = 256 * 1024
JOURNAL_COMPACT = 4 * 1024 * 1024


class Journal(object):
    """
    Records: J journal id, T when it was begun, B boot id, A accepted task (time, id, Task as Thrift), U used request
    (time of its expiry, request id, id of the task that used it), D done with (time, id).
    `open_tasks`: id -> (boot id, Task bytes); `done`: id -> time in ms, kept for seven days; `used`: request id ->
    (expiry in ms, task id), kept for a day longer than it is valid, since clocks are set back, too.
    """

    def __init__(self, path, boot_id):
        self.path = path
        self.boot_id = boot_id
        self.journal_id = ''
        self.begun_ms = 0
        self.open_tasks = {}
        self.done = {}
        self.used = {}
        self.fd = -1
        self.end = self.size = 0
        self.limit = JOURNAL_COMPACT
        self.load()
        try:
            self.compact()
        except (OSError, IOError) as error:
            self.go_on_with_old(error)

    def go_on_with_old(self, error):
        """On a full disk the old file is good enough: there is room in its zeros."""
        if not self.end:
            raise Failure('cannot write the journal: %s' % words_of(error))
        log('error', 'cannot rewrite the journal: going on with the old one', reason=words_of(error))
        self.fd = cloexec(os.open(self.path, os.O_RDWR))
        data = self.record(b'B', to_bytes(self.boot_id))
        self.append(data, False)
        self.end += len(data)

    def load(self):
        try:
            data = read_file(self.path, 1 << 30)
        except (OSError, IOError):
            return
        boot, position = '', 0
        while position + 8 <= len(data):
            size, check = RECORD.unpack_from(data, position)
            payload = data[position + 8:position + 8 + size]
            if not size or len(payload) != size or binascii.crc32(payload) & 0xffffffff != check:
                break  # the zeros ahead, or a record that a power cut tore: nothing after it was acknowledged
            position += 8 + size
            self.end, self.size = position, len(data)
            kind, rest = payload[:1], payload[1:]
            if kind == b'J':
                self.journal_id = to_text(rest)
            elif kind == b'T':
                self.begun_ms = STAMP.unpack(rest)[0]
            elif kind == b'B':
                boot = to_text(rest)
            elif kind == b'A':
                size = byte_at(rest, 8)
                self.open_tasks[to_text(rest[9:9 + size])] = (boot, rest[9 + size:])
            elif kind == b'U':
                size = byte_at(rest, 8)
                self.used[to_text(rest[9:9 + size])] = (STAMP.unpack(rest[:8])[0], to_text(rest[9 + size:]))
            elif kind == b'D':
                task_id = to_text(rest[8:])
                self.open_tasks.pop(task_id, None)
                self.done[task_id] = STAMP.unpack(rest[:8])[0]

    @staticmethod
    def record(kind, *parts):
        payload = kind + b''.join(parts)
        return RECORD.pack(len(payload), binascii.crc32(payload) & 0xffffffff) + payload

    def accepted(self, task_id, body):
        name = to_bytes(task_id)
        return self.record(b'A', STAMP.pack(now_ms()), int_to_bytes(len(name), 1), name, body)

    def used_by(self, request_id, expires_ms, task_id):
        name = to_bytes(request_id)
        return self.record(b'U', STAMP.pack(expires_ms), int_to_bytes(len(name), 1), name, to_bytes(task_id))

    def compact(self):
        """Rewrites the file with what still matters. Old boots are kept: their tasks are to be reported as lost."""
        if not self.journal_id:
            self.journal_id = new_id()
        self.begun_ms = self.begun_ms or now_ms()
        self.forget_old()
        parts = [self.record(b'J', to_bytes(self.journal_id)), self.record(b'T', STAMP.pack(self.begun_ms))]
        parts.extend(self.used_by(request_id, *use) for request_id, use in self.used.items())
        parts.extend(self.record(b'D', STAMP.pack(at), to_bytes(task_id)) for task_id, at in self.done.items())
        boot = None
        for task_id, (task_boot, body) in sorted(self.open_tasks.items(), key=lambda item: item[1][0]):
            if task_boot != boot:
                boot = task_boot
                parts.append(self.record(b'B', to_bytes(boot)))
            parts.append(self.accepted(task_id, body))
        parts.append(self.record(b'B', to_bytes(self.boot_id)))
        data = b''.join(parts)
        size = (len(data) // JOURNAL_STEP + 1) * JOURNAL_STEP
        write_file(self.path, data + b'\0' * (size - len(data)))
        self.end, self.size = len(data), size
        self.limit = max(JOURNAL_COMPACT, 2 * self.end)
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = cloexec(os.open(self.path, os.O_RDWR))

    def forget_old(self):
        horizon = now_ms() - KEEP_DONE_MS
        keep = sorted((at, task_id) for task_id, at in self.done.items() if at > horizon)[-KEEP_DONE_COUNT:]
        self.done = dict((task_id, at) for at, task_id in keep)
        used_until = now_ms() - KEEP_USED_MS
        self.used = dict((request_id, use) for request_id, use in self.used.items() if use[0] > used_until)

    def append(self, data, durable):
        size = self.size
        grow = self.end + len(data) + 8 > size
        if grow:
            size = ((self.end + len(data)) // JOURNAL_STEP + 1) * JOURNAL_STEP
            data += b'\0' * (size - self.end - len(data))
        os.lseek(self.fd, self.end, 0)
        write_all(self.fd, data)
        if durable:
            os.fsync(self.fd) if grow else os.fdatasync(self.fd)
        self.size = size

    def accept(self, tasks, uses=()):
        """Puts tasks [(id, Task bytes)] and uses [(request id, expiry, task id)] on disk; returns once they are there."""
        data = b''.join(self.accepted(task_id, body) for task_id, body in tasks)
        data += b''.join(self.used_by(*use) for use in uses)
        self.append(data, True)
        self.end += len(data)
        for task_id, body in tasks:
            self.open_tasks[task_id] = (self.boot_id, body)
        for request_id, expires_ms, task_id in uses:
            self.used[request_id] = (expires_ms, task_id)

    def finish(self, task_ids):
        """The controller has these results. Need not be durable: it says so again at the next hello."""
        data = b''
        for task_id in task_ids:
            at = now_ms()
            data += self.record(b'D', STAMP.pack(at), to_bytes(task_id))
            self.open_tasks.pop(task_id, None)
            self.done[task_id] = at
        try:
            self.append(data, False)
            self.end += len(data)
            if self.end > self.limit or len(self.done) > KEEP_DONE_COUNT + 4096:
                self.compact()
        except (OSError, IOError) as error:
            log('error', 'cannot write the journal', reason=words_of(error))


def new_id():
    return to_text(binascii.hexlify(os.urandom(16)))


# ===================================================================================================== tasks
# The supervisor: one small detached process per running task, forked from the agent without exec. It outlives the
# agent. When nothing is left of its task it may get another: a fork is the dearest part of a short task (S1).
# S1: a supervisor is used again only when its command ended by itself and no descendant is left (the kernel has none for
# it to wait for), and only by the agent that forked it; the end of that agent is its end.
# Task directory tasks/<id>/: `state` (locked by the supervisor; first line "begun ...", last line "result {json}"),
# `output` (records of both streams in order), `acked` (how far the controller has them), `detail` and `progress` of
# transfers, `script` and `input` while needed. The agent makes it before it hands the task over: a supervisor that comes
# when it is gone is too late (I1). Settled ones are emptied and used again: file systems are slow at making new files.
OUTPUT_RECORD = pack_of('>BIq')  # stream, length, time in ms
READ_SIZE = 65536
TERM_GRACE_S = 0.5
KILL_LIMIT_S = 5.0
DRAIN_S = 1.0
FIRST_NUDGE_S = 0.01
NEXT_NUDGE_S = 0.02
DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
MAX_ORDER = 32768  # fits into an empty pipe at once
ORDERED = ('id', 'timeoutMs', 'command')  # of a task: what a supervisor needs
MAX_NUDGE = 4096  # PIPE_BUF: whole or not at all, whoever else writes
MAX_RESTING = 2
MAX_SPARES = 8
REST_S = 60.0
SCRATCH = '/run/drover-tasks'
SIGNALS = {'cancel': False}
DEFAULT_SIGNALS = (signal.SIGPIPE, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1,
                   getattr(signal, 'SIGXFSZ', signal.SIGPIPE))
ID_CHARACTERS = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-')


def on_cancel_signal(*_):
    SIGNALS['cancel'] = True


def on_plain_signal(*_):
    """Nothing by itself: the wake-up pipe does the rest."""


def valid_id(task_id):
    return 0 < len(task_id) <= 128 and task_id[0] != '.' and all(c in ID_CHARACTERS for c in task_id)


def task_dir(task_id):
    """Relative to the state directory, which is the working directory of agent and supervisors."""
    return 'tasks/' + task_id


def blank_result(task_id, outcome, reason):
    return {'taskId': task_id, 'outcome': outcome, 'exitCode': 0, 'signal': 0, 'reason': reason, 'startedAtMs': 0,
            'finishedAtMs': now_ms(), 'userMs': 0, 'systemMs': 0, 'maxRssKib': 0, 'stdoutBytes': 0, 'stderrBytes': 0,
            'stdoutDropped': 0, 'stderrDropped': 0, 'survivors': 0, 'detail': ''}


class TaskDirs(object):
    """Makes and removes task directories; keeps some that are emptied, for the next tasks of this agent's life."""

    def __init__(self):
        remove_tree('spare')
        os.mkdir('spare', 0o700)
        self.spares = []
        self.count = 0

    def make(self, task_id):
        """There is a directory for this task afterwards: maybe with what it left there before."""
        if self.spares:
            try:
                return os.rename(self.spares.pop(), task_dir(task_id))
            except OSError:
                pass
        try:
            os.mkdir(task_dir(task_id), 0o700)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise

    def take_back(self, task_id):
        """Nobody needs what is in it any more."""
        if len(self.spares) < MAX_SPARES:
            try:
                return self.empty(task_dir(task_id))
            except (OSError, IOError):  # a supervisor that was killed still holds it, say
                pass
        remove_tree(task_dir(task_id))

    def empty(self, path):
        state = cloexec(os.open(path + '/state', os.O_RDWR))
        try:
            fcntl.flock(state, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in os.listdir(path):
                if name == 'output':
                    os.close(os.open(path + '/output', os.O_WRONLY | os.O_TRUNC))
                elif name != 'state':
                    os.unlink('%s/%s' % (path, name))
            os.ftruncate(state, 0)
            self.count += 1
            spare = 'spare/%d' % self.count
            os.rename(path, spare)
            self.spares.append(spare)
        finally:
            os.close(state)


def lock_state(task_id):
    """The task's state file, locked; None when a supervisor holds it."""
    fd = cloexec(os.open(task_dir(task_id) + '/state', os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600))
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd
    except (OSError, IOError):
        os.close(fd)
        return None


def read_state(task_id):
    """(begun, result): begun is {pid, atMs} or None, result a dict or None."""
    begun = result = None
    try:
        lines = read_file(task_dir(task_id) + '/state').split(b'\n')[:-1]
    except (OSError, IOError):
        return None, None
    for line in lines:
        words = line.split(b' ', 1)
        try:
            if words[0] == b'begun':
                begun = json.loads(to_text(words[1]))
            elif words[0] == b'result':
                result = json.loads(to_text(words[1]))
        except (ValueError, IndexError):
            log('warn', 'state file of a task is damaged', task=task_id)
    return begun, result


def append_state(fd, word, values):
    """Returns the values as they are written there."""
    text = json.dumps(values)
    write_all(fd, to_bytes('%s %s\n' % (word, text)))
    return text


def process_table():
    """pid -> (state, parent, group, session, start time in ticks since boot)."""
    table = {}
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            text = read_file('/proc/%s/stat' % name, 4096)
        except (OSError, IOError):
            continue
        fields = text[text.rfind(b')') + 2:].split()
        if len(fields) > 19:
            table[int(name)] = (fields[0], int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))
    return table


def has_marker(pid, marker):
    try:
        return marker in read_file('/proc/%d/environ' % pid, 1 << 20)
    except (OSError, IOError):
        return False


def task_mark(task_id, state_dir=None):
    """Value of DROVER_TASK_DIR in the environment of a task's processes: no other task of this machine has it."""
    return '%s/%s' % (to_text(state_dir or os.getcwd()), task_dir(task_id))


def task_members(task_id, supervisor, leader, since=None, state_dir=None):
    """
    Living processes of a task: its session and group, children of the supervisor (orphans come to it), all their
    descendants and sessions, and whoever carries the task's mark in its environment.
    """
    table = process_table()
    if since is None:
        since = table.get(supervisor, (b'', 0, 0, 0, 0))[4]
    members = set(pid for pid, (_, parent, group, session, _s) in table.items()
                  if pid != supervisor and (leader in (pid, group, session) or parent == supervisor))
    marker = to_bytes('DROVER_TASK_DIR=%s\0' % task_mark(task_id, state_dir))
    rest = [pid for pid, row in table.items()
            if pid not in members and pid != supervisor and row[4] >= since and row[1] != 2]
    members.update(pid for pid in rest if has_marker(pid, marker))
    grown = True
    while grown:
        more = set(pid for pid, row in table.items()
                   if pid not in members and pid != supervisor and (row[1] in members or row[3] in members))
        members |= more
        grown = bool(more)
    return set(pid for pid in members if table[pid][0] not in (b'Z', b'X'))


def children_of(pid):
    """Children of a process, by the kernel's lists of each of its threads (Linux 3.5, CONFIG_PROC_CHILDREN)."""
    try:
        lists = [read_file('/proc/%d/task/%s/children' % (pid, thread)) for thread in os.listdir('/proc/%d/task' % pid)]
    except (OSError, IOError):  # it has just ended
        return ()
    return [int(child) for child in b' '.join(lists).split()]


def is_alive(pid):
    try:
        text = read_file('/proc/%d/stat' % pid, 4096)
    except (OSError, IOError):
        return False
    return text[text.rfind(b')') + 2:][:1] not in (b'Z', b'X', b'')


def descendants(pid):
    """Living descendants of a process: a walk over its own tree, however many other processes the server has."""
    found, waiting = set(), [pid]
    while waiting:
        more = [child for child in children_of(waiting.pop()) if child not in found]
        found.update(more)
        waiting.extend(more)
    return set(pid for pid in found if is_alive(pid))


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass


def account_of(user):
    """(uid, gid, name, home, shell) to run as ('': as we are), and whether to switch to it."""
    try:
        entry = pwd.getpwnam(str(user)) if user else pwd.getpwuid(os.getuid())
    except (KeyError, UnicodeError):
        if user:
            raise Failure('unknown user: %s' % user)
        return (os.getuid(), os.getgid(), '%d' % os.getuid(), '/', '/bin/sh'), False
    switch = entry.pw_uid != os.getuid()
    if switch and os.getuid() != 0:
        raise Failure('cannot run as %s: the agent does not run as root' % user)
    return (entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir, entry.pw_shell or '/bin/sh'), switch


class Supervisor(object):
    """Runs in its own process: starts one command (or transfer), watches it, writes down what became of it."""

    def __init__(self, task, boot_id, nudge_fd, wake, work):
        self.task = task
        self.task_id = task['id']
        self.boot_id = boot_id
        self.nudge_fd = nudge_fd
        self.wake = wake  # readable after a signal
        self.work = work  # a function for transfers: runs in the child, returns the exit code
        self.command = task.get('command') or {'argv': [], 'script': b'', 'user': '', 'cwd': '', 'env': {},
                                               'input': b'', 'maxOutputBytes': 1 << 20}
        self.child = 0
        self.status = None
        self.usage = None
        self.output_fd = -1
        self.lengths = {1: 0, 2: 0}
        self.dropped = {1: 0, 2: 0}
        self.has_orphans = become_subreaper()  # orphans come to us: then the whole task are our descendants
        self.dirty = False
        self.next_nudge = 0.0

    def nudge(self, word, said=''):
        """Tells the agent, if there is one, to look at this task; `said` spares it to read the state file."""
        message = to_bytes('%s %s %s\n' % (word, self.task_id, said))
        if len(message) > MAX_NUDGE:
            message = to_bytes('%s %s\n' % (word, self.task_id))
        for _ in range(100):
            try:
                os.write(self.nudge_fd, message)
                return
            except OSError as error:
                if error.errno != errno.EAGAIN or word == 'o':
                    return  # no agent now: the next one reads the state file
            poller = select.poll()
            poller.register(self.nudge_fd, select.POLLOUT)
            retry(poller.poll, 100)

    def run(self, may_rest):
        """Does the whole task. True when there may be another for this process (S1)."""
        try:
            state = lock_state(self.task_id)
        except (OSError, IOError):
            return False  # its directory is gone: it was settled without us
        if state is None:
            return False
        if os.fstat(state).st_size:
            return False  # begun or refused before: never twice (I1)
        self.started = monotonic()
        self.started_ms = now_ms()
        append_state(state, 'begun', {'pid': os.getpid(), 'atMs': self.started_ms, 'boot': self.boot_id})
        try:
            result = self.supervise(self.wake)
        except Failure as failure:
            result = blank_result(self.task_id, 'never-started', words_of(failure))
        except Exception as error:
            result = blank_result(self.task_id, 'lost' if self.child else 'never-started',
                                  'the supervisor failed: %s: %s' % (type(error).__name__, error))
        said = append_state(state, 'result', result)
        os.close(state)
        if self.output_fd >= 0:
            os.close(self.output_fd)
        rests = may_rest and self.has_orphans and result['outcome'] in ('exited', 'signalled') and is_childless()
        self.nudge('r' if rests else 'f', said)
        self.clean()
        return rests

    def clean(self):
        for name in ('script', 'input'):
            if self.command[name]:
                remove_quietly('%s/%s' % (task_dir(self.task_id), name))
        if self.scratch:
            remove_tree(self.scratch)

    scratch = ''

    # ---- starting

    def environment(self, account):
        values = {'PATH': DEFAULT_PATH, 'HOME': account[3], 'USER': account[2], 'LOGNAME': account[2],
                  'SHELL': account[4], 'LANG': os.environ.get('LANG', 'C.UTF-8')}
        values.update(self.command['env'])
        values['DROVER_TASK_ID'] = self.task_id
        values['DROVER_TASK_DIR'] = task_mark(self.task_id)
        for name, value in values.items():
            if not name or '=' in name or '\0' in name or '\0' in value:
                raise Failure('bad environment variable: %s' % name)
        return dict((to_bytes(name), to_bytes(value)) for name, value in values.items())

    def arguments(self, account, switch):
        argv = [to_bytes(part) for part in self.command['argv']]
        if self.command['script']:
            argv.append(self.write_script(account, switch))
        if not argv or not argv[0]:
            raise Failure('empty command')
        if any(b'\0' in part for part in argv):
            raise Failure('an argument contains a NUL byte')
        return argv

    def write_script(self, account, switch):
        """The script as a file that the account can read; another user cannot enter the state directory."""
        place = os.path.abspath(task_dir(self.task_id))
        if switch:
            try:
                os.mkdir(SCRATCH)
            except OSError as error:
                if error.errno != errno.EEXIST or os.lstat(SCRATCH).st_uid != 0:
                    raise Failure('cannot use %s: %s' % (SCRATCH, words_of(error)))
            os.chmod(SCRATCH, 0o711)
            self.scratch = place = '%s/%s' % (SCRATCH, self.task_id)
            os.mkdir(place, 0o700)
            os.chown(place, account[0], account[1])
        path = place + '/script'
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o500)
        try:
            write_all(fd, self.command['script'])
            if switch:
                os.fchown(fd, account[0], account[1])
        finally:
            os.close(fd)
        return to_bytes(path)

    def open_input(self):
        if not self.command['input']:
            return os.open('/dev/null', os.O_RDONLY)
        path = task_dir(self.task_id) + '/input'
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        write_all(fd, self.command['input'])
        os.close(fd)
        return os.open(path, os.O_RDONLY)

    def start(self):
        """Forks the command. Returns its two output pipes; Failure when it could not be started."""
        account, switch = account_of(self.command['user'])
        environment = self.environment(account)
        argv = [b'transfer'] if self.work else self.arguments(account, switch)
        out_read, out_write = make_pipe()
        error_read, error_write = make_pipe()
        fds = (self.open_input(), out_write, error_write)
        try:
            if FAST_SPAWN and not switch and not self.work:
                self.spawn(account, argv, environment, fds)
            else:
                self.fork(account, switch, argv, environment, fds)
        finally:
            for fd in fds:
                os.close(fd)
        return out_read, error_read

    def spawn(self, account, argv, environment, fds):
        """posix_spawn shares our memory until exec, which costs half of what fork does."""
        here = os.open('.', os.O_RDONLY)
        stage = 'cwd'
        umask = os.umask(0o022)
        try:
            os.chdir(self.folder(account))
            stage = 'exec'
            path = find_program(argv[0], environment)
            self.child = os.posix_spawn(
                path, argv, environment, setsid=True, setsigdef=DEFAULT_SIGNALS,
                file_actions=[(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(fds)])
        except OSError as error:
            raise Failure(self.explain(stage, error.errno, argv))
        finally:
            os.umask(umask)
            os.fchdir(here)
            os.close(here)

    def folder(self, account):
        return to_bytes(self.command['cwd'] or (account[3] if os.path.isdir(account[3]) else '/'))

    def fork(self, account, switch, argv, environment, fds):
        status_read, status_write = make_pipe()
        self.child = os.fork()
        if self.child == 0:
            stage = b'start'
            try:
                os.setsid()
                for number, fd in enumerate(fds):
                    os.dup2(fd, number)
                for number in DEFAULT_SIGNALS:
                    signal.signal(number, signal.SIG_DFL)
                if self.work:
                    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
                    die_with_parent()
                    close_from(3, [self.nudge_fd])
                    run_work(self.work)
                if switch:
                    stage = b'user'
                    init_groups(account[2], account[1])
                    os.setgid(account[1])
                    os.setuid(account[0])
                stage = b'cwd'
                os.umask(0o022)
                os.chdir(self.folder(account))
                stage = b'exec'
                if not PY3:
                    close_from(3, [status_write])
                path = find_program(argv[0], environment)
                os.execve(path, argv, environment)
            except BaseException as error:
                os.write(status_write, stage + b' ' + to_bytes('%s' % (errno_of(error) or 0)))
            os._exit(127)
        os.close(status_write)
        said = retry(os.read, status_read, 200)
        os.close(status_read)
        if said:
            retry(os.waitpid, self.child, 0)
            self.child = 0
            stage, code = to_text(said).split(' ', 1)
            raise Failure(self.explain(stage, int(code) if code.isdigit() else 0, argv))

    def explain(self, stage, code, argv):
        why = os.strerror(code) if code else 'failed'
        name = to_text(argv[0])
        if stage == 'cwd':
            return 'cannot enter working directory %s: %s' % (self.command['cwd'], why)
        if stage == 'user':
            return 'cannot become user %s: %s' % (self.command['user'], why)
        if code in (errno.ENOENT, errno.ENOTDIR):
            return 'no such file: %s' % name
        if code == errno.EACCES:
            return 'not executable: %s' % name
        if code == errno.ENOEXEC:
            return 'not executable (no known format, no #! line): %s' % name
        return 'cannot start %s: %s' % (name, why)

    # ---- watching

    def supervise(self, wake):
        streams = dict(zip(self.start(), (1, 2)))
        poller = select.poll()
        poller.register(wake, select.POLLIN)
        for fd in streams:
            poller.register(fd, select.POLLIN)
        deadline = self.started + self.task['timeoutMs'] / 1000.0
        outcome, survivors, drain = '', 0, None
        self.reap()
        while self.status is None or streams:
            now = monotonic()
            if self.status is not None:
                drain = drain or now + DRAIN_S
                if now >= drain:
                    break
            if self.status is None and not outcome and (SIGNALS['cancel'] or now >= deadline):
                outcome = 'cancelled' if SIGNALS['cancel'] else 'timed-out'
                survivors = self.kill_tree(wake)
                drain = monotonic() + 0.2
                if self.status is None:
                    break  # unkillable (waiting for a dead disk, say): survivors tells
                continue
            if self.dirty and now >= self.next_nudge:
                self.dirty, self.next_nudge = False, now + NEXT_NUDGE_S
                self.nudge('o')
            times = [drain if self.status is not None else deadline]
            if self.dirty:
                times.append(self.next_nudge)
            for fd, _ in retry(poller.poll, max(0, int(min(min(times) - now, 1e5) * 1000) + 1)):
                if fd == wake:
                    self.drain_wake(wake)
                    self.reap()
                elif not self.copy(fd, streams[fd]):
                    poller.unregister(fd)
                    del streams[fd]
                    os.close(fd)
        return self.result(outcome, survivors, bool(streams))

    @staticmethod
    def drain_wake(wake):
        try:
            while os.read(wake, 512):
                pass
        except OSError:
            pass

    def reap(self):
        """Takes the status of the command and of orphans that came to us."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except OSError:
                return
            if pid == 0:
                return
            if pid == self.child:
                self.status, self.usage = status, usage

    def copy(self, fd, stream):
        """One read of a pipe to the spool; False at its end. What is beyond the cap is counted and dropped."""
        try:
            data = retry(os.read, fd, READ_SIZE)
        except OSError:
            return False
        if not data:
            return False
        room = max(0, self.command['maxOutputBytes'] - (self.lengths[stream] - self.dropped[stream]))
        if self.dropped[stream]:
            room = 0
        kept = data[:room]
        if kept:
            kept = self.spool(stream, kept)
        self.lengths[stream] += len(data)
        self.dropped[stream] += len(data) - len(kept)
        if kept and not self.dirty:
            self.dirty = True
            self.next_nudge = max(self.next_nudge, monotonic() + FIRST_NUDGE_S)
        return True

    def spool(self, stream, data):
        """Appends a record; returns what was kept: nothing when the disk is full."""
        try:
            if self.output_fd < 0:
                self.output_fd = cloexec(os.open(task_dir(self.task_id) + '/output',
                                                 os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
            before = os.fstat(self.output_fd).st_size
            record = OUTPUT_RECORD.pack(stream, len(data), now_ms()) + data
            try:
                write_all(self.output_fd, record)
                return data
            except OSError:
                os.ftruncate(self.output_fd, before)
                return b''
        except OSError:
            return b''

    # ---- ending

    def members(self):
        """
        Living processes of the task. As long as there are descendants, those; when there are none, whatever a search
        through all processes of the server finds: the proof that nothing is left.
        """
        found = descendants(os.getpid()) if self.has_orphans else ()
        return found or task_members(self.task_id, os.getpid(), self.child)

    def kill_tree(self, wake):
        """
        TERM, a short grace, then stop and KILL whatever is left until nothing is. Stopping first keeps a tree that
        forks faster than we look from getting away. Returns how many are still alive.
        """
        members = self.members()
        signal_all(members, signal.SIGTERM)
        signal_all(members, signal.SIGCONT)
        grace = monotonic() + TERM_GRACE_S
        poller = select.poll()
        poller.register(wake, select.POLLIN)
        pause = 5
        while monotonic() < grace:
            retry(poller.poll, pause)
            pause = min(50, pause * 2)
            self.drain_wake(wake)
            self.reap()
            members = self.members()
            if not members:
                break
        limit = monotonic() + KILL_LIMIT_S
        while members and monotonic() < limit:
            for _ in range(10):
                signal_all(members, signal.SIGSTOP)
                more = self.members()
                if more <= members:
                    break
                members |= more
            signal_all(members, signal.SIGKILL)
            retry(poller.poll, 10)
            self.drain_wake(wake)
            self.reap()
            members = self.members()
        self.reap()
        return len(members)

    def result(self, outcome, survivors, held):
        found = blank_result(self.task_id, outcome or 'exited', '')
        found['startedAtMs'] = self.started_ms
        found['survivors'] = survivors
        if self.usage is not None:
            found['userMs'] = int(self.usage[0] * 1000)
            found['systemMs'] = int(self.usage[1] * 1000)
            found['maxRssKib'] = int(self.usage[2])
        for stream, name in ((1, 'stdout'), (2, 'stderr')):
            found[name + 'Bytes'] = self.lengths[stream]
            found[name + 'Dropped'] = self.dropped[stream]
        if self.status is not None and os.WIFSIGNALED(self.status):
            found['signal'] = os.WTERMSIG(self.status)
            found['outcome'] = outcome or 'signalled'
        elif self.status is not None:
            found['exitCode'] = os.WEXITSTATUS(self.status)
        if outcome == 'timed-out':
            found['reason'] = 'killed at its timeout of %g s' % (self.task['timeoutMs'] / 1000.0)
        elif survivors:
            found['reason'] = '%d of its processes could not be killed' % survivors
        elif held and not outcome:
            found['reason'] = 'a process it left in the background still held its output'
        if self.work:
            self.add_detail(found)
        return found

    def add_detail(self, found):
        """What the transfer wrote down about itself."""
        try:
            said = json.loads(to_text(read_file(task_dir(self.task_id) + '/detail')))
        except (OSError, IOError, ValueError):
            if found['outcome'] == 'exited' and not found['reason']:
                found['reason'] = 'the transfer ended without a word'
            return
        found['detail'] = json.dumps(said['detail'])
        if not found['reason']:
            found['reason'] = said['reason']


def run_work(work):
    """Ends the process with what a transfer returns."""
    code = 1
    try:
        code = work()
    except BaseException as error:
        log('error', 'transfer failed', error='%s: %s' % (type(error).__name__, error))
    finally:
        os._exit(code)


def close_from(first, keep):
    for name in os.listdir('/proc/self/fd'):
        if int(name) >= first and int(name) not in keep:
            try:
                os.close(int(name))
            except OSError:
                pass


def find_program(name, environment):
    """Where the PATH of the given environment has a program; raises OSError of the most telling failure."""
    if b'/' in name:
        return name
    found = None
    for folder in environment.get(b'PATH', b'').split(b':'):
        path = (folder or b'.') + b'/' + name
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
        if os.path.exists(path):
            found = found or OSError(errno.EACCES, 'not executable')
    raise found or OSError(errno.ENOENT, 'no such file')


def is_childless():
    """Whether no child is left, living or dead: of a subreaper, no descendant either."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except OSError as error:
        return error.errno == errno.ECHILD
    return False


def prepare_supervisor(keep):
    """What a fork of the agent needs to stand by itself. Returns a pipe that is readable after a signal."""
    os.setsid()
    gc.disable()
    wake_read, wake_write = make_pipe()
    nonblocking(wake_read)
    nonblocking(wake_write)
    signal.set_wakeup_fd(wake_write)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, on_plain_signal)
    close_from(3, keep + [wake_read, wake_write])
    return wake_read


def read_exactly(fd, size):
    """That many bytes of a pipe; None at its end."""
    parts = []
    while size:
        part = retry(os.read, fd, size)
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b''.join(parts)


def next_order(orders):
    """The next task for a supervisor that rests; None when its agent does not need it any more, or is gone."""
    size = read_exactly(orders, 4)
    order = size and read_exactly(orders, bytes_to_int(size))
    return marshal.loads(order) if order else None  # of our own parent, by a pipe that nobody else has


class Crew(object):
    """
    The supervisors that this agent has forked: each with a task, or at rest, waiting for one. Those who rest are sent home
    after REST_S.
    """

    def __init__(self, loop, boot_id, nudge_fd):
        self.loop = loop
        self.boot_id = boot_id
        self.nudge_fd = nudge_fd
        self.orders = {}  # pid -> the pipe to tell it its next task
        self.resting = collections.deque()  # (pid, since), the last to be used is the last to have come
        self.timer = None

    def start(self, task):
        """Gives a command to somebody at rest, or to a new process; returns its pid."""
        order = marshal.dumps(dict((name, task[name]) for name in ORDERED)) if self.resting else b''
        order = int_to_bytes(len(order), 4) + order
        while self.resting and len(order) <= MAX_ORDER:
            pid, _ = self.resting.pop()
            try:
                if os.write(self.orders[pid], order) == len(order):
                    return pid
            except OSError:  # somebody has killed it
                pass
            signal_all([pid], signal.SIGKILL)  # half an order (a very small pipe) is none
            self.dismiss(pid)
        return self.fork(task)

    def fork(self, task, work=None):
        """Forks a supervisor; the agent is its parent only as long as it lives."""
        SIGNALS['cancel'] = False
        read_end, write_end = make_pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(read_end)
            os.close(write_end)
            raise
        if pid:
            os.close(read_end)
            self.orders[pid] = nonblocking(write_end)
            return pid
        try:
            wake = prepare_supervisor([self.nudge_fd, read_end])
            while task is not None and Supervisor(task, self.boot_id, self.nudge_fd, wake, work).run(work is None):
                task = next_order(read_end)
                SIGNALS['cancel'] = False
        except BaseException as error:
            log('error', 'supervisor failed', task=task and task['id'],
                error='%s: %s' % (type(error).__name__, error))
        finally:
            os._exit(0)

    def rest(self, pid):
        if pid not in self.orders:
            return
        self.resting.append((pid, monotonic()))
        if len(self.resting) > MAX_RESTING:
            self.dismiss(self.resting.popleft()[0])
        if self.timer is None:
            self.timer = self.loop.after(REST_S, self.send_home)

    def send_home(self):
        """The oldest may have been resting for long, the others may not."""
        self.timer = None
        while self.resting and self.resting[0][1] + REST_S <= monotonic():
            self.dismiss(self.resting.popleft()[0])
        if self.resting:
            self.timer = self.loop.after(self.resting[0][1] + REST_S - monotonic(), self.send_home)

    def dismiss(self, pid):
        """It ends when it has nothing to do. Also for one that has ended."""
        fd = self.orders.pop(pid, None)
        if fd is not None:
            os.close(fd)

    def ended(self, pid):
        self.dismiss(pid)
        self.resting = collections.deque(row for row in self.resting if row[0] != pid)


def own_user():
    try:
        return to_text(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return '%d' % os.getuid()


# ==================================================================================================== policy
# What this server lets the controller do (docs/user/servers.md), and requests that operators sign
# (docs/user/signing.md). The policy file is read before each task, and wins. Where it names signers:
# G1: nothing of a request that matters is outside the signed bytes. What the controller asks is put into the form in
#     which it was signed, whole, and must be equal to that: a field that a signer did not know of is a difference.
# G2: a request is used once on a node. That it was is in the journal, on disk, before anything is done; only a task that
#     was accepted before a crash may find its own use there. What was signed before the journal was begun is refused.
# G3: the time is this server's own: what the controller says of it has no say here.
# G4: nothing of a payload is read before a signature of it is right. A signature counts when the policy names its key
#     and what its signer may do covers the request; each signer counts once, whatever the number of his keys.
LIMITS = frozenset(('users', 'commands', 'scripts', 'paths'))
POLICY_KEYS = LIMITS | frozenset(('shell', 'signers', 'maxTtlSeconds', 'minSignatures'))
SIGNER_KEYS = LIMITS | frozenset(('name', 'key'))
UNSIGNED = frozenset((RAW, 'id', 'expiresAtMs', 'signed'))  # of a Task: whose it is, and what can only shorten its life
MAX_TTL_S = 3600
MAX_SKEW_MS = 60 * 1000
MAX_TIME_MS = 253402300799000  # the end of the year 9999
MAX_SIGNATURES = 16
MAX_PAYLOAD = 1 << 20
WANTS_SIGNERS = 'the policy of this node wants requests signed'


def policy_path(config):
    return config.get('policyFile') or '/etc/drover/policy.json'


def load_policy(path):
    """
    The node's own policy (optional JSON), which wins over the controller. Keys, each a restriction when present:
    users (names that commands may run as), commands (list of argv prefixes; scripts then only with "scripts": true),
    paths (prefixes that transfers may touch), shell (false: no terminals), signers (whose signature a request needs).
    A policy that restricts users or commands refuses transfers and terminals unless it allows them. A file that cannot
    be read refuses everything. `signers` is answered as key id -> signer, each with its `point`.
    """
    try:
        policy = json.loads(to_text(read_file(path)))
    except (OSError, IOError) as error:
        return {} if errno_of(error) == errno.ENOENT else {'broken': words_of(error)}
    except ValueError as error:
        return {'broken': '%s' % error}
    if not isinstance(policy, dict) or set(policy) - POLICY_KEYS:
        return {'broken': 'it must be an object with keys of: %s' % ', '.join(sorted(POLICY_KEYS))}
    try:
        return with_signers(policy)
    except Failure as failure:
        return {'broken': words_of(failure)}


def with_signers(policy):
    if 'signers' not in policy:
        if 'maxTtlSeconds' in policy or 'minSignatures' in policy:
            raise Failure('maxTtlSeconds and minSignatures are for a policy with signers')
        return policy
    listed, signers = policy['signers'], {}
    if not isinstance(listed, list) or not listed:
        raise Failure('signers must be a list of at least one {"name": ..., "key": ...}')
    for signer in listed:
        known = parse_signer(signer)
        if known[0] in signers:
            raise Failure('the key of signer %s is there twice' % known[1]['name'])
        signers[known[0]] = known[1]
    found = dict(policy, signers=signers)
    found['minSignatures'] = whole_number(policy, 'minSignatures', 1)
    found['maxTtlSeconds'] = whole_number(policy, 'maxTtlSeconds', MAX_TTL_S)
    if found['minSignatures'] > len(names_of(signers)):
        raise Failure('minSignatures is more than there are signers')
    return found


def whole_number(policy, name, default):
    value = policy.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 31:
        raise Failure('%s must be a whole number of at least 1' % name)
    return value


def parse_signer(signer):
    """(key id, signer with its point)."""
    if not isinstance(signer, dict) or set(signer) - SIGNER_KEYS or not isinstance(signer.get('name'), text_type):
        raise Failure('a signer must be an object with name, key and perhaps: %s' % ', '.join(sorted(LIMITS)))
    try:
        key = signer.get('key')
        pem = key if '-----' in key else '-----BEGIN PUBLIC KEY-----%s-----END PUBLIC KEY-----' % key
        data = from_pem(pem, 'PUBLIC KEY')
        return key_id(data), dict(signer, point=parse_public_key(data))
    except (TypeError, ValueError, binascii.Error) as error:
        raise Failure('the key of signer %s cannot be read: %s' % (signer['name'], error))


def names_of(signers):
    return sorted(set(signer['name'] for signer in signers.values()))


def signing_of(policy):
    """What people may know of the rule that requests are signed; None when there is none."""
    if 'signers' not in policy:
        return None
    return {'required': True, 'minSignatures': policy['minSignatures'], 'maxTtlSeconds': policy['maxTtlSeconds'],
            'signers': [{'name': signer['name'], 'keyId': name} for name, signer in sorted(policy['signers'].items())]}


def asked_of(task):
    """What the controller asks by a task, in the form in which it is signed (G1): scripts and input by their sha256."""
    asked = dict((name, value) for name, value in task.items() if name not in UNSIGNED and value is not None)
    if 'command' in asked:
        command = asked['command'] = dict(asked['command'])
        for name in ('script', 'input'):
            command[name] = to_text(hashlib.sha256(command[name]).hexdigest()) if command[name] else ''
    return asked


def refused_by_policy(policy, asked, signed, node):
    """(why, request): why the node's own policy refuses what is asked, '' when it does not; what was signed, if it must be."""
    if 'broken' in policy:
        return 'the policy file of this node cannot be read: %s' % policy['broken'], None
    why = limits_refuse(policy, asked)
    if why or 'signers' not in policy:
        return why, None
    return check_signed(policy, asked, signed, node)


def limits_refuse(limits, asked):
    """Why these limits, of the policy or of one signer, refuse what is asked."""
    if 'update' in asked:
        return ''
    if 'command' in asked:
        return command_refused(limits, asked['command'])
    return transfer_refused(limits, (asked.get('push') or asked.get('pull'))['path'])


def signer_refused(signer, asked):
    if 'update' in asked:
        return 'a signer with limits cannot sign updates' if LIMITS & set(signer) else ''
    return limits_refuse(signer, asked)


def check_signed(policy, asked, signed, node):
    """(why, request) of a request that must be signed."""
    if signed is None:
        return WANTS_SIGNERS + ', and this one is not (drover ... --sign KEY)', None
    why = signatures_refused(policy, asked, signed)
    if why:
        return why, None
    try:
        request = parse_request(signed['payload'])
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        return 'the signed request cannot be read: %s' % words_of(error), None
    return request_refused(policy, asked, request, node), request


def signatures_refused(policy, asked, signed):
    """G4."""
    payload, names, why = signed['payload'], set(), 'none of its signatures is by a key that the policy of this node names'
    if len(payload) > MAX_PAYLOAD or len(signed['signatures']) > MAX_SIGNATURES:
        return 'the signed request is too large'
    digest = hashlib.sha256(payload).digest()
    for one in signed['signatures']:
        signer = policy['signers'].get(one['keyId'])
        if signer is None:
            continue
        if not verify_raw(signer['point'], digest, one['signature']):
            why = 'the signature by %s is not right for what was signed' % signer['name']
            continue
        limited = signer_refused(signer, asked)
        if limited:
            why = 'signed by %s only: %s' % (signer['name'], limited)
            continue
        names.add(signer['name'])
    if len(names) >= policy['minSignatures']:
        return ''
    if names:
        return 'signed by %s only: the policy of this node wants the signatures of %d signers' % (
            ', '.join(sorted(names)), policy['minSignatures'])
    return why


def parse_request(payload):
    """The signed request; ValueError or TypeError when it is none."""
    request = json.loads(payload.decode('utf-8'))
    if not isinstance(request, dict) or request.get('version') != 1:
        raise ValueError('this agent knows version 1 only')
    for name in ('issuedAtMs', 'expiresAtMs'):
        if not 0 < request[name] < MAX_TIME_MS or int(request[name]) != request[name]:
            raise ValueError('%s is no time' % name)
        request[name] = int(request[name])
    if not all(isinstance(request[name], text_type) for name in ('id', 'nodes')):
        raise ValueError('id and nodes must be text')
    if not valid_id(request['id']) or len(request['id']) < 32:
        raise ValueError('the id must be 32 to 128 letters, digits, dots, dashes or underscores')
    return request


def request_refused(policy, asked, request, node):
    """Why a request that was signed by those who may is not good for what is asked, here and now."""
    issued, expires, now = request['issuedAtMs'], request['expiresAtMs'], now_ms()  # G3
    if issued > now + MAX_SKEW_MS:
        return 'the request was signed at %s, and here it is %s: set the clocks right' % (utc(issued), utc(now))
    if now > expires:
        return 'the request expired at %s, and here it is %s: sign it anew, or set the clocks right' % (
            utc(expires), utc(now))
    if expires - issued > policy['maxTtlSeconds'] * 1000:
        return 'the request is valid for %d s, and the policy of this node allows %d s' % (
            (expires - issued) // 1000, policy['maxTtlSeconds'])
    if not names_node(request['nodes'], node):
        return 'the request was signed for other nodes: %s' % shorten(request['nodes'])
    signed = dict((name, value) for name, value in request.items()
                  if name not in ('version', 'id', 'issuedAtMs', 'expiresAtMs', 'nodes'))
    found = differences(asked, signed)
    return 'what is asked is not what was signed: %s' % ', '.join(found) if found else ''


def utc(time_ms):
    return time.strftime(str('%Y-%m-%dT%H:%M:%SZ'), time.gmtime(time_ms // 1000))


def shorten(text):
    return text if len(text) <= 200 else text[:200] + '...'


def differences(asked, signed):
    """Names of the members that are not equal, those of inner objects as command.argv."""
    found = []
    for name in sorted(set(asked) | set(signed)):
        one, two = asked.get(name), signed.get(name)
        if isinstance(one, dict) and isinstance(two, dict) and name in ('command', 'push', 'pull', 'update'):
            found.extend('%s.%s' % (name, inner) for inner in differences(one, two))
        elif one != two or (name in asked) != (name in signed):
            found.append(name)
    return found


def names_node(node_set, name):
    """Whether names and ranges, as `web[1-20,30],db1`, hold this name; operators, groups and globs are not for here."""
    item, depth = [], 0
    for character in node_set + ',':
        if character == ',' and not depth:
            if item_names(''.join(item), name):
                return True
            item = []
        else:
            depth += (character == '[') - (character == ']')
            item.append(character)
    return False


def item_names(item, name):
    at = 0
    for index, piece in enumerate(item.replace(']', '[').split('[')):
        if index % 2 == 0:
            if not name.startswith(piece, at):
                return False
            at += len(piece)
            continue
        end = at
        while end < len(name) and name[end] in '0123456789':
            end += 1
        if not any(range_names(part, name[at:end]) for part in piece.split(',')):
            return False
        at = end
    return at == len(name)


def range_names(text, digits):
    """A range as packages/api/src/node-set/range.ts has it, without steps: a padded one has numbers of its width only."""
    low, _, high = text.partition('-')
    high = high or low
    if not digits or not all(character in '0123456789' for character in low + high) or not low:
        return False
    is_padded = any(len(end) > 1 and end[0] == '0' for end in (low, high))
    return int(low) <= int(digits) <= int(high) and digits == '%0*d' % (len(low) if is_padded else 1, int(digits))


def transfer_refused(policy, path):
    if 'paths' not in policy and 'users' not in policy and 'commands' not in policy:
        return ''
    if any(path == p or path.startswith(p.rstrip('/') + '/') for p in policy.get('paths', ())):
        return ''
    return 'the policy of this node does not allow transfers to or from %s' % path


def command_refused(policy, command):
    if 'users' in policy and (command['user'] or own_user()) not in policy['users']:
        return 'the policy of this node does not allow commands as %s' % (command['user'] or own_user())
    if 'commands' not in policy:
        return ''
    if command['script']:
        return '' if policy.get('scripts') is True else 'the policy of this node does not allow scripts'
    if not any(command['argv'][:len(prefix)] == prefix for prefix in policy['commands']):
        return 'the policy of this node does not allow this command'
    if any(name == 'PATH' or name.startswith('LD_') for name in command['env']):
        return 'the policy of this node does not allow PATH and LD_* in the environment'
    return ''


def shell_refused(policy):
    if 'signers' in policy:
        return WANTS_SIGNERS + ', and what is typed into a terminal cannot be'
    allowed = policy.get('shell', not ('users' in policy or 'commands' in policy))
    return '' if allowed is True and 'broken' not in policy else 'the policy of this node does not allow terminals'


def uninstall_refused(policy):
    """A controller in strange hands could else make a node forget its journal, and with it which requests were used."""
    return WANTS_SIGNERS + ': remove the agent on the server itself (agent.py uninstall)' if 'signers' in policy else ''


# =================================================================================================== content
# HTTP/1.1 over verified TLS, just what the agent needs: large ranges into one buffer, uploads from a stream.
BUFFER = 262144
HTTP_TIMEOUT_S = 60.0


class Gone(Failure):
    """The connection broke: what was under way may be taken up again on a new one."""


class HttpError(Failure):
    """A status that is not a success."""

    def __init__(self, status, text):
        Failure.__init__(self, text)
        self.status = status


class Http(object):
    """One connection, kept open between requests. `open_socket()` gives a connected TLS socket."""

    def __init__(self, open_socket, host, headers=None):
        self.open_socket = open_socket
        self.host = host
        self.headers = headers or {}
        self.sock = None
        self.rest = b''
        self.left = 0  # of the body: bytes to come, or None when it is chunked

    def close(self):
        if self.sock is not None:
            hang_up(self.sock)
        self.sock = None
        self.rest = b''

    def request(self, method, path, headers=None, body=b'', body_size=None):
        """
        Sends a request; returns (status, headers) with the body still to be read. `body` is bytes, or with
        `body_size` an iterable of bytes. Raises Gone when the connection breaks.
        """
        size = len(body) if body_size is None else body_size
        lines = ['%s %s HTTP/1.1' % (method, path), 'Host: %s' % self.host]
        for name, value in list(self.headers.items()) + list((headers or {}).items()):
            lines.append('%s: %s' % (name, value))
        if size or method in ('POST', 'PUT'):
            lines.append('Content-Length: %d' % size)
        head = to_bytes('\r\n'.join(lines) + '\r\n\r\n')
        try:
            if self.sock is None:
                self.rest = b''
                self.sock = self.open_socket()
            if body_size is None:
                self.sock.sendall(head + body)
            else:
                self.sock.sendall(head)
                for part in body:
                    self.sock.sendall(part)
            return self.read_head(method)
        except (OSError, IOError, socket.error, ValueError) as error:
            self.close()
            raise Gone(words_of(error))

    def read_head(self, method):
        while b'\r\n\r\n' not in self.rest:
            if len(self.rest) > 65536:
                raise ValueError('answer with too long a head')
            self.more()
        head, self.rest = self.rest.split(b'\r\n\r\n', 1)
        lines = head.decode('latin-1').split('\r\n')
        status = int(lines[0].split(' ')[1])
        if status == 100:
            return self.read_head(method)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(':')
            headers[name.strip().lower()] = value.strip()
        if method == 'HEAD' or status in (204, 304):
            self.left = 0
        elif 'chunked' in headers.get('transfer-encoding', ''):
            self.left = None
        else:
            self.left = int(headers.get('content-length', '0'))
        self.last = headers.get('connection', '').lower() == 'close'
        return status, headers

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise ValueError('the connection was closed')
        self.rest += data

    def line(self):
        while b'\r\n' not in self.rest:
            if len(self.rest) > 1024:
                raise ValueError('bad chunk')
            self.more()
        line, self.rest = self.rest.split(b'\r\n', 1)
        return line

    def read(self, limit):
        """The rest of the body, at most `limit` bytes of it (a longer one is an error)."""
        parts, total = [], 0
        try:
            if self.left is None:
                while True:
                    size = int(self.line().split(b';')[0], 16)
                    while len(self.rest) < size + 2 and total + size <= limit:
                        self.more()
                    total += size
                    if total > limit:
                        raise ValueError('answer is too large')
                    parts.append(self.rest[:size])
                    self.rest = self.rest[size + 2:]
                    if size == 0:
                        break
            else:
                if self.left > limit:
                    raise ValueError('answer is too large')
                while len(self.rest) < self.left:
                    self.more()
                parts.append(self.rest[:self.left])
                self.rest = self.rest[self.left:]
        except (OSError, IOError, socket.error, ValueError) as error:
            self.close()
            raise Gone(words_of(error))
        self.left = 0
        if self.last:
            self.close()
        return b''.join(parts)

    def read_into(self, buffer, view):
        """Fills the buffer as far as the body goes; returns how many bytes. `view` is its memoryview, or None."""
        want, have = min(len(buffer), self.left), 0
        if self.sock is None:
            raise Gone('the connection was closed')
        try:
            if self.rest:
                have = min(want, len(self.rest))
                buffer[:have] = self.rest[:have]
                self.rest = self.rest[have:]
            while have < want:
                if view is not None:
                    got = self.sock.recv_into(view[have:want])
                else:
                    data = self.sock.recv(want - have)
                    got = len(data)
                    buffer[have:have + got] = data
                if not got:
                    raise ValueError('the connection was closed')
                have += got
        except (OSError, IOError, socket.error, ValueError) as error:
            self.close()
            if not have:  # else what came is good, and the next call says that there is no more
                raise Gone(words_of(error))
        self.left -= have
        return have

    def json(self, method, path, value=None, headers=None):
        """A request with JSON both ways. Raises HttpError with the server's own words."""
        head = {'Accept': 'application/json'}
        head.update(headers or {})
        body = b''
        if value is not None:
            head['Content-Type'] = 'application/json'
            body = to_bytes(json.dumps(value))
        status, _ = self.request(method, path, head, body)
        data = to_text(self.read(1 << 24))
        try:
            found = json.loads(data) if data else None
        except ValueError:
            found = None
        if status >= 300:
            said = found.get('message') if isinstance(found, dict) else data[:200]
            raise HttpError(status, '%s (HTTP %d)' % (said or 'refused', status))
        return found


def view_of(buffer):
    """A memoryview, where recv_into takes one."""
    return memoryview(buffer) if sys.version_info >= (2, 7) else None


def controller_http(config, state_dir):
    """HTTPS on the agent port, as this node: of the controller that the agent is connected to, else of any other."""
    addresses = controllers_of(config)
    turn = [config.get('attached', 0)]

    def open_one(host, port):
        sock = dial(host, port, HTTP_TIMEOUT_S)
        try:
            return tls_wrap(sock, host, os.path.join(state_dir, 'ca.pem'), os.path.join(state_dir, 'identity.pem'))
        except Exception:
            sock.close()
            raise

    def open_socket():
        for last in range(len(addresses), 0, -1):
            try:
                return open_one(*addresses[turn[0] % len(addresses)])
            except (OSError, IOError, socket.error, Failure, ValueError):
                turn[0] += 1
                if last == 1:
                    raise
    return Http(open_socket, '%s:%d' % addresses[turn[0] % len(addresses)])


# ================================================================================================= transfers
# Runs in the child of a supervisor, so that a transfer survives the agent, has a timeout and can be cancelled like any
# command. Memory stays flat: manifests and plans are files read line by line, data goes through one buffer.
# Invariants of a push
# T1: nothing is written before every entry was checked and the disk was found large enough.
# T2: a file appears under its name only when its sha256 is right, by rename; before that it is `.drover-part-*` in the
#     same directory, which the next attempt goes on with.
# T3: below the root nothing is written through a symbolic link, and no path leaves the root.
PART_PREFIX = b'.drover-part-'
MAX_MANIFEST_BYTES = 4 << 30
MAX_LINE = 1 << 20
MAX_CHANGES = 1000
DIFF_LIMIT = 256 * 1024
PROGRESS_EVERY_S = 0.5
SMALL_FILE = 1 << 20
BATCH_FILES = 4096
BATCH_BYTES = 256 << 20
SPARE_BYTES = 4 << 20
RETRY_S = (0.1, 5.0)
SEEK_DATA, SEEK_HOLE = 3, 4
SAFE_BYTES = frozenset(range(0x20, 0x7f)) - frozenset((0x25,))


def escape_path(path):
    """Bytes as the manifest writes them: what is not printable UTF-8 as %XX, and % as %25."""
    try:
        text = path.decode('utf-8')
        if all(c.isalnum() or ord(c) in SAFE_BYTES for c in text):
            return text
        if any(ord(c) >= 0xd800 for c in text):
            text = None  # a Python with 16-bit characters cuts some of these in two
    except UnicodeDecodeError:
        text = None
    out = []
    for character in (text if text is not None else [path[i:i + 1] for i in range(len(path))]):
        raw = to_bytes(character)
        plain = ord(character) in SAFE_BYTES or (text is not None and character.isalnum())
        out.append(to_text(raw) if plain else ''.join('%%%02X' % byte_at(raw, i) for i in range(len(raw))))
    return ''.join(out)


def unescape_path(text):
    """The reverse; Failure when an escape is malformed."""
    parts = to_bytes(text).split(b'%')
    out = [parts[0]]
    for part in parts[1:]:
        try:
            out.append(binascii.unhexlify(part[:2]) + part[2:])
            if len(part) < 2:
                raise ValueError(part)
        except (ValueError, TypeError, binascii.Error):
            raise Failure('bad escape in path %s' % text)
    return b''.join(out)


def check_relative(path, shown):
    """Failure unless a manifest path stays below its root."""
    for part in path.split(b'/'):
        if part in (b'', b'.', b'..') or b'\0' in part:
            raise Failure('refused: %s leaves the root or is not a plain path' % shown)


def absolute_path(text):
    """The bytes of a task's path; Failure when it is not absolute and plain."""
    path = unescape_path(text)
    if not path.startswith(b'/') or b'\0' in path or b'..' in path.split(b'/'):
        raise Failure('refused: %s is not a plain absolute path' % text)
    return b'/' + b'/'.join(part for part in path.split(b'/') if part not in (b'', b'.'))


def parse_mode(text):
    if not text or len(text) > 4 or any(c not in '01234567' for c in text):
        raise Failure('bad mode %s' % text)
    return int(text, 8)


def resolve_owner(text):
    """(uid, gid) of 'user' or 'user:group'; None for ''."""
    import grp
    if not text:
        return None
    user, colon, group = text.partition(':')
    try:
        entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(str(user))
        uid, gid = entry.pw_uid, entry.pw_gid
    except (KeyError, UnicodeError):
        if not user.isdigit():
            raise Failure('unknown user: %s' % user)
        uid, gid = int(user), int(user)
    if colon:
        try:
            gid = int(group) if group.isdigit() else grp.getgrnam(str(group)).gr_gid
        except (KeyError, UnicodeError):
            raise Failure('unknown group: %s' % group)
    return uid, gid


def lstat_or_none(path):
    try:
        return os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise


def kind_of(mode):
    import stat
    if stat.S_ISREG(mode):
        return 'file'
    if stat.S_ISDIR(mode):
        return 'directory'
    if stat.S_ISLNK(mode):
        return 'symlink'
    for test, name in ((stat.S_ISFIFO, 'a fifo'), (stat.S_ISSOCK, 'a socket'), (stat.S_ISCHR, 'a device'),
                       (stat.S_ISBLK, 'a device')):
        if test(mode):
            return name
    return 'something unknown'


class Transfer(object):
    """Common to push and pull: the connection, the buffer, retries, progress and the outcome."""

    def __init__(self, task, config, nudge_fd):
        self.task = task
        self.push = task.get('push')
        self.pull = task.get('pull')
        self.config = config
        self.nudge_fd = nudge_fd
        self.dir = task_dir(task['id'])
        self.done_bytes = 0
        self.total_bytes = 0
        self.next_progress = 0.0
        self.failures = 0

    def run(self):
        """Exit code 0 or 1; what happened is in the file `detail`."""
        self.state_dir = os.getcwd()
        os.umask(0o022)
        self.buffer = bytearray(BUFFER)
        self.view = view_of(self.buffer)
        self.http = controller_http(self.config, self.state_dir)
        worker = PushWork(self) if self.push else PullWork(self)
        reason, code = '', 0
        try:
            worker.run()
        except HttpError as error:
            reason = 'the controller said: %s' % words_of(error)
        except (Failure, OSError, IOError) as error:
            name = getattr(error, 'filename', None)
            reason = words_of(error) + (': %s' % escape_path(to_bytes(name)) if name else '')
        refused = worker.detail['refused']
        if not reason and worker.refused_count:
            first = refused[0]['path'] or (self.push or self.pull)['path']
            reason = '%d refused, first %s: %s' % (worker.refused_count, first, refused[0]['reason'])
        code = 1 if reason else 0
        write_file(self.dir + '/detail', to_bytes(json.dumps({'reason': reason, 'detail': worker.detail})))
        for name in ('manifest', 'plan', 'parents'):
            remove_quietly('%s/%s' % (self.dir, name))
        return code

    def progress(self, more, force=False):
        self.done_bytes += more
        now = monotonic()
        if now < self.next_progress and not force:
            return
        self.next_progress = now + PROGRESS_EVERY_S
        try:
            fd = os.open(self.dir + '/progress', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(fd, to_bytes('%d %d' % (self.done_bytes, self.total_bytes)))
            os.close(fd)
            os.write(self.nudge_fd, to_bytes('p %s\n' % self.task['id']))
        except OSError:
            pass

    def pause(self, error):
        """Waits before the next attempt after a cut; the supervisor's timeout ends it if it never succeeds."""
        self.http.close()
        delay = min(RETRY_S[1], RETRY_S[0] * 2 ** min(self.failures, 10)) * (0.5 + random_share())
        self.failures += 1
        log('warn', 'transfer was cut', task=self.task['id'], reason=words_of(error), retryMs=int(delay * 1000))
        time.sleep(delay)

    def again(self, call):
        """Repeats a short request until the connection holds."""
        while True:
            try:
                found = call()
                self.failures = 0
                return found
            except HttpError as error:
                if error.status < 500 or error.status == 507:
                    raise
                self.pause(error)
            except Gone as error:
                self.pause(error)

    def fetch_index(self, sha256):
        return self.again(lambda: self.http.json('GET', '/content/%s/index' % sha256))

    def stream(self, sha256, start, end, consume):
        """
        Calls consume(view of bytes) with content[start:end] in order, over as many connections as it takes.
        """
        position = start
        while position < end:
            try:
                status, _ = self.http.request('GET', '/content/' + sha256,
                                              {'Range': 'bytes=%d-%d' % (position, end - 1)})
                if status not in (200, 206) or (status == 200 and position > 0):
                    self.http.close()
                    if status >= 500:
                        raise Gone('HTTP %d' % status)
                    raise HttpError(status, 'content %s cannot be read (HTTP %d)' % (sha256[:12], status))
                while position < end:
                    got = self.http.read_into(self.buffer, self.view)
                    if not got:
                        raise Gone('the answer was too short')
                    position += got
                    consume(self.view[:got] if self.view is not None else bytes(self.buffer[:got]))
                self.failures = 0
                if self.http.last:
                    self.http.close()
            except Gone as error:
                self.pause(error)


class Work(object):
    """What push and pull tell in the end."""

    def __init__(self, transfer, detail):
        self.transfer = transfer
        self.detail = detail
        self.refused_count = 0

    def refuse(self, path, reason):
        self.refused_count += 1
        if len(self.detail['refused']) < MAX_CHANGES:
            self.detail['refused'].append({'path': escape_path(path), 'reason': reason})


class PushWork(Work):
    """Manifest, check of every entry, one pass over the needed ranges, attributes of directories."""

    def __init__(self, transfer):
        Work.__init__(self, transfer, {'changed': False, 'files': 0, 'bytesSent': 0, 'bytesSkipped': 0, 'changes': [],
                                       'refused': []})
        self.spec = transfer.push
        self.safe_parents = {}
        self.batch = []
        self.batch_bytes = 0

    def run(self):
        self.root = absolute_path(self.spec['path'])
        self.mode = parse_mode(self.spec['mode']) if self.spec['mode'] else None
        self.owner = resolve_owner(self.spec['owner'])
        self.fetch_manifest()
        self.plan()
        self.check_space()
        if self.spec['check']:
            return
        self.apply()
        self.finish_directories()

    # ---- the manifest

    def fetch_manifest(self):
        """To a file in the task directory, believed only if its hash is right."""
        transfer = self.transfer
        path = transfer.dir + '/manifest'
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        digest = hashlib.sha256()
        try:
            size = transfer.fetch_index(self.spec['manifest'])['sizeBytes']
            if size > MAX_MANIFEST_BYTES:
                raise Failure('the manifest is too large')

            def consume(data):
                digest.update(data)
                write_all(fd, data)
            transfer.stream(self.spec['manifest'], 0, size, consume)
        finally:
            os.close(fd)
        if digest.hexdigest() != self.spec['manifest']:
            raise Failure('the manifest is damaged: its sha256 differs')

    def entries(self):
        """(entry, path as bytes) of every line; Failure for anything malformed."""
        with open(self.transfer.dir + '/manifest', 'rb') as lines:
            self.head = self.parse_line(lines.readline(MAX_LINE))
            if self.head.get('version') != 1 or self.head.get('root') not in ('file', 'directory'):
                raise Failure('the manifest is of an unknown version')
            while True:
                line = lines.readline(MAX_LINE)
                if not line:
                    return
                entry = self.parse_line(line)
                yield self.check_entry(entry)

    @staticmethod
    def parse_line(line):
        try:
            value = json.loads(to_text(line))
            if not isinstance(value, dict):
                raise ValueError('not an object')
            return value
        except ValueError as error:
            raise Failure('the manifest has a bad line: %s' % error)

    def check_entry(self, entry):
        shown = entry.get('path')
        if not isinstance(shown, text_type) or entry.get('type') not in ('file', 'directory', 'symlink'):
            raise Failure('the manifest has a bad entry')
        path = unescape_path(shown)
        if path:
            check_relative(path, shown)
        for name in ('size', 'offset', 'dataSize', 'mtimeMs'):
            value = entry.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, (int, type(1 << 62))) or \
                    (value < 0 and name != 'mtimeMs') or value >= 1 << 62:
                raise Failure('the manifest has a bad %s for %s' % (name, shown))
        parse_mode(entry.get('mode', '0644'))
        if entry['type'] == 'file':
            self.check_file(entry, shown)
        if entry['type'] == 'symlink' and not isinstance(entry.get('target'), text_type):
            raise Failure('the manifest has a link without a target: %s' % shown)
        return entry, path

    def check_file(self, entry, shown):
        digest = entry.get('sha256')
        if not isinstance(digest, text_type) or len(digest) != 64:
            raise Failure('the manifest has no sha256 for %s' % shown)
        end = 0
        for extent in entry.get('extents') or ():
            good = isinstance(extent, list) and len(extent) == 2 and all(
                isinstance(n, (int, type(1 << 62))) and 0 <= n < 1 << 62 for n in extent)
            if not good or extent[0] < end or extent[0] + extent[1] > entry.get('size', 0):
                raise Failure('the manifest has bad extents for %s' % shown)
            end = extent[0] + extent[1]
        if entry.get('offset', 0) + data_size(entry) > self.head.get('sizeBytes', 0):
            raise Failure('the manifest is inconsistent: %s is beyond the content' % shown)

    def target_of(self, path):
        return self.root + b'/' + path if path else self.root

    # ---- planning: what differs

    def plan(self):
        """Compares every entry with the disk; what needs work goes to the plan file, in order."""
        self.needed_bytes = self.needed_files = 0
        if self.root == b'/':
            raise Failure('refused: a push to / itself')
        with open(self.transfer.dir + '/plan', 'wb') as plan:
            for number, (entry, path) in enumerate(self.entries()):
                if number == 0 and (path or entry['type'] != self.head['root']):
                    raise Failure('the manifest does not begin with its root')
                if number and (not path or self.head['root'] == 'file'):
                    raise Failure('the manifest has more than one root')
                if entry['type'] == 'file':
                    self.detail['files'] += 1
                action = self.compare(entry, path)
                if action in ('create', 'update', 'mode', 'owner', 'link'):
                    plan.write(to_bytes(json.dumps([action, entry])) + b'\n')
                    if entry['type'] == 'file' and action in ('create', 'update'):
                        self.needed_bytes += data_size(entry)
                        self.needed_files += 1
        self.transfer.total_bytes = self.needed_bytes
        self.transfer.progress(0, True)

    def compare(self, entry, path):
        """The action that an entry needs: create, update, mode, owner, link, unchanged, or refused."""
        target = self.target_of(path)
        if path and not self.parent_is_safe(path):
            self.refuse(path, 'its directory is a symbolic link or not a directory')
            return 'refused'
        stat = lstat_or_none(target)
        if stat is not None and not path and kind_of(stat.st_mode) == 'symlink' and entry['type'] == 'directory':
            stat = os.stat(target)  # the root itself is the user's choice, and may be a link to the real place
        action = self.compare_kind(entry, target, stat)
        if action.startswith('refused'):
            self.refuse(path, action[9:])
            return 'refused'
        if action != 'unchanged':
            self.detail['changed'] = True
        if (action != 'unchanged' or not path) and len(self.detail['changes']) < MAX_CHANGES:
            change = {'path': entry['path'], 'action': action}
            if self.spec['check'] and entry['type'] == 'file' and action in ('create', 'update'):
                diff = self.diff(entry, target, stat)
                if diff:
                    change['diff'] = diff
            self.detail['changes'].append(change)
        return action

    def compare_kind(self, entry, target, stat):
        if stat is None:
            return 'link' if entry['type'] == 'symlink' else 'create'
        kind = kind_of(stat.st_mode)
        if entry['type'] == 'directory':
            return self.compare_attributes(entry, stat) if kind == 'directory' else 'refused: %s is in the way' % kind
        if kind == 'directory':
            return 'refused: a directory is in the way'
        if kind not in ('file', 'symlink'):
            return 'refused: %s is in the way' % kind
        if entry['type'] == 'symlink':
            same = kind == 'symlink' and os.readlink(target) == unescape_path(entry['target'])
            return 'unchanged' if same else 'link'
        if kind != 'file' or stat.st_size != entry.get('size', 0) or not self.same_data(entry, target):
            return 'update'
        self.detail['bytesSkipped'] += data_size(entry)
        return self.compare_attributes(entry, stat)

    def compare_attributes(self, entry, stat):
        if self.owner and (stat.st_uid, stat.st_gid) != self.owner:
            return 'owner'
        if stat.st_mode & 0o7777 != self.mode_of(entry):
            return 'mode'
        if entry['type'] == 'file' and abs(mtime_ms(stat) - entry.get('mtimeMs', 0)) > 1:
            return 'mode'
        return 'unchanged'

    def mode_of(self, entry):
        if self.mode is not None and entry['type'] == 'file':
            return self.mode
        return parse_mode(entry.get('mode', '0755' if entry['type'] == 'directory' else '0644'))

    def same_data(self, entry, target):
        """Whether an existing file of the right size has the right content, holes included."""
        digest = hashlib.sha256()
        fd = os.open(target, os.O_RDONLY | getattr(os, 'O_NOFOLLOW', 0))
        try:
            position = 0
            for start, length in extents_of(entry) + [(entry.get('size', 0), 0)]:
                if not self.read_range(fd, position, start, None):
                    return False
                self.read_range(fd, start, start + length, digest)
                position = start + length
        finally:
            os.close(fd)
        return digest.hexdigest() == entry['sha256']

    def read_range(self, fd, position, end, digest):
        """Feeds a range of a file to a hash, or without one says whether it is all zeros."""
        os.lseek(fd, position, 0)
        while position < end:
            data = retry(os.read, fd, min(BUFFER, end - position))
            if not data:
                return False
            if digest is not None:
                digest.update(data)
            elif data.count(b'\0') != len(data):
                return False
            position += len(data)
        return True

    def parent_is_safe(self, path):
        """T3: every directory between the root and an entry is a real directory (or is going to be made by us)."""
        parent = path.rpartition(b'/')[0]
        if parent not in self.safe_parents:
            if len(self.safe_parents) > 4096:
                self.safe_parents.clear()
            stat = lstat_or_none(self.target_of(parent)) if parent else None
            here = stat is None or kind_of(stat.st_mode) == 'directory'
            self.safe_parents[parent] = here and (not parent or self.parent_is_safe(parent))
        return self.safe_parents[parent]

    def check_space(self):
        """T1: refuses before anything is written."""
        if not self.needed_files:
            return
        place = self.root
        while not os.path.isdir(place):
            place = os.path.dirname(place)
        stats = os.statvfs(place)
        free = stats.f_bavail * stats.f_frsize
        needed = self.needed_bytes + self.needed_files * stats.f_frsize // 2 + SPARE_BYTES
        if needed > free:
            raise Failure('disk would fill up: %d bytes are needed at %s and %d are free'
                          % (needed, escape_path(self.root), free))
        if stats.f_files and self.needed_files + 16 > stats.f_favail:
            raise Failure('disk would fill up: %d files are needed at %s and %d are free'
                          % (self.needed_files, escape_path(self.root), stats.f_favail))

    def diff(self, entry, target, stat):
        """Unified diff of text up to 256 KiB; '' for anything else."""
        import difflib
        if entry.get('size', 0) > DIFF_LIMIT or entry.get('extents'):
            return ''
        parts = []
        if entry.get('size', 0):
            start = entry.get('offset', 0)
            self.transfer.stream(self.head['content'], start, start + entry['size'],
                                 lambda data: parts.append(bytes(bytearray(data))))
        new = b''.join(parts)
        old = b''
        if stat is not None and kind_of(stat.st_mode) == 'file':
            if stat.st_size > DIFF_LIMIT:
                return ''
            old = read_file(target)
        try:
            if b'\0' in new or b'\0' in old:
                return ''
            before, after = old.decode('utf-8').splitlines(), new.decode('utf-8').splitlines()
        except UnicodeDecodeError:
            return ''
        name = escape_path(target)
        lines = difflib.unified_diff(before, after, 'a' + name, 'b' + name, lineterm='')
        return '\n'.join(lines)[:DIFF_LIMIT]

    # ---- applying

    def planned(self):
        with open(self.transfer.dir + '/plan', 'rb') as lines:
            for line in lines:
                action, entry = json.loads(to_text(line))
                yield action, entry, unescape_path(entry['path'])

    def apply(self):
        """
        First everything without data, then the data in order of the content, neighbours in one request. Small files
        are put on the disk and renamed in batches: one synchronisation for many.
        """
        self.make_root()
        run_start = run_end = 0
        queue = []
        for action, entry, path in self.planned():
            if entry['type'] == 'directory':
                self.make_directory(path)
            elif entry['type'] == 'symlink':
                self.make_link(entry, path)
            elif action in ('mode', 'owner'):
                self.set_attributes(self.target_of(path), entry)
            elif not data_size(entry):
                PartFile(self, entry, path).finish()
            else:
                part = PartFile(self, entry, path)
                start = entry.get('offset', 0) + part.resume()
                if start >= entry.get('offset', 0) + data_size(entry):
                    part.finish()
                    continue
                if start != run_end or len(queue) >= 1024:
                    self.fetch_run(queue, run_start, run_end)
                    queue, run_start = [], start
                queue.append(part)
                run_end = entry.get('offset', 0) + data_size(entry)
        self.fetch_run(queue, run_start, run_end)
        self.commit_batch()

    def fetch_run(self, parts, start, end):
        """One range of the content into the files that it is the data of."""
        if not parts:
            return
        waiting = collections.deque(parts)

        def consume(data):
            self.detail['bytesSent'] += len(data)
            self.transfer.progress(len(data))
            while len(data):
                taken = waiting[0].take(data)
                data = data[taken:]
                if waiting[0].left == 0:
                    waiting.popleft().finish()
        self.transfer.stream(self.head['content'], start, end, consume)

    def make_root(self):
        parent = self.root if self.head['root'] == 'directory' else os.path.dirname(self.root)
        if not os.path.isdir(parent):
            os.makedirs(parent, 0o755)

    def make_directory(self, path):
        if path:
            self.check_parent(path)
        target = self.target_of(path)
        try:
            os.mkdir(target, 0o700)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
        os.chmod(target, os.stat(target).st_mode & 0o7777 | 0o700)  # its own mode comes last

    def check_parent(self, path):
        """T3 again, at the moment of writing."""
        parent = path.rpartition(b'/')[0]
        self.safe_parents.pop(parent, None)
        if not self.parent_is_safe(path):
            raise Failure('refused: the directory of %s is a symbolic link or not a directory' % escape_path(path))

    def make_link(self, entry, path):
        if path:
            self.check_parent(path)
        target = self.target_of(path)
        temp = part_path(target, entry['target'])
        remove_quietly(temp)
        os.symlink(unescape_path(entry['target']), temp)
        if self.owner:
            os.lchown(temp, self.owner[0], self.owner[1])
        if 'mtimeMs' in entry:
            set_mtime(temp, entry['mtimeMs'], False)
        os.rename(temp, target)

    def set_attributes(self, target, entry):
        if self.owner:
            os.chown(target, self.owner[0], self.owner[1])  # before the mode: it clears setuid
        os.chmod(target, self.mode_of(entry))
        if 'mtimeMs' in entry:
            set_mtime(target, entry['mtimeMs'])

    def add_to_batch(self, temp, target, size):
        self.batch.append((temp, target))
        self.batch_bytes += size
        if len(self.batch) >= BATCH_FILES or self.batch_bytes >= BATCH_BYTES:
            self.commit_batch()

    def commit_batch(self):
        """T2 for many small files: data to the disk, then the names, then the directories."""
        if not self.batch:
            return
        batch, self.batch, self.batch_bytes = self.batch, [], 0
        if len(batch) <= 8 or not self.sync_all():
            for temp, _ in batch:
                fd = os.open(temp, os.O_RDONLY)
                os.fsync(fd)
                os.close(fd)
        for temp, target in batch:
            os.rename(temp, target)
        for parent in sorted(set(os.path.dirname(target) for _, target in batch)):
            sync_directory(parent)

    def sync_all(self):
        fd = os.open(os.path.dirname(self.batch[0][1]) if self.batch else self.root, os.O_RDONLY)
        try:
            return sync_filesystem(fd)
        finally:
            os.close(fd)

    def finish_directories(self):
        """Modes and times of directories: after everything in them is there."""
        for entry, path in self.entries():
            if entry['type'] != 'directory':
                continue
            target = self.target_of(path)
            if path and not self.parent_is_safe(path):
                continue
            stat = lstat_or_none(target)
            if stat is not None and (not path or kind_of(stat.st_mode) == 'directory'):
                self.set_attributes(target, entry)


def data_size(entry):
    """Bytes of content that a file's entry stands for."""
    if entry.get('extents') is not None:
        return sum(extent[1] for extent in entry['extents'])
    return entry.get('size', 0)


def extents_of(entry):
    if entry.get('extents') is not None:
        return [(extent[0], extent[1]) for extent in entry['extents']]
    return [(0, entry.get('size', 0))]


def part_path(target, identity):
    """Where a file is put together: in the directory it will be in, under a name that the next attempt finds."""
    folder, _, name = target.rpartition(b'/')
    mark = hashlib.sha256(name + b'\0' + to_bytes(identity)).hexdigest()[:24]
    return folder + b'/' + PART_PREFIX + to_bytes(mark)


class PartFile(object):
    """One file on its way: a part file, how much of it is there, and the hash over its data."""

    def __init__(self, work, entry, path):
        self.work = work
        self.entry = entry
        self.target = work.target_of(path)
        if path:
            work.check_parent(path)
        self.path = part_path(self.target, entry['sha256'])
        self.extents = extents_of(entry)
        self.left = data_size(entry)
        self.have = 0
        self.digest = hashlib.sha256()
        self.fd = -1

    def resume(self):
        """How many bytes of data an earlier attempt left behind that are as they should be."""
        stat = lstat_or_none(self.path)
        if stat is None or kind_of(stat.st_mode) != 'file' or self.left < SMALL_FILE or stat.st_size == 0:
            return 0
        if self.entry.get('extents') is not None:
            return 0  # a sparse part file has no end to go on from
        index = self.work.transfer.fetch_index(self.work.head['content'])
        good = self.verified_prefix(index, min(stat.st_size, self.left))
        self.open(False)
        os.ftruncate(self.fd, good)
        self.work.read_range(self.fd, 0, good, self.digest)
        self.have = good
        self.left -= good
        self.work.detail['bytesSkipped'] += good
        self.work.transfer.progress(good)
        return good

    def verified_prefix(self, index, size):
        """Length of the part that whole chunks of the content's index vouch for."""
        chunk, offset = index['chunkSizeBytes'], self.entry.get('offset', 0)
        first = (offset + chunk - 1) // chunk
        fd = os.open(self.path, os.O_RDONLY)
        good = 0
        try:
            for number in range(first, len(index['chunks'])):
                start = number * chunk - offset
                if start > size or start + chunk > size:
                    break
                digest = hashlib.sha256()
                self.work.read_range(fd, start, start + chunk, digest)
                if digest.hexdigest() != index['chunks'][number]:
                    break
                good = start + chunk
        finally:
            os.close(fd)
        return good

    def open(self, fresh):
        flags = os.O_RDWR | os.O_CREAT | getattr(os, 'O_NOFOLLOW', 0)
        if fresh:
            remove_quietly(self.path)
            flags |= os.O_EXCL
        self.fd = cloexec(os.open(self.path, flags, 0o600))

    def take(self, data):
        """Writes what of the data is for this file; returns how much that was."""
        if self.fd < 0:
            self.open(True)
        data = data[:self.left]
        self.digest.update(data)
        done = 0
        while done < len(data):
            position, room = self.place()
            os.lseek(self.fd, position, 0)
            piece = data[done:done + room]
            write_all(self.fd, piece)
            done += len(piece)
            self.have += len(piece)
        self.left -= done
        return done

    def place(self):
        """(position in the file, bytes until the next hole) for the next byte of data."""
        at = self.have
        for start, length in self.extents:
            if at < length:
                return start + at, length - at
            at -= length
        raise Failure('more data than the manifest says')

    def finish(self):
        """T2: verified, complete, synchronised, renamed."""
        if self.fd < 0:
            self.open(data_size(self.entry) == 0 or self.have == 0)
        if self.digest.hexdigest() != self.entry['sha256']:
            os.close(self.fd)
            remove_quietly(self.path)
            raise Failure('%s is damaged: its sha256 differs' % self.entry['path'])
        size = self.entry.get('size', 0)
        if self.entry.get('extents') is not None:
            os.ftruncate(self.fd, size)
        if self.work.owner:
            os.fchown(self.fd, self.work.owner[0], self.work.owner[1])
        os.fchmod(self.fd, self.work.mode_of(self.entry))
        big = size >= SMALL_FILE
        if big:
            os.fsync(self.fd)
        os.close(self.fd)
        self.fd = -1
        if 'mtimeMs' in self.entry:
            set_mtime(self.path, self.entry['mtimeMs'])
        if big:
            os.rename(self.path, self.target)
            sync_directory(os.path.dirname(self.target))
        else:
            self.work.add_to_batch(self.path, self.target, size)


class PullWork(Work):
    """One walk that lists what is there, then one pass that reads, hashes and uploads."""

    def __init__(self, transfer):
        Work.__init__(self, transfer, {'manifest': '', 'files': 0, 'sizeBytes': 0, 'refused': []})
        self.spec = transfer.pull

    def run(self):
        self.root = absolute_path(self.spec['path'])
        stat = lstat_or_none(self.root)
        if stat is None:
            raise Failure('no such file: %s' % self.spec['path'])
        if kind_of(stat.st_mode) == 'symlink':
            stat = os.stat(self.root)
        self.kind = kind_of(stat.st_mode)
        if self.kind not in ('file', 'directory'):
            raise Failure('refused: %s is %s' % (self.spec['path'], self.kind))
        self.list_entries()
        if self.spec['check']:
            return
        content = ''
        if self.detail['sizeBytes']:
            content = self.upload_content()
        else:
            self.write_manifest_without_data()
        self.detail['manifest'] = self.upload_manifest(content)

    # ---- listing

    def list_entries(self):
        """Writes the plan: one line per entry, parents before children, without hashes."""
        self.count = 0
        with open(self.transfer.dir + '/plan', 'wb') as plan:
            pending = [b'']
            while pending:
                path = pending.pop()
                try:
                    entry = self.describe(path)
                except (OSError, Failure) as error:
                    if not path:
                        raise
                    self.refuse(path, words_of(error))
                    continue
                plan.write(to_bytes(json.dumps(entry)) + b'\n')
                self.count += 1
                if entry['type'] == 'directory':
                    pending.extend(self.children(path))
        self.transfer.total_bytes = self.detail['sizeBytes']
        self.transfer.progress(0, True)

    def children(self, path):
        try:
            names = os.listdir(self.place_of(path))
        except OSError as error:
            self.refuse(path, words_of(error))
            return []
        names = sorted((to_bytes(name) for name in names if not to_bytes(name).startswith(PART_PREFIX)), reverse=True)
        return [(path + b'/' if path else b'') + name for name in names]

    def place_of(self, path):
        return self.root + b'/' + path if path else self.root

    def describe(self, path):
        place = self.place_of(path)
        stat = os.lstat(place) if path else os.stat(place)
        kind = kind_of(stat.st_mode)
        entry = {'path': escape_path(path), 'type': kind, 'mode': '%04o' % (stat.st_mode & 0o7777),
                 'mtimeMs': mtime_ms(stat)}
        if kind == 'symlink':
            entry['target'] = escape_path(os.readlink(place))
        elif kind == 'file':
            entry['size'] = stat.st_size
            entry['offset'] = self.detail['sizeBytes']
            if stat.st_blocks * 512 < stat.st_size:
                extents = find_extents(place, stat.st_size)
                if extents is not None:
                    entry['extents'] = extents
                    entry['dataSize'] = data_size(entry)
            if not os.access(place, os.R_OK):
                raise Failure('cannot be read')
            self.detail['files'] += 1
            self.detail['sizeBytes'] += data_size(entry)
        elif kind != 'directory':
            raise Failure('it is %s' % kind)
        return entry

    def planned(self):
        with open(self.transfer.dir + '/plan', 'rb') as lines:
            for line in lines:
                yield json.loads(to_text(line))

    # ---- content

    def upload_content(self):
        """Streams all data to an upload; returns its sha256. After a cut it goes on from the controller's offset."""
        transfer = self.transfer
        size = self.detail['sizeBytes']
        for attempt in range(3):
            upload = transfer.again(lambda: transfer.http.json('POST', '/content/uploads', {'sizeBytes': size}))['id']
            reader = ContentReader(self)
            while True:
                offset = transfer.again(lambda: transfer.http.json('GET', '/content/uploads/' + upload))['offset']
                if offset >= size:
                    break
                try:
                    self.put_rest(upload, reader, offset, size)
                except Gone as error:
                    transfer.pause(error)
            reader.drain()
            digest = reader.digest.hexdigest()
            try:
                transfer.again(lambda: transfer.http.json('POST', '/content/uploads/%s/finish' % upload,
                                                          {'sha256': digest}))
                return digest
            except HttpError as error:
                if error.status != 422 or attempt == 2:
                    raise
                log('warn', 'a file changed while it was uploaded: once more', task=transfer.task['id'])

    def put_rest(self, upload, reader, offset, size):
        """One attempt to send what is missing; Gone when it is to be tried again from the controller's offset."""
        http = self.transfer.http
        status, _ = http.request('PUT', '/content/uploads/%s?offset=%d' % (upload, offset),
                                 body=reader.read_from(offset), body_size=size - offset)
        answer = to_text(http.read(1 << 16))
        if status == 507 or (400 <= status < 500 and status != 409):
            raise HttpError(status, '%s (HTTP %d)' % (answer[:200] or 'refused', status))
        if status >= 300:
            raise Gone('HTTP %d' % status)
        self.transfer.failures = 0

    def write_manifest_without_data(self):
        with open(self.transfer.dir + '/parents', 'wb') as out:
            for entry in self.planned():
                if entry['type'] == 'file':
                    entry['sha256'] = hashlib.sha256(b'').hexdigest()
                out.write(to_bytes(json.dumps(entry)) + b'\n')

    def upload_manifest(self, content):
        """The head line and the entries that came through; returns the manifest's sha256."""
        transfer = self.transfer
        path = transfer.dir + '/manifest'
        count = 0
        with open(transfer.dir + '/parents', 'rb') as lines:
            for _ in lines:
                count += 1
        head = {'version': 1, 'root': self.kind, 'content': content, 'sizeBytes': self.detail['sizeBytes'],
                'entries': count}
        digest, size = hashlib.sha256(), 0
        with open(path, 'wb') as out:
            with open(transfer.dir + '/parents', 'rb') as lines:
                for line in self.chain(to_bytes(json.dumps(head)) + b'\n', lines):
                    digest.update(line)
                    size += len(line)
                    out.write(line)
        name = digest.hexdigest()
        upload = transfer.again(lambda: transfer.http.json('POST', '/content/uploads', {'sizeBytes': size}))['id']

        def put():
            offset = transfer.http.json('GET', '/content/uploads/' + upload)['offset']
            if offset < size:
                status, _ = transfer.http.request(
                    'PUT', '/content/uploads/%s?offset=%d' % (upload, offset), body=file_parts(path, offset),
                    body_size=size - offset)
                answer = transfer.http.read(1 << 16)
                if status >= 300:
                    raise HttpError(status if status != 409 else 500, '%s (HTTP %d)' % (to_text(answer)[:200], status))
            return transfer.http.json('POST', '/content/uploads/%s/finish' % upload, {'sha256': name})
        transfer.again(put)
        return name

    @staticmethod
    def chain(first, rest):
        yield first
        for line in rest:
            yield line


def file_parts(path, offset):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.lseek(fd, offset, 0)
        while True:
            data = retry(os.read, fd, BUFFER)
            if not data:
                return
            yield data
    finally:
        os.close(fd)


def find_extents(place, size):
    """[[offset, length]...] of the data in a file with holes; None where the file system does not tell."""
    fd = os.open(place, os.O_RDONLY)
    found, position = [], 0
    try:
        while position < size:
            try:
                start = os.lseek(fd, position, SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    break  # only a hole is left
                return None
            position = min(size, os.lseek(fd, start, SEEK_HOLE))
            found.append([start, position - start])
            if len(found) > 10000:
                return None
    finally:
        os.close(fd)
    return found


class ContentReader(object):
    """
    The content of a pull as a stream that can begin anywhere. Each byte is hashed the first time it is read, for the
    whole and for its file; entries go to the manifest as their last byte passes. A file that got shorter is padded with
    zeros, left out of the manifest and refused by name.
    """

    def __init__(self, work):
        self.work = work
        self.digest = hashlib.sha256()
        self.hashed_to = 0
        self.file_digest = hashlib.sha256()
        self.out = open(work.transfer.dir + '/parents', 'wb')
        self.told = 0
        self.why = ''  # why the file that is being read will be refused

    def drain(self):
        """Reads to the end what was not sent any more, so that the manifest is complete."""
        for _ in self.read_from(self.hashed_to):
            pass
        self.out.close()

    def read_from(self, offset):
        number = 0
        for entry in self.work.planned():
            number += 1
            if entry['type'] != 'file':
                self.tell(number, entry)
                continue
            if number > self.told or entry['offset'] + data_size(entry) > offset:
                for data in self.read_file(entry, max(0, offset - entry['offset']), number):
                    yield data

    def tell(self, number, entry):
        if number > self.told:
            self.told = number
            self.out.write(to_bytes(json.dumps(entry)) + b'\n')

    def read_file(self, entry, skip, number):
        """The data of one file from `skip` bytes on."""
        place = self.work.place_of(unescape_path(entry['path']))
        fd = -1
        try:
            fd = os.open(place, os.O_RDONLY | os.O_NONBLOCK | (os.O_NOFOLLOW if entry['path'] else 0))
        except OSError as error:
            self.why = words_of(error)
        try:
            at = entry['offset']
            for start, length in extents_of(entry):
                position = max(0, skip - (at - entry['offset']))
                at += min(position, length)
                while position < length:
                    data = self.read_some(fd, start + position, min(BUFFER, length - position))
                    if not data:
                        self.why = self.why or 'it changed while it was read'
                        data = b'\0' * min(BUFFER, length - position)
                    self.account(at, data, entry)
                    position += len(data)
                    at += len(data)
                    yield data
        finally:
            if fd >= 0:
                os.close(fd)
        if number > self.told:
            if self.why:
                self.told = number
                self.work.refuse(unescape_path(entry['path']), self.why)
            else:
                entry['sha256'] = self.file_digest.hexdigest()
                self.tell(number, entry)
            self.file_digest = hashlib.sha256()
        self.why = ''

    @staticmethod
    def read_some(fd, position, size):
        if fd < 0:
            return b''
        try:
            os.lseek(fd, position, 0)
            return retry(os.read, fd, size)
        except OSError:
            return b''

    def account(self, at, data, entry):
        """Hashes what was not hashed before."""
        fresh = at + len(data) - self.hashed_to
        if fresh > 0:
            new = data[len(data) - fresh:] if fresh < len(data) else data
            self.digest.update(new)
            self.file_digest.update(new)
            self.hashed_to += fresh
            self.work.transfer.progress(fresh)


# ===================================================================================================== facts
# What this server is (docs/protocol.md section 6). Each probe stands alone: one that fails loses only its own fact.
# No external command is run.
FACTS_EVERY_S = 3600.0
OS_FAMILIES = (('debian', ('debian', 'ubuntu', 'kylin', 'uos', 'deepin', 'linuxmint', 'raspbian')),
               ('rhel', ('rhel', 'centos', 'fedora', 'rocky', 'almalinux', 'ol', 'amzn', 'openeuler', 'anolis',
                         'opencloudos', 'tencentos', 'alinux')),
               ('suse', ('suse', 'opensuse', 'sles', 'sled', 'opensuse-leap')),
               ('arch', ('arch', 'manjaro')), ('alpine', ('alpine',)), ('gentoo', ('gentoo',)))
PSEUDO_FILESYSTEMS = frozenset((
    'proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'securityfs', 'pstore', 'bpf', 'tracefs', 'debugfs',
    'configfs', 'fusectl', 'mqueue', 'hugetlbfs', 'autofs', 'binfmt_misc', 'rpc_pipefs', 'nsfs', 'squashfs',
    'efivarfs', 'ramfs', 'overlay', 'tmpfs'))


class Facts(object):
    """Gathered at most once an hour and when asked for the first time."""

    def __init__(self, state_dir, config, boot_id):
        self.state_dir = state_dir
        self.config = config
        self.boot_id = boot_id
        self.last = ''
        self.at = 0.0
        self.policy_stamp = None

    def text(self):
        if not self.last or monotonic() - self.at > FACTS_EVERY_S:
            path = policy_path(self.config)
            self.policy_stamp = stamp_of(path)
            self.last = json.dumps(gather_facts(self.boot_id, self.last_update(), signing_of(load_policy(path))),
                                   sort_keys=True)
            self.at = monotonic()
        return self.last

    def changed(self):
        """The facts if it was time to look again, or the policy is another, and they differ from the last ones; else ''."""
        if stamp_of(policy_path(self.config)) != self.policy_stamp:
            self.at = -FACTS_EVERY_S
        if monotonic() - self.at <= FACTS_EVERY_S:
            return ''
        before = self.last
        return self.text() if self.text() != before else ''

    @staticmethod
    def last_update():
        try:
            return json.loads(read_text('update.json'))
        except ValueError:
            return None


def stamp_of(path):
    """What changes when a file is replaced or written; None while there is none."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_ino, stat.st_size, mtime_ms(stat)


def gather_facts(boot_id, last_update, signing):
    facts = {}
    for name, probe in PROBES:
        try:
            facts[name] = probe()
        except Exception as error:
            log('warn', 'a fact could not be found', fact=name, error='%s: %s' % (type(error).__name__, error))
    facts['bootId'] = boot_id
    facts['agent'] = {'version': VERSION, 'lastUpdate': last_update}
    if signing:
        facts['signing'] = signing
    return facts


def parse_assignments(text):
    """KEY="value" lines, as in os-release."""
    found = {}
    for line in text.split('\n'):
        name, equals, value = line.strip().partition('=')
        if equals and not name.startswith('#'):
            found[name] = value.strip().strip('"\'')
    return found


def probe_os():
    release = parse_assignments(read_text('/etc/os-release') or read_text('/usr/lib/os-release'))
    identity = release.get('ID', '').lower()
    like = release.get('ID_LIKE', '').lower().split()
    if not identity:
        old = read_text('/etc/redhat-release')
        if old:
            identity, like = 'rhel' if 'Red Hat' in old else 'centos', ['rhel']
            release = {'NAME': old, 'VERSION_ID': ''.join(c for c in old if c.isdigit() or c == '.')}
        elif os.path.exists('/etc/debian_version'):
            identity, release = 'debian', {'NAME': 'Debian', 'VERSION_ID': read_text('/etc/debian_version')}
    family = ''
    for name, members in OS_FAMILIES:
        if identity in members or (not family and any(word in members for word in like)):
            family = name
            if identity in members:
                break
    return {'id': identity, 'idLike': like, 'versionId': release.get('VERSION_ID', ''),
            'name': release.get('PRETTY_NAME') or release.get('NAME', ''), 'family': family}


def probe_cpu():
    model, flags, count, hypervisor = '', [], 0, ''
    for line in read_text('/proc/cpuinfo').split('\n'):
        name, _, value = line.partition(':')
        name, value = name.strip().lower(), value.strip()
        if name == 'processor':
            count += 1
        elif name in ('model name', 'hardware', 'cpu model') and not model:
            model = value
        elif name in ('flags', 'features') and not flags:
            flags = value.split()
    hardware = 'vmx' if 'vmx' in flags else 'svm' if 'svm' in flags else ''
    if 'hypervisor' in flags or os.path.exists('/sys/hypervisor/type'):
        hypervisor = read_text('/sys/hypervisor/type') or read_text('/sys/class/dmi/id/sys_vendor') or 'yes'
    return {'model': model, 'count': count or os.sysconf(str('SC_NPROCESSORS_ONLN')), 'flags': flags,
            'virtualization': hardware, 'hypervisor': hypervisor}


def meminfo():
    found = {}
    for line in read_text('/proc/meminfo').split('\n'):
        words = line.split()
        if len(words) > 1:
            found[words[0].rstrip(':')] = int(words[1])
    return found


def probe_disks():
    disks = []
    for name in sorted(os.listdir('/sys/block')):
        base = '/sys/block/' + name
        size = int(read_text(base + '/size', '0') or 0) * 512
        if size and not name.startswith(('loop', 'ram', 'zram', 'fd', 'sr', 'dm-', 'md')):
            disks.append({'name': name, 'sizeBytes': size, 'model': read_text(base + '/device/model'),
                          'rotational': read_text(base + '/queue/rotational') == '1'})
    return disks


def unescape_mount(text):
    for code, character in (('\\040', ' '), ('\\011', '\t'), ('\\012', '\n'), ('\\134', '\\')):
        text = text.replace(code, character)
    return text


def probe_filesystems():
    found, seen = [], set()
    for line in read_text('/proc/self/mounts').split('\n'):
        words = line.split(' ')
        if len(words) < 3 or (words[2] in PSEUDO_FILESYSTEMS and words[1] != '/'):
            continue
        mount = unescape_mount(words[1])
        if words[2].startswith(('fuse', 'nfs', 'cifs', 'ceph', '9p', 'glusterfs', 'lustre')):
            continue  # statvfs on a dead network mount never returns
        try:
            stats = os.statvfs(mount)
        except OSError:
            continue
        if stats.f_blocks and (words[0], words[2]) not in seen:
            seen.add((words[0], words[2]))
            found.append({'mount': mount, 'device': unescape_mount(words[0]), 'type': words[2],
                          'sizeKib': stats.f_blocks * stats.f_frsize // 1024,
                          'freeKib': stats.f_bavail * stats.f_frsize // 1024})
    return found[:200]


def interface_addresses():
    """Interface name -> addresses, from /proc (IPv6) and ioctl (IPv4, first address of each name)."""
    found = {}
    for line in read_text('/proc/net/if_inet6').split('\n'):
        words = line.split()
        if len(words) == 6:
            address = ':'.join(words[0][i:i + 4] for i in range(0, 32, 4))
            packed = socket.inet_pton(socket.AF_INET6, address)
            found.setdefault(words[5], []).append(socket.inet_ntop(socket.AF_INET6, packed))
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        size = 40 if struct.calcsize(str('P')) == 8 else 32
        import array
        space = array.array(str('B'), b'\0' * (size * 256))
        pointer, length = space.buffer_info()
        ask = struct.pack(str('iP'), length, pointer)
        answer = fcntl.ioctl(sock.fileno(), 0x8912, ask)  # SIOCGIFCONF: every IPv4 address with its label
        used = struct.unpack(str('iP'), answer)[0]
        data = space.tobytes() if PY3 else space.tostring()
        for at in range(0, used, size):
            name = to_text(data[at:at + 16].split(b'\0')[0]).split(':')[0]
            found.setdefault(name, []).insert(0, to_text(socket.inet_ntoa(data[at + 20:at + 24])))
    finally:
        sock.close()
    return found


def probe_network():
    addresses = interface_addresses()
    found = []
    for name in sorted(os.listdir('/sys/class/net')):
        base = '/sys/class/net/' + name
        if os.path.isdir(base):
            found.append({'name': name, 'mac': read_text(base + '/address'), 'state': read_text(base + '/operstate'),
                          'addresses': addresses.get(name, [])})
    return found[:200]


def probe_addresses():
    found = []
    for name, addresses in sorted(interface_addresses().items()):
        found.extend(a for a in addresses if name != 'lo' and not a.lower().startswith('fe80:'))
    return found[:200]


def in_path(name):
    return any(os.access(folder + '/' + name, os.X_OK) for folder in DEFAULT_PATH.split(':'))


def first_of(*names):
    for name in names:
        if in_path(name):
            return name
    return ''


def probe_package_manager():
    found = first_of('dnf', 'yum', 'zypper', 'apt-get')
    return 'apt' if found == 'apt-get' else found


def probe_service_manager():
    if os.path.isdir('/run/systemd/system'):
        return 'systemd'
    return 'sysvinit' if os.path.isdir('/etc/init.d') else ''


def probe_selinux():
    if not os.path.isdir('/sys/fs/selinux') and not os.path.exists('/selinux/enforce'):
        return 'disabled' if os.path.exists('/etc/selinux/config') else 'absent'
    value = read_text('/sys/fs/selinux/enforce') or read_text('/selinux/enforce')
    return 'enforcing' if value == '1' else 'permissive'


def probe_apparmor():
    value = read_text('/sys/module/apparmor/parameters/enabled')
    return 'enabled' if value == 'Y' else 'disabled' if value else 'absent'


def running_names():
    """Names of running programs."""
    names = set()
    for name in os.listdir('/proc'):
        if name.isdigit():
            names.add(read_text('/proc/%s/comm' % name))
    return names


def probe_firewall():
    running = running_names()
    if 'firewalld' in running or os.path.exists('/run/firewalld.pid'):
        return {'tool': 'firewalld', 'active': True}
    if parse_assignments(read_text('/etc/ufw/ufw.conf')).get('ENABLED') == 'yes':
        return {'tool': 'ufw', 'active': True}
    modules = read_text('/proc/modules')
    if read_text('/proc/net/ip_tables_names'):
        return {'tool': 'iptables', 'active': True}
    tool = 'nftables' if in_path('nft') else 'iptables' if in_path('iptables') else ''
    enabled = os.path.exists('/etc/systemd/system/sysinit.target.wants/nftables.service') or \
        os.path.exists('/etc/systemd/system/multi-user.target.wants/nftables.service')
    return {'tool': tool, 'active': bool(tool == 'nftables' and enabled and 'nf_tables' in modules)}


def clock_synchronized():
    """adjtimex(2) says whether some daemon disciplines the clock; None when it cannot be asked."""
    if libc is None:
        return None
    import ctypes
    space = ctypes.create_string_buffer(512)  # struct timex is 208 bytes; modes 0 only reads
    state = libc.adjtimex(space)
    return None if state < 0 else state != 5  # TIME_ERROR


def probe_time():
    running = running_names()
    service = ''
    for name in ('chronyd', 'systemd-timesyn', 'ntpd', 'ntpsec', 'openntpd'):
        if name in running:
            service = {'systemd-timesyn': 'systemd-timesyncd'}.get(name, name)
            break
    zone = read_text('/etc/timezone')
    if not zone:
        try:
            zone = os.readlink('/etc/localtime').split('/zoneinfo/')[-1]
        except OSError:
            zone = time.tzname[0]
    return {'service': service, 'synchronized': clock_synchronized(), 'timezone': zone}


def probe_users():
    return sum(1 for line in read_text('/etc/passwd').split('\n') if line.strip())


def probe_fqdn():
    """From /etc/hosts and the host name only: asking DNS may take seconds."""
    name = socket.gethostname()
    if '.' in name:
        return name
    for line in read_text('/etc/hosts').split('\n'):
        words = line.split('#')[0].split()[1:]
        if name in words:
            return ([word for word in words if word.startswith(name + '.')] + [name])[0]
    return name


PROBES = (
    ('hostname', socket.gethostname), ('fqdn', probe_fqdn), ('os', probe_os), ('kernel', lambda: os.uname()[2]),
    ('arch', lambda: os.uname()[4]), ('cpu', probe_cpu), ('memoryKib', lambda: meminfo()['MemTotal']),
    ('swapKib', lambda: meminfo()['SwapTotal']), ('disks', probe_disks), ('filesystems', probe_filesystems),
    ('network', probe_network), ('addresses', probe_addresses), ('packageManager', probe_package_manager),
    ('serviceManager', probe_service_manager), ('selinux', probe_selinux), ('apparmor', probe_apparmor),
    ('firewall', probe_firewall), ('time', probe_time), ('users', probe_users),
    ('python', lambda: {'version': sys.version.split()[0], 'executable': sys.executable}),
    ('systemUuid', lambda: read_text('/sys/class/dmi/id/product_uuid').lower()), ('machineId', lambda: machine_id()),
)


def cpu_times():
    """(busy, total) ticks of all processors."""
    words = [int(word) for word in read_file('/proc/stat', 4096).split(b'\n', 1)[0].split()[1:9]]
    return sum(words) - words[3] - words[4], sum(words)


def heartbeat(running, before):
    """The light metrics of a Heartbeat, and the processor times to compare the next one with."""
    memory = meminfo()
    after = cpu_times()
    busy = 0
    if before and after[1] > before[1]:
        busy = 1000 * (after[0] - before[0]) // (after[1] - before[1])
    disk = os.statvfs('/')
    free = memory.get('MemAvailable', memory.get('MemFree', 0) + memory.get('Buffers', 0) + memory.get('Cached', 0))
    return {'timeMs': now_ms(), 'load1': os.getloadavg()[0], 'memoryTotalKib': memory.get('MemTotal', 0),
            'memoryAvailableKib': free, 'cpuBusyPermille': max(0, min(1000, busy)),
            'diskFreeKib': disk.f_bavail * disk.f_frsize // 1024,
            'uptimeSeconds': int(float(read_text('/proc/uptime', '0').split()[0])), 'runningTasks': running}, after


# ===================================================================================================== shell
# A terminal on this server for somebody far away. It lives as long as the connection.
SHELL_CREDIT = 256 * 1024


class Shell(object):
    """One pseudo-terminal. `ended` is told once, after everything it printed has been sent."""

    def __init__(self, agent, spec):
        self.agent = agent
        self.loop = agent.loop
        self.session = agent.session
        self.stream_id = spec['streamId']
        self.unanswered = 0
        self.inputs = collections.deque()
        self.status = None
        self.watching = 0
        self.told = False
        self.let_go = False
        account, switch, home = self.account(spec['user'])
        self.master, slave = os.openpty()
        cloexec(self.master)
        try:
            set_window(slave, spec['columns'], spec['rows'])
            if switch:
                os.fchown(slave, account[0], -1)  # as sshd does: programs open it by its name
            self.pid = self.fork(slave, account, switch, home, [to_bytes(part) for part in spec['argv']])
        except Exception:
            os.close(self.master)
            raise
        finally:
            os.close(slave)
        nonblocking(self.master)
        agent.children[self.pid] = self.on_exit
        self.watch()

    @staticmethod
    def account(user):
        account, switch = account_of(user)
        return account, switch, account[3] if os.path.isdir(account[3]) else '/'

    def fork(self, slave, account, switch, home, argv):
        import termios
        environment = {b'PATH': to_bytes(DEFAULT_PATH), b'HOME': to_bytes(account[3]), b'USER': to_bytes(account[2]),
                       b'LOGNAME': to_bytes(account[2]), b'SHELL': to_bytes(account[4]), b'TERM': b'xterm-256color',
                       b'LANG': to_bytes(os.environ.get('LANG', 'C.UTF-8'))}
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in (0, 1, 2):
                os.dup2(slave, fd)
            close_from(3, [])
            for number in DEFAULT_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            if switch:
                init_groups(account[2], account[1])
                os.setgid(account[1])
                os.setuid(account[0])
            os.umask(0o022)
            os.chdir(to_bytes(home))
            if argv:
                os.execve(find_program(argv[0], environment), argv, environment)
            shell = to_bytes(account[4])
            os.execve(shell, [b'-' + shell.split(b'/')[-1]], environment)
        except BaseException as error:
            what = to_text(argv[0]) if argv else account[4]
            os.write(2, to_bytes('cannot start %s: %s\r\n' % (what, words_of(error))))
        finally:
            os._exit(127)

    def watch(self):
        """Listens for what the credit and the queue of input call for."""
        mask = (select.POLLIN if self.unanswered < SHELL_CREDIT else 0) | (select.POLLOUT if self.inputs else 0)
        mask = 0 if self.let_go else mask
        if self.master < 0 or mask == self.watching:
            return
        if self.watching:
            self.loop.unwatch(self.master)
        if mask:
            self.loop.watch(self.master, mask, self.on_event)
        self.watching = mask

    def on_event(self, events):
        if events & select.POLLOUT:
            self.write_inputs()
        if events & (select.POLLIN | select.POLLHUP | select.POLLERR) and self.master >= 0:
            self.read()
        self.watch()

    def read(self):
        try:
            data = os.read(self.master, READ_SIZE)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return
            data = b''
        if not data:
            return self.hang_up() if self.status is not None else self.look_later()
        self.unanswered += len(data)

        def done(_, problem):
            self.unanswered -= len(data)
            self.watch()
            self.finish()
        self.session.call('shellOutput', {'streamId': self.stream_id, 'data': data}, done)

    def look_later(self):
        """Nobody has the terminal open, as when a program closes its streams before it exits, or opens them anew.
        To close our end now would kill it by SIGHUP: its own end is awaited instead."""
        self.let_go = True
        self.watch()
        self.loop.after(0.2, self.look_again)

    def look_again(self):
        self.let_go = False
        self.watch()

    def write(self, data, answer):
        if self.master < 0:
            raise Problem('unknown', 'this terminal is closed')
        if sum(len(item[0]) for item in self.inputs) > 4 * SHELL_CREDIT:
            raise Problem('busy', 'too much unanswered input')
        self.inputs.append([data, answer])
        self.write_inputs()
        self.watch()
        return LATER

    def write_inputs(self):
        while self.inputs and self.master >= 0:
            entry = self.inputs[0]
            try:
                entry[0] = entry[0][os.write(self.master, entry[0]):] if entry[0] else b''
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EINTR):
                    self.hang_up()
                return
            if not entry[0]:
                self.inputs.popleft()
                entry[1](None)

    def resize(self, columns, rows):
        if self.master >= 0:
            set_window(self.master, columns, rows)

    def hang_up(self):
        """Nobody is at the other end of the terminal any more, or nobody wants to see it."""
        if self.master < 0:
            return
        if self.watching:
            self.loop.unwatch(self.master)
        self.watching = 0
        os.close(self.master)
        self.master = -1
        while self.inputs:
            self.inputs.popleft()[1](None, Problem('unknown', 'this terminal is closed'))
        self.finish()

    def on_exit(self, status):
        self.status = status
        if self.master >= 0:  # what is still in the terminal is read first
            self.loop.after(0.2, self.hang_up)
            self.read()
            self.watch()
        self.finish()

    def finish(self):
        if self.status is None or self.master >= 0 or self.unanswered > 0 or self.told:
            return
        self.told = True
        self.agent.shells.pop(self.stream_id, None)
        signalled = os.WIFSIGNALED(self.status)
        code = 128 + os.WTERMSIG(self.status) if signalled else os.WEXITSTATUS(self.status)
        reason = 'killed by signal %d' % os.WTERMSIG(self.status) if signalled else ''
        if not self.session.closed:
            self.session.call('shellClosed', {'streamId': self.stream_id, 'exitCode': code, 'reason': reason},
                              lambda result, problem: None)

    def close(self):
        """Ends the session of the terminal: HUP, and KILL for those who do not listen."""
        if self.status is None:
            pid = self.pid
            signal_group(pid, signal.SIGHUP)
            self.loop.after(2.0, lambda: self.status is None and signal_group(pid, signal.SIGKILL))
        self.hang_up()


def set_window(fd, columns, rows):
    import termios
    size = [max(1, min(1000, number)) for number in (rows or 24, columns or 80)]
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack(str('HHHH'), size[0], size[1], 0, 0))


def signal_group(pid, number):
    try:
        os.killpg(pid, number)
    except OSError:
        pass


class ShellCalls(object):
    """The terminal calls of the agent (mixed into it)."""

    def on_open_shell(self, args, answer):
        spec = args['shell']
        if spec['streamId'] in self.shells:
            raise Problem('bad-request', 'stream id is in use')
        if len(self.shells) >= 64:
            raise Problem('busy', 'too many terminals are open')
        why = shell_refused(self.policy())
        if why:
            raise Problem('refused', why)
        try:
            self.shells[spec['streamId']] = Shell(self, spec)
        except Failure as failure:
            raise Problem('refused', words_of(failure))

    def find_shell(self, args):
        if args['streamId'] not in self.shells:
            raise Problem('unknown', 'this terminal is closed')
        return self.shells[args['streamId']]

    def on_shell_input(self, args, answer):
        return self.find_shell(args).write(args['data'], answer)

    def on_resize_shell(self, args, answer):
        self.find_shell(args).resize(args['columns'], args['rows'])

    def on_close_shell(self, args, answer):
        self.find_shell(args).close()


# =================================================================================================== install
# Joining a fleet, becoming a service, taking over a newer file, and leaving without a trace.
SERVICE = 'drover-agent'
UNIT_FILE = '/etc/systemd/system/%s.service' % SERVICE
INIT_FILE = '/etc/init.d/%s' % SERVICE
DEFAULT_DIR = '/var/lib/drover'
UPDATE_DEADLINE_S = 30.0
HEALTH_FD = 'DROVER_HEALTH_FD'
MAX_AGENT_BYTES = 16 * 1024 * 1024
CSR_PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests'

UNIT_TEXT = '''[Unit]
Description=Drover agent
Documentation=https://drover.dev
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=%(python)s -S -E %(dir)s/agent.py run --dir %(dir)s
Restart=always
RestartSec=1
StartLimitInterval=0
KillMode=process
TasksMax=infinity
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
'''

INIT_TEXT = '''#!/bin/sh
### BEGIN INIT INFO
# Provides:          drover-agent
# Required-Start:    $network $local_fs
# Required-Stop:     $network $local_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Drover agent
### END INIT INFO
# chkconfig: 2345 90 10
keeper=%(dir)s/keeper.pid
running() { [ -s "$keeper" ] && kill -0 "$(cat "$keeper")" 2>/dev/null; }
start() {
  running && return 0
  setsid sh -c 'echo $$ > %(dir)s/keeper.pid; while :; do
    %(python)s -S -E %(dir)s/agent.py run --dir %(dir)s 2>> %(dir)s/agent.log
    [ -f %(dir)s/agent.py ] || exit 0
    [ "$(wc -c < %(dir)s/agent.log)" -lt 1048576 ] || mv %(dir)s/agent.log %(dir)s/agent.log.1
    sleep 1
  done' < /dev/null > /dev/null 2>&1 &
}
stop() {
  running && kill "$(cat "$keeper")" 2>/dev/null
  rm -f "$keeper"
  [ -s %(dir)s/lock ] && kill "$(cat %(dir)s/lock)" 2>/dev/null
  return 0
}
case "$1" in
  start) start ;;
  stop) stop ;;
  restart|force-reload) stop; sleep 1; start ;;
  status) if running; then echo "drover-agent is running"; else echo "drover-agent is not running"; exit 3; fi ;;
  *) echo "usage: $0 start|stop|restart|status"; exit 2 ;;
esac
'''


def say(text):
    """To the person who ran the command."""
    os.write(1, to_bytes(text + '\n'))


def run_quietly(argv):
    """Exit code of a command whose output nobody needs; 127 when there is none such."""
    import subprocess
    null = os.open('/dev/null', os.O_RDWR)
    try:
        return subprocess.call(argv, stdin=null, stdout=null, stderr=null)
    except OSError:
        return 127
    finally:
        os.close(null)


def default_name():
    allowed = 'abcdefghijklmnopqrstuvwxyz0123456789-.'
    name = ''.join(c if c in allowed else '-' for c in socket.gethostname().lower())
    return name.strip('-.')[:253] or 'node'


class Joiner(object):
    """`join`: from a token to a certificate, and a service that uses it."""

    def __init__(self, address, pin, options):
        self.host, self.port = split_address(address, 7443)
        self.pin = pin.lower().replace(':', '').split('sha256', 1)[-1]
        self.name = options.get('name') or default_name()
        self.dir = os.path.abspath(options.get('dir') or DEFAULT_DIR)
        self.options = options
        self.policy = os.path.abspath(options['policy']) if options.get('policy') else ''  # before we go elsewhere
        self.token = os.environ.pop('DROVER_TOKEN', '')
        if not self.token:
            raise Failure('cannot join: DROVER_TOKEN is not set; paste the whole line that "token create" printed')
        if len(self.pin) != 64:
            raise Failure('cannot join: the second argument must be the sha256 of the CA certificate (64 hex digits)')

    def run(self):
        self.make_dir()
        os.chdir(self.dir)
        try:
            self.fetch_ca()
            http = Http(self.open_verified, '%s:%d' % (self.host, self.port),
                        {'Authorization': 'Bearer ' + self.token})
            config = http.json('GET', '/join/config')
            key = new_private_key()
            certificate = self.request_certificate(http, key)
            http.close()
        except Gone as error:
            raise Failure('cannot join: no connection to %s:%d: %s' % (self.host, self.port, words_of(error)))
        os.rename('ca.pem.joining', 'ca.pem')
        save_identity(key, certificate)
        self.install_files(config)

    def make_dir(self):
        try:
            if not os.path.isdir(self.dir):
                os.makedirs(self.dir, 0o700)
            os.chmod(self.dir, 0o700)
            write_file(os.path.join(self.dir, '.probe'), b'')
            os.unlink(os.path.join(self.dir, '.probe'))
        except (OSError, IOError) as error:
            raise Failure('cannot use %s: %s; run it as root or choose another place with --dir'
                          % (self.dir, words_of(error)))

    def fetch_ca(self):
        """The CA certificate, taken from anybody and believed only if its hash is the pinned one."""
        def open_unverified():
            return tls_unverified(dial(self.host, self.port, HTTP_TIMEOUT_S))
        http = Http(open_unverified, '%s:%d' % (self.host, self.port))
        status, _ = http.request('GET', '/join/ca.pem')
        text = to_text(http.read(1 << 16))
        http.close()
        if status != 200:
            raise Failure('cannot join: %s:%d has no /join/ca.pem (HTTP %d)' % (self.host, self.port, status))
        try:
            data = from_pem(text, 'CERTIFICATE')
        except ValueError:
            data = b''
        if hashlib.sha256(data).hexdigest() != self.pin:
            raise Failure('cannot join: the CA of %s:%d is not the one in the pasted line; somebody may be in between'
                          % (self.host, self.port))
        write_file('ca.pem.joining', to_bytes(to_pem('CERTIFICATE', data)))

    def open_verified(self):
        sock = dial(self.host, self.port, HTTP_TIMEOUT_S)
        try:
            return tls_wrap(sock, self.host, 'ca.pem.joining')
        except Exception:
            sock.close()
            raise

    def request_certificate(self, http, key):
        public = public_key_der(public_key_of(key))
        digest = hashlib.sha256(public)
        request = to_bytes(certificate_request(key, self.name))
        name = 'node-%s-%s' % (self.name[:200], digest.hexdigest()[:10])
        fingerprint = 'SHA256:' + to_text(binascii.b2a_base64(digest.digest())).strip().rstrip('=')
        http.json('POST', CSR_PATH, {
            'apiVersion': 'certificates.k8s.io/v1', 'kind': 'CertificateSigningRequest',
            'metadata': {'name': name, 'annotations': {'drover.dev/machine-id': machine_id()}},
            'spec': {'request': to_text(binascii.b2a_base64(request)).replace('\n', ''),
                     'signerName': 'drover.dev/node', 'usages': ['digital signature', 'client auth']}})
        return self.await_certificate(http, name, fingerprint)

    def await_certificate(self, http, name, fingerprint):
        limit = monotonic() + float(self.options.get('wait') or 3600)
        pause, told = 0.05, False
        while True:
            found = http.json('GET', '%s/%s' % (CSR_PATH, name))
            status = found.get('status') or {}
            if status.get('certificate'):
                return to_text(binascii.a2b_base64(to_bytes(status['certificate'])))
            for condition in status.get('conditions') or ():
                if condition.get('type') in ('Denied', 'Failed'):
                    raise Failure('cannot join: the request was %s: %s'
                                  % (condition['type'].lower(), condition.get('message', '')))
            if monotonic() > limit:
                raise Failure('cannot join: the request %s was not approved in time' % name)
            if pause > 1 and not told:
                told = True
                say('waiting for approval of node %s, key fingerprint %s' % (self.name, fingerprint))
            time.sleep(pause)
            pause = min(2.0, pause * 1.5)

    def install_files(self, config):
        service = 'none'
        wants_service = not self.options.get('no-service') and not self.options.get('foreground')
        if wants_service and os.getuid() == 0:
            service = probe_service_manager() or 'none'
        config.pop('policyFile', None)  # where the policy is, the controller does not say
        if self.policy:
            config['policyFile'] = self.policy
        config.update({'name': self.name, 'apiAddress': '%s:%d' % (self.host, self.port), 'service': service})
        write_file('config.json', to_bytes(json.dumps(config, indent=1, sort_keys=True)))
        if own_path() != os.path.join(self.dir, 'agent.py'):
            remove_quietly(cache_of(os.path.join(self.dir, 'agent.py')))
            write_file('agent.py', read_file(own_path()), 0o700)
        say('node %s has joined %s:%d' % (self.name, config['agentHost'], int(config['agentPort'])))
        start_service(service, self.dir)
        if not self.options.get('foreground'):
            clear_download()
        if service == 'none' and (self.options.get('foreground') or wants_service):
            say('no service manager is used: the agent runs in the foreground')
            command = agent_command(self.dir, own_path() if self.options.get('foreground') else None)
            os.execv(command[0], command)


def clear_download():
    """Removes the folder in which the pasted line put this file."""
    folder = os.path.dirname(own_path())
    if os.path.basename(folder).startswith('drover-join-'):
        remove_tree(folder)


def agent_command(state_dir, source=None):
    return [sys.executable, str('-S'), str('-E'), source or os.path.join(state_dir, 'agent.py'), str('run'),
            str('--dir'), state_dir]


# Compiling this file leaves 11 MB of garbage behind: the agent therefore runs as an imported module, from the cache.
BOOT = 'import os,sys;p=sys.argv[1];sys.path[0]=os.path.dirname(p);' \
       'm=__import__(os.path.basename(p)[:-3]);sys.exit(m.main(sys.argv[2:]))'


def cache_of(source):
    """Where Python keeps the compiled form of a file."""
    if not PY3:
        return source + 'c'
    import importlib.util
    return importlib.util.cache_from_source(source)


def run_from_cache():
    """Replaces this process by one that imports this file as a module."""
    import py_compile
    source = own_path()
    cached = cache_of(source)
    try:
        if not os.path.exists(cached) or os.stat(cached).st_mtime < os.stat(source).st_mtime:
            py_compile.compile(source, cached, doraise=True)
    except (OSError, IOError, py_compile.PyCompileError):
        return  # a read-only place: it works as well, only larger
    os.execv(sys.executable, [sys.executable, str('-S'), str('-E'), str('-c'), str(BOOT), source] + sys.argv[1:])


def start_service(service, state_dir):
    values = {'python': sys.executable, 'dir': state_dir}
    if service == 'systemd':
        write_file(UNIT_FILE, to_bytes(UNIT_TEXT % values), 0o644)
        commands = (['systemctl', 'daemon-reload'], ['systemctl', 'enable', SERVICE], ['systemctl', 'restart', SERVICE])
    elif service == 'sysvinit':
        write_file(INIT_FILE, to_bytes(INIT_TEXT % values), 0o755)
        enable = ['update-rc.d', SERVICE, 'defaults'] if in_path('update-rc.d') else ['chkconfig', '--add', SERVICE]
        commands = (enable, [INIT_FILE, 'restart'])
    else:
        return
    for command in commands:
        code = run_quietly(command)
        if code != 0:
            raise Failure('cannot install the service: "%s" failed (%d)' % (' '.join(command), code))


def uninstall(state_dir, stop=True):
    """Removes the service and every file of the agent. Nothing of it may fail the rest."""
    if os.path.exists(UNIT_FILE) and state_dir in read_text(UNIT_FILE):
        if stop:
            run_quietly(['systemctl', 'stop', SERVICE])
        run_quietly(['systemctl', 'disable', SERVICE])
        remove_quietly(UNIT_FILE)
        run_quietly(['systemctl', 'daemon-reload'])
        run_quietly(['systemctl', 'reset-failed', SERVICE])
    if os.path.exists(INIT_FILE) and state_dir in read_text(INIT_FILE):
        remove_quietly(os.path.join(state_dir, 'agent.py'))
        if stop:
            run_quietly([INIT_FILE, 'stop'])
        run_quietly(['update-rc.d', '-f', SERVICE, 'remove'] if in_path('update-rc.d')
                    else ['chkconfig', '--del', SERVICE])
        remove_quietly(INIT_FILE)
    remove_tree(state_dir)
    try:
        os.rmdir(SCRATCH)
    except OSError:
        pass


def fork_worker(work):
    """Forks a helper process for something slow; the caller watches for its end. `work` returns the exit code."""
    pid = os.fork()
    if pid:
        return pid
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)
    close_from(3, [])
    run_work(work)


class LifeCalls(object):
    """Update and uninstall (mixed into the agent)."""

    def on_update(self, args, answer):
        release = args['release']
        if self.updating:
            raise Problem('busy', 'an update is under way')
        if len(release['sha256']) != 64 or not 0 < release['sizeBytes'] <= MAX_AGENT_BYTES:
            raise Problem('bad-request', 'not a release')
        if release['sha256'] == own_sha256():
            return
        why, use = self.judge(self.policy(), {'update': {'sha256': release['sha256']}}, release['signed'], 'update')
        if not why and use:
            why = self.use_up(use)
        if why:
            raise Problem('refused', why)
        state_dir, config = self.state_dir, self.config
        self.updating = fork_worker(lambda: fetch_release(release, config, state_dir))
        self.children[self.updating] = lambda status: self.on_release_fetched(release, status)

    def on_release_fetched(self, release, status):
        self.updating = 0
        if status != 0:
            why = read_text('update.error', 'it could not be fetched')
            self.note_update(release, 'refused', why)
            return log('error', 'update refused', reason=why)
        log('info', 'starting the new agent', version=release['version'])
        self.note_update(release, 'trying', '')
        switch_agent(self.state_dir, self.config)

    def note_update(self, release, outcome, reason):
        write_update(release['sha256'], release['version'], outcome, reason)
        self.facts.at = -FACTS_EVERY_S  # tell the controller with the next heartbeat

    def on_uninstall(self, args, answer):
        why = uninstall_refused(self.policy())
        if why:
            raise Problem('refused', why)
        log('info', 'uninstalling on request of the controller')
        for entry in list(self.tasks.values()):
            self.cancel(entry)
        self.uninstall_by = monotonic() + 3.0
        self.loop.after(0.3, self.try_uninstall)

    def try_uninstall(self):
        if monotonic() < self.uninstall_by and any(not entry.finished for entry in self.tasks.values()):
            return self.loop.after(0.1, self.try_uninstall)
        state_dir = self.state_dir

        def leave():
            os.setsid()
            os.chdir('/')
            uninstall(state_dir)
            return 0
        fork_worker(leave)
        if self.config.get('service', 'none') == 'none':
            self.loop.running = False  # a service manager stops us instead: it would start us again


def write_update(sha256, version, outcome, reason):
    write_file('update.json', to_bytes(json.dumps(
        {'sha256': sha256, 'version': version, 'outcome': outcome, 'reason': reason, 'timeMs': now_ms()})))


def fetch_release(release, config, state_dir):
    """Downloads and verifies a newer agent file to agent.py.next. Exit code 0, or 1 with the reason in a file."""
    remove_quietly('update.error')
    try:
        http = controller_http(config, state_dir)
        status, _ = http.request('GET', '/agent/' + release['sha256'])
        if status != 200:
            raise Failure('the controller does not have it (HTTP %d)' % status)
        data = http.read(MAX_AGENT_BYTES)
        digest = hashlib.sha256(data)
        if digest.hexdigest() != release['sha256'] or len(data) != release['sizeBytes']:
            raise Failure('its content is not what was announced')
        public = parse_public_key(from_pem(config['releasePublicKey'], 'PUBLIC KEY'))
        if not verify(public, digest.digest(), release['signature']):
            raise Failure('its signature is not by the release key of this controller')
        try:
            compile(data, str('agent.py'), str('exec'))
        except (SyntaxError, ValueError) as error:
            raise Failure('it does not compile on Python %s: %s' % (sys.version.split()[0], error))
        write_file('agent.py.next', data, 0o700)
        return 0
    except Exception as error:
        write_file('update.error', to_bytes(words_of(error)))
        return 1


def switch_agent(state_dir, config):
    """Becomes the new agent file, watched by a guardian that brings back the old one if it does not connect."""
    previous = own_path()
    place = os.path.join(state_dir, 'agent.py')
    if os.path.exists(place):
        write_file(place + '.old', read_file(place), 0o700)
    remove_quietly(cache_of(place))  # a cache is told from a stale one by seconds only
    os.rename(place + '.next', place)
    sync_directory(state_dir)
    health_read, health_write = os.pipe()
    agent_pid = os.getpid()
    if previous == place:
        previous = place + '.old'
    if os.fork() == 0:
        guard(health_read, agent_pid, previous, state_dir, config)
    os.environ[str(HEALTH_FD)] = str('%d' % health_write)
    fcntl.fcntl(health_write, fcntl.F_SETFD, fcntl.fcntl(health_write, fcntl.F_GETFD) & ~fcntl.FD_CLOEXEC)
    command = agent_command(state_dir) + OWN.get('options', [])
    os.execv(command[0], command)


def guard(health_read, agent_pid, previous, state_dir, config):
    """The guardian: ends when the new agent says it is well; otherwise puts the old file back."""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(number, signal.SIG_DFL)
        close_from(3, [health_read])
        poller = select.poll()
        poller.register(health_read, select.POLLIN)
        deadline_s = float(config.get('updateDeadlineSeconds') or UPDATE_DEADLINE_S)
        in_time = retry(poller.poll, int(deadline_s * 1000))
        if in_time and os.read(health_read, 1) == b'1':
            os._exit(0)
        why = 'it ended before it was connected' if in_time else 'it was not connected within %g s' % deadline_s
        place = os.path.join(state_dir, 'agent.py')
        failed = hashlib.sha256(read_file(place)).hexdigest()
        if previous == place + '.old':
            remove_quietly(cache_of(place))
            os.rename(previous, place)
            previous = place
        write_update(failed, '', 'failed', why)
        log('error', 'the new agent failed: the old one is back', reason=why)
        if not in_time:
            signal_all([agent_pid], signal.SIGKILL)
        if config.get('service', 'none') == 'none':
            command = agent_command(state_dir, previous) + OWN.get('options', [])
            time.sleep(0.1)
            os.execv(command[0], command)
    finally:
        os._exit(1)


def confirm_update():
    """Connected and welcomed: the guardian may go."""
    fd = os.environ.pop(HEALTH_FD, '')
    if not fd:
        return
    try:
        os.write(int(fd), b'1')
        os.close(int(fd))
    except (OSError, ValueError):
        return
    write_update(own_sha256(), VERSION, 'done', '')
    remove_quietly('agent.py.old')


# ===================================================================================================== agent
REPORT_BYTES = 256 * 1024  # unanswered output: what is news waits behind so much, of each node, in a busy controller
REPORTS_IN_FLIGHT = 2
STARTED_AFTER_S = 0.3
FORGET_AFTER_S = 1.0
SETTLE_AFTER_S = 0.5
CANCEL_AGAIN_S = 0.2
MAX_RUNNING = 2000
BACKOFF_S = (0.2, 5.0, 30.0)  # first step, cap of the first minutes, cap after that
REFUSED_S = 120.0
CONNECT_TIMEOUT_S = 20.0
CONNECT_ONE_OF_MANY_S = 5.0  # a controller that does not answer keeps us from the next for so long
ASK_EVERY_S = 2.0  # whether the controller is still there; who knows no other need not know
PATIENCE_S = (3.0, 24.0)  # for its answer; doubled each time that it was not enough: those that are merely slow are not left in turn
PROMPT_S = 1.0  # an answer this soon sets the patience back
LEAVE_WAIT_S = 0.2  # the longest wait between attempts of an agent that was told to leave
LEAVE_HASTE_S = 30.0  # a controller that starts again is back by then
MAX_CONTROLLERS = 64


class TaskEntry(object):
    """What the agent knows of a task that the controller has not settled yet."""

    __slots__ = ('task_id', 'pid', 'finished', 'result', 'on_disk', 'fd', 'read_at', 'acked_at', 'offsets', 'acked',
                 'in_flight', 'wants_started', 'told_started', 'sent_result', 'progress', 'transfer', 'dirty',
                 'cancelled', 'timer')

    def __init__(self, task_id, pid):
        self.task_id = task_id
        self.pid = pid
        self.finished = False
        self.result = None
        self.on_disk = True
        self.fd = -1
        self.read_at = 0
        self.acked_at = 0
        self.offsets = {1: 0, 2: 0}
        self.acked = {1: 0, 2: 0}
        self.in_flight = 0
        self.wants_started = False
        self.told_started = False
        self.sent_result = False
        self.progress = None
        self.transfer = False
        self.dirty = False
        self.cancelled = False
        self.timer = None  # for what is to be done if it takes long; else the agent need not wake up for it

    def close(self):
        Loop.cancel(self.timer)
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Agent(ShellCalls, LifeCalls):
    """Joins the parts: one loop, one journal, one connection, the tasks and the terminals."""

    def __init__(self, state_dir, options):
        self.state_dir = state_dir
        self.options = options
        os.chdir(state_dir)
        self.config = json.loads(to_text(read_file('config.json')))
        self.lock = self.take_lock()
        self.boot_id = read_text(options.get('boot_id_file') or '/proc/sys/kernel/random/boot_id', 'unknown')
        self.process_id = new_id()
        self.loop = Loop()
        self.session = None
        self.welcomed = False
        self.failures = 0
        self.clock_skew_ms = 0
        self.children = {}
        self.tasks = {}
        self.dirty = collections.deque()
        self.unanswered_bytes = 0
        self.reports = 0
        self.to_forget = []
        self.heartbeat_timer = None
        self.renew_timer = None
        self.shells = {}
        self.updating = 0
        self.facts = Facts(state_dir, self.config, self.boot_id)
        self.cpu = None
        self.handlers = {
            'start': self.on_start, 'cancel': self.on_cancel, 'ping': lambda args, answer: None,
            'openShell': self.on_open_shell, 'shellInput': self.on_shell_input, 'resizeShell': self.on_resize_shell,
            'closeShell': self.on_close_shell, 'update': self.on_update, 'uninstall': self.on_uninstall,
            'leave': self.on_leave,
        }
        self.controllers = controllers_of(self.config)
        self.attached = int(random_share() * len(self.controllers))
        self.tried = 0  # controllers in a row that could not be had
        self.patience_s = PATIENCE_S[0]
        self.ask_timer = None
        self.hasty_until = 0.0

    def take_lock(self):
        fd = cloexec(os.open('lock', os.O_RDWR | os.O_CREAT, 0o600))
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (OSError, IOError):
            raise Failure('another agent is running on %s' % self.state_dir)
        os.ftruncate(fd, 0)
        write_all(fd, to_bytes('%d\n' % os.getpid()))
        return fd

    def run(self):
        self.open_nudges()
        for path in ('tasks', 'staging'):
            if not os.path.isdir(path):
                os.mkdir(path, 0o700)
        self.journal = Journal('journal', self.boot_id)
        self.dirs = TaskDirs()
        self.crew = Crew(self.loop, self.boot_id, self.nudge_write)
        self.recover()
        self.loop.soon(self.connect)
        keep_heap_shared()
        log('info', 'agent started', version=VERSION, node=self.config['name'], tasks=len(self.tasks))
        self.loop.run()

    # ---- signals and nudges

    def open_nudges(self):
        """The nudge pipe: supervisors that outlive this agent go on writing to it for the next one."""
        try:
            os.mkfifo('nudge', 0o600)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
        self.nudge_read = cloexec(os.open('nudge', os.O_RDONLY | os.O_NONBLOCK))
        self.nudge_write = cloexec(os.open('nudge', os.O_WRONLY | os.O_NONBLOCK))
        self.loop.watch(self.nudge_read, select.POLLIN, self.on_nudges)
        self.wake_read, self.wake_write = make_pipe()
        nonblocking(self.wake_read)
        nonblocking(self.wake_write)
        signal.set_wakeup_fd(self.wake_write)
        signal.signal(signal.SIGUSR1, on_cancel_signal)
        signal.signal(signal.SIGCHLD, on_plain_signal)
        signal.signal(signal.SIGTERM, self.on_stop_signal)
        signal.signal(signal.SIGINT, self.on_stop_signal)
        self.loop.watch(self.wake_read, select.POLLIN, self.on_wake)

    def on_stop_signal(self, *_):
        self.loop.running = False

    def on_wake(self, _):
        Supervisor.drain_wake(self.wake_read)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except OSError:
                return
            if pid == 0:
                return
            ended = self.children.pop(pid, None)
            if ended is not None:
                ended(status)

    def on_nudges(self, _):
        try:
            data = os.read(self.nudge_read, 65536)
        except OSError:
            return
        if len(data) >= 60000:  # it was full: somebody may have given up
            for entry in list(self.tasks.values()):
                self.look_at(entry)
            return
        for line in set(data.split(b'\n')):
            word, _, rest = to_text(line).partition(' ')
            task_id, _, said = rest.partition(' ')
            entry = self.tasks.get(task_id)
            if entry is None:
                continue
            if word == 'o':
                self.mark(entry)
            elif word == 'p':
                self.read_progress(entry)
            elif word in 'fr':
                self.look_at(entry, said)
                if word == 'r':
                    self.let_rest(entry)

    def let_rest(self, entry):
        """Its supervisor may get another task, unless a signal that was meant for this one may still reach it."""
        pid, entry.pid = entry.pid, 0
        if entry.cancelled or not entry.finished:
            self.crew.dismiss(pid)
        else:
            self.crew.rest(pid)

    def mark(self, entry):
        """This task has something to report."""
        if not entry.dirty:
            entry.dirty = True
            self.dirty.append(entry)
        self.loop.soon(self.pump)

    def look_at(self, entry, said=''):
        """Takes up the result of a task, if it is there. `said`: what its supervisor has just put into the state file."""
        if entry.finished:
            return
        try:
            result = json.loads(said) if said else read_state(entry.task_id)[1]
        except ValueError:  # the end of a nudge is missing
            result = read_state(entry.task_id)[1]
        if result is None:
            return self.mark(entry)
        self.take_result(entry, result)

    def take_result(self, entry, result):
        entry.finished = True
        entry.result = result
        entry.progress = None
        self.mark(entry)
        Loop.cancel(entry.timer)
        if self.welcomed:
            entry.timer = self.loop.after(SETTLE_AFTER_S, lambda: self.settle(entry))
        else:
            self.settle(entry)

    def settle(self, entry):
        """A result that the controller did not take at once goes to the disk for good."""
        if entry.task_id not in self.tasks or not entry.on_disk:
            return
        for name in ('output', 'detail', 'state'):
            try:
                fd = os.open('%s/%s' % (task_dir(entry.task_id), name), os.O_RDONLY)
            except OSError:
                continue
            os.fsync(fd)
            os.close(fd)
        sync_directory(task_dir(entry.task_id))
        sync_directory('tasks')

    def read_progress(self, entry):
        try:
            words = read_text(task_dir(entry.task_id) + '/progress').split()
            entry.progress = (int(words[0]), int(words[1]))
        except (ValueError, IndexError):
            return
        self.mark(entry)

    # ---- after a start: what the journal and the task directories say

    def recover(self):
        for task_id, (boot, body) in list(self.journal.open_tasks.items()):
            entry = self.tasks[task_id] = TaskEntry(task_id, 0)
            task = Reader(body).value(('struct', 'Task'), 0)
            entry.transfer = task.get('command') is None
            self.restore_position(entry)
            self.reattach(entry, task, boot == self.boot_id)
        for name in os.listdir('tasks'):
            if name not in self.tasks:
                remove_tree('tasks/' + name)
                self.remove_scratch(name)

    def reattach(self, entry, task, same_boot):
        """Decides what an unsettled task is: finished, running, lost, or not begun."""
        self.dirs.make(entry.task_id)
        state = lock_state(entry.task_id)
        begun, result = read_state(entry.task_id)
        if state is not None and begun is None and result is None and same_boot:
            os.close(state)
            return self.begin(entry, task, self.judge_again(task))
        if state is not None:
            os.close(state)
        if result is not None:
            return self.take_result(entry, result)
        if state is None:
            return self.follow(entry)
        if not same_boot:
            why = 'the server went down while it was running' if begun else \
                'the server went down after it was accepted; whether it had begun is not known'
        else:
            why = 'its supervisor was killed; what was left of it was killed too'
            self.kill_left_over(entry.task_id)
        self.lose(entry, begun, why)

    def kill_left_over(self, task_id):
        """A command without a supervisor has no limits and no witness any more."""
        def work():
            for _ in range(50):
                members = task_members(task_id, os.getpid(), -1, 0)
                if not members:
                    break
                signal_all(members, signal.SIGKILL)
                time.sleep(0.05)
            return 0
        self.children[fork_worker(work)] = lambda status: None

    def lose(self, entry, begun, why):
        result = blank_result(entry.task_id, 'lost', why)
        result['startedAtMs'] = begun['atMs'] if begun else 0
        for stream, length in self.spooled(entry.task_id).items():
            result[('', 'stdoutBytes', 'stderrBytes')[stream]] = length
        try:
            state = lock_state(entry.task_id)
            if state is not None:
                append_state(state, 'result', result)
                os.close(state)
        except (OSError, IOError) as error:
            log('error', 'cannot write down how a task ended', task=entry.task_id, reason=words_of(error))
        self.take_result(entry, result)

    @staticmethod
    def spooled(task_id):
        """Length of each stream in the spool of a task."""
        found = {1: 0, 2: 0}
        try:
            fd = os.open(task_dir(task_id) + '/output', os.O_RDONLY)
        except OSError:
            return found
        size, position = os.fstat(fd).st_size, 0
        while position + OUTPUT_RECORD.size <= size:
            os.lseek(fd, position, 0)
            stream, length, _ = OUTPUT_RECORD.unpack(os.read(fd, OUTPUT_RECORD.size))
            position += OUTPUT_RECORD.size + length
            if stream not in found or position > size:
                break
            found[stream] += length
        os.close(fd)
        return found

    def restore_position(self, entry):
        """Output goes on from the last acknowledged offset."""
        try:
            at, one, two = [int(word) for word in read_text(task_dir(entry.task_id) + '/acked').split()]
        except ValueError:
            return
        entry.read_at = entry.acked_at = at
        entry.offsets, entry.acked = {1: one, 2: two}, {1: one, 2: two}

    @staticmethod
    def remove_scratch(name):
        if os.path.isdir(SCRATCH + '/' + name):
            remove_tree(SCRATCH + '/' + name)

    # ---- tasks: start, cancel

    def on_start(self, args, answer):
        fresh, seen = [], set()
        for task in args['tasks']:
            self.check_task(task)
            task_id = task['id']
            if task_id in self.journal.done and task_id not in self.tasks:
                self.repeat_done(task_id)
            elif task_id not in self.tasks and task_id not in seen:
                seen.add(task_id)
                fresh.append(task)
        running = sum(1 for entry in self.tasks.values() if not entry.finished)
        if running + len(fresh) > MAX_RUNNING:
            raise Problem('busy', 'cannot start more than %d tasks at a time' % MAX_RUNNING)
        if not fresh:
            return None
        encoded = [(task['id'], task.pop(RAW)) for task in fresh]
        refusals, uses = self.judge_all(fresh)
        try:
            self.journal.accept(encoded, uses)
        except (OSError, IOError) as error:
            raise Problem('busy', 'cannot write the journal: %s' % words_of(error))
        answer(None)
        for task, why in zip(fresh, refusals):
            entry = self.tasks[task['id']] = TaskEntry(task['id'], 0)
            entry.transfer = task.get('command') is None
            self.begin(entry, task, why)
        return LATER

    def judge_all(self, tasks):
        """Why each is refused ('': it is not), and the uses of signed requests to put on disk before they start (G2)."""
        policy, refusals, uses = self.policy(), [], []
        if not policy:
            return [''] * len(tasks), uses
        for task in tasks:
            why, use = self.judge(policy, asked_of(task), task.get('signed'), task['id'], [use[0] for use in uses])
            refusals.append(why)
            uses.extend([use] if use else [])
        return refusals, uses

    def judge(self, policy, asked, signed, user, taken=()):
        """
        (why, use): why the policy of this node refuses what is asked, and the use of a signed request, which is to be
        in the journal before anything is done (G2). `user`: the task's id.
        """
        try:
            why, request = refused_by_policy(policy, asked, signed, self.config['name'])
        except Exception as error:  # whatever cannot be judged is not done
            log('error', 'cannot judge a request', task=user, error='%s: %s' % (type(error).__name__, error))
            return 'the agent cannot check it: %s' % words_of(error), None
        if why or request is None:
            return why, None
        if request['issuedAtMs'] < self.journal.begun_ms:
            return 'the request was signed before the journal of this node was begun, so that it may have been used ' \
                'before; sign it anew', None
        if request['id'] in self.journal.used or request['id'] in taken:
            return 'the request was used on this node before: a signed request is good for one task of a node; ' \
                'sign it anew', None
        return '', (request['id'], request['expiresAtMs'], user)

    def judge_again(self, task):
        """For a task that was accepted before this agent was started: the use may be its own (G2)."""
        asked, policy = asked_of(task), self.policy()
        own = [name for name, use in self.journal.used.items() if use[1] == task['id']]
        uses = dict((name, self.journal.used.pop(name)) for name in own)
        why, use = self.judge(policy, asked, task.get('signed'), task['id'])
        self.journal.used.update(uses)
        return self.use_up(use) if use and use[0] not in self.journal.used else why

    def use_up(self, use):
        """Puts the use of a signed request on disk; why it could not, or ''."""
        try:
            self.journal.accept([], [use])
            return ''
        except (OSError, IOError) as error:
            return 'the use of the signed request cannot be written down: %s' % words_of(error)

    @staticmethod
    def check_task(task):
        if not valid_id(task['id']):
            raise Problem('bad-request', 'task id must be 1 to 128 letters, digits, dots, dashes or underscores')
        kinds = [kind for kind in ('command', 'push', 'pull') if task.get(kind) is not None]
        if len(kinds) != 1:
            raise Problem('bad-request', 'task %s must have exactly one of command, push and pull' % task['id'])

    def repeat_done(self, task_id):
        """It ran, and the controller acknowledged its result: it is not run again (I1)."""
        entry = self.tasks[task_id] = TaskEntry(task_id, 0)
        entry.on_disk = False
        self.take_result(entry, blank_result(
            task_id, 'lost', 'it already ran here and its result was acknowledged; it is not run again'))

    def begin(self, entry, task, why):
        """A task that cannot be launched (no process to be had, say) must not take those after it with it."""
        try:
            self.launch(entry, task, why)
        except Exception as error:
            log('error', 'cannot start a task', task=entry.task_id, reason=words_of(error))
            self.never_started(entry, 'the agent cannot start it: %s' % words_of(error))

    def never_started(self, entry, why):
        """Written down first: an agent that starts before the controller has heard of it must not run it (I1)."""
        result = blank_result(entry.task_id, 'never-started', why)
        try:
            self.dirs.make(entry.task_id)
            state = lock_state(entry.task_id)
            if state is None:
                return self.follow(entry)
            append_state(state, 'result', result)
            os.close(state)
        except (OSError, IOError) as error:
            log('error', 'cannot write down how a task ended', task=entry.task_id, reason=words_of(error))
        self.take_result(entry, result)

    def follow(self, entry):
        """A supervisor that is not our child has it: the agent before us forked it."""
        begun, _ = read_state(entry.task_id)
        entry.pid = begun['pid'] if begun else 0
        entry.wants_started = True
        self.mark(entry)

    def launch(self, entry, task, why):
        """`why`: the policy refuses it."""
        if task['expiresAtMs'] and now_ms() + self.clock_skew_ms > task['expiresAtMs']:
            why = 'expired before it could be started'
        if why:
            return self.never_started(entry, why)
        self.dirs.make(entry.task_id)
        if entry.transfer:
            pid = self.crew.fork(task, Transfer(task, self.config, self.nudge_write).run)
        else:
            pid = self.crew.start(task)
        entry.pid = pid
        self.children[pid] = lambda status: self.on_supervisor_exit(entry, pid)
        entry.timer = self.loop.after(STARTED_AFTER_S, lambda: self.want_started(entry))

    def policy(self):
        return load_policy(policy_path(self.config))

    def want_started(self, entry):
        if not entry.finished and entry.task_id in self.tasks:
            entry.wants_started = True
            self.mark(entry)

    def on_supervisor_exit(self, entry, pid):
        self.crew.ended(pid)
        self.on_supervisor_end(entry)

    def on_supervisor_end(self, entry):
        entry.pid = 0
        if entry.finished or entry.task_id not in self.tasks:
            return
        begun, result = read_state(entry.task_id)
        if result is not None:
            return self.take_result(entry, result)
        if self.is_held(entry.task_id):
            return self.follow(entry)
        if begun is None:
            return self.never_started(entry, 'its supervisor was killed before it began')
        self.lose(entry, begun, 'its supervisor was killed; what was left of it was killed too')
        self.kill_left_over(entry.task_id)

    @staticmethod
    def is_held(task_id):
        """Whether a supervisor has the task: one forked by an agent just before it was killed can come late."""
        try:
            state = lock_state(task_id)
        except (OSError, IOError):
            return False
        if state is not None:
            os.close(state)
        return state is None

    def check_orphans(self):
        """Supervisors that are not our children tell us nothing when they are killed: look once a heartbeat."""
        for entry in list(self.tasks.values()):
            if entry.finished or not entry.on_disk or entry.pid in self.children:
                continue
            if not self.is_held(entry.task_id):
                self.on_supervisor_end(entry)

    def on_cancel(self, args, answer):
        for task_id in args['taskIds']:
            if not valid_id(task_id):
                raise Problem('bad-request', 'bad task id')
            entry = self.tasks.get(task_id)
            if entry is not None:
                self.cancel(entry)
            elif task_id not in self.journal.done:
                entry = self.tasks[task_id] = TaskEntry(task_id, 0)
                entry.on_disk = False
                self.journal.finish([task_id])  # a start that comes later is not obeyed
                self.take_result(entry, blank_result(task_id, 'cancelled', 'cancelled before it reached the node'))

    def cancel(self, entry):
        if entry.finished:
            return
        entry.cancelled = True
        if entry.pid not in self.children:
            state = lock_state(entry.task_id)
            if state is not None:
                os.close(state)
                return self.on_supervisor_end(entry)
            begun, _ = read_state(entry.task_id)
            entry.pid = begun['pid'] if begun else 0
        if entry.pid:
            signal_all([entry.pid], signal.SIGUSR1)
        # Python forgets a signal that comes right after a fork: say it again until it has been heard.
        self.loop.after(CANCEL_AGAIN_S, lambda: entry.task_id in self.tasks and self.cancel(entry))

    # ---- reporting

    def pump(self):
        """Sends what there is to tell, within the limits of what may be unanswered."""
        while self.welcomed and self.dirty and self.reports < REPORTS_IN_FLIGHT:
            report = {'output': [], 'started': [], 'progress': [], 'results': []}
            marks, waiting, partly = [], [], []
            while self.dirty and len(marks) < 256:
                entry = self.dirty.popleft()
                entry.dirty = False
                before = len(marks)
                if entry.task_id in self.tasks and not self.tell(entry, report, marks):
                    (waiting if len(marks) == before else partly).append(entry)
            # No room for the rest of their output until something is answered. Those that got none of it are next, or
            # one task that writes without end would keep all others silent.
            for entry in waiting + partly:
                entry.dirty = True
                self.dirty.append(entry)
            if not marks:
                return
            self.send_report(report, marks)

    def tell(self, entry, report, marks):
        """Adds what is new of one task. False when there is more that does not fit now."""
        complete, chunks, added = self.read_output(entry) if entry.on_disk else (True, [], 0)
        report['output'].extend(chunks)
        begun = None
        if entry.wants_started and not entry.told_started and not entry.finished:
            begun, _ = read_state(entry.task_id)
        if begun:
            report['started'].append({'taskId': entry.task_id, 'timeMs': begun['atMs']})
            entry.told_started = True
        progress, entry.progress = entry.progress, None
        if progress is not None:
            report['progress'].append({'taskId': entry.task_id, 'doneBytes': progress[0], 'totalBytes': progress[1]})
        with_result = entry.finished and complete and not entry.sent_result and entry.in_flight == 0
        if with_result:
            report['results'].append(entry.result)
            entry.sent_result = True
        if chunks or with_result or begun or progress is not None:
            entry.in_flight += 1
            self.unanswered_bytes += added
            marks.append((entry, entry.read_at, dict(entry.offsets), with_result, added))
        return complete

    def read_output(self, entry):
        """(whether all there is was taken, chunks, bytes) from the spool, as far as the credit goes."""
        if entry.fd < 0:
            try:
                entry.fd = cloexec(os.open(task_dir(entry.task_id) + '/output', os.O_RDONLY))
            except OSError as error:  # of too many open files, say, there may be output none the less
                return error.errno in (errno.ENOENT, errno.ENOTDIR), [], 0
        chunks, added = [], 0
        longest = READ_SIZE + OUTPUT_RECORD.size
        left = REPORT_BYTES - self.unanswered_bytes
        share = min(left, max(longest, left // (len(self.dirty) + 1)))
        while True:
            room = share - added
            if room < longest:  # the longest record there is must fit
                size = os.fstat(entry.fd).st_size
                return size <= entry.read_at, chunks, added
            os.lseek(entry.fd, entry.read_at, 0)
            data = os.read(entry.fd, room)
            used = self.split_records(entry, data, chunks)
            if not used:
                return True, chunks, added
            added += used
            entry.read_at += used

    @staticmethod
    def split_records(entry, data, chunks):
        """Turns whole records into chunks; returns how many bytes of the spool they were."""
        position = 0
        while position + OUTPUT_RECORD.size <= len(data):
            stream, length, at = OUTPUT_RECORD.unpack_from(data, position)
            end = position + OUTPUT_RECORD.size + length
            if end > len(data) or stream not in entry.offsets:
                break
            chunks.append({'taskId': entry.task_id, 'stream': stream, 'offset': entry.offsets[stream], 'timeMs': at,
                           'data': data[position + OUTPUT_RECORD.size:end]})
            entry.offsets[stream] += length
            position = end
        return position

    def send_report(self, report, marks):
        self.reports += 1
        session = self.session

        def done(_, problem):
            if session is not self.session:
                return
            self.reports -= 1
            if problem is None:
                self.acknowledged(marks)
            elif not session.closed:
                log('error', 'the controller refused a report', error='%s' % problem)
                self.loop.after(5.0, lambda: session is self.session and session.close('report refused'))
            self.loop.soon(self.pump)
        session.call('report', report, done)

    def acknowledged(self, marks):
        finished = []
        for entry, read_at, offsets, with_result, added in marks:
            entry.in_flight -= 1
            self.unanswered_bytes -= added
            if added:
                entry.acked_at, entry.acked = read_at, offsets
            if with_result:
                finished.append(entry.task_id)
                continue
            if added:
                self.save_position(entry)
            if entry.finished and not entry.sent_result:
                self.mark(entry)
        if finished:
            self.settled(finished)

    @staticmethod
    def save_position(entry):
        line = to_bytes('%d %d %d' % (entry.acked_at, entry.acked[1], entry.acked[2]))
        try:
            fd = os.open(task_dir(entry.task_id) + '/acked', os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, line)  # it only grows: the new line covers the old one
            os.close(fd)
        except OSError:
            pass

    def settled(self, task_ids):
        """The controller has these results for good: forget them, and clear up when there is time."""
        known = [task_id for task_id in task_ids if task_id in self.tasks]
        for task_id in known:
            self.tasks.pop(task_id).close()
        if not known:
            return
        self.journal.finish(known)
        if not self.to_forget:
            self.loop.after(FORGET_AFTER_S, self.clear_up)
        self.to_forget.extend(known)

    def clear_up(self):
        names, self.to_forget = self.to_forget, []
        for name in names:
            self.dirs.take_back(name)
            self.remove_scratch(name)

    # ---- the connection

    def connect(self):
        """Blocking, with a timeout: everything that matters meanwhile is done by supervisors."""
        host, port = self.controller()
        self.config['attached'] = self.attached % len(self.controllers)
        try:
            sock = dial(host, port, self.connect_timeout_s())
            try:
                sock = tls_wrap(sock, host, 'ca.pem', 'identity.pem')
            except Exception:
                sock.close()
                raise
        except (OSError, IOError, socket.error, Failure, ValueError) as error:
            return self.retry_later(words_of(error))
        self.session = Session(self.loop, sock, self.handlers, self.on_session_end)
        self.loop.after(CONNECT_TIMEOUT_S, lambda session=self.session:
                        session is self.session and not self.welcomed and session.close('no welcome'))
        self.session.call('hello', {'hello': self.hello()}, self.on_welcome)
        self.begin_to_ask()

    def connect_timeout_s(self):
        return CONNECT_TIMEOUT_S if len(self.controllers) == 1 else max(CONNECT_ONE_OF_MANY_S, self.patience_s)

    def give_up(self, reason):
        """Leaves a controller that says nothing. What all of them are too busy for gets more time at the next."""
        self.patience_s = min(2 * self.patience_s, PATIENCE_S[1])
        self.session.close(reason)

    def begin_to_ask(self):
        """Also before the welcome: a controller to which many come at once is slow with it, and not gone."""
        if len(self.controllers) > 1 and self.ask_timer is None:
            self.ask_timer = self.loop.after(ASK_EVERY_S * random_share(), self.ask)

    def ask(self):
        """One that is frozen, or behind a network that swallows everything, says nothing: who knows others goes to them soon."""
        session = self.session
        if len(self.controllers) < 2:
            self.ask_timer = None
            return
        self.await_answer(session, session.moves)
        asked = monotonic()
        session.call('ping', {}, lambda result, problem: session is self.session and self.answered(session, asked))

    def await_answer(self, session, moves):
        def late():
            if session.moves != moves:  # the answer waits behind something long
                self.await_answer(session, session.moves)
            else:
                self.give_up('the controller did not answer within %g s' % self.patience_s)
        self.ask_timer = self.loop.after(self.patience_s, late)

    def answered(self, session, asked):
        """Also by the refusal of one that does not know the word."""
        self.loop.cancel(self.ask_timer)
        if session.closed:
            return
        if self.welcomed and monotonic() - asked < PROMPT_S:
            self.patience_s = PATIENCE_S[0]
        self.ask_timer = self.loop.after(ASK_EVERY_S, self.ask)

    def controller(self):
        """(host, port) of the one whose turn it is."""
        return self.controllers[self.attached % len(self.controllers)]

    def take_controllers(self, addresses):
        """Keeps the list of controllers that came with a welcome; `addresses` is None when the controller does not know it."""
        if addresses is None or addresses == (self.config.get('controllers') or []):
            return
        here = self.controller()
        self.config['controllers'] = addresses[:MAX_CONTROLLERS]
        self.controllers = controllers_of(self.config)
        self.attached = self.controllers.index(here) if here in self.controllers else 0
        self.config['attached'] = self.attached
        kept = dict(item for item in self.config.items() if item[0] != 'attached')
        try:
            write_file('config.json', to_bytes(json.dumps(kept, indent=1, sort_keys=True)))
        except (OSError, IOError) as error:
            log('error', 'cannot keep the addresses of the controllers', reason=words_of(error))

    def on_leave(self, args, answer):
        """The controller is about to stop. Each agent goes when it likes, so that not all come to the next one at once."""
        self.loop.after(random_share() * max(0, args['withinMs']) / 1000.0,
                        lambda session=self.session: session is self.session and self.leave())

    def leave(self):
        self.hasty_until = monotonic() + LEAVE_HASTE_S
        self.session.close('the controller is stopping')

    def hello(self):
        known = []
        for entry in self.tasks.values():
            begun = entry.finished or read_state(entry.task_id)[0]
            state = 'finished' if entry.finished else 'running' if begun else 'accepted'
            known.append({'taskId': entry.task_id, 'state': state})
        return {'agentVersion': VERSION, 'agentSha256': own_sha256(), 'pythonVersion': sys.version.split()[0],
                'machineId': machine_id(), 'bootId': self.boot_id, 'journalId': self.journal.journal_id,
                'processId': self.process_id, 'tasks': known, 'facts': self.facts.text()}

    def on_welcome(self, welcome, problem):
        if problem is not None:
            if problem.code == 'refused':
                log('error', 'the controller refuses this node', reason=problem.text)
                self.failures = -1
            return self.session.close('hello: %s' % problem.text)
        self.take_controllers(welcome['controllers'])
        log('info', 'connected', controller='%s:%d' % self.controller())
        self.failures = self.tried = 0
        self.hasty_until = 0.0
        self.welcomed = True
        self.clock_skew_ms = welcome['serverTimeMs'] - now_ms()
        write_status('%s:%d' % self.controller(), '')
        confirm_update()
        self.settled(welcome['forget'])
        for entry in list(self.tasks.values()):
            self.mark(entry)
        self.heartbeat_s = max(1, welcome['heartbeatSeconds'] or 10)
        self.renew_percent = welcome['renewAtPercent'] or 70
        self.heartbeat_timer = self.loop.after(self.heartbeat_s * (0.5 + random_share() / 2), self.beat)
        self.begin_to_ask()
        self.plan_renewal()

    def beat(self):
        self.heartbeat_timer = self.loop.after(self.heartbeat_s, self.beat)
        self.check_orphans()
        if self.welcomed:
            running = sum(1 for entry in self.tasks.values() if not entry.finished)
            values, self.cpu = heartbeat(running, self.cpu)
            self.session.call('heartbeat', {'heartbeat': values}, None)
            changed = self.facts.changed()
            if changed:
                self.session.call('facts', {'json': changed}, lambda result, problem: None)

    def on_session_end(self, reason):
        was_welcome = self.welcomed
        self.session = None
        self.welcomed = False
        self.reports = 0
        self.unanswered_bytes = 0
        for timer in (self.heartbeat_timer, self.renew_timer, self.ask_timer):
            self.loop.cancel(timer)
        self.ask_timer = None
        for shell in list(self.shells.values()):
            shell.close()
        for entry in list(self.tasks.values()):  # what was not answered is told again
            entry.read_at, entry.offsets = entry.acked_at, dict(entry.acked)
            entry.in_flight = 0
            entry.sent_result = entry.told_started = False
            if entry.finished:
                self.settle(entry)
        if was_welcome:
            write_status('', reason)
        self.retry_later(reason)

    def retry_later(self, reason):
        """
        Another controller's turn: by chance, so that all who lose one do not come to the same, then one after another. Exponential back-off with full jitter, so that a thousand agents do not come back in the same
        instant; without it while there are others to try, and for a while after we were told to leave.
        """
        others = len(self.controllers) - 1
        self.attached += 1 if self.tried or others < 2 else 1 + int(random_share() * others)
        self.tried += 1
        if self.failures >= 0 and (1 < self.tried < len(self.controllers) or monotonic() < self.hasty_until):
            delay = LEAVE_WAIT_S * (0.2 + 0.8 * random_share())
        elif self.failures < 0:
            self.failures = 0
            delay = REFUSED_S * (0.5 + random_share())
        else:
            first, cap, long_cap = BACKOFF_S
            limit = min(cap if self.failures < 60 else long_cap, first * 2 ** min(self.failures, 16))
            delay = max(0.05, limit * random_share()) if self.failures else 0.05 + random_share()
            self.failures += 1
        log('warn', 'not connected', reason=reason, retryMs=int(delay * 1000))
        self.loop.after(delay, self.connect)

    # ---- renewal of the certificate, while the session goes on

    def plan_renewal(self):
        self.loop.cancel(self.renew_timer)
        try:
            certificate = parse_certificate(from_pem(read_text('identity.pem'), 'CERTIFICATE'))
        except ValueError as error:
            return log('error', 'cannot read the certificate', error='%s' % error)
        life = certificate['notAfter'] - certificate['notBefore']
        due = certificate['notBefore'] + life * (self.renew_percent + 5 * random_share()) / 100.0
        self.renew_timer = self.loop.after(max(0.0, due - time.time()), self.renew)

    def renew(self):
        if not self.welcomed:
            return
        key = new_private_key()
        request = certificate_request(key, self.config['name'])

        def done(answer, problem):
            try:
                if problem is not None:
                    raise Failure('%s' % problem)
                save_identity(key, answer)
                log('info', 'certificate renewed')
            except (Failure, ValueError, OSError) as error:
                log('error', 'cannot renew the certificate', error=words_of(error))
                self.renew_timer = self.loop.after(60.0 * (1 + random_share()), self.renew)
                return
            self.plan_renewal()
        self.session.call('renew', {'request': request}, done)


def save_identity(key, certificate_pem):
    """Key and certificate in one file, replaced at once. ValueError when the certificate is not for this key."""
    certificate = parse_certificate(from_pem(certificate_pem, 'CERTIFICATE'))
    if certificate['publicKey'] != public_key_der(public_key_of(key)):
        raise ValueError('the certificate is for another key')
    write_file('identity.pem', to_bytes(private_key_pem(key) + certificate_pem))


def random_share():
    return bytes_to_int(os.urandom(4)) / 4294967296.0


OWN = {}


def own_path():
    """Of this file; kept from the start, since the working directory changes."""
    path = os.path.abspath(__file__)
    return OWN.setdefault('path', path[:-1] if path.endswith('.pyc') else path)


def own_sha256():
    """Of the file as it was when this process began."""
    if 'sha256' not in OWN:
        OWN['sha256'] = hashlib.sha256(read_file(own_path())).hexdigest()
    return to_text(OWN['sha256'])


def machine_id():
    return read_text('/etc/machine-id') or read_text('/var/lib/dbus/machine-id') or \
        read_text('/sys/class/dmi/id/product_uuid') or 'unknown'


def write_status(controller, reason):
    """For `status`: what a person on this server may want to know. `controller`: '' when not connected."""
    try:
        text = json.dumps({'connected': bool(controller), 'controller': controller, 'sinceMs': now_ms(),
                           'reason': reason, 'pid': os.getpid()})
        fd = os.open('status.json', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        write_all(fd, to_bytes(text))
        os.close(fd)
    except OSError:
        pass


# ====================================================================================================== main
USAGE = '''usage: agent.py COMMAND

  join ADDRESS CA-SHA256   joins a fleet; the token is read from DROVER_TOKEN
       --name NAME         node name (default: the host name)
       --dir DIR           place of the agent (default: %s)
       --wait SECONDS      how long to wait for approval (default: 3600)
       --policy FILE       the node's own policy (default: /etc/drover/policy.json)
       --no-service        install nothing that starts the agent
       --foreground        run in the foreground afterwards
  run [--dir DIR]          runs the agent
  status [--dir DIR]       says what it is doing
  uninstall [--dir DIR]    removes it
  version
''' % DEFAULT_DIR
FLAGS = frozenset(('no-service', 'foreground'))
VALUES = frozenset(('name', 'dir', 'wait', 'policy', 'boot-id-file'))


def parse_arguments(words):
    """(positional, options) of the words after the command."""
    positional, options = [], {}
    words = list(words)
    while words:
        word = words.pop(0)
        name, equals, value = word[2:].partition('=')
        if not word.startswith('--'):
            positional.append(word)
        elif name in FLAGS and not equals:
            options[name] = True
        elif name in VALUES and (equals or words):
            options[name] = value if equals else words.pop(0)
        else:
            raise Failure('unknown option or missing value: %s' % word)
    return positional, options


def run_agent(options):
    state_dir = os.path.abspath(options.get('dir') or DEFAULT_DIR)
    if options.get('boot-id-file'):
        OWN['options'] = ['--boot-id-file', options['boot-id-file']]
        options['boot_id_file'] = os.path.abspath(options['boot-id-file'])
    OWN['path'] = own_path()
    own_sha256()
    if not os.path.exists(os.path.join(state_dir, 'config.json')):
        raise Failure('this server has not joined a fleet: %s/config.json is missing' % state_dir)
    if os.environ.get(HEALTH_FD):
        cloexec_always(int(os.environ[HEALTH_FD]))
    os.umask(0o077)
    Agent(state_dir, options).run()


def show_status(options):
    state_dir = os.path.abspath(options.get('dir') or DEFAULT_DIR)
    try:
        config = json.loads(to_text(read_file(os.path.join(state_dir, 'config.json'))))
    except (OSError, IOError, ValueError):
        raise Failure('this server has not joined a fleet: %s/config.json cannot be read' % state_dir)
    running = False
    try:
        fd = os.open(os.path.join(state_dir, 'lock'), os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (OSError, IOError) as error:
        running = errno_of(error) in (errno.EAGAIN, errno.EACCES)
    try:
        status = json.loads(read_text(os.path.join(state_dir, 'status.json')))
    except ValueError:
        status = {}
    connected = running and status.get('connected', False)
    say('node       %s' % config['name'])
    say('controller %s' % (status.get('controller') or ', '.join('%s:%d' % one for one in controllers_of(config))))
    say('agent      %s, %s' % (VERSION, 'running' if running else 'not running'))
    say('connected  %s' % ('yes' if connected else 'no (%s)' % (status.get('reason') or 'not running')))
    return 0 if connected else 1


def main(words):
    command = words[0] if words else ''
    try:
        positional, options = parse_arguments(words[1:])
        if command == 'run' and not positional:
            if __name__ == '__main__':
                run_from_cache()
            run_agent(options)
        elif command == 'join' and len(positional) == 2:
            own_path()  # before the working directory changes
            try:
                Joiner(positional[0], positional[1], options).run()
            finally:
                clear_download()
        elif command == 'status' and not positional:
            return show_status(options)
        elif command == 'uninstall' and not positional:
            uninstall(os.path.abspath(options.get('dir') or DEFAULT_DIR))
            say('the agent is gone')
        elif command == 'version':
            say('drover-agent %s' % VERSION)
        else:
            os.write(2, to_bytes(USAGE))
            return 2
    except Failure as failure:
        os.write(2, to_bytes(words_of(failure) + '\n'))
        return 1
    except HttpError as failure:
        os.write(2, to_bytes('cannot join: %s\n' % words_of(failure)))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main([to_text(word) for word in sys.argv[1:]]))
