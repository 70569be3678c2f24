"""Files: whatever their names, whoever cuts the line, they arrive unchanged or are refused by name."""
from __future__ import absolute_import, division, print_function, unicode_literals

import hashlib
import json
import os
import random
import shutil
import socket
import tempfile
import unittest

import drover_agent as agent
import fake_controller as fake
from fake_controller import wait_for

MIB = 1 << 20


def noise(size, seed=1):
    random.seed(seed)
    block = bytearray(random.getrandbits(8) for _ in range(4096))
    out = bytearray()
    while len(out) < size:
        block[random.randrange(4096)] = random.getrandbits(8)
        out += block
    return bytes(out[:size])


class Case(unittest.TestCase):
    def setUp(self):
        self.controller = fake.FakeController()
        self.node = fake.Node(self.controller).start()
        self.session = self.controller.session()
        self.dir = tempfile.mkdtemp(prefix='drover-files-')
        self.base = agent.to_bytes(self.dir)

    def tearDown(self):
        self.node.close()
        self.controller.close()
        shutil.rmtree(self.base, ignore_errors=True)

    def manifest(self, entries, content=b'', root='directory'):
        """Adds content and manifest to the controller; returns the manifest's hash."""
        head = {'version': 1, 'root': root, 'content': self.controller.add_blob(content) if content else '',
                'sizeBytes': len(content), 'entries': len(entries)}
        lines = [json.dumps(value) for value in [head] + entries]
        return self.controller.add_blob(agent.to_bytes('\n'.join(lines) + '\n'))

    def one_file(self, data, **values):
        entry = {'path': '', 'type': 'file', 'mode': '0640', 'mtimeMs': 1700000000000, 'size': len(data), 'offset': 0,
                 'sha256': hashlib.sha256(data).hexdigest()}
        entry.update(values)
        return self.manifest([entry], data, 'file')

    def push(self, manifest, path, **values):
        """(result, detail) of a push."""
        name = agent.new_id()
        spec = {'manifest': manifest, 'path': path, 'mode': '', 'owner': '', 'check': False}
        spec.update(values)
        self.session.call('start', tasks=[{'id': name, 'timeoutMs': 60000, 'expiresAtMs': 0, 'push': spec}])
        result = self.controller.result(name, 60)
        return result, json.loads(result['detail'])

    def pull(self, path, check=False):
        name = agent.new_id()
        self.session.call('start', tasks=[{'id': name, 'timeoutMs': 60000, 'expiresAtMs': 0,
                                           'pull': {'path': path, 'check': check}}])
        result = self.controller.result(name, 60)
        return result, json.loads(result['detail'])

    def read(self, name):
        with open(self.base + b'/' + agent.to_bytes(name), 'rb') as data:
            return data.read()

    def left_over(self):
        found = []
        for _, _, names in os.walk(self.base):
            found.extend(name for name in names if name.startswith(agent.PART_PREFIX))
        return found


class Push(Case):
    def test_a_file_arrives_with_mode_and_time_and_again_changes_nothing(self):
        data = noise(3 * MIB + 17)
        manifest = self.one_file(data)
        result, detail = self.push(manifest, self.dir + '/f')
        self.assertEqual((result['outcome'], result['exitCode'], result['reason']), ('exited', 0, ''))
        self.assertTrue(self.read('f') == data)
        stat = os.stat(self.dir + '/f')
        self.assertEqual((stat.st_mode & 0o7777, int(stat.st_mtime)), (0o640, 1700000000))
        self.assertEqual((detail['changed'], detail['bytesSent']), (True, len(data)))
        result, detail = self.push(manifest, self.dir + '/f')
        self.assertEqual((detail['changed'], detail['bytesSent'], detail['bytesSkipped']), (False, 0, len(data)))
        self.assertEqual(self.left_over(), [])

    def test_a_tree_of_odd_names_arrives_byte_for_byte(self):
        names = [b'a b', b'new\nline', b'\xff\xfe', b'100%', '\u4f60\u597d'.encode('utf-8'), b'-rf', b'.hidden', b"quo'te\""]
        content, entries = b'', [{'path': '', 'type': 'directory', 'mode': '0750', 'mtimeMs': 1600000000000}]
        for number, name in enumerate(names):
            folder = b'd%d ' % number if False else agent.to_bytes('d%d ' % number) + name
            entries.append({'path': agent.escape_path(folder), 'type': 'directory', 'mode': '0700', 'mtimeMs': 1500000000000})
            data = noise(number * 1000, number)
            entries.append({'path': agent.escape_path(folder + b'/' + name), 'type': 'file', 'mode': '0644', 'mtimeMs': 1,
                            'size': len(data), 'offset': len(content), 'sha256': hashlib.sha256(data).hexdigest()})
            content += data
        entries.append({'path': 'link', 'type': 'symlink', 'mode': '0777', 'mtimeMs': 1, 'target': agent.escape_path(b'no\xff where')})
        result, detail = self.push(self.manifest(entries, content), self.dir + '/new/tree')
        self.assertEqual((result['exitCode'], result['reason']), (0, ''))
        for number, name in enumerate(names):
            path = b'new/tree/' + agent.to_bytes('d%d ' % number) + name
            self.assertTrue(self.read(path + b'/' + name) == noise(number * 1000, number))
            self.assertEqual(int(os.stat(self.base + b'/' + path).st_mtime), 1500000000)
        self.assertEqual(os.readlink(self.base + b'/new/tree/link'), b'no\xff where')
        self.assertEqual(os.stat(self.dir + '/new/tree').st_mode & 0o7777, 0o750)
        self.assertEqual((detail['files'], self.left_over()), (len(names), []))

    def test_only_what_differs_is_fetched(self):
        parts = [noise(200000, n) for n in range(5)]
        content = b''.join(parts)
        entries = [{'path': '', 'type': 'directory', 'mode': '0755', 'mtimeMs': 1}]
        for number, data in enumerate(parts):
            entries.append({'path': 'f%d' % number, 'type': 'file', 'mode': '0644', 'mtimeMs': 1000, 'size': len(data),
                            'offset': 200000 * number, 'sha256': hashlib.sha256(data).hexdigest()})
        manifest = self.manifest(entries, content)
        self.push(manifest, self.dir + '/t')
        for name in ('f1', 'f2', 'f4'):
            with open(self.dir + '/t/' + name, 'wb') as out:
                out.write(b'other')
        _, detail = self.push(manifest, self.dir + '/t')
        self.assertEqual((detail['bytesSent'], detail['bytesSkipped']), (600000, 400000))
        self.assertEqual([c['path'] for c in detail['changes'] if c['action'] == 'update'], ['f1', 'f2', 'f4'])
        self.assertTrue(all(self.read('t/f%d' % n) == parts[n] for n in range(5)))

    def test_a_cut_in_the_middle_goes_on_where_it_stood(self):
        data = noise(6 * MIB)
        self.controller.cut_after = 2500000
        result, detail = self.push(self.one_file(data), self.dir + '/f')
        self.assertEqual(result['exitCode'], 0)
        self.assertTrue(self.read('f') == data)
        self.assertEqual(detail['bytesSent'], len(data))

    def test_another_attempt_goes_on_from_the_last_verified_chunk(self):
        data = noise(6 * MIB)
        manifest = self.one_file(data)
        self.start_and_stop(manifest, 4000000)
        part = self.base + b'/' + self.left_over()[0]
        with open(part, 'r+b') as out:  # what is beyond the last whole chunk may be anything
            out.truncate(3500000)
            out.seek(3400000)
            out.write(b'garbage')
        result, detail = self.push(manifest, self.dir + '/f')
        self.assertEqual((result['exitCode'], result['reason']), (0, ''))
        self.assertTrue(self.read('f') == data)
        self.assertEqual(detail['bytesSkipped'], 3400000 // 65536 * 65536)
        self.assertEqual(detail['bytesSkipped'] + detail['bytesSent'], len(data))

    def start_and_stop(self, manifest, size):
        """A push whose line is cut for good after so many bytes, and which is then cancelled."""
        self.controller.cut_after = size
        answer = fake.HttpServer.answer_content
        seen = []

        def broken(server, method, data, headers):
            if data is not None and len(data) > MIB and seen:
                raise ValueError('cut for good')
            if data is not None and len(data) > MIB:
                seen.append(1)
            return answer(server, method, data, headers)
        fake.HttpServer.answer_content = broken
        try:
            self.session.call('start', tasks=[{
                'id': 'stopped', 'timeoutMs': 60000, 'expiresAtMs': 0,
                'push': {'manifest': manifest, 'path': self.dir + '/f', 'mode': '', 'owner': '', 'check': False}}])
            wait_for(lambda: self.left_over() and os.path.getsize(self.base + b'/' + self.left_over()[0]) > size - 65536,
                     'part of the file')
            self.session.call('cancel', taskIds=['stopped'])
            self.assertEqual(self.controller.result('stopped')['outcome'], 'cancelled')
        finally:
            fake.HttpServer.answer_content = answer

    def test_damaged_content_is_not_installed(self):
        data = noise(100000)
        manifest = self.one_file(data)
        name = hashlib.sha256(data).hexdigest()
        self.controller.blobs[name] = data[:-1] + b'x'
        result, _ = self.push(manifest, self.dir + '/f')
        self.assertEqual(result['exitCode'], 1)
        self.assertTrue('damaged' in result['reason'])
        self.assertEqual(os.listdir(self.dir), [])

    def test_sparse_and_empty_files_keep_their_form(self):
        content = b'A' * 4096 + b'B' * 4096
        sparse = {'path': 's', 'type': 'file', 'mode': '0600', 'mtimeMs': 5000, 'size': 50 * MIB, 'offset': 0,
                  'extents': [[MIB, 4096], [40 * MIB, 4096]], 'dataSize': 8192,
                  'sha256': hashlib.sha256(content).hexdigest()}
        empty = {'path': 'e', 'type': 'file', 'mode': '0600', 'mtimeMs': 5000, 'size': 0, 'offset': 8192,
                 'sha256': hashlib.sha256(b'').hexdigest()}
        hole = dict(empty, path='h', size=MIB, extents=[])
        root = {'path': '', 'type': 'directory', 'mode': '0755', 'mtimeMs': 1}
        manifest = self.manifest([root, sparse, empty, hole], content)
        for changed in (True, False):
            result, detail = self.push(manifest, self.dir + '/t')
            self.assertEqual((result['exitCode'], detail['changed']), (0, changed), result)
        data = self.read('t/s')
        self.assertEqual((len(data), data[MIB:MIB + 4096], data[40 * MIB:40 * MIB + 4096]),
                         (50 * MIB, b'A' * 4096, b'B' * 4096))
        self.assertEqual(data.count(b'\0'), 50 * MIB - 8192)
        self.assertTrue(os.stat(self.dir + '/t/s').st_blocks * 512 < MIB)
        self.assertEqual((self.read('t/e'), self.read('t/h')), (b'', b'\0' * MIB))

    def test_check_mode_shows_a_diff_and_touches_nothing(self):
        with open(self.dir + '/conf', 'wb') as out:
            out.write(b'one\ntwo\n')
        result, detail = self.push(self.one_file(b'one\n2\n'), self.dir + '/conf', check=True)
        change = detail['changes'][0]
        self.assertEqual((detail['changed'], change['action'], result['exitCode']), (True, 'update', 0))
        self.assertTrue('-two' in change['diff'] and '+2' in change['diff'])
        self.assertEqual((self.read('conf'), os.listdir(self.dir)), (b'one\ntwo\n', ['conf']))

    def test_mode_and_owner_of_the_task_are_set(self):
        if os.getuid() != 0:
            return
        manifest = self.one_file(b'x')
        result, _ = self.push(manifest, self.dir + '/f', mode='4755', owner='nobody:0')
        stat = os.stat(self.dir + '/f')
        self.assertEqual((stat.st_mode & 0o7777, stat.st_uid, stat.st_gid), (0o4755, 65534, 0), result)
        _, detail = self.push(manifest, self.dir + '/f', mode='0600', owner='0:0')
        self.assertEqual(detail['changes'][0]['action'], 'owner')
        result, _ = self.push(manifest, self.dir + '/f', owner='no-such-user')
        self.assertTrue('unknown user' in result['reason'])

    def test_a_disk_that_would_fill_up_is_left_alone(self):
        size = 1 << 50
        entry = {'path': '', 'type': 'file', 'mode': '0640', 'mtimeMs': 1, 'size': size, 'offset': 0, 'sha256': '0' * 64}
        head = {'version': 1, 'root': 'file', 'content': '1' * 64, 'sizeBytes': size, 'entries': 1}
        manifest = self.controller.add_blob(agent.to_bytes(json.dumps(head) + '\n' + json.dumps(entry) + '\n'))
        result, _ = self.push(manifest, self.dir + '/f')
        self.assertTrue('disk would fill up' in result['reason'])
        self.assertEqual(os.listdir(self.dir), [])

    def test_nothing_is_written_outside_or_through_a_link(self):
        outside = self.dir + '/outside'
        os.mkdir(outside)
        os.mkdir(self.dir + '/root')
        os.symlink(outside, self.dir + '/root/link')
        root = {'path': '', 'type': 'directory', 'mode': '0755', 'mtimeMs': 1}
        data = b'x'
        entry = {'type': 'file', 'mode': '0644', 'mtimeMs': 1, 'size': 1, 'offset': 0, 'sha256': hashlib.sha256(data).hexdigest()}
        for path in ('../outside/f', '/etc/f', 'a/../../outside/f', '.', 'a//f', 'a%00b'):
            result, detail = self.push(self.manifest([root, dict(entry, path=path)], data), self.dir + '/root')
            self.assertEqual(result['exitCode'], 1, path)
        result, detail = self.push(self.manifest([root, dict(entry, path='link/f')], data), self.dir + '/root')
        self.assertEqual(detail['refused'][0]['path'], 'link/f')
        planted = {'path': 'planted', 'type': 'symlink', 'mode': '0777', 'mtimeMs': 1, 'target': outside}
        result, _ = self.push(self.manifest([root, planted, dict(entry, path='planted/f')], data), self.dir + '/root')
        self.assertEqual(result['exitCode'], 1)
        self.assertEqual(os.listdir(outside), [])

    def test_what_is_in_the_way_is_refused_by_name_and_the_rest_comes_through(self):
        os.makedirs(self.dir + '/t/f')
        os.mkfifo(self.dir + '/t/pipe')
        root = {'path': '', 'type': 'directory', 'mode': '0755', 'mtimeMs': 1}
        data = b'x'
        entry = {'type': 'file', 'mode': '0644', 'mtimeMs': 1, 'size': 1, 'offset': 0, 'sha256': hashlib.sha256(data).hexdigest()}
        entries = [root] + [dict(entry, path=name) for name in ('f', 'ok', 'pipe')]
        result, detail = self.push(self.manifest(entries, data), self.dir + '/t')
        self.assertEqual(result['exitCode'], 1)
        self.assertEqual([item['path'] for item in detail['refused']], ['f', 'pipe'])
        self.assertEqual(self.read('t/ok'), b'x')

    def test_bad_manifests_are_refused_in_words(self):
        random.seed(5)
        good = b'{"version":1,"root":"file","content":"","sizeBytes":0,"entries":1}\n{"path":"","type":"file","size":0,"sha256":"%s"}\n'
        good = good.replace(b'%s', b'0' * 64)
        samples = [b'', b'{}', b'[]\n', b'null\n', b'\xff\n', good.replace(b'"version":1', b'"version":2'),
                   good.replace(b'"size":0', b'"size":-1'), good.replace(b'"size":0', b'"size":9'),
                   good.replace(b'"size":0', b'"extents":[[5,1],[1,1]]'), good + good, good.replace(b'"path":""', b'"path":7'),
                   good.replace(b'"size":0', b'"size":0,"mode":"9999"')]
        for _ in range(40):
            data = bytearray(good)
            for _ in range(3):
                data[random.randrange(len(data))] = random.randrange(32, 127)
            samples.append(bytes(data))
        for sample in samples:
            result, _ = self.push(self.controller.add_blob(sample), self.dir + '/f')
            self.assertEqual((result['outcome'], result['exitCode']), ('exited', 1), sample)
            self.assertFalse('Error' in result['reason'], result['reason'])
        self.assertEqual(os.listdir(self.dir), [])

    def test_an_absent_manifest_is_said_so(self):
        result, _ = self.push('0' * 64, self.dir + '/f')
        self.assertEqual((result['exitCode'], '404' in result['reason']), (1, True))

    def test_a_push_survives_the_agent(self):
        data = noise(4 * MIB)
        self.controller.cut_after = MIB
        name = 'survivor'
        self.session.call('start', tasks=[{'id': name, 'timeoutMs': 60000, 'expiresAtMs': 0, 'push': {
            'manifest': self.one_file(data), 'path': self.dir + '/f', 'mode': '', 'owner': '', 'check': False}}])
        self.node.kill()
        self.node.start()
        self.assertEqual(self.controller.result(name)['exitCode'], 0)
        self.assertTrue(self.read('f') == data)


class Pull(Case):
    def entries(self, detail):
        lines = self.controller.blobs[detail['manifest']].split(b'\n')
        values = [json.loads(line.decode('utf-8')) for line in lines if line]
        return values[0], values[1:]

    def test_a_tree_comes_back_as_a_manifest_that_can_be_pushed(self):
        source = self.base + b'/src'
        os.makedirs(source + b'/sub \xff')
        files = {b'a b': noise(300000, 1), b'sub \xff/new\nline': noise(5, 2), b'empty': b'', b'z': noise(1000, 3)}
        for name, data in files.items():
            with open(source + b'/' + name, 'wb') as out:
                out.write(data)
        os.chmod(source + b'/z', 0o4711)
        os.symlink(b'a b', source + b'/link')
        with open(source + b'/sparse', 'wb') as out:
            out.seek(20 * MIB)
            out.write(b'end')
        os.mkfifo(source + b'/pipe')
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(self.dir + '/src/sock')
        sock.close()
        result, detail = self.pull(self.dir + '/src')
        self.assertEqual(result['exitCode'], 1)
        self.assertEqual(sorted((item['path'], item['reason']) for item in detail['refused']),
                         [('pipe', 'it is a fifo'), ('sock', 'it is a socket')])
        head, entries = self.entries(detail)
        self.assertEqual((head['entries'], detail['files']), (len(entries), 5))
        self.assertTrue(head['sizeBytes'] < MIB, 'holes are not sent')
        result, _ = self.push(detail['manifest'], self.dir + '/copy')
        self.assertEqual((result['exitCode'], result['reason']), (0, ''))
        for name, data in files.items():
            self.assertTrue(self.read(b'copy/' + name) == data)
        self.assertTrue(self.read('copy/sparse') == self.read('src/sparse'))
        self.assertEqual(os.readlink(self.base + b'/copy/link'), b'a b')
        self.assertEqual(os.stat(self.dir + '/copy/z').st_mode & 0o7777, 0o4711)

    def test_a_single_file_comes_through_a_cut(self):
        data = noise(5 * MIB)
        with open(self.dir + '/f', 'wb') as out:
            out.write(data)
        self.controller.cut_after = 3 * MIB + 1
        result, detail = self.pull(self.dir + '/f')
        self.assertEqual((result['exitCode'], result['reason']), (0, ''))
        head, entries = self.entries(detail)
        self.assertEqual((head['root'], entries[0]['sha256']), ('file', hashlib.sha256(data).hexdigest()))
        self.assertTrue(self.controller.blobs[head['content']] == data)

    def test_a_cut_at_any_place_loses_no_entry(self):
        os.mkdir(self.dir + '/src')
        expected = {}
        for number in range(12):
            data = noise(number % 4 * 30000, number)
            expected['f%02d' % number] = hashlib.sha256(data).hexdigest()
            with open(self.dir + '/src/f%02d' % number, 'wb') as out:
                out.write(data)
        for cut in (1, 29999, 30000, 30001, 90000, 179999, 180000, 299999, 539999):
            self.controller.cut_after = cut
            result, detail = self.pull(self.dir + '/src')
            self.assertEqual((result['exitCode'], result['reason']), (0, ''))
            _, entries = self.entries(detail)
            self.assertEqual(dict((e['path'], e['sha256']) for e in entries if e['type'] == 'file'), expected)
            self.assertTrue(self.controller.cut_after is None)

    def test_an_empty_tree_and_a_missing_path(self):
        os.mkdir(self.dir + '/none')
        result, detail = self.pull(self.dir + '/none')
        head, entries = self.entries(detail)
        self.assertEqual((result['exitCode'], head['content'], len(entries)), (0, '', 1))
        result, _ = self.pull(self.dir + '/missing')
        self.assertEqual((result['exitCode'], 'no such file' in result['reason']), (1, True))

    def test_check_mode_uploads_nothing(self):
        with open(self.dir + '/f', 'wb') as out:
            out.write(b'x' * 100)
        _, detail = self.pull(self.dir + '/f', True)
        self.assertEqual((detail['manifest'], detail['sizeBytes'], self.controller.blobs), ('', 100, {}))


if __name__ == '__main__':
    unittest.main()
