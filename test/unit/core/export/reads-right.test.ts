import { expect, it } from 'vitest'
import { readerSocket, socketsFor } from '../../../../electron/core/export/readers.ts'
import { readsSnapshotsRight } from '../../../../electron/core/export/reads-right.ts'

it('QEMU reads snapshots right from 8.0 on, and one of an unknown version is not relied on', () => {
  for (const version of ['8.0.0', '8.2.2', '9.1.0', '10.1.50', '10.0.2 (v10.0.2)']) {
    expect([version, readsSnapshotsRight(version)]).toEqual([version, true])
  }
  for (const version of ['7.2.22', '7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)', '7.1.0', '7.2.90', '', 'v8.0.0', '80']) {
    expect([version, readsSnapshotsRight(version)]).toEqual([version, false])
  }
})

it('readers of an old QEMU find Floe where they would find a newer one', () => {
  const place = { socketFolder: '/run/x', socketPath: '/run/x/nbd.sock' }
  const [old, right] = ['7.2.22', '8.0.0'].map((version) => socketsFor(version, place))
  expect([old, right].map((sockets) => sockets && readerSocket(sockets))).toEqual([
    '/run/x/nbd.sock',
    '/run/x/nbd.sock',
  ])
  expect(right?.socketPath).toBe('/run/x/nbd.sock')
  expect(old?.socketPath).toBe('/run/x/vm.sock')
})
