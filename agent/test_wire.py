"""Crypto and wire: known answers, round trips, and frames that nobody should accept."""
from __future__ import absolute_import, division, print_function, unicode_literals

import binascii
import hashlib
import os
import random
import shutil
import subprocess
import tempfile
import unittest

import check_compat
import drover_agent as agent
import fake_controller as fake


class Crypto(unittest.TestCase):
    def test_a_known_key_gives_the_known_signature_of_rfc_6979(self):
        key = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
        public = (0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6,
                  0x7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299)
        self.assertEqual(agent.public_key_of(key), public)
        content, _ = agent.der_read(agent.sign(key, b'sample'), 0x30)
        r, rest = agent.der_read(content, 0x02)
        s, _ = agent.der_read(rest, 0x02)
        self.assertEqual(agent.bytes_to_int(r), 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716)
        self.assertEqual(agent.bytes_to_int(s), 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8)

    def test_a_signature_is_good_for_its_message_and_key_only(self):
        key, other = agent.new_private_key(), agent.new_private_key()
        signature = agent.sign(key, b'message')
        digest = hashlib.sha256(b'message').digest()
        self.assertTrue(agent.verify(agent.public_key_of(key), digest, signature))
        self.assertFalse(agent.verify(agent.public_key_of(other), digest, signature))
        self.assertFalse(agent.verify(agent.public_key_of(key), hashlib.sha256(b'x').digest(), signature))
        self.assertFalse(agent.verify(agent.public_key_of(key), digest, signature[:-1]))
        self.assertFalse(agent.verify((1, 1), digest, signature))

    def test_openssl_reads_the_key_and_verifies_the_request(self):
        key = agent.new_private_key()
        folder = tempfile.mkdtemp()
        try:
            for name, text in (('key', agent.private_key_pem(key)), ('csr', agent.certificate_request(key, 'web-1'))):
                with open(os.path.join(folder, name), 'wb') as out:
                    out.write(agent.to_bytes(text))
            try:
                said = subprocess.Popen(['openssl', 'req', '-verify', '-noout', '-subject', '-in', folder + '/csr'],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT).communicate()[0]
            except OSError:
                return self.skipTest('openssl is not here') if hasattr(self, 'skipTest') else None
            self.assertTrue(b'OK' in said and b'system:node:web-1' in said, said)
        finally:
            shutil.rmtree(folder)

    def test_a_certificate_tells_its_times_and_key(self):
        authority = fake.Authority()
        public = agent.public_key_of(agent.new_private_key())
        pem = authority.node('n1', public, 1700000000, 1700000000 + 86400)
        found = agent.parse_certificate(agent.from_pem(pem, 'CERTIFICATE'))
        self.assertEqual((found['notBefore'], found['notAfter']), (1700000000, 1700086400))
        self.assertEqual(found['publicKey'], agent.public_key_der(public))

    def test_a_certificate_for_another_host_is_not_taken(self):
        names = {'subjectAltName': (('DNS', 'Controller.example'), ('IP Address', 'FD00:0:0:0:0:0:0:2'))}
        self.assertTrue(agent.certificate_is_for(names, 'controller.example'))
        self.assertTrue(agent.certificate_is_for(names, 'fd00::2'))
        for host in ('example', 'x.controller.example', 'fd00::3', ''):
            self.assertFalse(agent.certificate_is_for(names, host))


class Wire(unittest.TestCase):
    task = fake.command('t1', ['echo', '\u4f60\u597d', ''], env={'A': 'b', '': ''}, script=b'\0\xff', timeout_ms=1 << 50)

    def encode(self, name, values):
        out = []
        agent.write_fields(out, agent.STRUCTS[name][1], values)
        return b''.join(out)

    def decode(self, name, data):
        return agent.Reader(data).value(('struct', name), 0)

    def test_a_struct_comes_back_as_it_was(self):
        found = self.decode('Task', self.encode('Task', self.task))
        expected = dict(self.task, push=None, pull=None, signed=None)
        self.assertEqual(found, expected)

    def test_absent_fields_read_as_their_defaults(self):
        found = self.decode('Task', b'\0')
        self.assertEqual(found, {'id': '', 'timeoutMs': 0, 'expiresAtMs': 0, 'command': None, 'push': None, 'pull': None,
                                 'signed': None})
        self.assertRaises(agent.WireError, agent.Reader(b'\0').fields, agent.SERVICES['Controller']['hello'][0], 0)

    def test_unknown_fields_are_skipped_whatever_they_are(self):
        inner = b'\x0b\0\1' + agent.I32.pack(2) + b'hi' + b'\0'
        extra = b'\x0c\0\x63' + inner + b'\x0f\0\x64\x08' + agent.I32.pack(1) + agent.I32.pack(7) + \
            b'\x0d\0\x65\x0b\x0a' + agent.I32.pack(1) + agent.I32.pack(1) + b'k' + b'\0' * 8
        self.assertEqual(self.decode('Task', extra + self.encode('Task', self.task))['id'], 't1')

    def test_the_message_of_another_implementation_is_read(self):
        # ping, CALL, sequence 5, in strict binary protocol: written out by hand from the Thrift specification.
        data = binascii.unhexlify('80010001' '00000004' '70696e67' '00000005' '00')
        self.assertEqual(agent.Reader(data).message(), ('ping', agent.CALL, 5))
        self.assertEqual(agent.encode_message('ping', agent.CALL, 5, (), {})[4:], data)

    def test_mutilated_frames_are_errors_and_nothing_else(self):
        random.seed(1)
        good = self.encode('Task', self.task)
        for round_number in range(3000):
            data = bytearray(good)
            for _ in range(random.randint(1, 8)):
                data[random.randrange(len(data))] = random.randrange(256)
            try:
                self.decode('Task', bytes(data[:random.randint(0, len(data))]))
            except agent.WireError:
                pass

    def test_lengths_beyond_the_frame_are_refused_before_anything_is_made(self):
        for data in (b'\x0b\0\1\x7f\xff\xff\xff', b'\x0b\0\1\xff\xff\xff\xff', b'\x0f\0\7\x0c\x7f\xff\xff\xff',
                     b'\x0c\0\7' * 100, b'\x63\0\7'):
            self.assertRaises(agent.WireError, self.decode, 'Task', data)

    def test_deep_nesting_is_refused(self):
        self.assertRaises(agent.WireError, self.decode, 'Task', b'\x0f\0\x63' + b'\x0f\0\0\0\1' * 1000)

    def test_a_message_too_large_is_not_sent(self):
        fields = agent.SERVICES['Controller']['shellOutput'][0]
        self.assertRaises(agent.WireError, agent.encode_message, 'shellOutput', agent.CALL, 1, fields,
                          {'streamId': 's', 'data': b'x' * agent.MAX_FRAME})


class Paths(unittest.TestCase):
    def test_names_of_any_bytes_come_back_as_they_were(self):
        random.seed(2)
        samples = [b'a b', b'100%', b'\xff\xfe', b'new\nline', '\u4f60'.encode('utf-8'), b'tab\t', '\U0001f600'.encode('utf-8')]
        samples += [os.urandom(random.randint(1, 20)) for _ in range(500)]
        for path in samples:
            text = agent.escape_path(path)
            self.assertEqual(agent.unescape_path(text), path)
            self.assertFalse('\n' in text)

    def test_a_percent_sign_and_bad_bytes_are_written_as_escapes(self):
        self.assertEqual(agent.escape_path(b'50% \xff'), '50%25 %FF')
        for text in ('%', '%2', '%zz', 'a%'):
            self.assertRaises(agent.Failure, agent.unescape_path, text)

    def test_paths_that_leave_their_root_are_refused(self):
        for path in (b'..', b'a/../b', b'/a', b'a//b', b'a/', b'.', b'a\0b'):
            self.assertRaises(agent.Failure, agent.check_relative, path, 'x')
        for text in ('a', '/a/../b', '/%00'):
            self.assertRaises(agent.Failure, agent.absolute_path, text)
        self.assertEqual(agent.absolute_path('//a/./b/'), b'/a/b')


class Gate(unittest.TestCase):
    head = 'from __future__ import absolute_import, division, print_function, unicode_literals\n'

    def complaints(self, code):
        handle, path = tempfile.mkstemp(suffix='.py')
        os.write(handle, agent.to_bytes(self.head + code))
        os.close(handle)
        try:
            return check_compat.check(path)
        finally:
            os.unlink(path)

    def test_the_agent_passes(self):
        self.assertEqual(check_compat.check(fake.AGENT_FILE), [])

    def test_what_2_6_lacks_or_3_14_removed_is_refused(self):
        for code in ('{1, 2}', '{a: 1 for a in ()}', '{a for a in ()}', 'with a, b: pass', 'import argparse', '"{}".format(1)',
                     'import collections\ncollections.OrderedDict()', 'import struct\nstruct.pack(">i", 1)', 'unicode',
                     'import ssl\nssl.wrap_socket(1)', 'x.iteritems()', 'import imp', 'u"x"', 'eval("1")', 'import pickle',
                     'import subprocess\nsubprocess.call("x", shell=True)', 'import os\nos.makedirs("x", exist_ok=True)',
                     '(1).bit_length()'):
            self.assertTrue(self.complaints(code + '\n'), code)

    def test_what_both_know_is_allowed(self):
        self.assertEqual(self.complaints('x = dict((a, 1) for a in ())\ny = 0o17\nz = b"x"\nprint(x, *y)\n'), [])


if __name__ == '__main__':
    unittest.main()
