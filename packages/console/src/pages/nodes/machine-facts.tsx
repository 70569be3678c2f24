// What the agent says of its server: hardware, file systems, network, and what protects it.
import { Card, CardBody, CardTitle, Gallery } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Facts as FactList } from '../../ui/facts.tsx';
import { toBytes } from '../../ui/quantity.ts';
import { UsageBar } from '../../ui/usage-bar.tsx';
import { type Facts, flagAt, listAt, numberAt, textAt, textsAt } from './facts.ts';

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <Card isFullHeight>
    <CardTitle component="h2">{title}</CardTitle>
    <CardBody>{children}</CardBody>
  </Card>
);

const useWords = () => {
  const { t, i18n } = useTranslation();
  const known = (text: string): string => (text === '' ? t('ui.unknown') : text);
  return {
    known,
    yesNo: (value: boolean | null): string =>
      value === null ? t('ui.unknown') : t(value ? 'ui.yes' : 'ui.no'),
    kib: (kib: number | undefined): string =>
      kib === undefined ? t('ui.unknown') : toBytes(kib * 1024, i18n.language),
    bytes: (bytes: number | undefined): string =>
      bytes === undefined ? t('ui.unknown') : toBytes(bytes, i18n.language),
  };
};

const FileSystems = ({ facts }: { readonly facts: Facts }) => {
  const { t } = useTranslation();
  const { kib } = useWords();
  const mountOf = (one: Facts): string => textAt(one, 'mount');
  const usedOf = (one: Facts): number | undefined => {
    const [size, free] = [numberAt(one, 'sizeKib'), numberAt(one, 'freeKib')];
    return size === undefined || free === undefined || size <= 0 ? undefined : (size - free) / size;
  };
  const columns: readonly Column<Facts>[] = [
    { key: 'mount', title: t('nodes.facts.mount'), sortBy: mountOf, show: mountOf },
    {
      key: 'used',
      title: t('nodes.facts.used'),
      width: '10rem',
      sortBy: (one) => usedOf(one) ?? -1,
      show: (one) => <UsageBar label={`${t('nodes.facts.used')} ${mountOf(one)}`} share={usedOf(one)} />,
    },
    { key: 'size', title: t('nodes.facts.size'), show: (one) => kib(numberAt(one, 'sizeKib')) },
    { key: 'type', title: t('nodes.facts.type'), show: (one) => textAt(one, 'type') },
    { key: 'device', title: t('nodes.facts.device'), show: (one) => textAt(one, 'device') },
  ];
  return (
    <DataTable
      label={t('nodes.facts.filesystems')}
      columns={columns}
      rows={listAt(facts, 'filesystems')}
      keyOf={mountOf}
    />
  );
};

const Disks = ({ facts }: { readonly facts: Facts }) => {
  const { t } = useTranslation();
  const { bytes, known } = useWords();
  const nameOf = (one: Facts): string => textAt(one, 'name');
  const kindOf = (one: Facts): string =>
    flagAt(one, 'rotational') === true ? t('nodes.facts.rotating') : t('nodes.facts.solid');
  const columns: readonly Column<Facts>[] = [
    { key: 'name', title: t('ui.name'), sortBy: nameOf, show: nameOf },
    { key: 'size', title: t('nodes.facts.size'), show: (one) => bytes(numberAt(one, 'sizeBytes')) },
    { key: 'kind', title: t('nodes.facts.type'), show: kindOf },
    { key: 'model', title: t('nodes.facts.model'), show: (one) => known(textAt(one, 'model')) },
  ];
  return (
    <DataTable
      label={t('nodes.facts.disks')}
      columns={columns}
      rows={listAt(facts, 'disks')}
      keyOf={nameOf}
    />
  );
};

const Network = ({ facts }: { readonly facts: Facts }) => {
  const { t } = useTranslation();
  const nameOf = (one: Facts): string => textAt(one, 'name');
  const columns: readonly Column<Facts>[] = [
    { key: 'name', title: t('ui.name'), sortBy: nameOf, show: nameOf },
    { key: 'state', title: t('ui.status'), show: (one) => textAt(one, 'state') },
    { key: 'addresses', title: t('nodes.address'), show: (one) => textsAt(one, 'addresses').join(', ') },
    { key: 'mac', title: t('nodes.facts.mac'), show: (one) => textAt(one, 'mac') },
  ];
  return (
    <DataTable
      label={t('nodes.facts.network')}
      columns={columns}
      rows={listAt(facts, 'network')}
      keyOf={nameOf}
    />
  );
};

export const MachineFacts = ({ facts }: { readonly facts: Facts }) => {
  const { t } = useTranslation();
  const { known, kib, yesNo } = useWords();
  const firewall = textAt(facts, 'firewall.tool');
  return (
    <Gallery hasGutter minWidths={{ default: '100%', lg: '28rem' }}>
      <Part title={t('nodes.facts.hardware')}>
        <FactList
          facts={[
            [t('nodes.facts.processor'), known(textAt(facts, 'cpu.model'))],
            [t('nodes.cpu'), known(textAt(facts, 'cpu.count'))],
            [t('nodes.memory'), kib(numberAt(facts, 'memoryKib'))],
            [t('nodes.facts.swap'), kib(numberAt(facts, 'swapKib'))],
            [t('nodes.facts.architecture'), known(textAt(facts, 'arch'))],
            [t('nodes.facts.hypervisor'), textAt(facts, 'cpu.hypervisor') || t('ui.none')],
            [t('nodes.facts.virtualization'), textAt(facts, 'cpu.virtualization') || t('ui.none')],
          ]}
        />
      </Part>
      <Part title={t('nodes.facts.protection')}>
        <FactList
          facts={[
            ['SELinux', known(textAt(facts, 'selinux'))],
            ['AppArmor', known(textAt(facts, 'apparmor'))],
            [
              t('nodes.facts.firewall'),
              firewall === ''
                ? t('ui.none')
                : `${firewall} (${t(flagAt(facts, 'firewall.active') === true ? 'nodes.facts.active' : 'nodes.facts.inactive')})`,
            ],
            [t('nodes.facts.timeService'), textAt(facts, 'time.service') || t('ui.none')],
            [t('nodes.facts.synchronized'), yesNo(flagAt(facts, 'time.synchronized'))],
            [t('nodes.facts.timezone'), known(textAt(facts, 'time.timezone'))],
            [t('nodes.facts.packageManager'), textAt(facts, 'packageManager') || t('ui.none')],
            [t('nodes.facts.serviceManager'), textAt(facts, 'serviceManager') || t('ui.none')],
          ]}
        />
      </Part>
      <Part title={t('nodes.facts.filesystems')}>
        <FileSystems facts={facts} />
      </Part>
      <Part title={t('nodes.facts.disks')}>
        <Disks facts={facts} />
      </Part>
      <Part title={t('nodes.facts.network')}>
        <Network facts={facts} />
      </Part>
    </Gallery>
  );
};
