// The Machine tab: disks, what this QEMU can do, how Floe reaches it, how it was started (ux.md S4).
import type { ReactElement } from 'react'
import type { Disk } from '../../../../shared/domain/disk.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { featureWords } from '../../../../shared/text/feature-words.ts'
import { trackingWords } from '../../../../shared/text/machine-words/tracking.ts'
import { exclusionWords, machineSubtitle, qemuWords, readiness } from '../../../../shared/text/machine-words.ts'
import { CodeBlock } from '../../design/code-block.tsx'
import { Group, KeyValueGroup } from '../../design/key-value-group.tsx'
import { useWordStyle, type WordStyle } from '../../state/words.ts'
import styles from './inspector.module.css'
import { UndoCopies } from './undo-copies.tsx'

export function MachineDetails({ machine }: { readonly machine: Machine }): ReactElement {
  const style = useWordStyle()
  const features = Object.entries(machine.features)
  return (
    <>
      <div>
        <h2 className={styles.title}>{machine.name}</h2>
        <p className={styles.sub}>{machineSubtitle(machine, style)}</p>
      </div>
      {machine.disks.map((disk) => (
        <DiskGroup key={disk.id} disk={disk} style={style} />
      ))}
      <UndoCopies machineId={machine.id} />
      <KeyValueGroup label="Connection" items={connectionItems(machine, style)} />
      {features.length === 0 ? null : (
        <Group label="What this QEMU can do">
          <dl className={styles.features}>
            {features.map(([name, present]) => (
              <FeatureLine key={name} name={name} present={present} />
            ))}
          </dl>
        </Group>
      )}
      {machine.startCommand === null ? null : (
        <Group label="Start command">
          <CodeBlock code={machine.startCommand} label="the start command" wrap />
        </Group>
      )}
    </>
  )
}

function FeatureLine({ name, present }: { readonly name: string; readonly present: boolean }): ReactElement {
  return (
    <>
      <dt>{featureWords(name)}</dt>
      <dd>{present ? 'Yes' : 'No'}</dd>
    </>
  )
}

function DiskGroup({ disk, style }: { readonly disk: Disk; readonly style: WordStyle }): ReactElement {
  const why = exclusionWords(disk)
  const size = `${formatBytes(disk.allocatedSize, style.units)} of ${formatBytes(disk.virtualSize, style.units)}`
  return (
    <KeyValueGroup
      label={disk.firmware ? `${disk.id} (UEFI variables)` : disk.id}
      items={[
        { key: 'Backed up', value: why ?? 'Yes', tone: why === null ? 'ok' : 'plain' },
        { key: 'Size', value: size },
        { key: 'Format', value: disk.format ?? 'Not known' },
        ...(why === null ? [trackingRow(disk)] : []),
        { key: 'Image', value: <bdi>{disk.imagePath ?? 'Not a file'}</bdi>, mono: disk.imagePath !== null },
        ...disk.backingChain.map((path, index) => ({
          key: index === 0 ? 'Builds on' : `Then on ${index + 1}`,
          value: <bdi>{path}</bdi>,
          mono: true,
        })),
        { key: 'Node', value: disk.node ?? 'None', mono: disk.node !== null },
      ]}
    />
  )
}

function trackingRow(disk: Disk) {
  const { text, tone } = trackingWords(disk)
  return { key: 'Tracking', value: text, tone: tone === 'neutral' ? ('plain' as const) : tone }
}

function connectionItems(machine: Machine, style: WordStyle) {
  const agent = readiness(machine, style).find((item) => item.id === 'agent')
  const { endpoint } = machine
  const address =
    endpoint === null ? 'None' : endpoint.kind === 'unix' ? endpoint.path : `${endpoint.host}:${endpoint.port}`
  const origins = { added: 'Added by you', found: 'Found while running', demo: 'Floe’s demo machine' } as const
  return [
    { key: 'QMP', value: <bdi>{address}</bdi>, mono: endpoint !== null },
    { key: 'QEMU', value: qemuWords(machine) ?? 'Not known' },
    ...(machine.pid === null ? [] : [{ key: 'Process', value: `pid ${machine.pid}` }]),
    ...(machine.launcher === null ? [] : [{ key: 'Launcher', value: machine.launcher }]),
    ...(machine.startedBy === null ? [] : [{ key: 'Started by', value: <bdi>{machine.startedBy}</bdi>, mono: true }]),
    ...(machine.agentPath === null ? [] : [{ key: 'Agent socket', value: <bdi>{machine.agentPath}</bdi>, mono: true }]),
    ...(agent === undefined
      ? []
      : [{ key: 'Agent', value: agent.text, tone: agent.tone === 'neutral' ? ('plain' as const) : agent.tone }]),
    { key: 'In the list', value: origins[machine.origin] },
  ]
}
