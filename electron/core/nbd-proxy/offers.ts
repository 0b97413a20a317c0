import * as wire from '../nbd/protocol.ts'

/** An export of the server behind, as readers find it here. */
export interface Offer {
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly tellsAllocation: boolean
  /** The dirty bitmap that the server behind tells about; null for none. */
  readonly dirtyBitmap: string | null
}

export const allocationId = 1
export const dirtyId = 2

/** Names and ids of what an export's readers can ask the block status of. */
export const contextsOf = ({ tellsAllocation, dirtyBitmap }: Offer): ReadonlyMap<string, number> =>
  new Map([
    ...(tellsAllocation ? [[wire.allocationContext, allocationId] as const] : []),
    ...(dirtyBitmap === null ? [] : [[wire.dirtyContext(dirtyBitmap), dirtyId] as const]),
  ])

/** Those that NBD_OPT_SET_META_CONTEXT asks for, by their whole names. */
export const chosen = (names: readonly string[], queries: readonly string[]): readonly string[] =>
  names.filter((name) => queries.includes(name))

/** Those that NBD_OPT_LIST_META_CONTEXT asks for: by name, all that begin as a query does (`qemu:`), all without one. */
export const listed = (names: readonly string[], queries: readonly string[]): readonly string[] =>
  queries.length === 0
    ? names
    : names.filter((name) => queries.some((query) => name === query || (query.endsWith(':') && name.startsWith(query))))
