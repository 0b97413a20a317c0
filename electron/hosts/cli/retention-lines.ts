// What stays and what goes, for people.
import type { Point } from '../../../shared/domain/point.ts'
import type { RetentionPreview } from '../../../shared/domain/retention.ts'
import { formatBytes } from '../../../shared/format/bytes.ts'
import { formatExactTime } from '../../../shared/format/dates.ts'
import { movedSentence } from '../../../shared/text/keeping-words.ts'
import { table } from './table.ts'

interface About {
  readonly machineName: string
  readonly destination: { readonly name: string }
  readonly points: readonly Point[]
}

/** "1 restore point", "3 restore points". */
export const counted = (count: number): string => `${count} restore ${count === 1 ? 'point' : 'points'}`

/** What has to be done before they can go; empty where no kept point lies over one of them. */
function moveLines({ remove, movedBytes }: RetentionPreview): string[] {
  const byHeir = new Map<string, RetentionPreview['remove'][number][]>()
  for (const going of remove) {
    const [heir] = going.dependents
    if (heir !== undefined) byHeir.set(heir, [...(byHeir.get(heir) ?? []), going])
  }
  const lines = [...byHeir].map(([heir, [first, ...others]]) => {
    if (first === undefined || others.length > 0) {
      return `${others.length + 1} of them are needed by later points; their data moves into ${heir} first.`
    }
    const later = first.dependents.length === 1 ? 'a later point' : `${first.dependents.length} later points`
    return `${first.pointId} is needed by ${later}; its data moves into ${heir} first.`
  })
  const sentence = movedSentence(movedBytes, 'decimal', 'en')
  return sentence === null ? lines : [...lines, sentence]
}

export function retentionLines(about: About, preview: RetentionPreview, now: Date): string[] {
  const { keep, remove } = preview
  const row = (pointId: string, why: string): string[] => {
    const point = about.points.find(({ id }) => id === pointId)
    const facts =
      point === undefined
        ? ['', '']
        : [formatExactTime(point.createdAt, { now, locale: 'en' }), formatBytes(point.bytes, 'decimal', 'en')]
    return [`  ${pointId}`, ...facts, why]
  }
  const kept = keep.map(({ pointId, rules }) => row(pointId, rules.map((rule) => rule.replace('-', ' ')).join(', ')))
  const removed = remove.map(({ pointId, reason }) => row(pointId, reason))
  const head = ['  ID', 'TIME', 'ON DISK', 'WHY']
  return [
    `Keep ${counted(kept.length)} of ${about.machineName} on ${about.destination.name}${kept.length === 0 ? '.' : ':'}`,
    ...table(head, kept),
    ...(removed.length === 0 ? [] : [`Remove ${removed.length}:`]),
    ...table(head, removed),
    ...moveLines(preview),
  ]
}
