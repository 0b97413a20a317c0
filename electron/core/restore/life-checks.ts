// The checks that ask about the world outside the images: is the machine off, does anybody else use the files, and is
// there room. All of them are made anew each time: before the click, at it, and right before the rename.
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Machine } from '../../../shared/domain/machine.ts'
import { FloeError } from '../errors.ts'
import type { MachineService } from '../machines/types.ts'
import { freeBytesAt, noSpace } from './failures.ts'
import { blocked, type Finding, fine } from './finding.ts'
import { bytesInWords, listInWords } from './words.ts'

/** Three independent signs: QMP, process list, open files and locks (qemu.md 8). */
export async function checkOff(machines: MachineService, machine: Machine, paths: readonly string[]): Promise<Finding> {
  const signs = await machines.signsOfLife(machine.id, paths)
  if (signs.length === 0) return fine('machine-off', `${machine.name} is off`, 'No process has these images open.')
  const first = signs.find((sign) => sign.pid !== null)
  const texts = signs.map((sign) => sign.text).join(' ')
  const error = new FloeError('restore/machine-running', `${machine.name} is not off. ${texts}`, {
    params: { machine: machine.name, pid: first?.pid ?? null, signs: listInWords(signs.map((sign) => sign.sign)) },
    remedy: 'Shut the machine down, or restore to a new image. Swapping images under a running machine destroys data.',
  })
  return blocked('machine-off', `Turn off ${machine.name} first`, error, 'shut-down-guest')
}

export async function checkNotShared(
  machines: MachineService,
  machine: Machine,
  paths: readonly string[],
): Promise<Finding> {
  const users = await machines.usersOfImages(machine.id, paths)
  if (users.length === 0) {
    return fine('not-shared', 'Nothing else builds on these images', 'No other known machine uses them.')
  }
  const texts = users.map((user) => `${user.machineName} uses "${user.path}"`)
  const error = new FloeError('restore/image-shared', `An image is used by others as well: ${listInWords(texts)}.`, {
    params: { machine: machine.name, users: users.length },
    remedy: 'Restore to a new image: swapping this one would change what the others read.',
  })
  return blocked('not-shared', 'Something else builds on an image', error, 'restore-to-new-image')
}

/** Room for what is built, per file system. */
export async function checkSpace(
  needs: readonly { readonly path: string; readonly bytes: number }[],
): Promise<Finding> {
  const byDevice = new Map<number, { folder: string; bytes: number }>()
  for (const need of needs) {
    const folder = dirname(need.path)
    const { dev } = await stat(folder)
    const known = byDevice.get(dev)
    byDevice.set(dev, { folder: known?.folder ?? folder, bytes: (known?.bytes ?? 0) + need.bytes })
  }
  const details: string[] = []
  for (const { folder, bytes } of byDevice.values()) {
    const free = await freeBytesAt(folder)
    if (free < bytes) {
      return blocked(
        'space',
        'Not enough space next to the images',
        noSpace(folder, bytes, free),
        'restore-to-new-image',
      )
    }
    details.push(`Needs ${bytesInWords(bytes)} in "${folder}", ${bytesInWords(free)} is free.`)
  }
  return fine('space', 'Enough space next to the images', details.join(' '))
}
