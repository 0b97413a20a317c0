// Which known machine a running QEMU is. Images first, because they are the machine; then the uuid, then the name
// (ux.md S6): so a guest keeps its restore points however often it is restarted.
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { type FileIdentity, isSameFile } from './file-identity.ts'

export interface MachineTraits {
  /** Writable images that are no firmware. */
  readonly images: readonly FileIdentity[]
  readonly uuid: string | null
  /** As given with `-name`. */
  readonly name: string | null
}

export interface KnownMachine extends MachineTraits {
  readonly endpoint: QmpEndpoint | null
  /** Is at least one of its images still where it was? */
  readonly imagesExist: boolean
}

const sharedImages = (a: readonly FileIdentity[], b: readonly FileIdentity[]) =>
  a.filter((image) => b.some((other) => isSameFile(image, other))).length

export function isSameEndpoint(a: QmpEndpoint | null, b: QmpEndpoint | null): boolean {
  if (a?.kind === 'unix' && b?.kind === 'unix') return a.path === b.path
  return a?.kind === 'tcp' && b?.kind === 'tcp' && a.host === b.host && a.port === b.port
}

/**
 * The known machine that these traits belong to; null for a new one. `known` must leave out machines that run already
 * in another process.
 */
export function findKnown<K extends KnownMachine>(
  traits: MachineTraits,
  endpoints: readonly QmpEndpoint[],
  known: readonly K[],
): K | null {
  let best: K | null = null
  let most = 0
  for (const machine of known) {
    const count = sharedImages(traits.images, machine.images)
    if (count > most) {
      most = count
      best = machine
    }
  }
  if (best) return best
  // A machine whose images lie untouched elsewhere is another one, even if a copied script gave it the same name.
  const possible = known.filter(
    (machine) => traits.images.length === 0 || machine.images.length === 0 || !machine.imagesExist,
  )
  const byUuid = traits.uuid === null ? undefined : known.find((machine) => machine.uuid === traits.uuid)
  if (byUuid) return byUuid
  const bySocket = possible.find(
    (machine) =>
      machine.images.length === 0 && endpoints.some((endpoint) => isSameEndpoint(endpoint, machine.endpoint)),
  )
  if (bySocket) return bySocket
  if (traits.name === null) return null
  return possible.find((machine) => machine.name === traits.name && machine.uuid === traits.uuid) ?? null
}
