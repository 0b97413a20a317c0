// What is true of the machine right now: its guest agent, its disks (ux.md S2). Where an agent would help, the way to it.
import type { ReactElement, ReactNode } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { type ReadinessItem, readiness } from '../../../../shared/text/machine-words.ts'
import { Button } from '../../design/button.tsx'
import { StatusText } from '../../design/status-text.tsx'
import { CheckIcon, InfoIcon, MachineIcon, SnowflakeIcon, WarningIcon } from '../../icons/icons.tsx'
import { useSettings } from '../../state/selectors.ts'
import { useHost, useNow, useUiActions } from '../../state/window-state.tsx'
import styles from './status-strip.module.css'

export function ReadinessRow({ machine }: { readonly machine: Machine }): ReactElement | null {
  const userDir = useHost()?.userDir ?? null
  const settings = useSettings()
  const ui = useUiActions()
  const now = useNow(30_000)
  const freeze = settings.backupByMachine[machine.id]?.freeze ?? settings.freeze
  const items = readiness(machine, { now: new Date(now), freeze })
  if (items.length === 0 && machine.startedBy === null) return null
  return (
    <div className={styles.readiness} data-testid="readiness">
      {items.map((item) => (
        <span key={item.id} className={styles.ready} title={item.hint ?? undefined}>
          <StatusText icon={iconOf(item)} tone={item.tone === 'neutral' ? 'plain' : item.tone}>
            {item.text}
            {item.hint === null ? null : <span className="visually-hidden">. {item.hint}</span>}
          </StatusText>
          {item.setUpAgent ? (
            <Button
              variant="plain"
              size="small"
              testId="set-up-agent"
              onPress={() => ui.openSheet({ kind: 'set-up-agent', machineId: machine.id })}
            >
              Set Up Agent…
            </Button>
          ) : null}
        </span>
      ))}
      {machine.startedBy === null ? null : (
        <span className={styles.found}>
          Started by <bdi className={styles.path}>{homeRelative(machine.startedBy, userDir)}</bdi>
        </span>
      )}
    </div>
  )
}

function iconOf(item: ReadinessItem): ReactNode {
  if (item.tone === 'warning') return <WarningIcon small />
  if (item.tone === 'ok') return <CheckIcon small />
  return item.id === 'freeze' ? (
    <SnowflakeIcon small />
  ) : item.id === 'agent' || item.id === 'tracking' ? (
    <InfoIcon small />
  ) : (
    <MachineIcon small />
  )
}

function homeRelative(path: string, userDir: string | null): string {
  return userDir !== null && path.startsWith(`${userDir}/`) ? `~${path.slice(userDir.length)}` : path
}
