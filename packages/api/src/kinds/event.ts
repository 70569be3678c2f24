import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { textColumn } from '../printing/columns.ts';
import { ageOf } from '../printing/duration.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.Optional(Type.String({ description }));
const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

/** core/v1 ObjectReference. */
export const ObjectReference = Type.Object(
  {
    kind: text('Kind of the referent.'),
    namespace: text('Namespace of the referent.'),
    name: text('Name of the referent.'),
    uid: text('UID of the referent.'),
    apiVersion: text('API version of the referent.'),
    resourceVersion: text('Version of the referent that is meant.'),
    fieldPath: text('Part of the referent that is meant.'),
  },
  { ...closed, 'x-kubernetes-map-type': 'atomic' },
);

export const Event = Type.Object(
  {
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('Event'),
    metadata: ObjectMeta,
    involvedObject: ObjectReference,
    reason: text('A short word in CamelCase for what happened.'),
    message: text('What happened, for people.'),
    source: Type.Optional(
      Type.Object(
        { component: text('Part of the system that reports.'), host: text('Node that reports.') },
        { ...closed, description: 'Who reports.' },
      ),
    ),
    firstTimestamp: time('When it was first seen.'),
    lastTimestamp: time('When it was last seen.'),
    count: Type.Optional(Type.Integer({ minimum: 0, description: 'How often it happened.' })),
    type: text('Normal or Warning.'),
    eventTime: time('When it was first observed.'),
    series: Type.Optional(
      Type.Object(
        { count: Type.Optional(Type.Integer()), lastObservedTime: time('When it was last observed.') },
        { ...closed, description: 'The series of events that this one stands for.' },
      ),
    ),
    action: text('What was tried or done.'),
    related: Type.Optional(ObjectReference),
    reportingComponent: text('Controller that reports, e.g. drover.dev/node-controller.'),
    reportingInstance: text('Instance of the controller.'),
  },
  { ...closed, description: 'Event is a report of an event somewhere in the cluster.' },
);
export type Event = Static<typeof Event>;

const event = (o: KubeObject) => o as unknown as Event;

const lastSeen = (o: KubeObject): string | undefined => {
  const e = event(o);
  return e.series?.lastObservedTime ?? e.lastTimestamp ?? e.firstTimestamp ?? e.eventTime;
};

const objectName = (o: KubeObject): string => {
  const { kind, name } = event(o).involvedObject;
  return kind === undefined ? (name ?? '') : `${kind.toLowerCase()}/${name ?? ''}`;
};

const source = (o: KubeObject): string => {
  const { source: s, reportingComponent } = event(o);
  return [s?.component ?? reportingComponent ?? '', s?.host ?? ''].filter((part) => part !== '').join(', ');
};

const involved = (field: keyof Static<typeof ObjectReference>) => (o: KubeObject) =>
  event(o).involvedObject[field] ?? '';

export const eventKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  scope: 'Namespaced',
  schema: Event,
  columns: [
    textColumn('Last Seen', 'Time since it was last seen', 0, (o, nowMs) => ageOf(lastSeen(o), nowMs)),
    textColumn('Type', 'Normal or Warning', 0, (o) => event(o).type ?? ''),
    textColumn('Reason', 'What happened, in a word', 0, (o) => event(o).reason ?? ''),
    textColumn('Object', 'What it happened to', 0, objectName),
    textColumn('Subobject', 'Part that it happened to', 1, involved('fieldPath')),
    textColumn('Source', 'Who reports', 1, source),
    textColumn('Message', 'What happened', 0, (o) => (event(o).message ?? '').trim()),
    textColumn('First Seen', 'Time since it was first seen', 1, (o, nowMs) =>
      ageOf(event(o).firstTimestamp ?? event(o).eventTime, nowMs),
    ),
    textColumn('Count', 'How often it happened', 1, (o) => event(o).series?.count ?? event(o).count ?? 1),
    textColumn('Name', 'Name of the event', 1, (o) => o.metadata.name ?? ''),
  ],
  hasStatus: false,
  subresources: [],
  selectableFields: {
    'involvedObject.kind': involved('kind'),
    'involvedObject.namespace': involved('namespace'),
    'involvedObject.name': involved('name'),
    'involvedObject.uid': involved('uid'),
    'involvedObject.apiVersion': involved('apiVersion'),
    'involvedObject.resourceVersion': involved('resourceVersion'),
    'involvedObject.fieldPath': involved('fieldPath'),
    reason: (o) => event(o).reason ?? '',
    reportingComponent: (o) => event(o).reportingComponent ?? '',
    source: (o) => event(o).source?.component ?? event(o).reportingComponent ?? '',
    type: (o) => event(o).type ?? '',
  },
  immutablePaths: ['involvedObject'],
};
