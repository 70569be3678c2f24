# >>> generated wire tables
STRUCTS = {
    'Problem': (True, (
        (1, 'code', 'string', ''),
        (2, 'text', 'string', ''),
    )),
    'CommandSpec': (False, (
        (1, 'argv', ('list', 'string'), ()),
        (2, 'script', 'binary', b''),
        (3, 'user', 'string', ''),
        (4, 'cwd', 'string', ''),
        (5, 'env', ('map', 'string'), {}),
        (6, 'input', 'binary', b''),
        (7, 'maxOutputBytes', 'i64', 0),
    )),
    'PushSpec': (False, (
        (1, 'manifest', 'string', ''),
        (2, 'path', 'string', ''),
        (3, 'mode', 'string', ''),
        (4, 'owner', 'string', ''),
        (5, 'check', 'bool', False),
    )),
    'PullSpec': (False, (
        (1, 'path', 'string', ''),
        (2, 'check', 'bool', False),
    )),
    'Task': (False, (
        (1, 'id', 'string', ''),
        (2, 'timeoutMs', 'i64', 0),
        (3, 'expiresAtMs', 'i64', 0),
        (4, 'command', ('struct', 'CommandSpec'), None),
        (5, 'push', ('struct', 'PushSpec'), None),
        (6, 'pull', ('struct', 'PullSpec'), None),
    )),
    'OutputChunk': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'stream', 'i16', 0),
        (3, 'offset', 'i64', 0),
        (4, 'timeMs', 'i64', 0),
        (5, 'data', 'binary', b''),
    )),
    'TaskStarted': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'timeMs', 'i64', 0),
    )),
    'TaskProgress': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'doneBytes', 'i64', 0),
        (3, 'totalBytes', 'i64', 0),
    )),
    'TaskResult': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'outcome', 'string', ''),
        (3, 'exitCode', 'i32', 0),
        (4, 'signal', 'i32', 0),
        (5, 'reason', 'string', ''),
        (6, 'startedAtMs', 'i64', 0),
        (7, 'finishedAtMs', 'i64', 0),
        (8, 'userMs', 'i64', 0),
        (9, 'systemMs', 'i64', 0),
        (10, 'maxRssKib', 'i64', 0),
        (11, 'stdoutBytes', 'i64', 0),
        (12, 'stderrBytes', 'i64', 0),
        (13, 'stdoutDropped', 'i64', 0),
        (14, 'stderrDropped', 'i64', 0),
        (15, 'survivors', 'i32', 0),
        (16, 'detail', 'string', ''),
    )),
    'KnownTask': (False, (
        (1, 'taskId', 'string', ''),
        (2, 'state', 'string', ''),
    )),
    'Hello': (False, (
        (1, 'agentVersion', 'string', ''),
        (2, 'agentSha256', 'string', ''),
        (3, 'pythonVersion', 'string', ''),
        (4, 'machineId', 'string', ''),
        (5, 'bootId', 'string', ''),
        (6, 'journalId', 'string', ''),
        (7, 'processId', 'string', ''),
        (8, 'tasks', ('list', ('struct', 'KnownTask')), ()),
        (9, 'facts', 'string', ''),
    )),
    'Welcome': (False, (
        (1, 'serverTimeMs', 'i64', 0),
        (2, 'heartbeatSeconds', 'i32', 0),
        (3, 'forget', ('list', 'string'), ()),
        (4, 'renewAtPercent', 'i32', 0),
    )),
    'Heartbeat': (False, (
        (1, 'timeMs', 'i64', 0),
        (2, 'load1', 'double', 0),
        (3, 'memoryTotalKib', 'i64', 0),
        (4, 'memoryAvailableKib', 'i64', 0),
        (5, 'cpuBusyPermille', 'i64', 0),
        (6, 'diskFreeKib', 'i64', 0),
        (7, 'uptimeSeconds', 'i64', 0),
        (8, 'runningTasks', 'i32', 0),
    )),
    'ShellSpec': (False, (
        (1, 'streamId', 'string', ''),
        (2, 'user', 'string', ''),
        (3, 'columns', 'i32', 0),
        (4, 'rows', 'i32', 0),
        (5, 'argv', ('list', 'string'), ()),
    )),
    'AgentRelease': (False, (
        (1, 'version', 'string', ''),
        (2, 'sha256', 'string', ''),
        (3, 'signature', 'binary', b''),
        (4, 'sizeBytes', 'i64', 0),
    )),
}
SERVICES = {
    'Agent': {
        'start': ((
            (1, 'tasks', ('list', ('struct', 'Task')), ()),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'cancel': ((
            (1, 'taskIds', ('list', 'string'), ()),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'openShell': ((
            (1, 'shell', ('struct', 'ShellSpec'), 'required'),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'shellInput': ((
            (1, 'streamId', 'string', ''),
            (2, 'data', 'binary', b''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'resizeShell': ((
            (1, 'streamId', 'string', ''),
            (2, 'columns', 'i32', 0),
            (3, 'rows', 'i32', 0),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'closeShell': ((
            (1, 'streamId', 'string', ''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'update': ((
            (1, 'release', ('struct', 'AgentRelease'), 'required'),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'uninstall': ((), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'ping': ((), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
    },
    'Controller': {
        'hello': ((
            (1, 'hello', ('struct', 'Hello'), 'required'),
        ), ('struct', 'Welcome'), (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'report': ((
            (1, 'output', ('list', ('struct', 'OutputChunk')), ()),
            (2, 'started', ('list', ('struct', 'TaskStarted')), ()),
            (3, 'progress', ('list', ('struct', 'TaskProgress')), ()),
            (4, 'results', ('list', ('struct', 'TaskResult')), ()),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'facts': ((
            (1, 'json', 'string', ''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'heartbeat': ((
            (1, 'heartbeat', ('struct', 'Heartbeat'), 'required'),
        ), None, (), True),
        'renew': ((
            (1, 'request', 'string', ''),
        ), 'string', (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'shellOutput': ((
            (1, 'streamId', 'string', ''),
            (2, 'data', 'binary', b''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
        'shellClosed': ((
            (1, 'streamId', 'string', ''),
            (2, 'exitCode', 'i32', 0),
            (3, 'reason', 'string', ''),
        ), None, (
            (1, 'problem', ('struct', 'Problem'), None),
        ), False),
    },
}
# <<< generated wire tables
