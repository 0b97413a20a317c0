import { expect, it, vi } from 'vitest'
import type { CopyControl } from '../../../../electron/core/backup/copy-control.ts'
import { DriveQuestions } from '../../../../electron/core/backup/drive-questions.ts'
import type { QemuLink } from '../../../../electron/core/backup/link.ts'
import { watchCopies } from '../../../../electron/core/backup/watch.ts'
import type { QmpEventListener } from '../../../../electron/core/qmp/types.ts'
import { realClock } from '../../../support/core.ts'

let looks = 0
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  stat: () => {
    looks += 1
    return new Promise(() => {})
  },
}))

it('asks a drive that hangs once, and nobody waits for it', async () => {
  const questions = new DriveQuestions<string>()
  const ask = vi.fn(() => new Promise<string>(() => {}))
  expect(await questions.ask('/drive', 1, ask)).toBeNull()
  expect(await questions.ask('/drive', 1, ask)).toBeNull()
  expect(ask).toHaveBeenCalledTimes(1)
})

it('asks anew once it was answered, whatever the answer was', async () => {
  const questions = new DriveQuestions<number>()
  await expect(questions.ask('/drive', 1_000, () => Promise.reject(new Error('Gone.')))).rejects.toThrow('Gone.')
  expect(await questions.ask('/drive', 1_000, async () => 7)).toBe(7)
})

it('a destination that hangs does not keep anybody from looking after the guest', async () => {
  const listener: QmpEventListener = {
    next: (signal: AbortSignal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve(null)
        else signal.addEventListener('abort', () => resolve(null), { once: true })
      }),
    close: () => {},
  } as unknown as QmpEventListener
  const session = {
    execute: async () => [{ device: 'j', status: 'running', paused: false }],
    closed: new Promise(() => {}),
  }
  const look = vi.fn(async () => ({ pause: null, trouble: null }))
  const over = new AbortController()
  void watchCopies({
    link: { session: async () => session } as unknown as QemuLink,
    control: { look, isAsleep: false, scratchTrouble: async () => null } satisfies Partial<CopyControl> as never,
    plan: { disks: [{ jobName: 'j' }] } as never,
    place: { machineName: 'm', destinationName: 'd', pid: 1 },
    targets: ['/hung/a.qcow2'],
    clock: realClock,
    listener,
    rescueGuest: false,
    onGuestError: () => {},
    causeOfStop: async () => 'unknown',
    signal: over.signal,
    onEvent: () => {},
    onSample: () => {},
    done: () => ({ doneBytes: 0, totalBytes: 1 }),
  })
  await expect.poll(() => look.mock.calls.length, { timeout: 10_000 }).toBeGreaterThan(1)
  expect(looks).toBe(1)
  over.abort()
})
