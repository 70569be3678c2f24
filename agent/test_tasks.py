"""Commands: every ending has its word, every result arrives, a cancelled tree is dead, the policy of the node wins."""
from __future__ import absolute_import, division, print_function, unicode_literals

import json
import os
import pwd
import shutil
import signal
import tempfile
import unittest

import drover_agent as agent
import fake_controller as fake
from fake_controller import command, wait_for


class Case(unittest.TestCase):
    def setUp(self):
        self.controller = fake.FakeController()
        self.node = fake.Node(self.controller)

    def tearDown(self):
        self.node.close()
        self.controller.close()

    def begin(self):
        self.node.start()
        return self.controller.session()

    def run_task(self, argv, **values):
        """Result of one command on a fresh agent session."""
        session = self.controller.connections[-1] if self.controller.connections else self.begin()
        name = values.pop('name', agent.new_id())
        session.call('start', tasks=[command(name, argv, **values)])
        return self.controller.result(name), self.controller.output[name]

    def path(self, name):
        return os.path.join(self.node.dir, name)

    def lines(self, name):
        try:
            with open(self.path(name)) as data:
                return data.read().split()
        except (OSError, IOError):
            return []


class Endings(Case):
    def test_each_ending_has_its_own_word(self):
        result, output = self.run_task(['sh', '-c', 'echo out; echo err >&2; exit 3'])
        self.assertEqual((result['outcome'], result['exitCode'], output), ('exited', 3, {1: b'out\n', 2: b'err\n'}))
        result, _ = self.run_task(['sh', '-c', 'kill -9 $$'])
        self.assertEqual((result['outcome'], result['signal']), ('signalled', 9))
        result, _ = self.run_task(['sleep', '60'], timeout_ms=200)
        self.assertEqual((result['outcome'], result['survivors']), ('timed-out', 0))
        self.assertTrue('0.2 s' in result['reason'])

    def test_what_cannot_start_is_never_started_and_says_why(self):
        open(self.path('plain'), 'w').close()
        for values, words in ((dict(argv=['no-such-program']), 'no such file: no-such-program'),
                              (dict(argv=['/no/such']), 'no such file: /no/such'),
                              (dict(argv=[self.path('plain')]), 'not executable'),
                              (dict(argv=['/']), 'not executable'),
                              (dict(argv=['true'], cwd='/no/such'), 'cannot enter working directory /no/such'),
                              (dict(argv=['true'], user='no-such-user'), 'unknown user: no-such-user'),
                              (dict(argv=['true'], env={'A=B': 'x'}), 'bad environment variable'),
                              (dict(argv=['a\0b']), 'NUL'),
                              (dict(argv=[]), 'empty command'),
                              (dict(argv=['true'], expires=1000), 'expired')):
            result, _ = self.run_task(**values)
            self.assertEqual(result['outcome'], 'never-started', result)
            self.assertTrue(words in result['reason'], result['reason'])

    def test_a_script_gets_input_directory_and_environment(self):
        result, output = self.run_task(['sh'], script=b'pwd; cat; echo "$WORD $DROVER_TOKEN"; echo $DROVER_TASK_ID >&2',
                                       cwd='/', env={'WORD': '\u4f60'}, input=b'in\n', name='s1')
        self.assertEqual(output, {1: '/\nin\n\u4f60 \n'.encode('utf-8'), 2: b's1\n'}, result)

    def test_a_command_runs_as_another_user(self):
        if os.getuid() != 0:
            return
        entry = pwd.getpwnam(str('nobody'))
        # Its script lies in a place that all agents of the machine share, other Pythons at test included.
        name = agent.new_id()
        result, output = self.run_task(['sh'], script=b'id -u; id -g; touch /proc/1/x 2>/dev/null || echo plain',
                                       user='nobody', cwd='/', name=name)
        self.assertEqual(output[1], agent.to_bytes('%d\n%d\nplain\n' % (entry.pw_uid, entry.pw_gid)), result)
        wait_for(lambda: not os.path.exists('%s/%s' % (agent.SCRATCH, name)), 'the script to be removed')

    def test_output_beyond_the_cap_is_counted_and_dropped(self):
        result, output = self.run_task(['sh', '-c', 'head -c 3000000 /dev/zero; echo err >&2'], maxOutputBytes=100000)
        self.assertEqual(len(output[1]), 100000)
        self.assertEqual((result['stdoutBytes'], result['stdoutDropped']), (3000000, 2900000))
        self.assertEqual((output[2], result['stderrDropped']), (b'err\n', 0))

    def test_large_output_comes_whole_and_in_order(self):
        result, output = self.run_task(['sh', '-c', 'seq 1 400000'], maxOutputBytes=1 << 24)
        expected = ''.join('%d\n' % number for number in range(1, 400001)).encode('ascii')
        self.assertTrue(output[1] == expected)
        self.assertEqual(result['stdoutBytes'], len(expected))

    def test_a_background_process_does_not_hold_up_the_result(self):
        result, output = self.run_task(['sh', '-c', 'sleep 30 & echo $!'])
        self.assertEqual(result['outcome'], 'exited')
        self.assertTrue('background' in result['reason'])
        os.kill(int(output[1]), signal.SIGKILL)

    def test_started_is_told_of_long_commands_only(self):
        self.run_task(['true'], name='short')
        self.run_task(['sleep', '0.5'], name='long')
        self.assertEqual(list(self.controller.started), ['long'])

    def test_a_short_command_takes_one_report(self):
        # On a busy machine one may last so long that it is reported before its end; never all.
        taken = []
        for name in ('a', 'b', 'c', 'd', 'e'):
            before = self.controller.reports
            self.run_task(['echo', 'hi'], name=name)
            taken.append(self.controller.reports - before)
        self.assertEqual(min(taken), 1)

    def test_a_task_that_writes_without_end_does_not_silence_the_others(self):
        session = self.begin()
        self.controller.report_delay = 0.05
        session.call('start', tasks=[command('noise', ['yes'], maxOutputBytes=1 << 30)])
        wait_for(lambda: len(self.controller.output['noise'][1]) > 1 << 20, 'the noise')
        session.call('start', tasks=[command('news', ['echo', 'hi'])])
        wait_for(lambda: self.controller.output['news'][1] == b'hi\n', 'the news', 3)
        session.call('cancel', taskIds=['noise'])
        self.controller.report_delay = 0
        self.assertEqual(self.controller.result('news')['outcome'], 'exited')

    def test_output_is_seen_while_the_command_runs(self):
        session = self.begin()
        session.call('start', tasks=[command('live', ['sh', '-c', 'echo first; sleep 60'])])
        wait_for(lambda: self.controller.output['live'][1] == b'first\n', 'the first line')
        session.call('cancel', taskIds=['live'])
        self.assertEqual(self.controller.result('live')['outcome'], 'cancelled')


class Spool(unittest.TestCase):
    def test_output_is_not_taken_for_complete_while_a_record_does_not_fit(self):
        home, place = os.getcwd(), tempfile.mkdtemp(prefix='drover-spool-')
        os.chdir(place)
        try:
            os.makedirs('tasks/t')
            with open('tasks/t/output', 'wb') as spool:
                spool.write(agent.OUTPUT_RECORD.pack(1, agent.READ_SIZE, 1) + b'x' * agent.READ_SIZE)
            whole = agent.OUTPUT_RECORD.size + agent.READ_SIZE
            for room in range(agent.READ_SIZE - 2, whole + 2):
                reader = agent.Agent.__new__(agent.Agent)
                reader.unanswered_bytes = agent.REPORT_BYTES - room
                reader.dirty = ()
                entry = agent.TaskEntry('t', 0)
                complete, chunks, _ = reader.read_output(entry)
                entry.close()
                self.assertEqual((complete, len(chunks)), (room >= whole, 1 if room >= whole else 0), room)
        finally:
            os.chdir(home)
            shutil.rmtree(place)


class Wakeups(unittest.TestCase):
    def test_the_agent_wakes_up_for_nothing_that_is_settled(self):
        loop, entry = agent.Loop(), agent.TaskEntry('short', 0)
        entry.timer = loop.after(60, lambda: None)
        self.assertTrue(loop.wait_ms() > 0)
        entry.close()
        self.assertEqual(loop.wait_ms(), None)

    def test_what_a_deferred_call_defers_is_done_in_the_same_turn_but_not_for_ever(self):
        loop, turns = agent.Loop(), []

        def again():
            turns.append(len(turns))
            loop.soon(again)
        loop.soon(again)
        loop.run_once()
        self.assertEqual(turns, [0, 1])


class Cancel(Case):
    tree = '''
trap "" TERM HUP INT
sh -c 'trap "" TERM; while :; do sleep 1; done' &
setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &
env -i setsid sh -c 'trap "" TERM; (setsid sleep 1000 &) ; sleep 1000' &
(setsid sh -c 'trap "" TERM; sleep 1000 & exec sleep 1000' &)
touch "$READY"
while :; do sleep 1; done
'''

    def test_a_tree_that_traps_and_hides_is_dead_and_counted(self):
        session = self.begin()
        ready = self.path('ready')
        session.call('start', tasks=[command('tree', ['sh'], script=agent.to_bytes(self.tree), env={'READY': ready})])
        wait_for(lambda: os.path.exists(ready), 'the tree to grow')
        begun, _ = self.state('tree')
        supervisor = begun['pid']
        members = wait_for(lambda: self.grown(supervisor), 'all of the tree')
        session.call('cancel', taskIds=['tree'])
        result = self.controller.result('tree')
        self.assertEqual((result['outcome'], result['survivors']), ('cancelled', 0))
        table = agent.process_table()
        self.assertEqual([pid for pid in members if table.get(pid, (b'Z',))[0] != b'Z'], [])

    def state(self, name):
        here = os.getcwd()
        os.chdir(self.node.dir)
        try:
            return agent.read_state(name)
        finally:
            os.chdir(here)

    def grown(self, supervisor):
        leaders = [pid for pid, row in agent.process_table().items() if row[1] == supervisor]
        members = agent.task_members('tree', supervisor, min(leaders), None, self.node.dir) if leaders else ()
        return members if len(members) >= 9 else None

    def test_a_tree_that_forks_on_term_is_caught(self):
        session = self.begin()
        script = b'''
spawn() { (sh -c 'trap "sh -c \\"sleep 1000\\" & sleep 1000 & " TERM; while :; do sleep 0.01; done' &) ; }
for i in 1 2 3 4 5 6 7 8; do spawn; done; touch "$READY"; sleep 1000'''
        ready = self.path('ready')
        session.call('start', tasks=[command('forks', ['sh'], script=script, env={'READY': ready})])
        wait_for(lambda: os.path.exists(ready), 'the tree to grow')
        session.call('cancel', taskIds=['forks'])
        self.assertEqual(self.controller.result('forks')['survivors'], 0)
        self.assertEqual(agent.task_members('forks', -1, -1, 0, self.node.dir), set())

    def test_a_start_that_comes_after_its_cancel_is_not_obeyed(self):
        session = self.begin()
        session.call('cancel', taskIds=['early'])
        self.assertEqual(self.controller.result('early')['outcome'], 'cancelled')
        session.call('start', tasks=[command('early', ['touch', self.path('touched')])])
        session.call('ping')
        self.run_task(['true'])
        self.assertFalse(os.path.exists(self.path('touched')))

    def test_a_cancel_right_behind_its_start_is_obeyed(self):
        session = self.begin()
        for number in range(20):
            name = 'race%d' % number
            session.call('start', tasks=[command(name, ['sleep', '1000'])])
            session.call('cancel', taskIds=[name])
        for number in range(20):
            self.assertEqual(self.controller.result('race%d' % number)['outcome'], 'cancelled')


class Refusals(Case):
    def test_the_policy_of_the_node_wins(self):
        self.node.write('policy.json', json.dumps({'users': [agent.own_user()], 'commands': [['echo', 'a'], ['true']]}))
        for argv, values, outcome in ((['echo', 'a', 'b'], {}, 'exited'), (['true'], {}, 'exited'),
                                      (['echo', 'b'], {}, 'never-started'), (['sh'], {'script': b'x'}, 'never-started'),
                                      (['true'], {'user': 'daemon'}, 'never-started'),
                                      (['true'], {'env': {'LD_PRELOAD': '/x'}}, 'never-started')):
            result, _ = self.run_task(argv, **values)
            self.assertEqual(result['outcome'], outcome, argv)
        session = self.controller.session()
        self.assertRaises(agent.Problem, session.call, 'openShell', shell={
            'streamId': 's', 'user': '', 'columns': 80, 'rows': 24, 'argv': []})
        session.call('start', tasks=[{'id': 'p1', 'timeoutMs': 1000, 'expiresAtMs': 0, 'pull': {'path': '/etc', 'check': False}}])
        self.assertTrue('policy' in self.controller.result('p1')['reason'])

    def test_a_policy_that_cannot_be_read_refuses_everything(self):
        self.node.write('policy.json', '{"commands": ')
        result, _ = self.run_task(['true'])
        self.assertTrue(result['outcome'] == 'never-started' and 'policy' in result['reason'])

    def test_bad_requests_are_refused_and_the_session_goes_on(self):
        session = self.begin()
        for name in ('', '../x', '.', 'a/b', 'x' * 200):
            self.assertRaises(agent.Problem, session.call, 'start', tasks=[command(name, ['true'])])
            self.assertRaises(agent.Problem, session.call, 'cancel', taskIds=[name])
        self.assertRaises(agent.Problem, session.call, 'start', tasks=[{'id': 'x', 'timeoutMs': 1, 'expiresAtMs': 0}])
        session.call('ping')

    def test_garbage_ends_the_connection_and_the_agent_comes_back(self):
        session = self.begin()
        for data in (b'\xff\xff\xff\xff', b'\0\0\0\4abcd', b'\0\0\0\x10' + b'\x80\1\0\1' + b'\x7f\xff\xff\xff' + b'\0' * 8):
            session.send(data)
            wait_for(lambda: not session.open, 'the agent to hang up')
            session = wait_for(lambda: [c for c in self.controller.connections if c.open and c.hello], 'a new session')[-1]
        session.call('ping')
        self.assertEqual(len(set(hello['processId'] for hello in self.controller.hellos)), 1)

    def test_an_unknown_method_is_an_exception_and_no_more(self):
        session = self.begin()
        session.send(agent.encode_message('fly', agent.CALL, 99, (), {}))
        wait_for(lambda: session.answers.get(99), 'an answer')
        session.call('ping')


if __name__ == '__main__':
    unittest.main()
