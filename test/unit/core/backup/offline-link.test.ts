import { expect, it } from 'vitest'
import { Detached, MachineEnded } from '../../../../electron/core/backup/machine-link.ts'
import { DaemonEnded, OfflineLink } from '../../../../electron/core/backup/offline-link.ts'
import { machineGone, refused } from '../../../../electron/core/backup/problems.ts'
import { QmpExecuteError, QmpInterruptedError } from '../../../../electron/core/qmp/errors.ts'
import type { QmpSession } from '../../../../electron/core/qmp/types.ts'
import type { OfflineSource } from '../../../../electron/core/storage-daemon/offline-source.ts'

function daemon() {
  let die = () => {}
  const closed = new Promise<null>((resolve) => {
    die = () => resolve(null)
  })
  let ended = 0
  const session = { version: '7.2.22', closed } as unknown as QmpSession
  const source: OfflineSource = {
    pid: 1,
    session,
    ended: closed.then(() => 'It aborted.'),
    [Symbol.asyncDispose]: async () => {
      ended += 1
      die()
    },
  }
  return { source, session, die, timesEnded: () => ended }
}

const interrupted = new QmpInterruptedError('machine/interrupted', 'The connection ended.')

it('hands out the one session there is, and ends the daemon when it is closed', async () => {
  const { source, session, timesEnded } = daemon()
  const link = new OfflineLink(source, null)
  expect(await link.session()).toBe(session)
  expect(await link.use(async (used) => used.version)).toBe('7.2.22')
  await link.close()
  expect(timesEnded()).toBe(1)
  await expect(link.session()).rejects.toBeInstanceOf(DaemonEnded)
})

it('takes a broken connection for the end of the daemon, and its words for the reason', async () => {
  const { source, die } = daemon()
  const link = new OfflineLink(source, null)
  const broken = link.use(() => Promise.reject(interrupted))
  die()
  await expect(broken).rejects.toBeInstanceOf(MachineEnded)
  await expect(broken).rejects.toThrow('It aborted.')
  await expect(link.session()).rejects.toBeInstanceOf(DaemonEnded)
})

it('lets errors of the daemon through', async () => {
  const { source } = daemon()
  await expect(new OfflineLink(source, null).use(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
})

it('ends the daemon when Floe lets go: nobody would read its verdict', async () => {
  const { source, timesEnded } = daemon()
  const link = new OfflineLink(source, null)
  await link.detach()
  expect(timesEnded()).toBe(1)
  await expect(link.session()).rejects.toBeInstanceOf(Detached)
})

it('knows that the daemon of an earlier Floe is gone', async () => {
  await expect(new OfflineLink(null, null).use(async () => 1)).rejects.toBeInstanceOf(DaemonEnded)
})

it('the end of the daemon is not told as the end of the machine, which was off all the time', () => {
  const place = { machineName: 'Alpha', destinationName: 'Drive', pid: null, off: true }
  const problem = machineGone(place, new Date(), undefined, new DaemonEnded('qemu-storage-daemon ended.'))
  expect(problem).toMatchObject({ code: 'backup/interrupted', message: expect.stringContaining('qemu-storage-daemon') })
})

it('a lock that QEMU does not get is told as an image in use, when the machine was thought to be off', () => {
  const error = new QmpExecuteError('transaction', 'GenericError', 'Failed to get shared "write" lock')
  const place = { machineName: 'Alpha', destinationName: 'Drive', pid: null }
  expect(refused({ ...place, off: true }, error)).toMatchObject({ code: 'backup/started-while-off' })
  expect(refused(place, error)).toMatchObject({ code: 'backup/qemu-refused' })
})
