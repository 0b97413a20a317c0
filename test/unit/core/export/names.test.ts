import { expect, it } from 'vitest'
import { exportId, exportUri } from '../../../../electron/core/export/naming.ts'
import { assertExportable } from '../../../../electron/core/export/possible.ts'
import type { QmpCapabilities } from '../../../../electron/core/qmp/types.ts'
import type { JobId } from '../../../../shared/domain/ids.ts'

it('an address survives whatever is in the names of disks and folders', () => {
  const uri = exportUri("/Users/me/Application Support/a'b?#&%/ü.sock", "disk/1 'x'(2)")
  const url = new URL(uri.replace('nbd+unix:', 'http:').replace('///', '//host/'))
  expect(decodeURIComponent(url.pathname.slice(1))).toBe("disk/1 'x'(2)")
  expect(url.searchParams.get('socket')).toBe("/Users/me/Application Support/a'b?#&%/ü.sock")
  expect(uri).not.toMatch(/['"\s()#]/)
})

it('ids inside QEMU carry our prefix and the job, and are short enough', () => {
  expect(exportId('abcdefghijkl' as JobId, 12)).toBe('floe-abcdefghijkl-e12')
})

const can = (without: string | null): QmpCapabilities => ({
  hasCommand: (name) => name !== without,
  hasArgument: () => true,
  hasDriver: (driver, option) => driver !== without && option !== without,
})

it('a QEMU that cannot export says what it lacks', () => {
  expect(() => assertExportable(can(null), 'vm', '7.2.0')).not.toThrow()
  const lacking = {
    'on-cbw-error': /on-cbw-error/,
    'snapshot-access': /snapshot-access/,
    'block-export-add': /block-export-add/,
    'unshare-child-perms': /resized/,
  }
  for (const [what, words] of Object.entries(lacking)) {
    expect(() => assertExportable(can(what), 'vm', '6.0.0')).toThrow(words)
  }
})
