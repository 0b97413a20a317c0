import { describe, expect, it } from 'vitest'
import { type FreezeWishes, planFreeze } from '../../../../electron/core/backup/freeze-plan.ts'
import { defaultSettings, type MachineDefaults, type Settings } from '../../../../shared/domain/settings.ts'
import { sampleMachine } from '../../shared/text/samples.ts'

const machine = sampleMachine({ agentPath: '/tmp/agent.sock' })
const plan = (wishes: Partial<FreezeWishes> = {}, settings: Partial<Settings> = {}, of = machine) =>
  planFreeze(of, { freeze: null, requireFreeze: null, ...wishes }, { ...defaultSettings, ...settings })
const saved = (defaults: Partial<MachineDefaults>): Partial<Settings> => ({
  backupByMachine: { [machine.id]: { diskIds: null, freeze: null, limit: null, check: true, ...defaults } },
})

describe('the guest is frozen', () => {
  it('when it has an agent, within the limits of the settings', () => {
    expect(plan()).toMatchObject({ kind: 'freeze', limitMs: 10_000, holdMs: 2_000, required: false, mountpoints: null })
    expect(plan({ mountpoints: ['/data'] }, saved({ mountpoints: ['/'] }))).toMatchObject({ mountpoints: ['/data'] })
    expect(plan({}, saved({ mountpoints: ['/'] }))).toMatchObject({ mountpoints: ['/'] })
  })

  it('or not, by what was asked for now, then for the machine, then for all', () => {
    const unwanted = { kind: 'no-freeze', cause: 'not-wanted' }
    expect(plan({}, { freeze: false })).toMatchObject(unwanted)
    expect(plan({}, { freeze: true, ...saved({ freeze: false }) })).toMatchObject(unwanted)
    expect(plan({ freeze: true }, { freeze: false })).toMatchObject({ kind: 'freeze' })
    expect(plan({ freeze: false })).toMatchObject(unwanted)
  })

  it('not without an agent, while paused, or while off, each with its reason', () => {
    expect(plan({}, {}, sampleMachine({ agentPath: null }))).toMatchObject({ cause: 'no-agent' })
    const paused = sampleMachine({ agentPath: '/a', state: { kind: 'guest-paused', status: 'paused' } })
    expect(plan({}, {}, paused)).toMatchObject({ cause: 'guest-paused' })
    expect(plan({}, {}, sampleMachine({ state: { kind: 'off', since: null } }))).toMatchObject({ cause: 'off' })
  })
})

describe('a required freeze', () => {
  const without = sampleMachine({ agentPath: null })

  it('refuses a backup that cannot be frozen, whoever requires it', () => {
    for (const settings of [{ requireFreeze: true }, saved({ requireFreeze: true })]) {
      expect(() => plan({}, settings, without)).toThrow(/freeze|frozen/)
    }
    expect(() => plan({ requireFreeze: true }, {}, without)).toThrow(/freeze|frozen/)
    expect(plan({ requireFreeze: true })).toMatchObject({ kind: 'freeze', required: true })
  })

  it('is not meant by somebody who asks for no freeze, nor for a machine that is off', () => {
    expect(plan({ freeze: false }, { requireFreeze: true })).toMatchObject({ cause: 'not-wanted' })
    expect(plan({ requireFreeze: false }, { requireFreeze: true }, without)).toMatchObject({ cause: 'no-agent' })
    const off = sampleMachine({ state: { kind: 'off', since: null } })
    expect(plan({ requireFreeze: true }, {}, off)).toMatchObject({ kind: 'no-freeze' })
  })
})
