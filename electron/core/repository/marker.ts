import { join } from 'node:path'
import { z } from 'zod'
import { DestinationId } from '../../../shared/domain/ids.ts'
import { writeDurably } from './durable-file.ts'
import { markerFile } from './names.ts'
import { readPlainText } from './plain-file.ts'
import { seal, unseal } from './sealed-json.ts'

const markerFormat = 'floe-destination'
const markerVersion = 1

/** `floe-destination.json`: makes a folder a destination and tells it from any other with the same path. */
const Marker = z.object({ id: DestinationId, name: z.string(), createdAt: z.string() })
export type Marker = z.infer<typeof Marker>

export type MarkerReading =
  | { readonly kind: 'marker'; readonly marker: Marker }
  | { readonly kind: 'none' }
  | { readonly kind: 'newer'; readonly version: number; readonly id: string | null }
  | { readonly kind: 'damaged'; readonly reason: string }

/** Reads a folder's marker. Failures of the system other than "no such file" are thrown. */
export async function readMarker(folder: string): Promise<MarkerReading> {
  let text: string
  try {
    text = await readPlainText(join(folder, markerFile))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' }
    throw error
  }
  const unsealed = unseal(text, markerFormat, markerVersion)
  if (unsealed.kind === 'broken') return { kind: 'damaged', reason: unsealed.reason }
  if (unsealed.kind === 'newer') {
    const id = unsealed.value.id
    return { kind: 'newer', version: unsealed.version, id: typeof id === 'string' ? id : null }
  }
  const parsed = Marker.safeParse(unsealed.value)
  if (!parsed.success) return { kind: 'damaged', reason: 'It lacks an id or a name.' }
  return { kind: 'marker', marker: parsed.data }
}

export async function writeMarker(folder: string, marker: Marker): Promise<void> {
  await writeDurably(join(folder, markerFile), seal({ format: markerFormat, version: markerVersion, ...marker }))
}
