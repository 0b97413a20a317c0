// Is a machine off, and are its images nobody's? Three independent looks, because each can be fooled: QMP may be busy,
// a process may hide its command line, and locks may be switched off (qemu.md 8). One sign against it is enough.
import { stat } from 'node:fs/promises'
import type { QmpEndpoint } from '../../../../shared/domain/machine.ts'
import { FloeError } from '../../errors.ts'
import type { Ports } from '../../ports/index.ts'
import { isQemu } from '../../ports/machine-programs.ts'
import type { connectQmp } from '../../qmp/connect.ts'
import type { QmpSession } from '../../qmp/types.ts'
import { endpointText } from '../command-line/endpoints.ts'
import { readCommandLine } from '../command-line/qemu-command-line.ts'
import { type FileIdentity, identifyFile, identifyFiles, isSameFile } from '../file-identity.ts'
import { probeLock } from './lock-probe.ts'

export interface SignOfLife {
  readonly sign: 'qmp' | 'process' | 'open-file' | 'lock'
  readonly pid: number | null
  readonly text: string
}

export interface LifeDeps {
  readonly ports: Pick<Ports, 'clock' | 'platform' | 'env'>
  readonly connect: typeof connectQmp
  readonly name: string
  readonly pid: number | null
  readonly session: QmpSession | null
  readonly endpoints: readonly QmpEndpoint[]
}

const nothingThere = new Set(['machine/socket-missing', 'machine/refused', 'machine/not-a-socket'])

async function signOfQmp(deps: LifeDeps): Promise<SignOfLife[]> {
  const { name, pid, session } = deps
  if (session)
    return [{ sign: 'qmp', pid, text: `QEMU ${session.version} still runs ${name}: its QMP socket answers.` }]
  for (const endpoint of deps.endpoints) {
    const place = endpointText(endpoint)
    try {
      const opened = await deps.connect(endpoint, { clock: deps.ports.clock, platform: deps.ports.platform })
      await opened.close()
      return [{ sign: 'qmp', pid, text: `QEMU ${opened.version} answers at ${place}, the QMP socket of ${name}.` }]
    } catch (error) {
      if (!(error instanceof FloeError)) throw error
      // Busy, silent, forbidden: somebody listens there, so the machine may run.
      if (!nothingThere.has(error.code)) {
        return [
          { sign: 'qmp', pid, text: `Something listens at ${place}, the QMP socket of ${name}: ${error.message}` },
        ]
      }
    }
  }
  return []
}

/** Any argument that names the image, in whatever option: whole, or after one of QEMU's separators. */
function namesImage(argument: string, path: string): boolean {
  const plain = argument.replaceAll(',,', ',')
  for (let at = plain.indexOf(path); at >= 0; at = plain.indexOf(path, at + 1)) {
    const before = plain[at - 1]
    const after = plain[at + path.length]
    if ((before === undefined || /[=:,"' ]/.test(before)) && (after === undefined || /[,"' ]/.test(after))) return true
  }
  return false
}

async function signOfProcess(images: readonly FileIdentity[], given: readonly string[], deps: LifeDeps) {
  const signs: SignOfLife[] = []
  const names = [...new Set([...given, ...images.map(({ path }) => path)])]
  for (const process of await deps.ports.platform.listProcesses()) {
    if (!isQemu(process.args)) continue
    const line = readCommandLine(process.args, process.cwd)
    const named = await identifyFiles(line.images.map(({ path }) => path))
    const image =
      images.find((wanted) => named.some((other) => isSameFile(wanted, other)))?.path ??
      names.find((path) => process.args.some((argument) => namesImage(argument, path)))
    if (image === undefined) continue
    const who = line.name === null ? line.program : `${line.program} (${line.name})`
    signs.push({
      sign: 'process',
      pid: process.pid,
      text: `${who}, process ${process.pid}, was started with ${image}.`,
    })
  }
  return signs
}

async function signOfOpenFiles(given: readonly string[], images: readonly FileIdentity[], deps: LifeDeps) {
  const paths = [...new Set([...given, ...images.map(({ path }) => path)])]
  try {
    const holders = await deps.ports.platform.openHolders(paths)
    const seen = new Map(holders.map((holder) => [`${holder.pid}`, holder]))
    return [...seen.values()].map(
      ({ pid, program, path }): SignOfLife => ({
        sign: 'open-file',
        pid,
        text: `${program}, process ${pid}, has ${path} open.`,
      }),
    )
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [{ sign: 'open-file', pid: null, text: `Floe could not see who has the images open: ${why}` } as const]
  }
}

async function signOfLocks(images: readonly FileIdentity[], deps: LifeDeps): Promise<SignOfLife[]> {
  const signs: SignOfLife[] = []
  for (const { path } of images) {
    if (!(await stat(path).catch(() => null))?.isFile()) continue
    const verdict = await probeLock(path, deps.ports.env)
    if (verdict.kind === 'locked') {
      signs.push({ sign: 'lock', pid: null, text: `${path} is locked by a program that uses it as a disk.` })
    } else if (verdict.kind === 'unknown') {
      signs.push({ sign: 'lock', pid: null, text: `Floe could not check the locks on ${path}: ${verdict.why}.` })
    }
  }
  return signs
}

/** @param look `locks: 'ours'`: Floe itself holds the locks now, so they tell nothing */
export async function signsOfLife(
  imagePaths: readonly string[],
  deps: LifeDeps,
  look: { readonly locks?: 'ours' } = {},
): Promise<readonly SignOfLife[]> {
  const images = await Promise.all(imagePaths.map(identifyFile))
  // The lock probe opens the images itself, so it comes after the look at open files.
  const [qmp, processes, open] = await Promise.all([
    signOfQmp(deps),
    signOfProcess(images, imagePaths, deps),
    signOfOpenFiles(imagePaths, images, deps),
  ])
  const locks = look.locks === 'ours' ? [] : await signOfLocks(images, deps)
  return [...qmp, ...processes, ...open, ...locks]
}
