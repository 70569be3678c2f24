"""Signed requests: only what a signer of the policy signed is done, here, in time, once, whatever the controller says."""
from __future__ import absolute_import, division, print_function, unicode_literals

import binascii
import hashlib
import json
import os
import unittest

import drover_agent as agent
import fake_controller as fake
from fake_controller import command, wait_for

KEY = 0x1f2e3d4c5b6a79880123456789abcdef0123456789abcdeffedcba9876543210
OTHER = 0x2f2e3d4c5b6a79880123456789abcdef0123456789abcdeffedcba9876543210
MESSAGE = b'what is asked'


def public_der(key):
    return agent.public_key_der(agent.public_key_of(key))


def base64(data):
    return agent.to_text(binascii.b2a_base64(data)).replace('\n', '')


def raw_signature(key, payload):
    """r and s, 32 bytes each, as operators' programs make them."""
    numbers = agent.der_read(agent.sign(key, payload), 0x30)[0]
    r, rest = agent.der_read(numbers, 0x02)
    return b''.join(agent.int_to_bytes(agent.bytes_to_int(part), 32) for part in (r, agent.der_read(rest, 0x02)[0]))


def signed_by(payload, *keys):
    return {'payload': payload, 'signatures': [
        {'keyId': agent.key_id(public_der(key)), 'signature': raw_signature(key, payload)} for key in keys]}


def request_for(asked, **changes):
    """A signed payload for what is asked (None removes a member)."""
    now = agent.now_ms()
    request = dict({'version': 1, 'id': agent.new_id(), 'issuedAtMs': now, 'expiresAtMs': now + 600000, 'nodes': 'n1'},
                   **asked)
    request.update(changes)
    return agent.to_bytes(json.dumps(dict((name, value) for name, value in request.items() if value is not None)))


def sign_task(task, *keys, **changes):
    """The task, signed."""
    return dict(task, signed=signed_by(request_for(agent.asked_of(task), **changes), *(keys or (KEY,))))


def policy_of(*signers, **more):
    return dict({'signers': [dict({'name': name, 'key': base64(public_der(key))}, **limits)
                             for name, key, limits in signers or (('alice', KEY, {}),)]}, **more)


class Arithmetic(unittest.TestCase):
    def check(self, r, s, public=None, digest=None):
        digest = digest or hashlib.sha256(MESSAGE).digest()
        raw = agent.int_to_bytes(r, 32) + agent.int_to_bytes(s, 32)
        return agent.verify_raw(public or agent.public_key_of(KEY), digest, raw)

    def numbers(self):
        raw = raw_signature(KEY, MESSAGE)
        return agent.bytes_to_int(raw[:32]), agent.bytes_to_int(raw[32:])

    def test_the_vector_of_rfc_6979_is_right_and_its_neighbours_are_not(self):
        key = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
        r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
        s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
        public, digest = agent.public_key_of(key), hashlib.sha256(b'sample').digest()
        self.assertTrue(self.check(r, s, public, digest))
        for wrong in ((r + 1, s), (r, s + 1), (s, r), (r ^ 1 << 255, s)):
            self.assertFalse(self.check(wrong[0], wrong[1], public, digest))
        self.assertFalse(self.check(r, s, public, hashlib.sha256(b'samplE').digest()))

    def test_numbers_out_of_range_are_no_signature(self):
        r, s = self.numbers()
        top = (1 << 256) - 1
        self.assertTrue(self.check(r, s))
        for bad in (0, agent.N, agent.P, top):
            self.assertFalse(self.check(bad, s))
            self.assertFalse(self.check(r, bad))
        self.assertFalse(self.check(0, 0))
        self.assertFalse(self.check(1, 1))
        self.assertFalse(self.check(agent.N - 1, agent.N - 1))

    def test_r_stands_for_an_x_beyond_the_order_too(self):
        """A point whose x is at or above the order, and the key for which it makes a signature: Q = (s * R - e * G) / r."""
        x, y = agent.N, 0
        while (y * y - x ** 3 + 3 * x - agent.B) % agent.P or x == agent.N:  # r would be 0
            x += 1
            y = pow((x ** 3 - 3 * x + agent.B) % agent.P, (agent.P + 1) // 4, agent.P)
        r, s, e = x - agent.N, 12345, agent.bytes_to_int(hashlib.sha256(MESSAGE).digest())
        inverse = pow(r, agent.N - 2, agent.N)
        one, two = agent._multiply(s * inverse % agent.N, (x, y)), agent._multiply(-e * inverse % agent.N, agent.G)
        public = agent._affine(agent._add((one[0], one[1], 1), (two[0], two[1], 1)))
        self.assertTrue(self.check(r, s, public))
        self.assertFalse(self.check(r + 1, s, public))
        self.assertFalse(self.check(x, s, public))  # r itself must be below the order

    def test_the_other_root_is_right_as_well(self):
        """So a signature can be written in two ways: replays are told by the request's id, not by it (G2)."""
        r, s = self.numbers()
        self.assertTrue(self.check(r, agent.N - s))

    def test_both_ways_to_multiply_agree_at_the_edges(self):
        point = agent.public_key_of(OTHER)
        for one in (0, 1, 2, 15, 16, 127, 128, agent.N - 1, agent.N - 2, 1 << 255):
            for two in (0, 1, 16, agent.N - 1, 0x55 << 240):
                total = agent._affine(agent._multiply_two(one, two, point))
                parts = [agent._multiply(number, base) for number, base in ((one, agent.G), (two, point))]
                jacobian = [(part[0], part[1], 1) if part else (0, 0, 0) for part in parts]
                self.assertEqual(total, agent._affine(agent._add(*jacobian)))
        # The same point and its negative meet in the sum of one row.
        self.assertEqual(agent._affine(agent._multiply_two(5, agent.N - 5, agent.G)), None)
        self.assertEqual(agent._affine(agent._multiply_two(5, 5, agent.G)), agent._multiply(10, agent.G))

    def test_what_is_not_r_and_s_of_32_bytes_is_refused(self):
        raw, digest, public = raw_signature(KEY, MESSAGE), hashlib.sha256(MESSAGE).digest(), agent.public_key_of(KEY)
        self.assertTrue(agent.verify_raw(public, digest, raw))
        for bad in (b'', raw[:63], raw + b'\0', b'\0' + raw, agent.sign(KEY, MESSAGE), b'\0' * 64, b'\xff' * 64):
            self.assertFalse(agent.verify_raw(public, digest, bad))

    def test_keys_that_are_no_point_or_not_in_der_are_refused(self):
        good = public_der(KEY)
        x, y = agent.public_key_of(KEY)
        self.assertEqual(agent.parse_public_key(good), (x, y))
        head = good[:-64]
        points = ((0, 0), (x, agent.P - y - 1), (y, x), (x + 1, y), (agent.P, y), (0, 1), (x, 0), ((1 << 256) - 1, y))
        bad = [head + agent.int_to_bytes(one, 32) + agent.int_to_bytes(two, 32) for one, two in points]
        bad += [good + b'\0', good[:-1], b'', b'\x30', good.replace(b'\0\4', b'\0\2'), head + b'\0' * 64,
                good.replace(agent.der_oid(agent.OID_P256), agent.der_oid('1.3.132.0.10')), b'\x30\x81\x59' + good[2:]]
        for data in bad:
            self.assertRaises(ValueError, agent.parse_public_key, data)

    def test_a_point_and_its_negative_are_different_keys(self):
        r, s = self.numbers()
        x, y = agent.public_key_of(KEY)
        self.assertFalse(self.check(r, s, (x, agent.P - y)))


class Policies(unittest.TestCase):
    def refused(self, policy, task, node='n1'):
        parsed = agent.with_signers(policy)
        return agent.refused_by_policy(parsed, agent.asked_of(task), task.get('signed'), node)[0]

    def task(self, **values):
        return command('t1', ['id'], **values)

    def test_what_a_signer_signed_is_allowed_and_what_nobody_signed_is_not(self):
        self.assertEqual(self.refused(policy_of(), sign_task(self.task())), '')
        self.assertTrue('wants requests signed' in self.refused(policy_of(), self.task()))
        self.assertTrue('by a key that the policy' in self.refused(policy_of(), sign_task(self.task(), OTHER)))
        torn = sign_task(self.task())
        torn['signed']['payload'] += b' '
        self.assertTrue('signature by alice is not right' in self.refused(policy_of(), torn))

    def test_each_field_that_was_changed_is_named(self):
        full = self.task(script=b'one', user='daemon', cwd='/tmp', env={'A': '1'}, input=b'in')
        changes = {'argv': ['id', '-u'], 'script': b'two', 'user': '', 'cwd': '/', 'env': {'A': '2'}, 'input': b'',
                   'maxOutputBytes': 5}
        signed = sign_task(full)
        for name, value in changes.items():
            other = dict(signed, command=dict(signed['command'], **{name: value}))
            self.assertEqual(self.refused(policy_of(), other), 'what is asked is not what was signed: command.' + name)
        self.assertTrue('timeoutMs' in self.refused(policy_of(), dict(signed, timeoutMs=1)))
        self.assertEqual(self.refused(policy_of(), dict(signed, id='t2', expiresAtMs=5)), '')
        push = {'id': 't1', 'timeoutMs': 5, 'expiresAtMs': 0,
                'push': {'manifest': 'ab', 'path': '/srv', 'mode': '', 'owner': '', 'check': False}}
        signed = sign_task(push)
        self.assertEqual(self.refused(policy_of(), signed), '')
        for name, value in (('manifest', 'cd'), ('path', '/etc'), ('mode', '777'), ('owner', 'root'), ('check', True)):
            other = dict(signed, push=dict(push['push'], **{name: value}))
            self.assertEqual(self.refused(policy_of(), other), 'what is asked is not what was signed: push.' + name)
        pull = {'id': 't1', 'timeoutMs': 5, 'expiresAtMs': 0, 'pull': {'path': '/srv', 'check': False}}
        self.assertTrue('pull, push' in self.refused(policy_of(), dict(pull, signed=signed['signed'])))

    def test_more_that_was_signed_than_is_asked_is_a_difference(self):
        task = self.task()
        for changes, words in (({'umask': '077'}, 'signed: umask'), ({'timeoutMs': None}, 'signed: timeoutMs'),
                               ({'command': dict(agent.asked_of(task)['command'], nice=5)}, 'command.nice')):
            self.assertTrue(words in self.refused(policy_of(), sign_task(task, **changes)))

    def test_a_request_is_good_from_its_issue_to_its_expiry_and_no_longer_than_allowed(self):
        now, minute = agent.now_ms(), 60000
        for issued, expires, words in ((now - minute, now + minute, ''), (now + minute // 2, now + minute, ''),
                                       (now + 2 * minute, now + 5 * minute, 'was signed at '),
                                       (now - 2 * minute, now - 1, 'expired at '),
                                       (now, now + 3601 * 1000, 'is valid for 3601 s'), (-5, now, 'no time'),
                                       ('x', now, 'cannot be read'), (now, 1e40, 'no time'), (now, None, 'cannot be read')):
            why = self.refused(policy_of(), sign_task(self.task(), issuedAtMs=issued, expiresAtMs=expires))
            self.assertTrue(words in why if words else why == '', (issued, expires, why))
        late = sign_task(self.task(), issuedAtMs=now, expiresAtMs=now + 10000)
        self.assertTrue('allows 9 s' in self.refused(policy_of(maxTtlSeconds=9), late))

    def test_payloads_that_are_none_are_refused(self):
        now = agent.now_ms()
        for payload in (b'', b'{', b'[]', b'null', b'\xff\xfe', b'[' * 100000,
                        request_for({}, version=2), request_for({}, id='short'), request_for({}, id=7), request_for({}, id=['a'] * 32),
                        request_for({}, nodes=['n1']), request_for({}, nodes=None), request_for({}, issuedAtMs=now + 0.5)):
            why = self.refused(policy_of(), dict(self.task(), signed=signed_by(payload, KEY)))
            self.assertTrue('cannot be read' in why, (payload[:80], why))
        task = dict(self.task(), signed=signed_by(b'x' * (agent.MAX_PAYLOAD + 1), KEY))
        self.assertTrue('too large' in self.refused(policy_of(), task))

    def test_a_request_for_other_nodes_is_refused(self):
        for nodes, node, good in (('n1', 'n1', True), ('n1', 'n11', False), ('n11', 'n1', False), ('n[1-3]', 'n2', True),
                                  ('n[1-3]', 'n4', False), ('n[1-3]', 'n02', False), ('n[08-12]', 'n9', False),
                                  ('n[08-12]', 'n09', True), ('n[08-12]', 'n12', True), ('db1,n[1,3-4].x', 'n3.x', True),
                                  ('db1,n[1,3-4].x', 'n2.x', False), ('r[1-2]n[1-4]', 'r2n4', True),
                                  ('r[1-2]n[1-4]', 'r3n4', False), ('*', 'n1', False), ('@db', 'n1', False),
                                  ('', 'n1', False), ('n[1-3', 'n2', False), ('n[]', 'n', False), ('n[-]', 'n1', False),
                                  ('n[1-3/2]', 'n2', False), ('n[0]', 'n0', True), ('n[00-01]', 'n0', False),
                                  ('n1234567890123456', 'n1234567890123456', True), ('n[\xb2]', 'n2', False)):
            why = self.refused(policy_of(), sign_task(self.task(), nodes=nodes), node)
            self.assertEqual(why == '', good, (nodes, node, why))
            self.assertTrue(good or 'other nodes' in why, why)

    def test_what_a_signer_may_not_is_refused_though_it_is_signed(self):
        policy = policy_of(('alice', KEY, {'users': ['daemon']}), ('bob', OTHER, {'commands': [['uptime']]}))
        self.assertEqual(self.refused(policy, sign_task(self.task(user='daemon'))), '')
        why = self.refused(policy, sign_task(self.task(user='root')))
        self.assertEqual(why, 'signed by alice only: the policy of this node does not allow commands as root')
        self.assertTrue('this command' in self.refused(policy, sign_task(self.task(user='daemon'), OTHER)))
        self.assertEqual(self.refused(policy, sign_task(self.task(user='daemon'), OTHER, KEY)), '')
        everybody = dict(policy, users=['www'])
        self.assertTrue('as daemon' in self.refused(everybody, sign_task(self.task(user='daemon'))))

    def test_two_must_sign_where_two_are_wanted(self):
        third = OTHER + 5
        policy = policy_of(('alice', KEY, {}), ('bob', OTHER, {}), ('alice', third, {}), minSignatures=2)
        self.assertEqual(self.refused(policy, sign_task(self.task(), KEY, OTHER)), '')
        for keys in ((KEY,), (KEY, KEY), (KEY, third)):
            self.assertTrue('signatures of 2 signers' in self.refused(policy, sign_task(self.task(), *keys)))
        half = sign_task(self.task(), KEY, OTHER)
        half['signed']['signatures'][1]['signature'] = raw_signature(OTHER, b'other bytes')
        self.assertTrue('signed by alice only' in self.refused(policy, half))
        many = sign_task(self.task(), *([KEY] * 17))
        self.assertTrue('too large' in self.refused(policy, many))

    def test_a_policy_that_cannot_be_meant_is_broken(self):
        key = base64(public_der(KEY))
        for policy, words in (({'signers': []}, 'at least one'), ({'signers': {}}, 'at least one'),
                              ({'signers': [{'name': 'a'}]}, 'cannot be read'), ({'signers': ['a']}, 'must be an object'),
                              ({'signers': [{'name': 'a', 'key': 'AAAA'}]}, 'cannot be read'),
                              ({'signers': [{'name': 'a', 'key': key, 'shell': True}]}, 'must be an object'),
                              ({'signers': [{'name': 'a', 'key': key}, {'name': 'b', 'key': key}]}, 'there twice'),
                              ({'signers': [{'name': 'a', 'key': key}], 'minSignatures': 2}, 'more than there are'),
                              ({'signers': [{'name': 'a', 'key': key}], 'minSignatures': True}, 'whole number'),
                              ({'signers': [{'name': 'a', 'key': key}], 'maxTtlSeconds': 0}, 'whole number'),
                              ({'minSignatures': 2}, 'for a policy with signers')):
            try:
                agent.with_signers(policy)
            except agent.Failure as failure:
                self.assertTrue(words in agent.words_of(failure), failure)
            else:
                self.fail('%r is taken' % policy)
        pem = agent.to_pem('PUBLIC KEY', public_der(KEY))
        found = agent.with_signers({'signers': [{'name': 'a', 'key': pem}]})
        self.assertEqual(list(found['signers']), [agent.key_id(public_der(KEY))])


class OnTheNode(unittest.TestCase):
    def setUp(self):
        self.controller = fake.FakeController()
        self.node = fake.Node(self.controller)
        self.node.write('policy.json', json.dumps(policy_of()))
        self.node.start()
        self.session = self.controller.session()

    def tearDown(self):
        self.node.close()
        self.controller.close()

    def outcome(self, task):
        self.session.call('start', tasks=[task])
        result = self.controller.result(task['id'])
        return result['outcome'], result['reason']

    def restart(self):
        process = self.session.hello['processId']
        self.node.kill()
        self.node.start()
        self.session = self.controller.session(process)

    def task(self, name, *argv):
        return command(name, list(argv) or ['true'])

    def test_signed_runs_unsigned_never_starts_and_no_terminal_opens(self):
        self.assertEqual(self.outcome(sign_task(self.task('t1')))[0], 'exited')
        outcome, why = self.outcome(self.task('t2', 'touch', 'made'))
        self.assertEqual((outcome, 'wants requests signed' in why), ('never-started', True))
        self.assertFalse(os.path.exists(os.path.join(self.node.dir, 'made')))
        shell = {'streamId': 's1', 'user': '', 'columns': 80, 'rows': 24, 'argv': []}
        self.assertRaises(agent.Problem, self.session.call, 'openShell', shell=shell)
        self.assertRaises(agent.Problem, self.session.call, 'uninstall')
        facts = json.loads(self.session.hello['facts'])['signing']
        self.assertEqual(facts['signers'], [{'name': 'alice', 'keyId': agent.key_id(public_der(KEY))}])

    def test_a_request_is_used_once_and_a_restart_does_not_forget_it(self):
        task = sign_task(self.task('t1', 'sh', '-c', 'echo ran >> %s/ran' % self.node.dir))
        self.assertEqual(self.outcome(task)[0], 'exited')
        for again in ('t2', 't3'):
            outcome, why = self.outcome(dict(task, id=again))
            self.assertEqual((outcome, 'used on this node before' in why), ('never-started', True), why)
            self.restart()
        with open(os.path.join(self.node.dir, 'ran')) as ran:
            self.assertEqual(ran.read(), 'ran\n')

    def test_of_two_tasks_with_one_request_in_one_call_one_runs(self):
        task = sign_task(self.task('t1'))
        self.session.call('start', tasks=[task, dict(task, id='t2'), dict(task)])
        self.assertEqual([self.controller.result(name)['outcome'] for name in ('t1', 't2')], ['exited', 'never-started'])

    def test_a_task_told_again_is_no_replay(self):
        task = sign_task(self.task('t1', 'sleep', '60'))
        self.session.call('start', tasks=[task])
        self.restart()
        self.session.call('start', tasks=[task])
        self.session.call('cancel', taskIds=['t1'])
        self.assertEqual(self.controller.result('t1')['outcome'], 'cancelled')

    def test_the_policy_is_read_before_each_task_and_its_change_is_told(self):
        self.node.write('policy.json', json.dumps(policy_of(('bob', OTHER, {}))))
        self.assertEqual(self.outcome(sign_task(self.task('t1')))[0], 'never-started')
        self.assertEqual(self.outcome(sign_task(self.task('t2'), OTHER))[0], 'exited')
        wait_for(lambda: [1 for facts in self.controller.facts if facts['signing']['signers'][0]['name'] == 'bob'],
                 'the new signer in the facts')

    def test_an_update_that_nobody_signed_is_refused(self):
        with open(fake.AGENT_FILE, 'rb') as source:
            data = source.read()
        release = self.controller.release(data + b'\n# strange\n')
        self.assertRaises(agent.Problem, self.session.call, 'update', release=release)
        other = signed_by(request_for({'update': {'sha256': 'ab' * 32}}), KEY)
        self.assertRaises(agent.Problem, self.session.call, 'update', release=dict(release, signed=other))
        good = signed_by(request_for({'update': {'sha256': release['sha256']}}), KEY)
        process = self.session.hello['processId']
        self.session.call('update', release=dict(release, signed=good))
        self.session = self.controller.session(process)
        self.assertEqual(self.session.hello['agentSha256'], release['sha256'])
        self.assertEqual(self.outcome(sign_task(self.task('t1')))[0], 'exited')


class InTheJournal(unittest.TestCase):
    """What a crash may leave behind, without a process."""

    def setUp(self):
        self.dir = fake.tempfile.mkdtemp(prefix='drover-journal-')
        self.path = os.path.join(self.dir, 'journal')
        self.journal = agent.Journal(self.path, 'boot-1')
        self.policy = agent.with_signers(policy_of())

    def tearDown(self):
        fake.shutil.rmtree(self.dir)

    def judge(self, task, again=False):
        """As an agent that has just been started with this journal."""
        one = agent.Agent.__new__(agent.Agent)
        one.config, one.journal = {'name': 'n1'}, self.journal
        one.policy = lambda: self.policy
        return one.judge_again(task) if again else one.judge_all([task])[0][0]

    def reopen(self):
        os.close(self.journal.fd)
        self.journal = agent.Journal(self.path, 'boot-1')

    def test_a_use_is_kept_over_restarts_and_rewrites_until_long_after_it_expired(self):
        now = agent.now_ms()
        self.journal.accept([], [('a' * 32, now + 5000, 't1'), ('b' * 32, now - 2 * agent.KEEP_USED_MS, 't2')])
        self.assertEqual(len(self.journal.used), 2)
        for _ in range(2):
            self.reopen()
            self.assertEqual(self.journal.used, {'a' * 32: (now + 5000, 't1')})

    def test_a_task_accepted_before_a_crash_finds_its_own_use_and_no_other(self):
        task = sign_task(command('t1', ['true']))
        request = json.loads(agent.to_text(task['signed']['payload']))
        self.assertEqual(self.judge(task, again=True), '')  # a torn write: the task is there and its use is not
        self.reopen()
        self.assertEqual(self.journal.used[request['id']], (request['expiresAtMs'], 't1'))
        self.assertEqual(self.judge(task, again=True), '')
        self.assertTrue('used on this node before' in self.judge(dict(task, id='t2'), again=True))
        self.assertTrue('used on this node before' in self.judge(task))  # it is not accepted a second time
        self.assertTrue(request['id'] in self.journal.used)

    def test_after_the_journal_was_lost_what_was_signed_before_is_refused(self):
        task = sign_task(command('t1', ['true']), issuedAtMs=agent.now_ms() - 5000)
        self.assertTrue('journal of this node was begun' in self.judge(task))
        begun = self.journal.begun_ms
        self.reopen()
        self.assertEqual(self.journal.begun_ms, begun)
        self.assertEqual(self.judge(sign_task(command('t1', ['true']))), '')

    def test_what_cannot_be_judged_is_refused(self):
        self.policy = dict(self.policy, maxTtlSeconds=None)
        self.assertTrue('cannot check it' in self.judge(sign_task(command('t1', ['true']))))


if __name__ == '__main__':
    unittest.main()
