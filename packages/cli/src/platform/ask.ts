// Owns asking for a secret: on a terminal without echo, else line after line from standard input, so that scripts can.
// I1: a secret is never an argument and never shown; the terminal is set back however it ends. It shows nothing that is typed
//     from before the question stands there: whoever pastes is faster than a program.
import { usageFailure } from '../failure.ts';
import type { Session } from '../session.ts';
import { readInputText } from './input-file.ts';

export interface Ask {
  /** The answer, without the end of the line. */
  secret(question: string): Promise<string>;
}

const interrupted = 130;

/** One line from a terminal in raw mode: backspace and Ctrl-U correct, Ctrl-C and Ctrl-D give up. */
const readHidden = (input: NodeJS.ReadStream, ask: () => void, giveUp: () => void): Promise<string> =>
  new Promise((resolve) => {
    let typed = '';
    const end = (): void => {
      input.off('data', onData).setRawMode(false).pause();
    };
    const onData = (data: Buffer): void => {
      for (const character of data.toString('utf8')) {
        if (character === '\r' || character === '\n') {
          end();
          resolve(typed);
          return;
        }
        if (character === '\u0003' || character === '\u0004') {
          end();
          giveUp();
          return;
        }
        if (character === '\u007f' || character === '\b') typed = [...typed].slice(0, -1).join('');
        else if (character === '\u0015') typed = '';
        else if (character >= ' ') typed += character;
      }
    };
    input.setRawMode(true).on('data', onData).resume();
    ask();
  });

export const createAsk = ({ input, err }: Session): Ask => {
  let lines: string[] | undefined;
  return {
    secret: async (question) => {
      if (input.isTTY === true) {
        const ask = (): void => void err.write(question);
        const answer = await readHidden(input, ask, () => {
          err.write('\n');
          process.exit(interrupted);
        });
        err.write('\n');
        return answer;
      }
      lines ??= (await readInputText('-', '')).split(/\r?\n/);
      const line = lines.shift();
      if (line === undefined || (line === '' && lines.length === 0))
        throw usageFailure(`cannot ask "${question.trim()}": standard input has no more lines`);
      return line;
    },
  };
};

/** A new password, typed twice on a terminal. */
export const askNewPassword = async (session: Session, ask: Ask, who: string): Promise<string> => {
  const password = await ask.secret(`New password${who}: `);
  if (session.input.isTTY === true && (await ask.secret('Once more: ')) !== password)
    throw usageFailure('cannot set the password: it was not the same twice');
  return password;
};

/** A new passphrase, typed twice on a terminal; empty: none. */
export const askNewPassphrase = async (session: Session, ask: Ask): Promise<string> => {
  const passphrase = await ask.secret('Passphrase for the key (empty: none): ');
  if (session.input.isTTY === true && passphrase !== '' && (await ask.secret('Once more: ')) !== passphrase)
    throw usageFailure('cannot make the key: the passphrase was not the same twice');
  return passphrase;
};
