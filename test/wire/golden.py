"""Reads and writes every golden message with the agent's codec; prints how many, exits 1 at the first difference."""
from __future__ import absolute_import, division, print_function, unicode_literals

import binascii
import io
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, '..', '..', 'agent'))
import drover_agent as agent  # noqa: E402


def revive(value):
    if isinstance(value, dict):
        if '$binary' in value:
            return binascii.unhexlify(value['$binary'].encode('ascii'))
        return dict((key, revive(item)) for key, item in value.items())
    return [revive(item) for item in value] if isinstance(value, list) else value


def shape(message):
    """(message type, fields, values) as the frame has them."""
    method = agent.SERVICES[message['service']].get(message['method'])
    value = revive(message.get('value'))
    if message['kind'] == 'call':
        return agent.ONEWAY if method[3] else agent.CALL, method[0], value
    if message['kind'] == 'failure':
        return agent.EXCEPTION, agent.APPLICATION_EXCEPTION, value
    if message['kind'] == 'refusal':
        return agent.REPLY, agent.reply_fields(method), {'problem': value}
    return agent.REPLY, agent.reply_fields(method), {} if value is None else {'success': value}


def without_nothing(value):
    """Decoded values name absent optional fields as None; golden values leave them out."""
    if isinstance(value, dict):
        return dict((key, without_nothing(item)) for key, item in value.items() if item is not None)
    return [without_nothing(item) for item in value] if isinstance(value, list) else value


def main():
    with io.open(os.path.join(HERE, 'golden.json'), encoding='utf-8') as source:
        messages = json.load(source)
    for message in messages:
        kind, fields, values = shape(message)
        frame = binascii.unhexlify(message['hex'].encode('ascii'))
        written = agent.encode_message(message['method'], kind, message['seqid'], fields, values)
        if written != frame:
            sys.exit('%s is written as %s' % (message['name'], binascii.hexlify(written).decode('ascii')))
        reader = agent.Reader(frame[4:])
        if reader.message() != (message['method'], kind, message['seqid']):
            sys.exit('%s has another head' % message['name'])
        found = without_nothing(reader.fields(fields, 0))
        if found != values:
            sys.exit('%s is read as %r' % (message['name'], found))
    print('%d messages on %d.%d' % (len(messages), sys.version_info[0], sys.version_info[1]))


main()
