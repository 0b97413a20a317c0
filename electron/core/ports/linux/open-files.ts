import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { boundProcessIds } from '../../qemu-img/index.ts'
import { argumentsOf, parseStat, pidsOf } from './processes.ts'

const ownTools = /^qemu-(img|io|nbd)$/

/** Floe itself and the image tools it started. A QEMU that Floe started (the demo machine) is not Floe's own hand. */
async function isFloesOwn(pid: number, program: string): Promise<boolean> {
  if (pid === process.pid || boundProcessIds().has(pid)) return true
  if (!ownTools.test(program)) return false
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return parseStat(text)?.ppid === process.pid
}

/** Who holds one of these files open, read from /proc/PID/fd: by the path the kernel knows, or by device and inode. */
export async function openHoldersOnLinux(
  paths: readonly string[],
): Promise<readonly { pid: number; program: string; path: string }[]> {
  const byKey = new Map<string, string>()
  const byPath = new Map(paths.map((path) => [path, path]))
  for (const path of paths) {
    const facts = await stat(path, { bigint: true }).catch(() => null)
    if (facts) byKey.set(`${facts.dev}:${facts.ino}`, path)
  }
  const scan = async (pid: number) => {
    const held = new Set<string>()
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const link = `/proc/${pid}/fd/${fd}`
      const target = await readlink(link).catch(() => null)
      if (!target?.startsWith('/') || target.startsWith('/dev/') || target.startsWith('/proc/')) continue
      const named = byPath.get(target.replace(/ \(deleted\)$/, ''))
      const facts = named === undefined ? await stat(link, { bigint: true }).catch(() => null) : null
      const path = named ?? (facts ? byKey.get(`${facts.dev}:${facts.ino}`) : undefined)
      if (path !== undefined) held.add(path)
    }
    if (held.size === 0) return []
    const program = basename((await argumentsOf(pid))?.[0] ?? `process ${pid}`)
    if (await isFloesOwn(pid, program)) return []
    return [...held].map((path) => ({ pid, program, path }))
  }
  return (await Promise.all((await pidsOf()).map(scan))).flat()
}
