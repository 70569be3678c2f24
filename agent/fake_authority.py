"""A certificate authority for the agent's tests, made of the agent's own elliptic curve code."""
from __future__ import absolute_import, division, print_function, unicode_literals

import hashlib
import os
import socket
import time

import drover_agent as agent


def sequence(*parts):
    return agent.der_sequence(*parts)


def utc_time(seconds):
    return agent.der(0x17, agent.to_bytes(time.strftime(str('%y%m%d%H%M%SZ'), time.gmtime(seconds))))


def extension(oid, critical, value):
    return sequence(agent.der_oid(oid), agent.der(0x01, b'\xff') if critical else b'', agent.der(0x04, value))


def make_certificate(issuer_key, issuer_name, subject_name, public, extensions, not_before=None, not_after=None):
    """A certificate in PEM, signed by issuer_key."""
    now = time.time()
    algorithm = sequence(agent.der_oid(agent.OID_ECDSA_SHA256))
    body = sequence(
        agent.der(0xa0, agent.der_integer(2)), agent.der_integer(agent.bytes_to_int(os.urandom(8))), algorithm,
        issuer_name, sequence(utc_time(not_before or now - 60), utc_time(not_after or now + 86400)), subject_name,
        agent.public_key_der(public), agent.der(0xa3, sequence(*extensions)))
    signature = agent.der(0x03, b'\0' + agent.sign(issuer_key, body))
    return agent.to_pem('CERTIFICATE', sequence(body, algorithm, signature))


class Authority(object):
    """A certificate authority for one test run."""

    def __init__(self):
        self.key = agent.new_private_key()
        self.name = agent.x509_name('drover', 'test ca')
        self.pem = make_certificate(self.key, self.name, self.name, agent.public_key_of(self.key), [
            extension('2.5.29.19', True, sequence(agent.der(0x01, b'\xff'))),
            extension('2.5.29.15', True, agent.der(0x03, b'\1\6'))])
        self.pin = hashlib.sha256(agent.from_pem(self.pem, 'CERTIFICATE')).hexdigest()

    def server(self, host='127.0.0.1'):
        key = agent.new_private_key()
        names = agent.der(0x87, socket.inet_aton(host)) + agent.der(0x82, b'localhost')
        pem = make_certificate(self.key, self.name, agent.x509_name('drover', 'controller'),
                               agent.public_key_of(key), [
                                   extension('2.5.29.17', False, sequence(names)),
                                   extension('2.5.29.37', False, sequence(agent.der_oid('1.3.6.1.5.5.7.3.1')))])
        return agent.private_key_pem(key) + pem

    def node(self, name, public, not_before=None, not_after=None):
        return make_certificate(self.key, self.name, agent.x509_name('system:nodes', 'system:node:' + name), public, [
            extension('2.5.29.37', False, sequence(agent.der_oid('1.3.6.1.5.5.7.3.2')))], not_before, not_after)


def public_key_of_request(pem):
    """The public key in a PKCS#10 request, after checking its signature with it."""
    content, _ = agent.der_read(agent.from_pem(pem, 'CERTIFICATE REQUEST'), 0x30)
    info, rest = agent.der_read(content, 0x30)
    _, rest = agent.der_read(rest, 0x30)
    bits, _ = agent.der_read(rest, 0x03)
    _, more = agent.der_read(info, 0x02)
    _, more = agent.der_read(more, 0x30)
    key, _ = agent.der_read(more, 0x30)
    public = agent.parse_public_key(agent.der(0x30, key))
    digest = hashlib.sha256(agent.der(0x30, info)).digest()
    if not agent.verify(public, digest, bits[1:]):
        raise ValueError('the request is not signed by its own key')
    return public
