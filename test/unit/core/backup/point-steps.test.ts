import { expect, it } from 'vitest'
import type { BackupEvent } from '../../../../electron/core/backup/events.ts'
import { PointSteps } from '../../../../electron/core/backup/point-steps.ts'
import type { RunContext } from '../../../../electron/core/backup/run-context.ts'
import type { BackupInstant } from '../../../../electron/core/backup/state.ts'
import type { PointId } from '../../../../shared/domain/ids.ts'
import { freshId, quietLogger } from '../../../support/core.ts'

const instant = { at: '2026-01-02T03:04:05.000Z' } as BackupInstant

/** The steps of a backup whose point was recorded before Floe was killed; `verification`: as it is judged now. */
function stepsOf(verification: unknown) {
  const id = freshId<PointId>()
  const posted: BackupEvent[] = []
  // What the folder says: a mark that could not be written is not there.
  const point = { id, verification: null }
  const run = {
    header: { pointId: id, machineId: 'm', plan: { way: 'offline', disks: [] } },
    place: { machineName: 'debian', destinationName: 'Drive' },
    deps: {
      repository: {
        points: () => [point],
        judge: async () => ({ ...point, verification }),
        markChecking: () => {},
        computeIndex: async (_id: PointId, _tell: unknown, signal: AbortSignal) => signal.throwIfAborted(),
      },
      ports: { logger: quietLogger },
    },
    link: { close: async () => {} },
    post: (event: BackupEvent) => posted.push(event),
    partial: null,
    point: null,
  } as unknown as RunContext
  return { steps: new PointSteps(run), posted }
}

const damaged = { ok: false, damage: [{ text: 'Bytes 0 to 5 are damaged.' }] }

it('a point that was recorded before Floe was killed is judged when it is taken up', async () => {
  const bad = stepsOf(damaged)
  await bad.steps.record(instant)
  expect(bad.posted).toMatchObject([{ event: 'recorded', damaged: { code: 'backup/check-failed' } }])
  const good = stepsOf(null)
  await good.steps.record(instant)
  expect(good.posted).toEqual([{ event: 'recorded' }])
})

it('a check that is skipped does not hide what is held against the point, written or not', async () => {
  const bad = stepsOf(damaged)
  bad.steps.skipCheck()
  await expect(bad.steps.check()).rejects.toMatchObject({ code: 'backup/check-failed' })
  const good = stepsOf(null)
  good.steps.skipCheck()
  await good.steps.check()
  expect(good.posted).toEqual([{ event: 'check-skipped' }])
})
