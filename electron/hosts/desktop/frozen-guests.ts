import type { Machine } from '../../../shared/domain/machine.ts'

/** Tells each time that a guest may have stayed frozen, once. */
export class FrozenGuests {
  #told = new Map<string, string>()

  /** The machines whose alarm is new. */
  update(machines: readonly Machine[]): readonly Machine[] {
    const fresh = machines.filter(({ id, mayBeFrozenSince }) => {
      return mayBeFrozenSince !== null && this.#told.get(id) !== mayBeFrozenSince
    })
    this.#told = new Map(
      machines.flatMap(({ id, mayBeFrozenSince }) => (mayBeFrozenSince === null ? [] : [[id, mayBeFrozenSince]])),
    )
    return fresh
  }
}
