// Does anybody hold QEMU's locks on an image? Two tools, because each is blind to something (qemu.md 8): `qemu-img info`
// opens for reading and clashes with writers of qcow2; `qemu-io` opens the plain file for writing, without writing, and
// clashes with every user that locks. The content is never interpreted, so that no header is touched.
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, open } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const secondLookMs = 200

export type LockVerdict =
  | { readonly kind: 'free' }
  | { readonly kind: 'locked' }
  /** The locks could not be looked at; never to be taken for free. */
  | { readonly kind: 'unknown'; readonly why: string }

const usualFolders = ['/opt/homebrew/bin', '/usr/local/bin', '/opt/local/bin', '/usr/bin']

async function locate(name: string, env: Readonly<Record<string, string | undefined>>): Promise<string | null> {
  const folders = [env.FLOE_QEMU_DIR ?? '', ...(env.PATH ?? '').split(delimiter), ...usualFolders]
  for (const folder of folders) {
    if (!folder.startsWith('/')) continue
    const path = join(folder, name)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return null
}

interface Outcome {
  readonly failed: boolean
  readonly text: string
}

function run(program: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: 20_000, env: { ...process.env, LC_ALL: 'C' }, cwd: '/' }
    execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve({ failed: error !== null, text: `${stderr}${stdout}`.trim() || (error?.message ?? '') })
    })
  })
}

const speaksOfLock = (text: string) => /Failed to get .*lock|Is another process using the image/i.test(text)

async function isQcow2(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const magic = Buffer.alloc(4)
    await handle.read(magic, 0, 4, 0)
    return magic.equals(Buffer.from([0x51, 0x46, 0x49, 0xfb]))
  } finally {
    await handle.close()
  }
}

const fileName = (options: object) => `json:${JSON.stringify(options)}`

let last: Promise<unknown> = Promise.resolve()

/**
 * One probe at a time, and a second look at what seems locked: two probes of one file would see each other.
 * @param path absolute path of an existing image
 */
export function probeLock(path: string, env: Readonly<Record<string, string | undefined>>): Promise<LockVerdict> {
  const mine = last.then(async () => {
    const verdict = await probeOnce(path, env)
    if (verdict.kind !== 'locked') return verdict
    await wait(secondLookMs)
    return probeOnce(path, env)
  })
  last = mine.catch(() => null)
  return mine
}

async function probeOnce(path: string, env: Readonly<Record<string, string | undefined>>): Promise<LockVerdict> {
  const [qemuImg, qemuIo] = await Promise.all([locate('qemu-img', env), locate('qemu-io', env)])
  if (qemuImg === null || qemuIo === null) {
    return { kind: 'unknown', why: `${qemuImg === null ? 'qemu-img' : 'qemu-io'} is not installed` }
  }
  const file = { driver: 'file', filename: path }
  try {
    if (await isQcow2(path)) {
      const info = await run(qemuImg, ['info', '--output=json', fileName({ driver: 'qcow2', file })])
      if (info.failed && speaksOfLock(info.text)) return { kind: 'locked' }
    }
  } catch (error) {
    return { kind: 'unknown', why: (error as Error).message }
  }
  const write = await run(qemuIo, ['-c', 'length', fileName(file)])
  if (!write.failed) return { kind: 'free' }
  if (speaksOfLock(write.text)) return { kind: 'locked' }
  if (!/Permission denied|Read-only file system/i.test(write.text)) return { kind: 'unknown', why: write.text }
  const read = await run(qemuIo, ['-r', '-c', 'length', fileName(file)])
  if (read.failed && speaksOfLock(read.text)) return { kind: 'locked' }
  return read.failed ? { kind: 'unknown', why: read.text } : { kind: 'free' }
}
