#!/usr/bin/env python3
"""
Refuses in the agent what Python 2.6 lacks or Python 3.14 no longer has. Run it under 2.7 and under 3.x: each parses the
file with its own grammar, so together they also prove that it is valid in both. No Python 2.6 is needed:
"2.6: checked by rule, not run".
"""
from __future__ import absolute_import, division, print_function, unicode_literals

import ast
import io
import os
import sys
import tokenize

# Modules that 2.6 does not have, or that are gone by 3.14. (Imports inside functions count as well.)
MODULES = frozenset((
    'argparse', 'importlib', 'asyncio', 'concurrent', 'contextvars', 'dataclasses', 'enum', 'faulthandler', 'ipaddress',
    'lzma', 'pathlib', 'secrets', 'selectors', 'statistics', 'tracemalloc', 'typing', 'venv', 'unittest.mock', 'zoneinfo',
    'aifc', 'asynchat', 'asyncore', 'audioop', 'cgi', 'cgitb', 'chunk', 'commands', 'ConfigParser', 'cPickle', 'cStringIO',
    'crypt', 'distutils', 'httplib', 'imghdr', 'imp', 'mailcap', 'msilib', 'nis', 'nntplib', 'ossaudiodev', 'pipes',
    'Queue', 'smtpd', 'sndhdr', 'spwd', 'StringIO', 'sunau', 'telnetlib', 'thread', 'urllib2', 'urlparse', 'uu', 'xdrlib',
    'pickle', 'http', 'urllib'))
# attribute name -> objects on which it is missing in 2.6 or in 3.14. '*': on anything.
ATTRIBUTES = {
    'bit_length': '*', 'check_output': '*', 'OrderedDict': '*', 'Counter': '*', 'total_seconds': '*', 'monotonic': 'time',
    'initgroups': 'os', 'getgrouplist': 'os', 'pread': 'os', 'pwrite': 'os', 'sync': 'os', 'posix_spawn': 'os',
    'sched_getaffinity': 'os', 'cpu_count': 'os', 'fspath': 'os', 'scandir': 'os', 'getrandom': 'os', 'errno': 'select',
    'from_bytes': '*', 'to_bytes': 'int', 'iteritems': '*', 'itervalues': '*', 'iterkeys': '*', 'has_key': '*',
    'SSLContext': 'ssl', 'wrap_socket': 'ssl', 'match_hostname': 'ssl', 'create_default_context': 'ssl',
    'PROTOCOL_TLS_CLIENT': 'ssl', 'TLSVersion': 'ssl', 'maketrans': 'string', 'getcwdu': 'os', 'freeze': 'gc',
    'POSIX_SPAWN_DUP2': 'os', 'tobytes': '*', 'tostring': '*', 'waitstatus_to_exitcode': 'os', 'clear': 'list',
    'removeprefix': '*', 'removesuffix': '*', 'casefold': '*', 'isascii': '*', 'perf_counter': 'time', 'get_event_loop': '*',
}
NAMES = frozenset(('unicode', 'xrange', 'raw_input', 'long', 'unichr', 'reduce', 'basestring', 'cmp', 'execfile', 'file',
                   'memoryview', 'nonlocal', 'breakpoint', 'aiter', 'anext', 'eval', 'exec', 'callable'))
# Calls that want native strings in 2.6: with unicode_literals a literal must be wrapped in str().
NATIVE = frozenset(('pack', 'unpack', 'calcsize', 'Struct', 'pack_into', 'unpack_from', 'confstr', 'sysconf', 'array'))
# (function that chooses by version, what it may use): the compat section, and what is guarded beside its use.
ALLOWED = frozenset((
    ('', 'monotonic'), ('init_groups', 'initgroups'), ('sync_filesystem', 'sync'), ('tls_context', 'SSLContext'),
    ('tls_context', 'PROTOCOL_TLS_CLIENT'), ('tls_context', 'TLSVersion'), ('tls_unverified', 'SSLContext'),
    ('view_of', 'memoryview'), ('keep_heap_shared', 'freeze'), ('spawn', 'posix_spawn'), ('spawn', 'POSIX_SPAWN_DUP2'),
    ('interface_addresses', 'tobytes'), ('interface_addresses', 'tostring'), ('cache_of', 'importlib'),
))
MISSING_NODES = {
    'DictComp': 'dict comprehension', 'SetComp': 'set comprehension', 'Set': 'set literal', 'JoinedStr': 'f-string',
    'AsyncFunctionDef': 'async', 'Await': 'await', 'YieldFrom': 'yield from', 'Nonlocal': 'nonlocal', 'AnnAssign': 'annotation',
    'NamedExpr': ':=', 'Match': 'match', 'TryStar': 'except*', 'MatMult': '@ operator', 'Starred': 'starred expression',
    'Exec': 'exec statement', 'Print': 'print statement', 'Repr': 'backquotes',
}


class Gate(ast.NodeVisitor):
    """Collects (line, complaint)."""

    def __init__(self):
        self.found = []
        self.functions = ['']

    def complain(self, node, text):
        self.found.append((getattr(node, 'lineno', 0), text))

    def generic_visit(self, node):
        name = type(node).__name__
        if name in MISSING_NODES and not (name == 'Starred' and self.in_call):
            self.complain(node, '%s is not in Python 2.6 or 3.14' % MISSING_NODES[name])
        ast.NodeVisitor.generic_visit(self, node)

    in_call = False

    def visit_FunctionDef(self, node):
        if getattr(node, 'returns', None) is not None or getattr(node.args, 'kwonlyargs', None):
            self.complain(node, 'annotations and keyword-only arguments are not in Python 2')
        self.functions.append(node.name)
        self.generic_visit(node)
        self.functions.pop()

    def visit_With(self, node):
        if len(getattr(node, 'items', [0])) > 1:
            self.complain(node, 'two managers in one with are not in Python 2.6')
        body = node.body
        if not hasattr(node, 'items') and len(body) == 1 and isinstance(body[0], ast.With) and \
                body[0].lineno == node.lineno:
            self.complain(node, 'two managers in one with are not in Python 2.6')
        self.generic_visit(node)

    def visit_Import(self, node):
        for alias in node.names:
            self.check_module(node, alias.name)

    def visit_ImportFrom(self, node):
        if node.module != '__future__':
            self.check_module(node, node.module or '')

    def check_module(self, node, name):
        root = name.split('.')[0]
        if (name in MODULES or root in MODULES) and (self.functions[-1], root) not in ALLOWED:
            self.complain(node, 'module %s is not everywhere from 2.6 to 3.14' % name)

    def visit_Attribute(self, node):
        where = ATTRIBUTES.get(node.attr)
        owner = node.value.id if isinstance(node.value, ast.Name) else ''
        if where and where in ('*', owner) and (self.functions[-1], node.attr) not in ALLOWED:
            self.complain(node, '.%s is not everywhere from 2.6 to 3.14' % node.attr)
        self.generic_visit(node)

    def visit_Name(self, node):
        if node.id in NAMES and (self.functions[-1], node.id) not in ALLOWED:
            self.complain(node, '%s is not everywhere from 2.6 to 3.14 (or not allowed here)' % node.id)

    def visit_Call(self, node):
        name = getattr(node.func, 'attr', getattr(node.func, 'id', ''))
        first = node.args[0] if node.args else None
        owner = getattr(getattr(node.func, 'value', None), 'id', '')
        if name in NATIVE and owner in ('struct', 'os', 'array') and is_text(first):
            self.complain(node, '%s wants str(...) around its literal in Python 2.6' % name)
        if name == 'format' and is_text(getattr(node.func, 'value', None)):
            self.complain(node, 'use % formatting: "{}" has no automatic numbers in Python 2.6')
        for keyword in node.keywords:
            if keyword.arg == 'shell':
                self.complain(node, 'no shell=')
            if keyword.arg in ('exist_ok', 'follow_symlinks', 'dir_fd') or (keyword.arg == 'flush' and name == 'print'):
                self.complain(node, '%s= is not in Python 2.6' % keyword.arg)
        before, self.in_call = self.in_call, True
        self.generic_visit(node)
        self.in_call = before


def is_text(node):
    value = getattr(node, 'value', getattr(node, 's', None))
    return type(node).__name__ in ('Str', 'Constant') and isinstance(value, type(''))


def check_tokens(path):
    """What the syntax tree does not show: prefixes and digits that one side lacks."""
    found = []
    with io.open(path, 'rb') as source:
        reader = tokenize.tokenize(source.readline) if sys.version_info[0] >= 3 else \
            tokenize.generate_tokens(source.readline)
        for token in reader:
            kind, text, start = token[0], token[1], token[2]
            text = text if isinstance(text, type('')) else text.decode('utf-8', 'replace')
            if kind == tokenize.NUMBER and ('_' in text or text.lower().endswith('l') or
                                            (len(text) > 1 and text[0] == '0' and text.isdigit())):
                found.append((start[0], 'number %s is not valid in both' % text))
            if kind == tokenize.STRING and text.split(text[-1])[0].lower() in ('u', 'ur', 'br', 'rb', 'f', 'rf', 'fr', 't'):
                found.append((start[0], 'string prefix of %s is not valid in both' % text[:12]))
    return found


def check(path):
    """Complaints [(line, text)] about a file."""
    with io.open(path, 'rb') as source:
        data = source.read()
    gate = Gate()
    gate.visit(ast.parse(data, str(path)))
    found = gate.found + check_tokens(path)
    if b'from __future__ import absolute_import, division, print_function, unicode_literals' not in data:
        found.append((1, 'the __future__ line is missing'))
    for number, line in enumerate(data.split(b'\n')):
        try:
            line.decode('ascii')
        except UnicodeDecodeError:
            found.append((number + 1, 'not ASCII: Python 2 would want a coding line'))
    return sorted(found)


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'drover_agent.py')
    found = check(path)
    for line, text in found:
        print('%s:%d: %s' % (path, line, text))
    if not found:
        print('agent is within Python 2.6 to 3.14, says Python %s (2.6: checked by rule, not run)' % sys.version.split()[0])
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
