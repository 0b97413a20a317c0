// Scenes of the sheets about one backup and its guest: the options, the set-up of the agent, and what is in the way.
import type { AgentState, Machine } from '../../../shared/domain/machine.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import { createFakeBridge, type FakeBridge } from '../support/fake-bridge.ts'
import { ago, destination, diskId, fullProblem, machine, machineId, sampleItems } from '../support/sample.ts'
import type { Scene } from './scenes.ts'

const id = machineId('debian-dev')
const ready: AgentState = { kind: 'ready', answeredAt: ago(0.04), version: '7.2.22', canFreeze: true }
const none: AgentState = {
  kind: 'none',
  options:
    '-chardev socket,path=$HOME/.qmp/debian-dev-agent.sock,server=on,wait=off,id=agent0 -device virtio-serial -device virtserialport,chardev=agent0,name=org.qemu.guest_agent.0',
}
const agentPath = '/home/ann/.qmp/debian-dev-agent.sock'

const preview: BackupPreview = {
  machineId: id,
  destinationId: destination('Samsung T7').id,
  kind: 'full',
  kindReason: 'Every backup is a full one for now.',
  basis: 'all',
  way: 'fleecing',
  wayReason: "The guest's old data is set aside in a scratch image, so a slow or full destination can't hold it up.",
  freeze: { wanted: true, reason: null },
  scratch: { folder: '/home/ann/.floe/scratch', expectedBytes: 256e6, limitBytes: 1e9, freeBytes: 40e9 },
  obstacle: null,
  disks: [
    {
      diskId: diskId('debian-root'),
      included: true,
      basis: 'all',
      basisReason: '',
      bytesToCopy: 38.4e9,
      endBytes: 0,
      reason: null,
    },
    {
      diskId: diskId('data'),
      included: true,
      basis: 'all',
      basisReason: '',
      bytesToCopy: 8e9,
      endBytes: 0,
      reason: null,
    },
  ],
  bytesToCopy: 46.4e9,
  endBytes: 0,
  freeBytes: 412e9,
  enoughSpace: true,
}

function bridgeWith(given: Partial<Machine>, change: Partial<BackupPreview> = {}): FakeBridge {
  const bridge = createFakeBridge({
    items: { ...sampleItems, jobs: [], machines: [machine('debian-dev', given), ...sampleItems.machines.slice(1)] },
  })
  bridge.answer('backup.preview', () => ({ ok: true, value: { ...preview, ...change } }))
  return bridge
}

const openOptions: NonNullable<Scene['prepare']> = (state) => {
  state.ui.show({ kind: 'machine', machineId: id })
  state.ui.openSheet({ kind: 'back-up-options', machineId: id })
}
const openAgent: NonNullable<Scene['prepare']> = (state) => {
  state.ui.show({ kind: 'machine', machineId: id })
  state.ui.openSheet({ kind: 'set-up-agent', machineId: id })
}

export const sheetScenes: Readonly<Record<string, Scene>> = {
  options: { ready: 'option-way', bridge: () => bridgeWith({ agent: ready, agentPath }), prepare: openOptions },
  'options-no-agent': {
    ready: 'options-set-up',
    bridge: () => bridgeWith({ agent: none }, { freeze: { wanted: false, reason: 'No channel.' } }),
    prepare: openOptions,
  },
  'options-clash': {
    ready: 'banner-backup/job-clash',
    bridge: () =>
      bridgeWith(
        { agent: ready, agentPath },
        {
          obstacle: {
            ...fullProblem,
            code: 'backup/job-clash',
            message: 'The disk data of debian-dev is in use by the mirror job "copy" of another program.',
            params: { machine: 'debian-dev', disk: 'data', job: 'copy' },
            causes: [],
          },
        },
      ),
    prepare: openOptions,
  },
  'options-no-space': {
    ready: 'option-way',
    bridge: () => bridgeWith({ agent: ready, agentPath }, { enoughSpace: false, freeBytes: 12e6 }),
    prepare: openOptions,
  },
  'agent-none': { ready: 'sheet-set-up-agent', bridge: () => bridgeWith({ agent: none }), prepare: openAgent },
  'agent-ready': {
    ready: 'sheet-set-up-agent',
    bridge: () => bridgeWith({ agent: ready, agentPath }),
    prepare: openAgent,
  },
}
