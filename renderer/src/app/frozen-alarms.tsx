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
  const { thaw, busy, refusal } = useThaw(machine)
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
      <Sentences alarm={alarm} refusal={refusal} />
    </Banner>
  )
}

/** A timer is read on request only, so that the seconds are not told one by one. */
function Sentences(props: { readonly alarm: FrozenAlarm; readonly refusal: string | null }): ReactElement {
  const { alarm, refusal } = props
  return (
    <>
      {alarm.lead} <span role="timer">{alarm.since}</span>. {alarm.rest}
      {refusal === null ? null : <> Thawing it just now failed: {refusal}</>}
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
  const { thaw, busy, refusal } = useThaw(machine)
  return (
    <Alert
      name="may-be-frozen"
      title={alarm.title}
      confirm="Thaw Now"
      cancel="OK"
      busy={busy}
      onClose={onSeen}
      onConfirm={() => {
        void thaw().then((thawed) => {
          if (thawed) onSeen()
        })
      }}
    >
      <Sentences alarm={alarm} refusal={refusal} />
    </Alert>
  )
}

function occurrenceOf(machine: Machine): string {
  return `${machine.id} ${machine.mayBeFrozenSince}`
}

interface Thaw {
  /** True when the guest confirmed it. */
  readonly thaw: () => Promise<boolean>
  readonly busy: boolean
  /** Why the last try failed, as a sentence; the alarm itself goes on. */
  readonly refusal: string | null
}

function useThaw(machine: Machine): Thaw {
  const actions = useActions()
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const thaw = async (): Promise<boolean> => {
    setBusy(true)
    const answer = await actions.ask('machines.thaw', { machineId: machine.id })
    setBusy(false)
    setRefusal(answer.ok ? null : answer.problem.message)
    return answer.ok
  }
  return { thaw, busy, refusal }
}
