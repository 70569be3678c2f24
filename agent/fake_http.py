"""The HTTP side of the agent's test controller: joining, content with ranges, uploads."""
from __future__ import absolute_import, division, print_function, unicode_literals

import hashlib
import json

import drover_agent as agent
from fake_authority import public_key_of_request


class HttpServer(object):
    """Just enough HTTP for content, uploads and joining."""

    def __init__(self, controller, sock, first):
        self.controller = controller
        self.sock = sock
        self.rest = first

    def serve(self):
        while True:
            while b'\r\n\r\n' not in self.rest:
                data = self.sock.recv(65536)
                if not data:
                    return
                self.rest += data
            head, self.rest = self.rest.split(b'\r\n\r\n', 1)
            lines = head.decode('latin-1').split('\r\n')
            method, path, _ = lines[0].split(' ')
            headers = dict((name.lower(), value.strip()) for name, _, value in
                           (line.partition(':') for line in lines[1:]))
            self.answer(method, path, headers, int(headers.get('content-length', '0')))

    def body(self, size):
        while len(self.rest) < size:
            data = self.sock.recv(65536)
            if not data:
                raise ValueError('cut')
            self.rest += data
        body, self.rest = self.rest[:size], self.rest[size:]
        return body

    def reply(self, status, data=b'', headers=()):
        lines = ['HTTP/1.1 %d x' % status, 'Content-Length: %d' % len(data)] + ['%s: %s' % pair for pair in headers]
        self.sock.sendall(agent.to_bytes('\r\n'.join(lines) + '\r\n\r\n') + data)

    def reply_json(self, status, value):
        data = agent.to_bytes(json.dumps(value))
        lines = 'HTTP/1.1 %d x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n' % status
        self.sock.sendall(agent.to_bytes(lines + '%x\r\n' % len(data)) + data + b'\r\n0\r\n\r\n')

    def answer(self, method, path, headers, size):
        path, _, query = path.partition('?')
        words = path.strip('/').split('/')
        controller = self.controller
        if words[0] == 'content' and words[1] == 'uploads':
            return self.answer_upload(method, words[2:], query, size)
        body = self.body(size)
        if words[0] == 'content' and len(words) == 2:
            return self.answer_content(method, controller.blobs.get(words[1]), headers)
        if words[0] == 'content':
            return self.answer_index(words[1])
        if words[0] == 'agent':
            return self.answer_content(method, controller.agent_files.get(words[1]), headers)
        if path == '/join/ca.pem':
            return self.reply(200, agent.to_bytes(controller.authority.pem))
        if headers.get('authorization', '').replace('Bearer ', '') not in controller.tokens:
            return self.reply_json(401, {'message': 'unknown token'})
        if path == '/join/config':
            return self.reply_json(200, {'agentHost': '127.0.0.1', 'agentPort': controller.agent_port,
                                         'releasePublicKey': controller.release_public,
                                         'policyFile': '/not/for/the/controller/to/say'})
        self.answer_csr(method, path, body)

    def answer_csr(self, method, path, body):
        controller = self.controller
        if method == 'POST':
            value = json.loads(agent.to_text(body))
            controller.csrs[value['metadata']['name']] = value
            return self.reply_json(201, value)
        value = controller.csrs[path.split('/')[-1]]
        if controller.approve is True and 'status' not in value:
            pem = agent.to_text(agent.binascii.a2b_base64(agent.to_bytes(value['spec']['request'])))
            certificate = agent.to_bytes(controller.authority.node('n1', public_key_of_request(pem)))
            value['status'] = {'certificate': agent.to_text(agent.binascii.b2a_base64(certificate)).replace('\n', '')}
        elif controller.approve == 'deny':
            value['status'] = {'conditions': [{'type': 'Denied', 'message': 'not ours'}]}
        self.reply_json(200, value)

    def answer_content(self, method, data, headers):
        if data is None:
            return self.reply(404)
        status, extra = 200, ()
        if headers.get('range'):
            start, end = headers['range'].split('=')[1].split('-')
            extra = (('Content-Range', 'bytes %s-%s/%d' % (start, end, len(data))),)
            data = data[int(start):int(end) + 1]
            status = 206
        if method == 'HEAD':
            return self.sock.sendall(agent.to_bytes('HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n' % len(data)))
        controller = self.controller
        cut = controller.cut_after
        if cut is not None and len(data) > cut:
            controller.cut_after = None
            lines = 'HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n' % (status, len(data))
            self.sock.sendall(agent.to_bytes(lines) + data[:cut])
            controller.content_bytes += cut
            raise ValueError('cut on purpose')
        controller.content_bytes += len(data)
        self.reply(status, data, extra)

    def answer_index(self, name):
        data = self.controller.blobs.get(name)
        if data is None:
            return self.reply(404)
        size = 65536
        self.reply_json(200, {'sha256': name, 'sizeBytes': len(data), 'chunkSizeBytes': size, 'chunks': [
            hashlib.sha256(data[i:i + size]).hexdigest() for i in range(0, len(data), size)]})

    def answer_upload(self, method, words, query, size):
        uploads = self.controller.uploads
        if not words:
            self.body(size)
            name = agent.new_id()
            uploads[name] = b''
            return self.reply_json(201, {'id': name})
        name = words[0]
        if words[1:] == ['finish']:
            wanted = json.loads(agent.to_text(self.body(size)))['sha256']
            found = hashlib.sha256(uploads[name]).hexdigest()
            if wanted != found:
                return self.reply_json(422, {'message': 'hash differs'})
            self.controller.blobs[found] = uploads.pop(name)
            return self.reply_json(200, {'sha256': found})
        if method == 'GET':
            return self.reply_json(200, {'offset': len(uploads[name])})
        offset = int(query.split('=')[1])
        if offset != len(uploads[name]):
            self.body(size)
            return self.reply_json(409, {'offset': len(uploads[name])})
        cut = self.controller.cut_after
        if cut is not None and size > cut:
            self.controller.cut_after = None
            uploads[name] += self.body(cut)
            raise ValueError('cut on purpose')
        uploads[name] += self.body(size)
        self.reply_json(200, {'offset': len(uploads[name])})
