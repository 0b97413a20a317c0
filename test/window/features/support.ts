// One machine with restore points on one destination: what most window tests of a machine's page start from.
import type { Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type { Restore } from '../../../shared/domain/restore.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import type { CallName } from '../../../shared/ipc/contract.ts'
import { createFakeBridge, type FakeBridge } from '../support/fake-bridge.ts'
import { type Rendered, renderWindow } from '../support/render.tsx'
import { destination, machine, machineId, point, settings } from '../support/sample.ts'

export interface Scene {
  readonly machine?: Partial<Machine>
  readonly points?: readonly Point[]
  readonly jobs?: readonly Job[]
  readonly restores?: readonly Restore[]
  readonly destinations?: readonly ReturnType<typeof destination>[]
  readonly settings?: Partial<Settings>
}

export const threePoints: readonly Point[] = [
  point('p1', 'debian-dev', 1),
  point('p2', 'debian-dev', 49),
  point('p3', 'debian-dev', 73),
]

export function sceneBridge(scene: Scene = {}): FakeBridge {
  return createFakeBridge({
    host: 'desktop',
    items: {
      machines: [machine('debian-dev', scene.machine)],
      destinations: scene.destinations ?? [destination('Samsung T7')],
      points: scene.points ?? threePoints,
      jobs: scene.jobs ?? [],
      restores: scene.restores ?? [],
      settings: [settings(scene.settings)],
    },
  })
}

/** The window on the machine's page. */
export function openMachine(bridge: FakeBridge): Rendered {
  const rendered = renderWindow(bridge)
  rendered.state.ui.show({ kind: 'machine', machineId: machineId('debian-dev') })
  return rendered
}

/** What the host was asked to do under this name. */
export function inputsOf(bridge: FakeBridge, name: CallName): readonly unknown[] {
  return bridge.asked.filter((call) => call.name === name).map((call) => call.input)
}
