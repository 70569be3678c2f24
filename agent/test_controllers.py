"""An agent and several controllers: which it knows, where it goes, and what goes on meanwhile."""
from __future__ import absolute_import, division, print_function, unicode_literals

import json
import re
import socket
import unittest

import drover_agent as agent
import fake_controller as fake
from fake_controller import command, wait_for


def address_of(controller):
    return '127.0.0.1:%d' % controller.agent_port


def closed_port():
    """Nobody listens there."""
    probe = socket.socket()
    probe.bind((str('127.0.0.1'), 0))
    port = probe.getsockname()[1]
    probe.close()
    return port


class Controllers(unittest.TestCase):
    def setUp(self):
        self.one = fake.FakeController()
        self.two = fake.FakeController(self.one.authority)
        self.nodes = []

    def tearDown(self):
        for node in self.nodes:
            node.close()
        for controller in (self.one, self.two):
            controller.close()

    def node(self, **config):
        found = fake.Node(self.one, **config)
        self.nodes.append(found)
        return found

    def first_and_other(self):
        """The session of an agent that knows both, and the controller where it is not."""
        wait_for(lambda: self.one.hellos or self.two.hellos, 'an agent to connect')
        here, other = (self.one, self.two) if self.one.hellos else (self.two, self.one)
        return here.session(), other

    def test_told_to_leave_it_goes_to_the_next_and_its_commands_go_on(self):
        node = self.node(controllers=[address_of(self.one), address_of(self.two)]).start()
        session, other = self.first_and_other()
        session.call('start', tasks=[command('t1', ['sh', '-c', 'echo begun; until [ -e "$0/go" ]; do sleep 0.05; done', node.dir])])
        wait_for(lambda: sum(len(c.output['t1'][1]) for c in (self.one, self.two)), 'the command to begin')
        session.tell('leave', withinMs=50)
        self.assertEqual(other.session().hello['tasks'], [{'taskId': 't1', 'state': 'running'}])
        node.write('go', '')
        self.assertEqual(other.result('t1')['exitCode'], 0)
        self.assertFalse(session.open)

    def test_told_to_leave_the_only_one_it_does_not_wait_as_after_a_fault(self):
        node = self.node().start()
        for _ in range(3):
            session = self.one.session()
            session.tell('leave', withinMs=0)
            wait_for(lambda: not session.open, 'the agent to leave')
        self.one.session()
        waits = [int(text) for text in re.findall(r'"retryMs": ?(\d+)', node.logged())]
        self.assertEqual((len(waits), [wait for wait in waits if wait > 1000 * agent.LEAVE_WAIT_S]), (3, []))

    def test_the_list_of_a_welcome_is_kept_and_used_when_the_one_it_knew_is_gone(self):
        self.one.addresses = self.two.addresses = [address_of(self.two), address_of(self.one)]
        node = self.node().start()
        self.one.session()
        kept = wait_for(lambda: json.loads(agent.read_text(node.dir + '/config.json')).get('controllers'), 'the list')
        self.assertEqual(kept, self.one.addresses)
        node.kill()
        self.one.close()
        node.start()
        self.two.session()

    def test_one_that_is_not_there_does_not_keep_it_from_the_others(self):
        gone = ['127.0.0.1:%d' % closed_port() for _ in range(3)]
        self.node(controllers=gone + ['not an address', address_of(self.two)], agentPort=closed_port()).start()
        self.two.session()

    def test_a_list_without_the_one_it_joined_does_not_lose_it(self):
        self.one.addresses = ['127.0.0.1:%d' % closed_port()]
        node = self.node().start()
        wait_for(lambda: 'controllers' in agent.read_text(node.dir + '/config.json'), 'the list')
        self.one.session().cut()
        wait_for(lambda: len(self.one.hellos) >= 2, 'the agent to come back')

    def test_a_frozen_controller_is_left_for_the_next_and_its_commands_go_on(self):
        node = self.node(controllers=[address_of(self.one), address_of(self.two)]).start()
        session, other = self.first_and_other()
        session.call('start', tasks=[command('t1', ['sh', '-c', 'until [ -e "$0/go" ]; do sleep 0.05; done', node.dir])])
        session.controller.awake.clear()
        self.assertEqual([task['taskId'] for task in other.session().hello['tasks']], ['t1'])
        self.assertIn('did not answer within 3 s', node.logged())
        node.write('go', '')
        self.assertEqual(other.result('t1')['exitCode'], 0)
        session.controller.awake.set()

    def test_controllers_that_are_all_slow_get_more_time_each_time(self):
        self.one.awake.clear()
        self.two.awake.clear()
        node = self.node(controllers=[address_of(self.one), address_of(self.two)]).start()
        wait_for(lambda: 'did not answer within 6 s' in node.logged(), 'more time')
        self.assertIn('did not answer within 3 s', node.logged())
        self.one.awake.set()
        self.two.awake.set()

    def test_one_that_is_slow_with_its_welcome_is_not_left_while_it_answers(self):
        self.one.hello_delay = self.two.hello_delay = 6
        node = self.node(controllers=[address_of(self.one), address_of(self.two)]).start()
        wait_for(lambda: self.one.hellos or self.two.hellos, 'the welcome')
        self.assertEqual((self.one.pings + self.two.pings > 1, 'not connected' in node.logged()), (True, False))

    def test_one_that_does_not_know_the_question_is_not_left_for_it(self):
        self.one.knows_ping = self.two.knows_ping = False
        node = self.node(controllers=[address_of(self.one), address_of(self.two)]).start()
        wait_for(lambda: self.one.pings + self.two.pings >= 3, 'it to be asked again and again')
        self.assertEqual((len(self.one.hellos) + len(self.two.hellos), 'not connected' in node.logged()), (1, False))

    def test_the_only_controller_is_not_asked(self):
        self.node().start()
        session = self.one.session()
        wait_for(lambda: len(self.one.heartbeats) >= 4, 'some heartbeats')
        self.assertEqual((self.one.pings, session.open), (0, True))

    def test_content_is_fetched_from_another_when_the_one_it_came_from_is_gone(self):
        config = {'agentHost': '127.0.0.1', 'agentPort': closed_port(), 'controllers': [address_of(self.two)],
                  'attached': 1}
        sha256 = self.two.add_blob(b'x' * 1000)
        node = self.node()
        http = agent.controller_http(config, node.dir)
        self.assertEqual(http.request('GET', '/content/' + sha256)[0], 200)
        self.assertEqual(http.read(2000), b'x' * 1000)
        http.close()


if __name__ == '__main__':
    unittest.main()
