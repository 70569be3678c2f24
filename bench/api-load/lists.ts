// Owns the lists of a fleet, as a console or a program asks for them: whole, as a table, in pages, by a label.
import type { AdminContext } from '../../test/harness/controller.ts';
import { type BenchContext, medianOf, round, timed } from '../bench.ts';
import { RawConnection } from './raw-http.ts';

const racks = 100;
const turns = 5;

/** A node of one of a hundred racks, as JSON. */
export const newNode = (name: string, number: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { rack: `r${number % racks}`, role: 'worker' } },
  });

interface List {
  readonly rows: number;
  readonly next: string;
  readonly bytes: number;
}

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

const list = async (connection: RawConnection, query: string, accept?: string): Promise<List> => {
  const { body } = await connection.ask('GET', `/api/v1/nodes${query}`, undefined, undefined, accept);
  const { items, rows, metadata } = JSON.parse(body.toString()) as {
    readonly items?: readonly unknown[];
    readonly rows?: readonly unknown[];
    readonly metadata: { readonly continue?: string };
  };
  return { rows: (items ?? rows ?? []).length, next: metadata.continue ?? '', bytes: body.length };
};

const listInPages = async (connection: RawConnection): Promise<number> => {
  let rows = 0;
  let query = '?limit=500';
  for (;;) {
    const page = await list(connection, query);
    rows += page.rows;
    if (page.next === '') return rows;
    query = `?limit=500&continue=${encodeURIComponent(page.next)}`;
  }
};

/** Median time of five lists each, of which it is checked that they are whole. */
export const measureLists = async (
  context: BenchContext,
  admin: AdminContext,
  nodes: number,
): Promise<void> => {
  const connection = await RawConnection.open(admin);
  context.defer(() => connection.close());
  const measure = async (name: string, want: number, run: () => Promise<number>): Promise<void> => {
    const once = (): Promise<number> =>
      timed(async () => {
        const got = await run();
        if (got !== want) throw new Error(`${name}: ${got} instead of ${want} nodes`);
      });
    context.figure(name, round(await medianOf(turns, once)));
  };
  await measure('listAllMs', nodes, async () => (await list(connection, '')).rows);
  context.figure('listAllMib', round((await list(connection, '')).bytes / 1024 / 1024, 2));
  await measure('listTableMs', nodes, async () => (await list(connection, '', table)).rows);
  await measure('listByLabelMs', nodes / racks, async () => {
    return (await list(connection, '?labelSelector=rack%3Dr7')).rows;
  });
  await measure('listPagedMs', nodes, () => listInPages(connection));
};
