import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { SetUpAgentSheet } from '../../../renderer/src/features/agent/set-up-agent-sheet.tsx'
import type { AgentState, Machine } from '../../../shared/domain/machine.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { renderPart } from '../support/render.tsx'
import { ago, machine, machineId } from '../support/sample.ts'
import '../support/setup.ts'
import { inputsOf, sceneBridge } from './support.ts'

const id = machineId('debian-dev')
const agentPath = '/home/ann/.qmp/debian-dev-agent.sock'
const none: AgentState = {
  kind: 'none',
  options:
    '-chardev socket,path=$HOME/.qmp/debian-dev-agent.sock,server=on,wait=off,id=agent0 -device virtio-serial -device virtserialport,chardev=agent0,name=org.qemu.guest_agent.0',
}
const ready = (canFreeze = true): AgentState => ({ kind: 'ready', answeredAt: ago(0), version: '7.2.22', canFreeze })
const silent: AgentState = { kind: 'silent', since: ago(0.1) }

async function open(given: Partial<Machine>, answer: AgentState = silent) {
  const bridge = sceneBridge({ machine: given })
  bridge.answer('machines.askAgent', () => ({ ok: true, value: answer }))
  bridge.answer('machines.setAgent', () => ({ ok: true, value: machine('debian-dev', given) }))
  const rendered = renderPart(<SetUpAgentSheet machineId={id} />, bridge)
  return { ...rendered, bridge, sheet: await screen.findByTestId('sheet-set-up-agent') }
}

describe('the sheet that sets up the guest agent', () => {
  it('says what it gives, and gives QEMU’s options to copy, one per line', async () => {
    const { sheet } = await open({ agent: none })
    expect(sheet.textContent).toContain('need no repair at boot')
    expect(sheet.querySelector('pre')?.textContent).toBe(
      [
        '-chardev socket,path=$HOME/.qmp/debian-dev-agent.sock,server=on,wait=off,id=agent0 \\',
        '-device virtio-serial \\',
        '-device virtserialport,chardev=agent0,name=org.qemu.guest_agent.0',
      ].join('\n'),
    )
    expect(within(sheet).getByRole('button', { name: 'Copy the options for QEMU' })).toBeTruthy()
  })

  it.each([
    ['Debian, Ubuntu', 'sudo apt install qemu-guest-agent\nsudo systemctl start qemu-guest-agent'],
    ['Fedora', 'sudo dnf install qemu-guest-agent\nsudo systemctl enable --now qemu-guest-agent'],
    ['Alpine', 'rc-update add qemu-guest-agent default'],
    ['Arch', 'sudo pacman -S qemu-guest-agent'],
    ['Windows', 'virtio-win-guest-tools.exe'],
  ])('has the lines for %s, chosen by keyboard', async (label, lines) => {
    const { user } = await open({ agent: silent, agentPath })
    screen.getByRole('radio', { name: label }).focus()
    await user.keyboard(' ')
    expect(screen.getByTestId('agent-step-2').querySelector('pre')?.textContent).toContain(lines)
  })

  it('follows the machine: when the agent answers, it says so by itself', async () => {
    const { bridge } = await open({ agent: none })
    expect(screen.getByTestId('banner-agent-none')).toBeTruthy()
    act(() => bridge.push('machines', [machine('debian-dev', { agent: silent, agentPath })]))
    expect(screen.getByTestId('banner-agent-silent').textContent).toContain('nobody has answered for 6 minutes')
    expect(screen.getByTestId('agent-step-1').textContent).toContain(agentPath)
    act(() => bridge.push('machines', [machine('debian-dev', { agent: ready(), agentPath })]))
    const banner = screen.getByTestId('banner-agent-ready')
    expect(banner.textContent).toContain('The guest agent is ready')
    expect(banner.textContent).toContain('It is version 7.2.22.')
    expect(banner.closest('[aria-live="polite"]')).not.toBeNull()
    expect(screen.getByTestId('agent-step-2').textContent).toContain(', done')
  })

  it.each<[string, AgentState, string]>([
    ['that can freeze', ready(), 'It can freeze: the next restore point needs no repair at boot.'],
    ['that can’t freeze', ready(false), 'Freezing is forbidden in its configuration, or its system has none.'],
    ['that is silent', silent, 'It may not be installed, or not be running in the guest.'],
    ['whose channel can’t be used', { kind: 'unreachable', text: 'There is no socket there.' }, 'There is no socket'],
  ])('tests an agent %s and tells the result in words', async (_, answer, words) => {
    const { user, bridge } = await open({ agent: silent, agentPath }, answer)
    await user.click(screen.getByTestId('agent-test'))
    expect((await screen.findByTestId('agent-answer')).textContent).toContain(words)
    expect(inputsOf(bridge, 'machines.askAgent')).toEqual([{ machineId: id }])
    expect(inputsOf(bridge, 'machines.setAgent')).toEqual([])
  })

  it('does not stay with an old answer', async () => {
    const { user, bridge } = await open({ agent: silent, agentPath }, silent)
    await user.click(screen.getByTestId('agent-test'))
    expect((await screen.findByTestId('agent-answer')).textContent).toContain('doesn’t answer')
    act(() => bridge.push('machines', [machine('debian-dev', { agent: ready(), agentPath })]))
    expect(screen.getByTestId('agent-answer').textContent).toContain('The guest agent is ready')
  })

  it('takes the socket that the start command does not tell, then asks there', async () => {
    const { user, bridge } = await open({ agent: none }, ready())
    expect(screen.getByTestId('agent-test').getAttribute('aria-disabled')).toBe('true')
    fireEvent.change(screen.getByTestId('agent-socket'), { target: { value: '/tmp/a b,c%.sock' } })
    screen.getByTestId('agent-socket').focus()
    await user.keyboard('{Enter}')
    expect((await screen.findByTestId('agent-answer')).textContent).toContain('The guest agent is ready')
    expect(
      bridge.asked.filter(({ name }) => name.startsWith('machines.')).map(({ name, input }) => [name, input]),
    ).toEqual([
      ['machines.setAgent', { machineId: id, agent: '/tmp/a b,c%.sock' }],
      ['machines.askAgent', { machineId: id }],
    ])
  })

  it('goes by the start command again when the socket is cleared', async () => {
    const { user, bridge } = await open({ agent: silent, agentPath })
    await user.clear(screen.getByTestId('agent-socket'))
    await user.click(screen.getByRole('button', { name: 'Use and Test' }))
    await waitFor(() => expect(inputsOf(bridge, 'machines.setAgent')).toEqual([{ machineId: id, agent: null }]))
  })

  it('shows why a socket was not taken, and does not ask', async () => {
    const refused: Problem = {
      code: 'agent/unreachable',
      message: '“x” is no socket.',
      params: {},
      severity: 'error',
      remedy: null,
      causes: [],
    }
    const { user, bridge } = await open({ agent: none })
    bridge.answer('machines.setAgent', () => ({ ok: false, problem: refused }))
    await user.type(screen.getByTestId('agent-socket'), 'x')
    await user.click(screen.getByTestId('agent-test'))
    expect((await screen.findByTestId('banner-agent/unreachable')).textContent).toContain('“x” is no socket.')
    expect(inputsOf(bridge, 'machines.askAgent')).toEqual([])
  })

  it('flags a socket path that is too long before asking anybody', async () => {
    const { sheet } = await open({ agent: none })
    fireEvent.change(screen.getByTestId('agent-socket'), { target: { value: `/${'x'.repeat(120)}` } })
    expect(sheet.textContent).toContain('the system allows 107 for a socket')
    expect(screen.getByTestId('agent-test').getAttribute('aria-disabled')).toBe('true')
  })

  it('does not test a machine that is off', async () => {
    await open({ agent: { kind: 'unknown' }, agentPath, state: { kind: 'off', since: null } })
    expect(screen.getByTestId('banner-agent-unknown').textContent).toContain('Floe asks as soon as it does.')
    expect(screen.getByTestId('agent-test').getAttribute('aria-disabled')).toBe('true')
  })
})
