"""Commands: every ending has its word, every result arrives, nothing runs twice, whoever is killed when."""
from __future__ import absolute_import, division, print_function, unicode_literals

import collections
import json
import os
import pwd
import shutil
import signal
import tempfile
import time
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
        self.run_task(['echo', 'hi'])
        self.assertEqual(self.controller.reports, 1)

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


class Reuse(Case):
    def supervisor(self, script='true', **values):
        """Runs `script` after it has told its parent; the parent's pid, once the result is there."""
        _, output = self.run_task(['sh', '-c', 'echo $PPID; ' + script], **values)
        return int(output[1].split()[0])

    def gone(self, pid):
        wait_for(lambda: not os.path.exists('/proc/%d' % pid), 'the supervisor to end')

    def test_a_supervisor_with_nothing_left_of_its_task_gets_the_next(self):
        first = self.supervisor()
        self.assertEqual(self.supervisor('exit 3'), first)
        self.assertEqual(self.supervisor('kill -9 $$'), first)
        self.assertEqual(self.supervisor(input=b'x' * 100, env={'A': 'b'}), first)
        self.assertNotEqual(self.supervisor(input=b'x' * 40000), first)  # more than fits into a pipe
        result, _ = self.run_task(['true'])
        self.assertEqual(result['outcome'], 'exited')

    def test_one_that_may_have_something_left_does_not(self):
        for script in ('sleep 30 >/dev/null 2>&1 &', 'setsid sleep 30 >/dev/null 2>&1 & sleep 0.1'):
            pid = self.supervisor(script)
            self.gone(pid)
        pid = self.supervisor('exec sleep 30', timeout_ms=300)
        self.gone(pid)

    def test_tasks_do_not_see_each_other(self):
        self.supervisor('touch here; cd /; umask 0; ulimit -n 20', cwd=self.node.dir)
        wait_for(lambda: os.listdir(self.path('spare')), 'its directory to be emptied')
        _, output = self.run_task(['sh', '-c', 'pwd; umask; ulimit -n; env'], cwd='/usr')
        lines = output[1].decode('ascii').split('\n')
        self.assertEqual(lines[:2], ['/usr', '0022'])
        self.assertNotEqual(lines[2], '20')
        again, output = self.run_task(['true'])
        self.assertEqual((again['stdoutBytes'], output[1]), (0, b''))

    def test_it_ends_with_its_agent_and_when_somebody_kills_it_the_next_task_runs_none_the_less(self):
        first = self.supervisor()
        os.kill(first, signal.SIGKILL)
        self.gone(first)
        second = self.supervisor()
        self.node.kill()
        self.gone(second)


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


class Survival(Case):
    def test_a_command_survives_the_agent_and_its_result_is_told_once(self):
        session = self.begin()
        script = b'echo one; echo x >> "$MARK"; while [ ! -e "$GO" ]; do sleep 0.02; done; echo two'
        session.call('start', tasks=[command('long', ['sh'], script=script,
                                             env={'MARK': self.path('mark'), 'GO': self.path('go')})])
        wait_for(lambda: self.controller.output['long'][1] == b'one\n', 'the first output')
        self.node.kill()
        self.node.start()
        second = self.controller.session(session.hello['processId'])
        self.assertEqual(second.hello['tasks'], [{'taskId': 'long', 'state': 'running'}])
        self.assertEqual(second.hello['journalId'], session.hello['journalId'])
        open(self.path('go'), 'w').close()
        result = self.controller.result('long')
        self.assertEqual((result['outcome'], result['exitCode']), ('exited', 0))
        self.assertEqual(self.controller.output['long'][1], b'one\ntwo\n')
        self.assertEqual(self.lines('mark'), ['x'])

    def test_a_result_that_came_while_the_agent_was_dead_is_told(self):
        session = self.begin()
        script = b'while [ ! -e "$GO" ]; do sleep 0.02; done; echo done; touch "$END"'
        session.call('start', tasks=[command('orphan', ['sh'], script=script,
                                             env={'END': self.path('end'), 'GO': self.path('go')})])
        self.node.kill()
        open(self.path('go'), 'w').close()
        wait_for(lambda: os.path.exists(self.path('end')), 'the command to end')
        self.node.start()
        self.assertEqual(self.controller.result('orphan')['outcome'], 'exited')
        self.assertEqual(self.controller.output['orphan'][1], b'done\n')

    def test_a_command_that_outlived_its_agent_can_be_cancelled(self):
        session = self.begin()
        session.call('start', tasks=[command('c1', ['sleep', '1000'])])
        self.node.kill()
        self.node.start()
        self.controller.session(session.hello['processId']).call('cancel', taskIds=['c1'])
        self.assertEqual(self.controller.result('c1')['outcome'], 'cancelled')

    def test_nothing_is_lost_or_doubled_when_the_agent_is_killed_again_and_again(self):
        session = self.begin()
        names = []
        for number in range(8):
            batch = ['k%d-%d' % (number, i) for i in range(5)]
            names += batch
            session.call('start', tasks=[command(name, ['sh', '-c', 'echo x >> "$MARK"'], env={
                'MARK': self.path('mark-' + name)}) for name in batch])
            time.sleep(0.01 * (number % 3))
            self.node.kill()
            self.node.start()
            session = self.controller.session(session.hello['processId'])
        for name in names:
            result = self.controller.result(name)
            self.assertEqual((result['outcome'], result['exitCode'], self.lines('mark-' + name)), ('exited', 0, ['x']))

    def test_the_same_start_twice_runs_once(self):
        session = self.begin()
        task = command('twice', ['sh', '-c', 'echo x >> "$MARK"'], env={'MARK': self.path('mark')})
        session.call('start', tasks=[task, task])
        session.call('start', tasks=[task])
        self.controller.result('twice')
        wait_for(lambda: not os.path.exists(self.path('tasks/twice')), 'the task to be forgotten')
        before = self.controller.result_count['twice']
        session.call('start', tasks=[task])
        wait_for(lambda: self.controller.result_count['twice'] > before, 'another answer')
        self.assertEqual(self.lines('mark'), ['x'])

    def test_after_a_power_cut_a_running_command_is_lost_and_not_repeated(self):
        session = self.begin()
        session.call('start', tasks=[command('cut', ['sh', '-c', 'echo x >> "$MARK"; echo said; sleep 1000'],
                                             env={'MARK': self.path('mark')})])
        wait_for(lambda: self.controller.output['cut'][1], 'the first output')
        self.node.kill()
        os.kill(json.loads(self.state_line('cut'))['pid'], signal.SIGKILL)
        agent.signal_all(agent.task_members('cut', -1, -1, 0, self.node.dir), signal.SIGKILL)
        self.node.write('boot-id', 'boot-2')
        self.node.start()
        result = self.controller.result('cut')
        self.assertEqual(result['outcome'], 'lost')
        self.assertTrue('went down' in result['reason'])
        self.assertEqual((self.lines('mark'), result['stdoutBytes']), (['x'], 5))

    def state_line(self, name):
        with open(self.path('tasks/%s/state' % name)) as state:
            return state.readline().split(' ', 1)[1]

    def test_a_task_accepted_before_a_power_cut_is_lost_and_one_that_finished_is_not(self):
        here = os.getcwd()
        os.chdir(self.node.dir)
        try:
            journal = agent.Journal('journal', 'boot-0')
            out = []
            agent.write_fields(out, agent.STRUCTS['Task'][1], command('gone', ['true']))
            journal.accept([('gone', b''.join(out)), ('done', b''.join(out))])
            os.makedirs('tasks/done')
            state = agent.lock_state('done')
            agent.append_state(state, 'begun', {'pid': 1, 'atMs': 5})
            agent.append_state(state, 'result', agent.blank_result('done', 'exited', ''))
            os.close(state)
        finally:
            os.chdir(here)
        self.begin()
        self.assertEqual(self.controller.result('gone')['outcome'], 'lost')
        self.assertEqual(self.controller.result('done')['outcome'], 'exited')

    def test_a_killed_supervisor_is_noticed_and_leaves_nothing_behind(self):
        session = self.begin()
        session.call('start', tasks=[command('sup', ['sleep', '1000'])])
        wait_for(lambda: 'sup' in self.controller.started, 'it to start')
        os.kill(json.loads(self.state_line('sup'))['pid'], signal.SIGKILL)
        self.assertEqual(self.controller.result('sup')['outcome'], 'lost')
        wait_for(lambda: not agent.task_members('sup', -1, -1, 0, self.node.dir), 'its processes to be killed')

    def test_results_wait_for_the_controller(self):
        session = self.begin()
        self.controller.hold_reports.clear()
        session.call('start', tasks=[command('held', ['echo', 'hi'])])
        wait_for(lambda: os.path.exists(self.path('tasks/held/state')), 'it to run')
        session.cut()
        self.controller.hold_reports.set()
        self.assertEqual(self.controller.result('held')['outcome'], 'exited')
        self.assertEqual(self.controller.output['held'][1], b'hi\n')

    def test_a_torn_journal_loses_only_what_was_not_acknowledged(self):
        path = self.path('j')
        journal = agent.Journal(path, 'b')
        journal.accept([('one', b'1')])
        end = journal.end
        journal.accept([('two', b'2')])
        with open(path, 'r+b') as data:
            data.seek(end + 10)
            data.write(b'\xff')
        again = agent.Journal(path, 'b')
        self.assertEqual((again.journal_id, list(again.open_tasks)), (journal.journal_id, ['one']))

    def test_a_journal_that_cannot_be_rewritten_is_gone_on_with(self):
        path = self.path('j')
        journal = agent.Journal(path, 'b')
        journal.accept([('one', b'1')])
        write_file = agent.write_file

        def full(*_):
            raise OSError(28, 'No space left on device')
        agent.write_file = full
        try:
            second = agent.Journal(path, 'b2')
            second.accept([('two', b'2')])
        finally:
            agent.write_file = write_file
        third = agent.Journal(path, 'b3')
        self.assertEqual((third.journal_id, sorted(third.open_tasks.items())),
                         (journal.journal_id, [('one', ('b', b'1')), ('two', ('b2', b'2'))]))

    def test_the_journal_stays_bounded(self):
        path = self.path('j')
        journal = agent.Journal(path, 'b')
        for number in range(300):
            name = 'task-%d' % number
            journal.accept([(name, b'x' * 100000)])
            journal.finish([name])
        self.assertTrue(os.path.getsize(path) < 2 * agent.JOURNAL_COMPACT)
        again = agent.Journal(path, 'b')
        self.assertEqual((len(again.done), again.open_tasks, again.journal_id), (300, {}, journal.journal_id))


class Launch(Case):
    def test_a_task_that_cannot_be_launched_does_not_take_the_others_with_it(self):
        session = self.begin()
        open(self.path('tasks/bad'), 'w').close()  # where its directory should be
        session.call('start', tasks=[command('bad', ['true'], expires=1000), command('good', ['true'])])
        self.assertEqual(self.controller.result('good')['outcome'], 'exited')
        self.assertEqual(self.controller.result('bad')['outcome'], 'never-started')

    def test_a_supervisor_that_comes_late_keeps_its_task(self):
        """Forked by an agent that was killed at once, it takes the task while the next agent is starting another."""
        self.node.start()
        session = self.controller.session()
        session.call('start', tasks=[command('slow', ['sh', '-c', 'sleep 2; echo whole'])])
        wait_for(lambda: 'slow' in self.controller.started, 'it to start')
        home = os.getcwd()
        os.chdir(self.node.dir)
        try:
            begun, _ = agent.read_state('slow')
            late = agent.Agent.__new__(agent.Agent)
            late.tasks, late.dirty, late.loop = {}, collections.deque(), agent.Loop()
            entry = late.tasks['slow'] = agent.TaskEntry('slow', 1)
            late.kill_left_over = lambda task_id: self.fail('its command was killed')
            late.on_supervisor_end(entry)  # our own supervisor found the task taken, and went
        finally:
            os.chdir(home)
        self.assertEqual((entry.finished, entry.pid, entry.wants_started), (False, begun['pid'], True))
        self.assertEqual(self.controller.result('slow')['outcome'], 'exited')

    def test_a_supervisor_that_was_killed_before_it_began_is_written_down(self):
        """Else an agent that is killed before the controller has answered would run the task after all."""
        self.begin()
        home = os.getcwd()
        os.chdir(self.node.dir)
        try:
            late = agent.Agent.__new__(agent.Agent)
            late.tasks, late.dirty, late.loop, late.welcomed = {}, collections.deque(), agent.Loop(), True
            late.dirs = agent.TaskDirs()
            entry = late.tasks['none'] = agent.TaskEntry('none', 1)
            late.on_supervisor_end(entry)
            self.assertEqual(agent.read_state('none')[1]['outcome'], 'never-started')
        finally:
            os.chdir(home)


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
