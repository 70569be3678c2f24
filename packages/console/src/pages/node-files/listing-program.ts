// Owns the programs that a node's own Python runs for the page: small, standard library only, Python 2.6 and newer.
// I1: paths come in and go out as in a manifest (docs/protocol.md section 5), so that any bytes may be in a name.

const decode = `
def decode(text):
    raw = text if isinstance(text, bytes) else os.fsencode(text)
    return re.sub(b'%([0-9A-Fa-f]{2})', lambda found: bytes(bytearray([int(found.group(1), 16)])), raw)
`;

/** How many entries of a directory are told at most. */
export const maxEntries = 50_000;

/**
 * Says what a path is, and what is in it when it is a directory: one JSON line for the path (or its problem), then one
 * for each entry. Links are followed for the path itself, not for what is in it.
 */
export const listingProgram = `import grp, json, os, pwd, re, stat, sys
${decode}
def encode(name):
    return ''.join(chr(b) if 32 < b < 127 and b != 37 else '%%%02X' % b for b in bytearray(name))

def named(find, known={}):
    def name(number):
        key = (find, number)
        if key not in known:
            try:
                known[key] = find(number)[0]
            except KeyError:
                known[key] = str(number)
        return known[key]
    return name

user, group = named(pwd.getpwuid), named(grp.getgrgid)
kinds = ((stat.S_ISDIR, 'directory'), (stat.S_ISREG, 'file'), (stat.S_ISLNK, 'symlink'))

def kind(mode):
    return ([name for test, name in kinds if test(mode)] or ['other'])[0]

def describe(place, name):
    s = os.lstat(place)
    entry = {'name': encode(name), 'type': kind(s.st_mode), 'mode': '%04o' % (s.st_mode & 0o7777), 'size': s.st_size,
             'mtimeMs': int(s.st_mtime * 1000), 'uid': s.st_uid, 'gid': s.st_gid,
             'user': user(s.st_uid), 'group': group(s.st_gid)}
    if entry['type'] == 'symlink':
        entry['target'] = encode(os.readlink(place))
        if os.path.exists(place):
            entry['leadsTo'] = kind(os.stat(place).st_mode)
    return entry

def say(value):
    sys.stdout.write(json.dumps(value) + '\\n')

try:
    path = os.path.realpath(decode(sys.argv[1]))
    head = describe(path, path)
    names = os.listdir(path) if head['type'] == 'directory' else []
    head['total'] = len(names)
    say(head)
except (OSError, IOError):
    error = sys.exc_info()[1]
    say({'problem': error.errno, 'message': os.strerror(error.errno)})
    sys.exit(0)
for name in sorted(names)[:${maxEntries}]:
    try:
        say(describe(os.path.join(path, name), name))
    except (OSError, IOError):
        pass
`;

/** Becomes the command that its arguments say, for paths that cannot be written as text. */
export const execProgram = `import os, re, sys
${decode}
words = [decode(word) for word in sys.argv[1:]]
os.execvp(words[0], words)
`;
