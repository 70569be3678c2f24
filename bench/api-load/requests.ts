// Owns what the clients of the benchmarks of the API ask for: numbered ConfigMaps and nodes.
import { newNode } from './lists.ts';
import type { RawAnswer, RawConnection } from './raw-http.ts';

export const clients = 64;
export const configMaps = '/api/v1/namespaces/default/configmaps';

const configMap = (number: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `c${number}`, labels: { tier: `t${number % 10}` } },
    data: { value: 'x'.repeat(200) },
  });

/** One of the first `objects`, here and there. */
const nameOf = (number: number, objects: number): string => `c${(number * 7919) % objects}`;

export const createOne = (connection: RawConnection, number: number): Promise<RawAnswer> =>
  connection.ask('POST', configMaps, configMap(number));

export const getOne = (connection: RawConnection, number: number, objects: number): Promise<RawAnswer> =>
  connection.ask('GET', `${configMaps}/${nameOf(number, objects)}`);

export const createNode = (connection: RawConnection, number: number): Promise<RawAnswer> =>
  connection.ask('POST', '/api/v1/nodes', newNode(`n${number}`, number));

/** 70 % get, 10 % each of create, patch and list of a page. */
export const askMixed = (connection: RawConnection, number: number, objects: number): Promise<RawAnswer> => {
  switch (number % 10) {
    case 0:
      return createOne(connection, objects + number);
    case 1: {
      const patch = JSON.stringify({ data: { value: `y${number}` } });
      const path = `${configMaps}/${nameOf(number, objects)}`;
      return connection.ask('PATCH', path, patch, 'application/merge-patch+json');
    }
    case 2:
      return connection.ask('GET', `${configMaps}?limit=50`);
    default:
      return getOne(connection, number, objects);
  }
};
