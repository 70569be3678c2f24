// Owns what is said of a definition in its status: which names it got, and whether it is served (pure).
// I1: a name is one definition's within its group; who has it keeps it.
// I2: what was established stays so, whatever becomes of its other names.
import type { CustomResourceDefinition } from '../kinds/custom-resource-definition.ts';
import type { Condition } from '../meta.ts';
import { isEqualJson } from '../patch/json.ts';

type Names = CustomResourceDefinition['spec']['names'];
type Status = NonNullable<CustomResourceDefinition['status']>;

interface TakenNames {
  /** Plural, singular and short names. */
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** Names that other definitions of the group have. */
export const takenNames = (
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
): TakenNames => {
  const others = all.filter(
    ({ metadata, spec }) =>
      spec.group === definition.spec.group && metadata.name !== definition.metadata.name,
  );
  const accepted = others.map(({ status }) => status?.acceptedNames ?? {});
  const present = (names: readonly (string | undefined)[]) =>
    new Set(names.filter((name) => name !== undefined && name !== ''));
  return {
    resources: present(
      accepted.flatMap((n) => [n.plural, n.singular, ...(n.shortNames ?? [])]),
    ) as Set<string>,
    kinds: present(accepted.flatMap((n) => [n.kind, n.listKind])) as Set<string>,
  };
};

interface Verdict {
  readonly accepted: Partial<Names>;
  readonly conflicts: readonly { readonly reason: string; readonly message: string }[];
}

const judge = (names: Names, taken: TakenNames, had: Partial<Names>): Verdict => {
  const conflicts: { reason: string; message: string }[] = [];
  const wanted = (word: 'Plural' | 'Singular' | 'Kind' | 'ListKind', name = ''): string | undefined => {
    const set = word.endsWith('ind') ? taken.kinds : taken.resources;
    if (!set.has(name)) return name;
    conflicts.push({ reason: `${word}Conflict`, message: `"${name}" is already in use` });
    return undefined;
  };
  const plural = wanted('Plural', names.plural) ?? had.plural;
  const singular = wanted('Singular', names.singular) ?? had.singular;
  const short = (names.shortNames ?? []).filter((name) => taken.resources.has(name));
  for (const name of short)
    conflicts.push({ reason: 'ShortNamesConflict', message: `"${name}" is already in use` });
  const kind = wanted('Kind', names.kind) ?? had.kind;
  const listKind = wanted('ListKind', names.listKind) ?? had.listKind;
  const shortNames = short.length > 0 ? had.shortNames : names.shortNames;
  return {
    accepted: {
      ...(plural === undefined ? {} : { plural }),
      ...(singular === undefined ? {} : { singular }),
      ...(kind === undefined ? {} : { kind }),
      ...(listKind === undefined ? {} : { listKind }),
      ...(shortNames === undefined ? {} : { shortNames }),
      ...(names.categories === undefined ? {} : { categories: names.categories }),
    },
    conflicts,
  };
};

export const conditionOf = (
  { status }: Pick<CustomResourceDefinition, 'status'>,
  type: string,
): Condition | undefined => status?.conditions?.find((condition) => condition.type === type);

type Said = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** The conditions with what is said now; the time changes with the status only. */
const withConditions = (
  had: readonly Condition[],
  said: readonly Said[],
  now: string,
): readonly Condition[] => [
  ...had.filter(({ type }) => !said.some((one) => one.type === type)),
  ...said.map((one) => {
    const before = had.find(({ type }) => type === one.type);
    const same = before?.status === one.status ? before.lastTransitionTime : undefined;
    return { lastTransitionTime: same ?? now, ...one };
  }),
];

const establishedSaid = (definition: CustomResourceDefinition, isAccepted: boolean): Said =>
  isAccepted || conditionOf(definition, 'Established')?.status === 'True'
    ? {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      }
    : {
        type: 'Established',
        status: 'False',
        reason: 'NotAccepted',
        message: 'not all names are accepted',
      };

/** The status as it should be; the one that is there when it is right. `reserved`: the group is one of Drover's own. */
export const planDefinitionStatus = (
  definition: CustomResourceDefinition,
  taken: TakenNames,
  { reserved, now }: { readonly reserved: boolean; readonly now: string },
): Status => {
  const { spec, status = {} } = definition;
  const { accepted, conflicts } = judge(spec.names, taken, status.acceptedNames ?? {});
  const [first] = reserved
    ? [
        {
          reason: 'GroupReserved',
          message: `group "${spec.group}" is one of the server's own: choose another`,
        },
      ]
    : conflicts;
  const names: Said =
    first === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...first };
  const storage = spec.versions.find((version) => version.storage)?.name ?? '';
  const stored = status.storedVersions ?? [];
  const planned: Status = {
    ...status,
    acceptedNames: reserved ? {} : accepted,
    conditions: [
      ...withConditions(
        status.conditions ?? [],
        [names, establishedSaid(definition, first === undefined)],
        now,
      ),
    ],
    storedVersions: stored.includes(storage) ? stored : [...stored, storage],
  };
  return isEqualJson(planned, status) ? status : planned;
};

/** Whether objects of the kind are served. */
export const isServed = (definition: CustomResourceDefinition): boolean =>
  conditionOf(definition, 'Established')?.status === 'True';

/** The status of a definition that goes once its objects are gone. */
export const toTerminating = (
  { status = {} }: CustomResourceDefinition,
  remaining: number,
  now: string,
): Status => {
  const message =
    remaining > 0
      ? `waiting for ${remaining} objects to go; their finalizers may hold them`
      : 'all objects are gone';
  const said: Said = { type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress', message };
  const conditions = [...withConditions(status.conditions ?? [], [said], now)];
  const planned = { ...status, conditions };
  return isEqualJson(planned, status) ? status : planned;
};
