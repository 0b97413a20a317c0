import { expect, it } from 'vitest'
import { FloeError, toProblem } from '../../../../electron/core/errors.ts'
import { assertIdle } from '../../../../electron/core/jobs/assert-idle.ts'
import { createJobBoard } from '../../../../electron/core/jobs/board.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import { freshId, quietLogger, realClock, testJob } from '../../../support/core.ts'

const machineId = freshId<MachineId>()
const never = () => new Promise<void>(() => {})
const boardWith = (change: Partial<Job>) => {
  const board = createJobBoard({ ports: { clock: realClock, logger: quietLogger }, topic: new Topic('jobs') })
  board.enqueue(testJob({ machineId, kind: 'export', ...change }), [], {}, never)
  return board
}

it('keeps a machine on the list while an export is held, though nobody uses its monitor', () => {
  expect(() => assertIdle(boardWith({}), machineId)).toThrow(expect.objectContaining({ code: 'machine/has-jobs' }))
})

it('does not mind jobs of other machines or on restore points, nor one that has not begun', () => {
  assertIdle(boardWith({}), freshId<MachineId>())
  assertIdle(boardWith({ kind: 'verify' }), machineId)
  const problem = toProblem(new FloeError('machine/off', 'It is off.'))
  assertIdle(boardWith({ state: { kind: 'waiting', for: 'machine', problem } }), machineId)
})
