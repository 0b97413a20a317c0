// X1 (ux.md 3.3): a guest may still be frozen. On every page, above everything else, until the guest confirms its thaw;
// and one alert in front of the window each time it happens.
import { type ReactElement, useState } from 'react'
import type { Machine } from '../../../shared/domain/machine.ts'
import { type FrozenAlarm, frozenAlarm } from '../../../shared/text/machine-words.ts'
import { Alert } from '../design/alert.tsx'
import { Banner } from '../design/banner.tsx'
import { Button } from '../design/button.tsx'
import { useMachines } from '../state/selectors.ts'
import { useActions, useNow, useUiActions } from '../state/window-state.tsx'

interface FrozenMachine {
  readonly machine: Machine
  readonly alarm: FrozenAlarm
}

function useFrozenMachines(): readonly FrozenMachine[] {
  const machines = useMachines()
  const now = useNow(1000)
  return machines.flatMap((machine) => {
    const alarm = frozenAlarm(machine, now)
    return alarm === null ? [] : [{ machine, alarm }]
  })
}

/** The banners, under every page's toolbar. */
export function FrozenBanners(): ReactElement {
  return (
    <>
      {useFrozenMachines().map(({ machine, alarm }) => (
        <FrozenBanner key={machine.id} machine={machine} alarm={alarm} />
      ))}
    </>
  )
}

function FrozenBanner({ machine, alarm }: FrozenMachine): ReactElement {
  const ui = useUiActions()
  const { thaw, busy } = useThaw(machine)
  return (
    <Banner
      code="may-be-frozen"
      tone="alarm"
      title={alarm.title}
      actions={
        <>
          <Button size="small" onPress={() => ui.show({ kind: 'activity' })}>
            Show Log
          </Button>
          <Button size="small" variant="primary" busy={busy} onPress={() => void thaw()}>
            Thaw Now
          </Button>
        </>
      }
    >
      <Sentences alarm={alarm} />
    </Banner>
  )
}

/** A timer is read on request only, so that the seconds are not told one by one. */
function Sentences({ alarm }: { readonly alarm: FrozenAlarm }): ReactElement {
  return (
    <>
      {alarm.lead} <span role="timer">{alarm.since}</span>. {alarm.rest}
    </>
  )
}

/** The alert; one at a time, and only once for each time a guest stays frozen. */
export function FrozenAlert(): ReactElement | null {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set())
  const next = useFrozenMachines().find(({ machine }) => !seen.has(occurrenceOf(machine)))
  if (next === undefined) return null
  const occurrence = occurrenceOf(next.machine)
  return <OneAlert key={occurrence} {...next} onSeen={() => setSeen(new Set([...seen, occurrence]))} />
}

function OneAlert({ machine, alarm, onSeen }: FrozenMachine & { readonly onSeen: () => void }): ReactElement {
  const { thaw, busy } = useThaw(machine)
  return (
    <Alert
      name="may-be-frozen"
      title={alarm.title}
      confirm="Thaw Now"
      cancel="OK"
      busy={busy}
      onClose={onSeen}
      onConfirm={() => {
        onSeen()
        void thaw()
      }}
    >
      <Sentences alarm={alarm} />
    </Alert>
  )
}

function occurrenceOf(machine: Machine): string {
  return `${machine.id} ${machine.mayBeFrozenSince}`
}

function useThaw(machine: Machine): { readonly thaw: () => Promise<void>; readonly busy: boolean } {
  const actions = useActions()
  const [busy, setBusy] = useState(false)
  const thaw = async (): Promise<void> => {
    setBusy(true)
    await actions.run('machines.thaw', { machineId: machine.id })
    setBusy(false)
  }
  return { thaw, busy }
}
