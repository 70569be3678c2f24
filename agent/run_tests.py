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
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ['test_wire', 'test_tasks', 'test_signing', 'test_supervisors', 'test_transfers', 'test_life',
           'test_controllers']
# Pythons at work at the same time.
WIDTH = 4


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


def test_under(version, path, modules):
    """Runs the gate and the tests under one Python; (passed, what it printed)."""
    begun = time.time()
    said = []
    codes = []
    for command in ([path, 'check_compat.py'], [path, '-B', '-W', 'ignore', '-m', 'unittest'] + modules):
        process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said.append(process.communicate()[0].decode('utf-8', 'replace'))
        codes.append(process.returncode)
    passed = not any(codes)
    name = '.'.join(map(str, version))
    said.append('agent tests on Python %s: %s in %d s\n' % (name, 'passed' if passed else 'FAILED', time.time() - begun))
    # What a passing run prints is of no interest but its last line.
    return passed, said[-1] if passed else ''.join(said)


def test_all(found, modules):
    """Several Pythons at a time: the tests mostly wait. Returns how many failed."""
    waiting, failed, lock = list(found), [], threading.Lock()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                version, path = waiting.pop(0)
            passed, said = test_under(version, path, modules)
            with lock:
                failed.extend([] if passed else [version])
                print(said.rstrip())
                sys.stdout.flush()

    threads = [threading.Thread(target=work) for _ in range(WIDTH)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(failed)


def parse(words):
    """(version prefix, quick, modules); SystemExit 2 for what is not in the usage."""
    only, is_quick, modules, rest = '', False, [], list(words)
    while rest:
        word = rest.pop(0)
        if word == '--only' and rest:
            only = rest.pop(0)
        elif word == '--quick':
            is_quick = True
        elif word.startswith('test_') and os.path.exists(os.path.join(HERE, word.split('.')[0] + '.py')):
            modules.append(word)
        else:
            why = 'a version is missing' if word == '--only' else 'no such option or test module'
            sys.stderr.write('cannot run %s: %s\n%s' % (word, why, __doc__))
            sys.exit(2)
    return only, is_quick, modules or MODULES


def main(words):
    only, is_quick, modules = parse(words)
    found = [item for item in interpreters() if '.'.join(map(str, item[0])).startswith(only)]
    if is_quick and len(found) > 2:
        found = [found[0], found[-1]]
    failed = test_all(found, modules)
    print('agent: passed on %d, failed on %d of: %s (2.6: checked by rule, not run)' % (
        len(found) - failed, failed, ' '.join('.'.join(map(str, version)) for version, _ in found)))
    return 1 if failed or not found or (os.environ.get('CI') and len(found) < 2) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
