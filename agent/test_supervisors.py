"""Supervisors: they outlive the agent and are used again, and no task runs twice, whoever is killed when."""
from __future__ import absolute_import, division, print_function, unicode_literals

import collections
import json
import os
import signal
import time
import unittest

import drover_agent as agent
from fake_controller import command, wait_for
from test_tasks import Case


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


if __name__ == '__main__':
    unittest.main()
