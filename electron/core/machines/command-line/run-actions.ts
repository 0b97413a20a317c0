import type { CommandLineOption } from './images.ts'
import { optionMap } from './option-syntax.ts'

/** What QEMU was told to do when the guest turns itself off or panics (`-action`, `-no-shutdown`). */
export interface RunActions {
  readonly shutdown: 'poweroff' | 'pause'
  /** Does a guest that panics end QEMU? */
  readonly panicEnds: boolean
  /** False when a file of options may say otherwise (`-readconfig`). */
  readonly certain: boolean
}

/** The last word counts, as in QEMU. `-no-shutdown` is `-action shutdown=pause`. */
export function runActionsOf(options: readonly CommandLineOption[]): RunActions {
  let shutdown: RunActions['shutdown'] = 'poweroff'
  let panic = 'shutdown'
  for (const { name, value } of options) {
    if (name === 'no-shutdown') shutdown = 'pause'
    if (name !== 'action' || value === null) continue
    const given = optionMap(value)
    const wished = given.get('shutdown')
    if (wished === 'pause' || wished === 'poweroff') shutdown = wished
    panic = given.get('panic') ?? panic
  }
  return {
    shutdown,
    panicEnds: panic === 'shutdown' || panic === 'exit-failure',
    certain: !options.some(({ name }) => name === 'readconfig'),
  }
}
