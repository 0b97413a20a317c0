// What the preview can show: each scene is a fake host and where the window is in it.
import type { WindowState } from '../../../renderer/src/state/window-state.tsx'
import { createFakeBridge, type FakeBridge } from '../support/fake-bridge.ts'
import {
  demo,
  destination,
  destinationId,
  fullProblem,
  machine,
  machineId,
  pointId,
  sampleItems,
  settings,
} from '../support/sample.ts'
import { chainScenes } from './chain-scenes.ts'
import { guestScenes } from './guest-scenes.ts'
import { sheetScenes } from './sheet-scenes.ts'

export interface Scene {
  readonly bridge: () => FakeBridge
  /** Test id of what must be there before the picture is taken. */
  readonly ready?: string
  /** Pressed before the picture is taken. */
  readonly keys?: readonly string[]
  readonly prepare?: (state: WindowState, bridge: FakeBridge) => void
}

function full(): FakeBridge {
  const bridge = createFakeBridge({ items: sampleItems })
  bridge.answer('destinations.suggest', () => ({
    ok: true,
    value: [
      { path: '/media/ann/Samsung T7', name: 'Samsung T7', freeBytes: 412e9, external: true, warning: null },
      {
        path: '/home/ann/Backups',
        name: 'Backups',
        freeBytes: 186e9,
        external: false,
        warning: 'Same disk as the machine: no help if it fails.',
      },
    ],
  }))
  bridge.answer('machines.probe', () => ({
    ok: true,
    value: [
      { check: 'path', result: 'ok', text: 'The socket exists.', fix: null },
      { check: 'connect', result: 'ok', text: 'It accepts connections.', fix: null },
      { check: 'qmp', result: 'ok', text: 'QEMU 7.2.22 answers.', fix: null },
      {
        check: 'disks',
        result: 'warning',
        text: 'One of 3 disks cannot be backed up.',
        fix: 'cd0 is read-only; it is left out.',
      },
    ],
  }))
  return bridge
}

const empty = (): FakeBridge => createFakeBridge({ items: { demo: [demo()], settings: [settings()] } })

const show =
  (view: Parameters<WindowState['ui']['show']>[0]): NonNullable<Scene['prepare']> =>
  (state) =>
    state.ui.show(view)
const open =
  (sheet: Parameters<WindowState['ui']['openSheet']>[0]): NonNullable<Scene['prepare']> =>
  (state) =>
    state.ui.openSheet(sheet)

export const scenes: Readonly<Record<string, Scene>> = {
  ...guestScenes,
  ...sheetScenes,
  ...chainScenes,
  empty: { bridge: empty, ready: 'checked' },
  overview: { bridge: full },
  demo: {
    bridge: () =>
      createFakeBridge({
        items: {
          machines: [machine('Demo', { origin: 'demo', lastGoodPoint: null })],
          demo: [demo({ state: { kind: 'running' }, machineId: machineId('Demo'), counter: 1234 })],
          destinations: [destination('Samsung T7')],
          settings: [settings()],
        },
      }),
  },
  machine: {
    bridge: full,
    prepare: (state) => {
      state.ui.show({ kind: 'machine', machineId: machineId('debian-dev') })
      state.ui.selectPoints([pointId('p2')])
    },
  },
  activity: { bridge: full, prepare: show({ kind: 'activity' }) },
  destination: {
    bridge: full,
    prepare: show({ kind: 'destination', destinationId: destinationId('Samsung T7') }),
  },
  offline: {
    bridge: full,
    prepare: show({ kind: 'destination', destinationId: destinationId('NAS Backups') }),
  },
  'add-machine': { ready: 'sheet-add-machine', bridge: full, prepare: open({ kind: 'add-machine', path: null }) },
  'add-socket': {
    ready: 'probe-qmp',
    bridge: full,
    prepare: open({ kind: 'add-machine', path: '/home/ann/.qmp/debian.sock' }),
  },
  'add-destination': {
    ready: 'destination-name',
    bridge: full,
    prepare: open({ kind: 'add-destination', path: null }),
  },
  forget: {
    ready: 'sheet-forget-destination',
    bridge: full,
    prepare: open({ kind: 'forget-destination', destinationId: destinationId('Samsung T7') }),
  },
  settings: { ready: 'sheet-settings', bridge: full, prepare: open({ kind: 'settings' }) },
  refused: {
    ready: 'banner-connection-lost',
    bridge: full,
    prepare: (state, bridge) => {
      bridge.answer('backup.start', () => ({ ok: false, problem: fullProblem }))
      const input = { destinationId: null, diskIds: null, limit: null, check: true }
      void state.actions.run('backup.start', { machineId: machineId('debian-dev'), ...input })
      setTimeout(() => bridge.setConnected(false), 100)
    },
  },
}
