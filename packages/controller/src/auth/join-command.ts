// Owns the line that is pasted on a server to let it join (docs/protocol.md section 3).
// I1: nothing but the CA certificate is taken unverified, and it only if its hash is the pin. What is trusted
//     from then on are the very bytes that were hashed.
// I2: the line is safe inside any POSIX shell: the script holds no single quote, name and secret no special sign.
// I3: it runs under Python 2.7.9+ and 3, without proxies from the environment: the controller is dialled directly.

const script = [
  'import hashlib,os,ssl,sys,tempfile',
  'a,p=sys.argv[1:3]',
  'sys.excepthook=lambda t,v,b:sys.stderr.write("drover: cannot join through "+a+": %s\\n"%v)',
  'u=__import__("urllib.request" if sys.version_info[0]>2 else "urllib2",fromlist=["x"])',
  'g=lambda f,c:u.build_opener(u.ProxyHandler({}),u.HTTPSHandler(context=c)).open(a+"/join/"+f,timeout=60).read(9999999)',
  'd=ssl.PEM_cert_to_DER_cert(g("ca.pem",ssl._create_unverified_context()).decode("ascii"))',
  'hashlib.sha256(d).hexdigest()==p or sys.exit("drover: not joined: the controller at "+a+" has another CA than this line was made for")',
  'b=g("agent.py",ssl.create_default_context(cadata=u""+ssl.DER_cert_to_PEM_cert(d)))',
  'f=os.path.join(tempfile.mkdtemp("","drover-join-"),"agent.py")',
  'open(f,"wb").write(b)',
  'os.execv(sys.executable,[sys.executable,f,"join",a,p])',
].join(';');

/** `address` is https://host:port, `token` is <name>.<secret>, `caPin` the hex sha256 of the CA's DER. */
export const toJoinCommand = (wanted: {
  readonly address: string;
  readonly token: string;
  readonly caPin: string;
}): string => `DROVER_TOKEN=${wanted.token} python3 -c '${script}' ${wanted.address} ${wanted.caPin}`;
