// Can this QEMU hold an instant and serve it? Read from its schema, never from its version number (qemu.md 10).
import { FloeError } from '../errors.ts'
import type { QmpCapabilities } from '../qmp/types.ts'

const needs: readonly (readonly [has: (can: QmpCapabilities) => boolean, what: string])[] = [
  [
    (can) => can.hasDriver('copy-before-write', 'on-cbw-error') && can.hasDriver('copy-before-write', 'cbw-timeout'),
    'keep an instant without putting the guest at risk (copy-before-write with on-cbw-error, QEMU 7.1)',
  ],
  [(can) => can.hasDriver('snapshot-access'), 'read an instant while the guest runs (snapshot-access, QEMU 7.0)'],
  [
    (can) => can.hasDriver('blkdebug', 'unshare-child-perms'),
    'keep the disks from being resized meanwhile (blkdebug with unshare-child-perms)',
  ],
  [
    (can) => can.hasCommand('nbd-server-start') && can.hasCommand('block-export-add'),
    'serve a disk to other programs (block-export-add, QEMU 5.2)',
  ],
]

/** @throws FloeError `export/not-possible`, naming what this QEMU lacks */
export function assertExportable(can: QmpCapabilities, machineName: string, qemuVersion: string): void {
  const lacking = needs.find(([has]) => !has(can))
  if (!lacking) return
  throw new FloeError('export/not-possible', `The QEMU ${qemuVersion} of ${machineName} can't ${lacking[1]}.`, {
    params: { machine: machineName, qemuVersion },
    remedy: 'Start the machine with QEMU 7.1 or newer.',
  })
}
