#!/usr/bin/env python3
"""
Runs the agent's tests under every Python found: the one in PATH, python2.7, and those of pyenv. Says which.

usage: run_tests.py [--only VERSION-PREFIX] [--quick] [test module ...]
--quick: the newest and the oldest only. Exit code 1 when any fails, or when CI is set and fewer than two were found.
"""
from __future__ import absolute_import, division, print_function, unicode_literals

import glob
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ['test_wire', 'test_tasks', 'test_transfers', 'test_life']


def version_of(path):
    """(2, 7, 18), or None for what is no Python with TLS."""
    try:
        process = subprocess.Popen([path, '-c', 'import ssl, sys; print("%d.%d.%d" % sys.version_info[:3])'],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = process.communicate()[0].decode('ascii', 'replace').strip()
    except OSError:
        return None
    return tuple(int(part) for part in said.split('.')) if re.match(r'^\d+\.\d+\.\d+$', said) else None


def interpreters():
    """version -> path, one of each minor version, oldest first."""
    paths = [folder + '/' + name for folder in os.environ.get('PATH', '').split(':')
             for name in ['python3', 'python2', 'python2.7'] + ['python3.%d' % minor for minor in range(6, 16)]]
    paths += glob.glob(os.path.expanduser('~/.pyenv/versions/*/bin/python'))
    found = {}
    for path in paths:
        version = version_of(path) if os.access(path, os.X_OK) else None
        if version and version[:2] not in [known[:2] for known in found]:
            found[version] = path
    return sorted(found.items())


def main(words):
    only = words[words.index('--only') + 1] if '--only' in words else ''
    modules = [word for word in words if word.startswith('test_')] or MODULES
    found = [item for item in interpreters() if '.'.join(map(str, item[0])).startswith(only)]
    if '--quick' in words and len(found) > 2:
        found = [found[0], found[-1]]
    failed = 0
    for version, path in found:
        name = '.'.join(map(str, version))
        begun = time.time()
        code = subprocess.call([path, 'check_compat.py'], cwd=HERE)
        code = subprocess.call([path, '-B', '-W', 'ignore', '-m', 'unittest'] + modules, cwd=HERE) or code
        print('agent tests on Python %s: %s in %d s' % (name, 'passed' if code == 0 else 'FAILED', time.time() - begun))
        sys.stdout.flush()
        failed += code != 0
    print('agent: passed on %d, failed on %d of: %s (2.6: checked by rule, not run)' % (
        len(found) - failed, failed, ' '.join('.'.join(map(str, version)) for version, _ in found)))
    return 1 if failed or not found or (os.environ.get('CI') and len(found) < 2) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
