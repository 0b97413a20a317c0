// A copy of a machine that is off is good only if nobody touched its images from before the first byte was read until
// after the last: then they show one instant. Locks alone do not tell (they may be switched off, and macOS has none), so
// Floe asks who uses the images, and compares what the file system says of them before, meanwhile and after.
import { setTimeout as wait } from 'node:timers/promises'
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { MachineService } from '../machines/types.ts'
import { changesSince, type FileFacts, factsOf } from '../storage-daemon/image-files.ts'
import type { SourceImages } from './link.ts'

const lookEveryMs = 2_000

interface OffMachine {
  readonly id: MachineId
  readonly name: string
}

export const changedWhileOff = (machineName: string, changes: readonly string[]): FloeError =>
  new FloeError(
    'backup/changed-while-off',
    `The images of ${machineName} did not stay as they were: ${changes.join(' ')}`,
    { params: { machine: machineName }, remedy: 'Begin again when nothing works on its images.' },
  )

export class OffGuard implements SourceImages {
  readonly #machines: Pick<MachineService, 'signsOfLife'>
  readonly #machine: OffMachine
  readonly #files: readonly FileFacts[]
  /** The images that the machine itself would write to. */
  readonly #own: readonly string[]

  private constructor(
    machines: Pick<MachineService, 'signsOfLife'>,
    machine: OffMachine,
    files: readonly FileFacts[],
    own: readonly string[],
  ) {
    this.#machines = machines
    this.#machine = machine
    this.#files = files
    this.#own = own
  }

  /**
   * Remembers what the files are, then makes sure that nobody uses the machine's own ones.
   * @param paths every file that holds some of the machine's disks
   * @param shared those of them that other machines may read meanwhile: backing files, which must only stay as they are
   * @throws FloeError `backup/started-while-off`
   */
  static async begin(
    machines: Pick<MachineService, 'signsOfLife'>,
    machine: OffMachine,
    paths: readonly string[],
    shared: ReadonlySet<string> = new Set(),
  ): Promise<OffGuard> {
    const files = await Promise.all([...new Set(paths)].map(factsOf))
    const own = [...new Set(paths)].filter((path) => !shared.has(path))
    const guard = new OffGuard(machines, machine, files, own)
    const signs = await guard.#signs({})
    if (signs === null) return guard
    throw new FloeError('backup/started-while-off', `${machine.name} is not off, or its images are in use. ${signs}`, {
      params: { machine: machine.name, before: true },
      remedy: 'Let Floe reach it over its QMP socket, or end the program that uses its images.',
    })
  }

  /**
   * While Floe reads the images: tells the first thing that makes the copy worthless, and ends. A QEMU that is there at
   * one look only could not start, because of the locks: the looks at the end judge the copy.
   */
  async follow(signal: AbortSignal, onTrouble: (problem: Problem) => void): Promise<void> {
    let wasThere = false
    while (!signal.aborted) {
      try {
        await this.#assert({ locks: 'ours' })
        wasThere = false
      } catch (error) {
        const started = error instanceof FloeError && error.code === 'backup/started-while-off'
        if (wasThere || !started) {
          if (!signal.aborted) onTrouble(toProblem(error))
          return
        }
        wasThere = true
      }
      await wait(lookEveryMs, undefined, { signal }).catch(() => {})
    }
  }

  /** After Floe let go of the images. @throws FloeError `backup/changed-while-off`, `backup/started-while-off` */
  async assertUntouched(): Promise<void> {
    await this.#assert({})
    // Whoever came between the two looks has changed something by now, or nothing at all.
    await this.#assertSame()
  }

  async #assert(look: { readonly locks?: 'ours' }): Promise<void> {
    await this.#assertSame()
    const signs = await this.#signs(look)
    if (signs === null) return
    const { name } = this.#machine
    throw new FloeError('backup/started-while-off', `${name} was started, or its images were opened: ${signs}`, {
      params: { machine: name },
      remedy: 'Begin again: that works while it runs as well.',
    })
  }

  async #assertSame(): Promise<void> {
    const changes = await changesSince(this.#files)
    if (changes.length > 0) throw changedWhileOff(this.#machine.name, changes)
  }

  async #signs(look: { readonly locks?: 'ours' }): Promise<string | null> {
    const signs = await this.#machines.signsOfLife(this.#machine.id, this.#own, look)
    return signs.length === 0 ? null : signs.map((sign) => sign.text).join(' ')
  }
}
