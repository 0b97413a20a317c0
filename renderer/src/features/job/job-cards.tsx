// The cards above a machine's restore points: running jobs first, then the one that ended last. A finished one fades
// after 8 s unless it is hovered or holds the focus; failed ones stay until they are hidden or tried again.
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import { isFinal, type Job } from '../../../../shared/domain/job.ts'
import { useJobs } from '../../state/selectors.ts'
import { useNow } from '../../state/window-state.tsx'
import { JobCard } from './job-card.tsx'

const fadeAfter = 8000

/** Which jobs of a machine have a card now; `hidden` are put away. Oldest running first, then what ended last. */
export function cardsOf(jobs: readonly Job[], machineId: string, hidden: ReadonlySet<string>, now: number): Job[] {
  const own = jobs.filter((job) => job.machineId === machineId && !hidden.has(job.id))
  const running = own
    .filter((job) => !isFinal(job.state))
    .toSorted((one, other) => one.createdAt.localeCompare(other.createdAt))
  const ended = own
    .filter((job) => isFinal(job.state))
    .toSorted((one, other) => (other.finishedAt ?? '').localeCompare(one.finishedAt ?? ''))
  const last = ended[0]
  if (last === undefined) return running
  const stays = last.state.kind === 'failed' || (last.kind === 'verify' && last.result?.ok === false)
  const age = now - Date.parse(last.finishedAt ?? last.createdAt)
  return stays || age < fadeAfter ? [...running, last] : running
}

export function JobCards({ machineId }: { readonly machineId: MachineId }): ReactElement | null {
  const jobs = useJobs()
  const now = useNow(1000)
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const [held, setHeld] = useState<string | null>(null)
  const cards = cardsOf(jobs, machineId, hidden, now)
  const kept = held === null || cards.some((job) => job.id === held) ? undefined : jobs.find((job) => job.id === held)
  const shown = kept === undefined || hidden.has(kept.id) ? cards : [...cards, kept]
  if (shown.length === 0) return null
  return (
    <>
      {shown.map((job) => (
        <HoldArea key={job.id} onHold={(on) => setHeld(on ? job.id : null)}>
          <JobCard job={job} onDismiss={() => setHidden(new Set([...hidden, job.id]))} />
        </HoldArea>
      ))}
    </>
  )
}

/** Tells while the pointer or the focus is inside. */
function HoldArea(props: { readonly onHold: (on: boolean) => void; readonly children: ReactNode }): ReactElement {
  const area = useRef<HTMLDivElement>(null)
  const { onHold } = props
  const newest = useRef(onHold)
  newest.current = onHold
  useEffect(() => {
    const element = area.current
    if (element === null) return
    const hold = () => newest.current(true)
    const release = () => newest.current(false)
    element.addEventListener('mouseenter', hold)
    element.addEventListener('focusin', hold)
    element.addEventListener('mouseleave', release)
    element.addEventListener('focusout', release)
    return () => {
      element.removeEventListener('mouseenter', hold)
      element.removeEventListener('focusin', hold)
      element.removeEventListener('mouseleave', release)
      element.removeEventListener('focusout', release)
    }
  }, [])
  return <div ref={area}>{props.children}</div>
}
