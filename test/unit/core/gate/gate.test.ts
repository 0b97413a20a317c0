import { describe, expect, it } from 'vitest'
import { FloeError } from '../../../../electron/core/errors.ts'
import { withHostCalls } from '../../../../electron/core/gate/host-calls.ts'
import type { Logger } from '../../../../electron/core/ports/index.ts'
import { gatePorts, toyCore } from '../../../support/toy/toy-core.ts'

function recordingLogger() {
  const lines: { level: string; text: string; fields: Readonly<Record<string, unknown>> | undefined }[] = []
  const at = (level: string) => (text: string, fields?: Readonly<Record<string, unknown>>) => {
    lines.push({ level, text, fields })
  }
  const logger: Logger = { info: at('info'), warn: at('warn'), error: at('error') }
  return { lines, logger }
}

describe('the gate', () => {
  it('answers what the handler returned', async () => {
    const { client } = toyCore()
    expect(await client.invoke('settings.set', { units: 'binary' })).toMatchObject({
      ok: true,
      value: { units: 'binary' },
    })
  })

  it('refuses names that are not in the contract, also those every object has', async () => {
    const { client } = toyCore()
    for (const name of ['no.such', 'toString', '__proto__', 'constructor', 'host.chooseFolder']) {
      const result = await client.invokeUnchecked(name, {})
      expect(result).toMatchObject({ ok: false, problem: { code: 'ipc/unknown-call' } })
    }
  })

  it('names the field of an input that is not what the contract says', async () => {
    const { client } = toyCore()
    expect(await client.invokeUnchecked('points.delete', { pointIds: ['abcdefghijkl', 7] })).toMatchObject({
      ok: false,
      problem: { code: 'ipc/invalid-input', params: { call: 'points.delete', field: 'pointIds.1' } },
    })
    for (const input of [undefined, null, 'text', 5, []]) {
      const result = await client.invokeUnchecked('jobs.pause', input)
      expect(result).toMatchObject({ ok: false, problem: { code: 'ipc/invalid-input' } })
    }
  })

  it('passes a problem on with its code, its facts and its remedy', async () => {
    const { client } = toyCore({
      handlers: {
        'machines.list': () =>
          Promise.reject(
            new FloeError('machine/off', 'debian-dev is off.', {
              params: { machine: 'debian-dev' },
              remedy: 'Start it.',
            }),
          ),
      },
    })
    expect(await client.invoke('machines.list', {})).toEqual({
      ok: false,
      problem: {
        code: 'machine/off',
        message: 'debian-dev is off.',
        params: { machine: 'debian-dev' },
        severity: 'error',
        remedy: 'Start it.',
        causes: [],
      },
    })
  })

  it('answers a fault nobody foresaw with a reference that the log holds too', async () => {
    const { logger, lines } = recordingLogger()
    const { client } = toyCore({
      logger,
      handlers: {
        'machines.list': () => {
          throw new TypeError('x is not a function')
        },
      },
    })
    const result = await client.invoke('machines.list', {})
    if (result.ok) throw new Error('it must fail')
    const reference = String(result.problem.params.reference)
    expect(result.problem.code).toBe('system/unexpected')
    expect(result.problem.remedy).toContain(reference)
    expect(lines.find((line) => line.level === 'error')?.fields?.reference).toBe(reference)
  })

  it('logs each call with its time and no more than the beginning of its input', async () => {
    const { logger, lines } = recordingLogger()
    await toyCore({ logger }).client.invokeUnchecked('machines.probe', { qmp: 'x'.repeat(5000), agent: null })
    expect(lines).toHaveLength(1)
    expect(lines[0]?.text).toBe('machines.probe: system/tool-missing')
    expect(lines[0]?.fields?.milliseconds).toBeTypeOf('number')
    expect(String(lines[0]?.fields?.input).length).toBeLessThan(250)
  })

  it('tells the handler when the caller gives up, and answers at once', async () => {
    let told = false
    const { client } = toyCore({
      handlers: {
        'machines.refresh': (_, signal) =>
          new Promise(() => {
            signal.addEventListener('abort', () => {
              told = true
            })
          }),
      },
    })
    const controller = new AbortController()
    const answer = client.invoke('machines.refresh', {}, controller.signal)
    controller.abort()
    expect(await answer).toMatchObject({ ok: false, problem: { code: 'ipc/aborted' } })
    expect(told).toBe(true)
  })

  it('does not start a call that was given up before', async () => {
    let ran = false
    const { client } = toyCore({
      handlers: {
        'activity.list': async () => {
          ran = true
          return []
        },
      },
    })
    expect(await client.invoke('activity.list', {}, AbortSignal.abort())).toMatchObject({ ok: false })
    expect(ran).toBe(false)
  })

  it('lets the host answer its own calls and say what it can do', async () => {
    const client = withHostCalls(toyCore().client, {
      handlers: {
        'host.chooseFolder': async ({ title }) => ({ path: `/${title}` }),
        'host.showInFolder': async () => ({}),
        'host.openPrivacySettings': async () => ({}),
      },
      can: { chooseFolder: true, showInFolder: true },
      ports: gatePorts,
    })
    expect(await client.invoke('host.chooseFolder', { title: 'a' })).toEqual({ ok: true, value: { path: '/a' } })
    expect(await client.invokeUnchecked('host.chooseFolder', {})).toMatchObject({
      problem: { code: 'ipc/invalid-input', params: { field: 'title' } },
    })
    expect(await client.invoke('app.hello', {})).toMatchObject({ value: { can: { chooseFolder: true } } })
  })
})
