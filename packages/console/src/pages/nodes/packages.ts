// Owns asking a node which packages are installed, and reading the answer.
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sizeBytes: number;
}

const debian = [
  'dpkg-query',
  '-W',
  '-f',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
  '${db:Status-Abbrev}\\t${Package}\\t${Version}\\t${Architecture}\\t${Installed-Size}\\n',
] as const;
const rpm = [
  'rpm',
  '-qa',
  '--queryformat',
  'ii \\t%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SIZE}\\n',
] as const;

/** By the package manager of the facts; undefined: it is none that is known. */
export const listPackages = (manager: string): readonly string[] | undefined => {
  if (manager === 'apt') return debian;
  return ['dnf', 'yum', 'zypper'].includes(manager) ? rpm : undefined;
};

/** Installed ones, by name. dpkg counts KiB, rpm bytes. */
export const parsePackages = (output: string, manager: string): readonly Package[] =>
  output
    .split('\n')
    .flatMap((line): readonly Package[] => {
      const [state = '', name = '', version = '', architecture = '', size = ''] = line.split('\t');
      if (!state.startsWith('ii') || name === '') return [];
      const sizeBytes = (Number(size) || 0) * (manager === 'apt' ? 1024 : 1);
      return [{ name, version, architecture, sizeBytes }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
