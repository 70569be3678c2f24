"""The life of an agent: joining, renewal, terminals, updates that fail and that do not, refusals, leaving."""
from __future__ import absolute_import, division, print_function, unicode_literals

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import drover_agent as agent
import fake_controller as fake
from fake_controller import command, wait_for


class Join(unittest.TestCase):
    def setUp(self):
        self.controller = fake.FakeController()
        self.dir = tempfile.mkdtemp(prefix='drover-join-')
        self.home = self.dir + '/home'

    def tearDown(self):
        self.controller.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def join(self, pin=None, token='t1.secret', *more):
        """(exit code, what was said) of a join that installs no service."""
        environment = dict(os.environ)
        environment[str('DROVER_TOKEN')] = str(token)
        process = subprocess.Popen(
            [sys.executable, fake.AGENT_FILE, 'join', 'https://127.0.0.1:%d' % self.controller.api_port,
             pin or self.controller.authority.pin, '--name', 'n1', '--dir', self.home, '--no-service'] + list(more),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        said = process.communicate()[0].decode('utf-8')
        return process.returncode, said

    def test_a_server_joins_and_its_agent_connects(self):
        code, said = self.join()
        self.assertEqual((code, 'node n1 has joined' in said), (0, True), said)
        self.assertEqual(os.stat(self.home).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(self.home + '/identity.pem').st_mode & 0o777, 0o600)
        request = list(self.controller.csrs.values())[0]
        self.assertEqual(request['metadata']['annotations'], {'drover.dev/machine-id': agent.machine_id()})
        process = subprocess.Popen([sys.executable, self.home + '/agent.py', 'run', '--dir', self.home],
                                   stderr=subprocess.PIPE)
        try:
            self.controller.session().call('ping')
            status = subprocess.Popen([sys.executable, self.home + '/agent.py', 'status', '--dir', self.home],
                                      stdout=subprocess.PIPE)
            said = status.communicate()[0].decode('utf-8')
            self.assertEqual((status.returncode, 'connected  yes' in said), (0, True), said)
        finally:
            process.terminate()
            process.communicate()
        self.assertFalse('secret' in json.dumps(os.listdir(self.home)) + agent.read_text(self.home + '/config.json'))

    def test_where_the_policy_is_the_server_says_and_not_the_controller(self):
        for words, path in (((), None), (('--policy', os.path.relpath(self.dir + '/p.json')), self.dir + '/p.json')):
            code, said = self.join(None, 't1.secret', *words)
            self.assertEqual(code, 0, said)
            self.assertEqual(json.loads(agent.read_text(self.home + '/config.json')).get('policyFile'), path)

    def test_another_ca_than_the_pinned_one_is_not_believed(self):
        code, said = self.join(pin='0' * 64)
        self.assertEqual((code, 'not the one in the pasted line' in said), (1, True), said)
        self.assertFalse(os.path.exists(self.home + '/ca.pem'))
        self.assertEqual(self.controller.csrs, {})

    def test_a_bad_token_and_a_denied_request_are_said_so(self):
        code, said = self.join(token='wrong.token')
        self.assertEqual((code, 'unknown token' in said), (1, True), said)
        self.controller.approve = 'deny'
        code, said = self.join()
        self.assertEqual((code, 'denied: not ours' in said), (1, True), said)

    def test_a_request_can_wait_for_approval(self):
        self.controller.approve = False
        process = subprocess.Popen(
            [sys.executable, fake.AGENT_FILE, 'join', '127.0.0.1:%d' % self.controller.api_port,
             self.controller.authority.pin, '--name', 'n1', '--dir', self.home, '--no-service'],
            stdout=subprocess.PIPE, env=dict(os.environ, **{str('DROVER_TOKEN'): str('t1.secret')}))
        line = process.stdout.readline().decode('utf-8')
        self.assertTrue(re.search('fingerprint SHA256:[0-9A-Za-z+/]{43}', line), line)
        self.controller.approve = True
        self.assertTrue(b'has joined' in process.communicate()[0])

    def test_wrong_words_get_the_usage(self):
        for words in ([], ['fly'], ['join'], ['run', 'x']):
            process = subprocess.Popen([sys.executable, fake.AGENT_FILE] + words, stderr=subprocess.PIPE)
            self.assertTrue(b'usage' in process.communicate()[1])
            self.assertEqual(process.returncode, 2)


class Case(unittest.TestCase):
    def setUp(self):
        self.controller = fake.FakeController()
        self.node = fake.Node(self.controller, updateDeadlineSeconds=3)

    def tearDown(self):
        self.node.close()
        self.controller.close()


class Connection(Case):
    def test_a_certificate_of_another_authority_is_not_spoken_to(self):
        self.node.write('ca.pem', fake.Authority().pem)
        self.node.start()
        wait_for(lambda: self.node.logged().count('not connected') > 1, 'two attempts')
        self.assertEqual(self.controller.hellos, [])

    def test_a_refused_agent_says_why_and_stays_away(self):
        self.controller.refuse_hello = 'certificate is revoked'
        self.node.start()
        wait_for(lambda: 'certificate is revoked' in self.node.logged(), 'the reason in the log')
        line = wait_for(lambda: [l for l in self.node.logged().split('\n') if 'retryMs' in l], 'the pause')[0]
        self.assertTrue(json.loads(line)['retryMs'] >= 60000, line)

    def test_the_certificate_is_renewed_without_dropping_the_session(self):
        key = agent.new_private_key()
        self.node.write('identity.pem', agent.private_key_pem(key) + self.controller.authority.node(
            'n1', agent.public_key_of(key), time.time() - 3600, time.time() + 60))
        self.node.start()
        session = self.controller.session()
        wait_for(lambda: self.controller.renewed == 1, 'the renewal')
        path = os.path.join(self.node.dir, 'identity.pem')
        wait_for(lambda: agent.parse_certificate(agent.from_pem(agent.read_text(path), 'CERTIFICATE'))['notAfter'] >
                 time.time() + 3600, 'the new certificate')
        session.call('ping')
        session.cut()
        wait_for(lambda: not session.open, 'the old session to end')
        self.controller.session().call('ping')
        self.assertEqual(len(set(hello['processId'] for hello in self.controller.hellos)), 1)

    def test_heartbeats_come_and_carry_figures(self):
        self.node.start()
        self.controller.session()
        wait_for(lambda: len(self.controller.heartbeats) >= 2, 'two heartbeats')
        beat = self.controller.heartbeats[-1]
        self.assertTrue(beat['memoryTotalKib'] > beat['memoryAvailableKib'] > 0 and beat['uptimeSeconds'] > 0)

    def test_facts_are_complete(self):
        self.node.start()
        facts = json.loads(self.controller.session().hello['facts'])
        missing = set('''hostname fqdn os kernel arch cpu memoryKib swapKib disks filesystems network addresses
            packageManager serviceManager selinux apparmor firewall time python systemUuid machineId bootId users'''
                      .split()) - set(facts)
        self.assertEqual(missing, set())
        self.assertTrue(facts['cpu']['count'] > 0 and facts['memoryKib'] > 0 and facts['os']['family'])

    def test_an_idle_agent_sleeps(self):
        self.node.start()
        self.controller.session()
        before, beats = self.naps(), len(self.controller.heartbeats)
        wait_for(lambda: len(self.controller.heartbeats) >= beats + 3, 'three heartbeats')
        self.assertTrue(self.naps() - before <= 12, 'it woke up for something else than its heartbeats')

    def naps(self):
        """How often the agent has gone to sleep so far."""
        with open('/proc/%d/status' % self.node.process.pid) as status:
            return int(re.search('^voluntary_ctxt_switches:\\s+([0-9]+)', status.read(), re.M).group(1))

    def test_a_second_agent_on_the_same_state_is_refused(self):
        self.node.start()
        self.controller.session()
        other = subprocess.Popen([sys.executable, fake.AGENT_FILE, 'run', '--dir', self.node.dir], stderr=subprocess.PIPE)
        self.assertTrue(b'another agent is running' in other.communicate()[1])


class Shells(Case):
    def open(self, stream, argv=(), user=''):
        session = self.controller.session()
        session.call('openShell', shell={'streamId': stream, 'user': user, 'columns': 90, 'rows': 30, 'argv': list(argv)})
        return session

    def test_a_terminal_takes_input_knows_its_size_and_ends_with_a_code(self):
        self.node.start()
        session = self.open('s1', ['sh'])
        session.call('shellInput', streamId='s1', data=b'stty size; tty; echo $TERM\n')
        wait_for(lambda: b'30 90' in self.controller.shell_output['s1'], 'the size')
        wait_for(lambda: b'/dev/pts/' in self.controller.shell_output['s1'], 'the name of the terminal')
        session.call('resizeShell', streamId='s1', columns=100, rows=40)
        session.call('shellInput', streamId='s1', data=b'stty size; exit 7\n')
        self.assertEqual(wait_for(lambda: self.controller.shell_closed.get('s1'), 'its end'), (7, ''))
        self.assertTrue(b'40 100' in self.controller.shell_output['s1'])
        self.assertRaises(agent.Problem, session.call, 'shellInput', streamId='s1', data=b'x')

    def test_everything_printed_arrives_before_the_end(self):
        self.node.start()
        self.open('s2', ['sh', '-c', 'seq 1 200000'])
        wait_for(lambda: self.controller.shell_closed.get('s2'), 'its end')
        expected = ''.join('%d\r\n' % number for number in range(1, 200001)).encode('ascii')
        self.assertTrue(self.controller.shell_output['s2'] == expected)

    def test_closing_a_terminal_ends_what_runs_in_it(self):
        self.node.start()
        session = self.open('s3', ['sh', '-c', 'echo pid $$; trap "" HUP; sleep 1000 & wait'])
        pid = int(wait_for(lambda: re.search(b'pid ([0-9]+)', self.controller.shell_output['s3']), 'its pid').group(1))
        session.call('closeShell', streamId='s3')
        wait_for(lambda: not os.path.exists('/proc/%d' % pid), 'it to end')
        wait_for(lambda: 's3' in self.controller.shell_closed, 'its end to be told')

    def test_a_cut_ends_the_terminals(self):
        self.node.start()
        session = self.open('s4', ['sh', '-c', 'echo pid $$; exec sleep 1000'])
        pid = int(wait_for(lambda: re.search(b'pid ([0-9]+)', self.controller.shell_output['s4']), 'its pid').group(1))
        session.cut()
        wait_for(lambda: not os.path.exists('/proc/%d' % pid), 'it to end')

    def test_a_login_shell_of_another_user(self):
        if os.getuid() != 0:
            return
        self.node.start()
        session = self.open('s5', ['id', '-un'], 'nobody')
        wait_for(lambda: 's5' in self.controller.shell_closed, 'its end')
        self.assertEqual(self.controller.shell_output['s5'].strip(), b'nobody')
        self.assertRaises(agent.Problem, session.call, 'openShell', shell={
            'streamId': 's6', 'user': 'no-such-user', 'columns': 1, 'rows': 1, 'argv': []})

    def test_input_that_nobody_reads_is_held_back(self):
        self.node.start()
        session = self.open('s7', ['sh', '-c', 'stty raw -echo; echo ready; exec sleep 1000'])
        wait_for(lambda: b'ready' in self.controller.shell_output['s7'], 'it to be ready')
        self.assertRaises(AssertionError, session.call, 'shellInput', 1, streamId='s7', data=b'x' * 200000)
        session.call('ping')


class Update(Case):
    def setUp(self):
        Case.setUp(self)
        self.source = agent.read_file(fake.AGENT_FILE)
        self.node.write('agent.py', self.source)
        self.node.file = os.path.join(self.node.dir, 'agent.py')
        self.node.start()
        self.session = self.controller.session()

    def update(self, data, **changes):
        release = self.controller.release(data)
        release.update(changes)
        self.session.call('update', release=release)
        return release

    def outcome(self, word):
        def look():
            found = json.loads(agent.read_text(os.path.join(self.node.dir, 'update.json'), '{}'))
            return found if found.get('outcome') == word else None
        return wait_for(look, 'the outcome ' + word)

    def test_a_newer_agent_takes_over_and_commands_go_on(self):
        self.session.call('start', tasks=[command('long', ['sh', '-c', 'while [ ! -e "$GO" ]; do sleep 0.05; done; echo ok'],
                                                  env={'GO': os.path.join(self.node.dir, 'go')})])
        release = self.update(self.source + b'\n# newer\n')
        second = self.controller.session(self.session.hello['processId'])
        self.assertEqual(second.hello['agentSha256'], release['sha256'])
        self.assertEqual(second.hello['tasks'], [{'taskId': 'long', 'state': 'running'}])
        self.outcome('done')
        self.assertTrue(self.node.process.poll() is None, 'the process is still the same')
        self.node.write('go', '')
        self.assertEqual(self.controller.result('long')['outcome'], 'exited')
        self.assertFalse(os.path.exists(os.path.join(self.node.dir, 'agent.py.old')))

    def test_an_agent_that_dies_at_once_is_replaced_by_the_old_one(self):
        self.update(self.source.replace(b'\nif __name__ ==', b'\nraise SystemExit(3)\nif __name__ =='))
        self.returned('ended before it was connected')

    def test_an_agent_that_never_connects_is_replaced_by_the_old_one(self):
        self.update(self.source.replace(b'        self.loop.soon(self.connect)\n', b''))
        self.returned('was not connected within')

    def returned(self, words):
        found = self.outcome('failed')
        self.assertTrue(words in found['reason'], found)
        second = self.controller.session(self.session.hello['processId'])
        self.assertEqual(second.hello['agentSha256'], self.session.hello['agentSha256'])
        self.assertEqual(json.loads(second.hello['facts'])['agent']['lastUpdate']['outcome'], 'failed')
        second.call('ping')

    def test_what_is_not_signed_or_not_as_announced_is_not_started(self):
        newer = self.source + b'\n# newer\n'
        good = self.controller.release(newer)
        for data, changes in ((newer, {'signature': agent.sign(agent.new_private_key(), newer)}), (newer, {'signature': b''}),
                              (newer, {'sizeBytes': good['sizeBytes'] + 1}), (newer, {'sha256': '0' * 64}),
                              (b'this is not python(', {})):
            remove = os.path.join(self.node.dir, 'update.json')
            if os.path.exists(remove):
                os.unlink(remove)
            self.update(data, **changes)
            self.outcome('refused')
        self.session.call('ping')
        self.assertEqual(agent.read_file(self.node.file), self.source)

    def test_the_same_file_is_no_update(self):
        self.update(self.source)
        self.session.call('ping')
        self.assertFalse(os.path.exists(os.path.join(self.node.dir, 'update.json')))

    def test_uninstall_leaves_no_trace(self):
        self.session.call('start', tasks=[command('t', ['sleep', '1000'])])
        self.session.call('uninstall')
        wait_for(lambda: self.node.process.poll() is not None, 'the agent to end')
        wait_for(lambda: not os.path.exists(self.node.dir), 'the state directory to be removed')
        wait_for(lambda: not agent.task_members('t', -1, -1, 0, self.node.dir), 'its command to end')
        self.assertEqual(self.controller.results['t']['outcome'], 'cancelled')


if __name__ == '__main__':
    unittest.main()
