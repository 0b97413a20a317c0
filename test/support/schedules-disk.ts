// A QEMU with one disk whose content the test knows byte by byte, whatever its guest does to it and however QEMU ends.
import { readFileSync } from 'node:fs'
import { createImage, startQemu, type TestQemu } from './qemu.ts'
import { run } from './run.ts'
import { type TempDir, tempDir } from './temp.ts'

export const diskSize = 16 << 20
export const cluster = 64 << 10

/**
 * What the guest does to a stretch of its disk, in bytes: writes `pattern`, writes zeroes (`unmap`: and lets go of what
 * lay there), or discards whole clusters.
 */
export type Write = { readonly offset: number; readonly length: number } & (
  | { readonly kind: 'data'; readonly pattern: number }
  | { readonly kind: 'zero' | 'unmap' | 'discard' }
)

export class KnownDisk implements AsyncDisposable {
  readonly path: string
  readonly #dir: TempDir
  #content: Buffer = Buffer.alloc(diskSize)
  #qemu: TestQemu
  /** How often the guest did what. */
  readonly writes = new Map<Write['kind'], number>()

  private constructor(dir: TempDir, path: string, qemu: TestQemu) {
    this.#dir = dir
    this.path = path
    this.#qemu = qemu
  }

  static async start(): Promise<KnownDisk> {
    const dir = tempDir('fr-')
    const path = await createImage(dir.file('disk.qcow2'), diskSize)
    return new KnownDisk(dir, path, await startWith(path))
  }

  get qemu(): TestQemu {
    return this.#qemu
  }

  /** A copy of what the disk holds now. */
  content(): Buffer {
    return Buffer.from(this.#content)
  }

  /** `filtered`: a backup's filter may be in the way, which may keep a discard from the disk. */
  async write(one: Write, filtered: boolean): Promise<void> {
    const { offset, length, kind } = one
    this.writes.set(kind, (this.writes.get(kind) ?? 0) + 1)
    if (kind === 'data') await this.#qemu.write('vda', offset, length, one.pattern)
    else await this.#io(kind === 'discard' ? `discard ${offset} ${length}` : zeroes(one))
    if (kind === 'discard' && filtered) this.#content = await this.#readImage()
    else this.#content.fill(kind === 'data' ? one.pattern : 0, offset, offset + length)
  }

  /** Writes one stretch so that no cluster of it stays as it is. */
  async change(offset: number, length: number): Promise<void> {
    const before = this.#content[offset] as number
    await this.write({ kind: 'data', offset, length, pattern: 1 + ((before + 1) % 255) }, false)
  }

  /**
   * After QEMU has ended. What a killed one had not brought to the disk is gone, as after a power cut: then the image says
   * what the disk holds. @throws when an orderly end lost anything
   */
  async startAgain(ended: 'quit' | 'killed'): Promise<void> {
    await this.#qemu[Symbol.asyncDispose]()
    const found = await this.#readImage()
    if (ended === 'quit' && !found.equals(this.#content))
      throw new Error('The disk does not hold what its guest wrote.')
    this.#content = found
    this.#qemu = await startWith(this.path)
  }

  /** Of an image that QEMU may have open: it is asked to bring what it holds to the file first. */
  async #readImage(): Promise<Buffer> {
    if (this.#qemu.process.exitCode === null && this.#qemu.process.signalCode === null) await this.#qemu.flush('vda')
    const raw = this.#dir.file('now.raw')
    await run('qemu-img', 'convert', '-U', '-O', 'raw', this.path, raw)
    return readFileSync(raw)
  }

  async #io(command: string): Promise<void> {
    const answer = await this.#qemu.monitor.hmp(`qemu-io -d /machine/peripheral/vda/virtio-backend "${command}"`)
    if (/error|failed|not permitted|cannot|not found/i.test(answer)) throw new Error(`qemu-io ${command}: ${answer}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#qemu[Symbol.asyncDispose]()
    this.#dir[Symbol.dispose]()
  }
}

const zeroes = ({ kind, offset, length }: Write) => `write -z ${kind === 'unmap' ? '-u ' : ''}${offset} ${length}`

/** A disk that takes its guest's discards. */
function startWith(path: string): Promise<TestQemu> {
  const file = { driver: 'file', filename: path, discard: 'unmap' }
  const node = JSON.stringify({ driver: 'qcow2', 'node-name': 'n-vda', discard: 'unmap', file })
  return startQemu({ args: ['-blockdev', node, '-device', 'virtio-blk-pci,drive=n-vda,id=vda'] })
}
