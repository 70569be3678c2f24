// Owns what a support bundle tells of how the controller was started.
// I1: an allow-list: main.ts fills exactly these fields, so a new option is not told until somebody adds it here. None holds
//     a secret: of the key of the secrets it is told where it comes from, never its path, command or passphrase.
export interface ShownConfiguration {
  readonly dataDir: string;
  /** Where the rows are: 'the data directory', or the address of a database without its password. */
  readonly store: string;
  readonly host: string;
  readonly port: number;
  readonly agentPort: number;
  /** By which servers reach the controller. */
  readonly addresses: readonly string[];
  readonly localNode: boolean;
  readonly agentFile: string;
  readonly nodeCertificateHours: number;
  /** 'as before': the start did not say. */
  readonly secretsKey: 'file' | 'passphrase-file' | 'passphrase' | 'command' | 'as before';
  readonly logLevel: string;
  readonly audit: {
    readonly required: boolean;
    readonly fileBytes: number;
    readonly files: number;
    /** 'udp://host:514'; '': not sent. */
    readonly syslog: string;
  };
}
