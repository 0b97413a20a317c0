import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import { type Point, Verification } from '../../../shared/domain/point.ts'
import { writeDurably } from './durable-file.ts'
import { verificationFile } from './names.ts'
import { readPlainText } from './plain-file.ts'
import { seal, unseal } from './sealed-json.ts'

const format = 'floe-verification'

/** The verdict remembered beside a point; null when there is none that can be trusted. */
export async function readVerification(folder: string): Promise<Verification | null> {
  const text = await readPlainText(join(folder, verificationFile)).catch(() => null)
  if (text === null) return null
  const unsealed = unseal(text, format, 1)
  if (unsealed.kind !== 'sound') return null
  const parsed = Verification.safeParse(unsealed.value)
  return parsed.success ? parsed.data : null
}

/**
 * The structure says nothing about content: sound, it never replaces a verdict on the content; broken, only a good one.
 * What breaks it may pass, and the next sound structure would then take for good what was found damaged.
 */
export function replaces(next: Verification, previous: Verification | null): boolean {
  if (previous === null || previous.level === 'structure' || next.level !== 'structure') return true
  return previous.ok && !next.ok
}

/**
 * Content that the check of another point found damaged, and the point's own broken structure: its own finding from then
 * on, so that neither a sound structure nor the other point's good content takes it away. Without a content index
 * nothing could take that away, so it stays the other point's.
 */
export function joined(content: Verification, structure: Verification, { index }: Pick<Point, 'index'>): Verification {
  const foundIn = index.kind === 'complete' ? null : content.foundIn
  return { ...content, damage: [...content.damage, ...structure.damage], foundIn }
}

/**
 * The verdict to keep. Content that is as its index says is still what was compared with the running machine, as long as
 * nothing else was found in between: the index is the one that was proven.
 */
export function keptVerdict(next: Verification, previous: Verification | null): Verification {
  const proven = previous?.ok === true && previous.level === 'live'
  return proven && next.ok && next.level === 'content' ? { ...next, level: 'live' } : next
}

export async function writeVerification(folder: string, pointId: PointId, verification: Verification): Promise<void> {
  await writeDurably(join(folder, verificationFile), seal({ format, version: 1, pointId, ...verification }))
}
