import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import { Verification } from '../../../shared/domain/point.ts'
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

/** A sound structure says nothing about content: it never replaces a verdict on the content. */
export function replaces(next: Verification, previous: Verification | null): boolean {
  return !(previous !== null && previous.level !== 'structure' && next.level === 'structure' && next.ok)
}

export async function writeVerification(folder: string, pointId: PointId, verification: Verification): Promise<void> {
  await writeDurably(join(folder, verificationFile), seal({ format, version: 1, pointId, ...verification }))
}
