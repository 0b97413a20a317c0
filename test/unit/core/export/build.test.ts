import { expect, it } from 'vitest'
import { buildExport } from '../../../../electron/core/export/build.ts'
import type { ExportPlan } from '../../../../electron/core/export/plan.ts'
import type { FreezeOutcome, GuestKeeper } from '../../../../electron/core/guest-agent/types.ts'
import type { MachineLease } from '../../../../electron/core/machines/types.ts'
import type { QmpSession } from '../../../../electron/core/qmp/types.ts'
import type { JobId, MachineId } from '../../../../shared/domain/ids.ts'
import { worldPorts } from '../../../support/backup-world.ts'
import { tempDir } from '../../../support/temp.ts'

const early: FreezeOutcome = { kind: 'not-frozen', cause: 'thawed-early', reason: 'The guest thawed by itself.' }

async function build(required: boolean): Promise<string[]> {
  using dir = tempDir()
  const done: string[] = []
  const session = {
    execute: async (command: string) => {
      done.push(command)
      return command === 'query-status' ? { running: false } : []
    },
  } as unknown as QmpSession
  const keeper: Pick<GuestKeeper, 'around'> = {
    around: async () => ({ value: { at: '2026-11-22T12:00:00.000Z', pausedMs: 5 } as never, freeze: early }),
  }
  const plan: ExportPlan = {
    record: {
      jobId: 'abcdefghijkl' as JobId,
      machineId: 'mmmmmmmmmmmm' as MachineId,
      machineName: 'vm',
      pid: 7,
      createdAt: '2026-11-22T12:00:00.000Z',
      socketFolder: dir.file('run'),
      socketPath: dir.file('run', 's'),
      readerSocketPath: null,
      disks: [],
      hold: null,
    },
    scratch: { folder: dir.path, expectedBytes: 1, limitBytes: 1 },
    freeze: { kind: 'freeze', required, mountpoints: null, limitMs: 1, holdMs: 1 },
    since: null,
  }
  const lease = { session, machine: { id: 'mmmmmmmmmmmm' } } as unknown as MachineLease
  const machines = { guestAccess: () => ({}) as never }
  const view = { assertWanted: () => {}, onStep: (step: string) => done.push(step), onFreeze: () => {} }
  const deps = { ports: worldPorts(), keeper, machines, server: { runs: false } }
  await buildExport(lease, plan, deps, view).catch((error: { code: string }) => done.push(error.code))
  return done
}

it('a required freeze that did not hold is no export, one that was only wished is told', async () => {
  expect((await build(true)).at(-1)).toBe('export/freeze-required')
  expect((await build(false)).at(-1)).not.toBe('export/freeze-required')
})
