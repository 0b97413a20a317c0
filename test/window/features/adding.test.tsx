import { act, fireEvent, screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { shellWords } from '../../../renderer/src/features/add-machine/shell-words.ts'
import { readStartCommand } from '../../../renderer/src/features/add-machine/start-command.ts'
import { createFakeBridge } from '../support/fake-bridge.ts'
import { renderWindow } from '../support/render.tsx'
import { destination, fullProblem, machine, machineId, sampleItems } from '../support/sample.ts'

const passed = [
  { check: 'connect', result: 'ok', text: 'It accepts connections.', fix: null },
  { check: 'qmp', result: 'ok', text: 'QEMU 7.2.22 answers.', fix: null },
] as const

describe('adding a machine', () => {
  it('lists what was found, adds with one click and helps where Floe cannot reach', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('machines.add', () => ({ ok: true, value: machine('ubuntu-ci', { origin: 'added' }) }))
    const { user, state } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-machine', path: null }))
    const busy = screen.getByTestId(`found-${machineId('win11-arm')}`)
    await user.click(within(busy).getByRole('button', { name: /how to fix/ }))
    expect(busy.textContent).toContain('virsh (pid 812)')
    const other = screen.getByTestId(`found-${machineId('default')}`)
    expect(within(other).getByRole('button').textContent).toBe('Why?')
    await user.click(screen.getByRole('button', { name: 'Add ubuntu-ci' }))
    await waitFor(() => expect(screen.queryByTestId('sheet-add-machine')).toBeNull())
    expect(bridge.asked.at(-1)).toEqual({
      name: 'machines.add',
      input: { qmp: '/home/ann/.qmp/ubuntu-ci.sock', agent: null, name: 'ubuntu-ci' },
    })
  })

  it('tests a socket when it is pasted, and adds it when the test went well', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('machines.probe', () => ({ ok: true, value: [...passed] }))
    bridge.answer('machines.add', () => ({ ok: true, value: machine('debian-dev', { origin: 'added' }) }))
    const { user, state } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-machine', path: null }))
    await user.click(screen.getByRole('radio', { name: 'By Socket' }))
    expect(screen.getByTestId('add-machine-confirm').getAttribute('aria-disabled')).toBe('true')
    fireEvent.change(screen.getByTestId('socket-path'), { target: { value: '/tmp/a b,c%.sock' } })
    expect((await screen.findByTestId('probe-qmp')).textContent).toContain('QEMU 7.2.22 answers.')
    expect(bridge.asked.at(-1)?.input).toEqual({ qmp: '/tmp/a b,c%.sock', agent: null })
    await user.click(screen.getByTestId('add-machine-confirm'))
    await waitFor(() => expect(screen.queryByTestId('sheet-add-machine')).toBeNull())
    expect(state.ui.store.getState().view).toEqual({ kind: 'machine', machineId: machineId('debian-dev') })
  })

  it('tests and adds the guest agent’s socket with it', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    const answered = { check: 'agent', result: 'ok', text: 'The guest agent answered.', fix: null } as const
    bridge.answer('machines.probe', ({ agent }) => ({
      ok: true,
      value: agent === null ? [...passed] : [...passed, answered],
    }))
    bridge.answer('machines.add', () => ({ ok: true, value: machine('debian-dev', { origin: 'added' }) }))
    const { user, state } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-machine', path: '/tmp/a.sock' }))
    fireEvent.change(screen.getByTestId('agent-path'), { target: { value: '/tmp/a-agent.sock' } })
    expect((await screen.findByTestId('probe-agent')).textContent).toContain('The guest agent answered.')
    await user.click(screen.getByTestId('add-machine-confirm'))
    expect(bridge.asked.findLast(({ name }) => name === 'machines.add')?.input).toEqual({
      qmp: '/tmp/a.sock',
      agent: '/tmp/a-agent.sock',
      name: null,
    })
  })

  it('takes both sockets from a pasted start command, or says what to add to it', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('machines.probe', () => ({ ok: true, value: [...passed] }))
    const { user, state } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-machine', path: null }))
    await user.click(screen.getByRole('radio', { name: 'By Start Command' }))
    const paste = (value: string) => fireEvent.change(screen.getByTestId('start-command'), { target: { value } })
    paste('qemu-system-x86_64 -name vm')
    const lines = screen.getByTestId('options-to-add').querySelector('pre')?.textContent?.split(' \\\n')
    expect(lines).toHaveLength(4)
    expect(lines?.[0]).toBe('-qmp unix:$HOME/.qmp/vm.sock,server=on,wait=off')
    paste(
      'qemu-system-x86_64 -qmp unix:/tmp/q -chardev socket,path=/tmp/g,id=g -device virtserialport,chardev=g,name=org.qemu.guest_agent.0',
    )
    expect(screen.queryByTestId('options-to-add')).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Test It' }))
    expect(screen.getByTestId<HTMLInputElement>('socket-path').value).toBe('/tmp/q')
    expect(screen.getByTestId<HTMLInputElement>('agent-path').value).toBe('/tmp/g')
    await waitFor(() => expect(bridge.asked.at(-1)?.input).toEqual({ qmp: '/tmp/q', agent: '/tmp/g' }))
  })

  it('does not add what failed the test, and says what to do', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('machines.probe', () => ({
      ok: true,
      value: [{ check: 'path', result: 'failed', text: 'There is no such socket.', fix: 'Start the machine first.' }],
    }))
    const { state, user } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-machine', path: '/tmp/none.sock' }))
    const line = await screen.findByTestId('probe-path')
    expect(line.textContent).toContain('Start the machine first.')
    expect(within(line).getByRole('img', { name: 'Failed' })).toBeTruthy()
    await user.click(screen.getByTestId('add-machine-confirm'))
    expect(bridge.asked.some((call) => call.name === 'machines.add')).toBe(false)
  })

  it('flags a path that is too long for a socket before asking anybody', () => {
    const bridge = createFakeBridge({ items: sampleItems, platform: 'darwin' })
    const { state } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-machine', path: `/${'x'.repeat(103)}` }))
    expect(screen.getByText(/This path has 104 bytes; the system allows 103/)).toBeTruthy()
  })

  it('opens with the path of a socket dropped on the sidebar', () => {
    const bridge = createFakeBridge({ items: sampleItems, host: 'desktop' })
    renderWindow(bridge)
    fireEvent.drop(screen.getByRole('navigation'), { dataTransfer: { files: [{ path: '/tmp/dropped.sock' }] } })
    expect(screen.getByTestId<HTMLInputElement>('socket-path').value).toBe('/tmp/dropped.sock')
  })

  it('reads start commands', () => {
    expect(readStartCommand('')).toEqual({ kind: 'empty' })
    expect(readStartCommand('ls -l')).toEqual({ kind: 'not-qemu' })
    const agent = [
      '-chardev socket,path=$HOME/.qmp/my-vm-agent.sock,server=on,wait=off,id=agent0',
      '-device virtio-serial',
      '-device virtserialport,chardev=agent0,name=org.qemu.guest_agent.0',
    ]
    expect(readStartCommand("qemu-system-x86_64 \\\n -name 'my vm',debug-threads=on -m 4G")).toEqual({
      kind: 'qemu',
      qmp: null,
      agent: null,
      options: ['-qmp unix:$HOME/.qmp/my-vm.sock,server=on,wait=off', ...agent],
    })
    expect(
      readStartCommand('sudo /usr/bin/qemu-system-aarch64 -name guest=my-vm -qmp unix:/tmp/a,,b.sock,server,nowait'),
    ).toEqual({ kind: 'qemu', qmp: '/tmp/a,b.sock', agent: null, options: agent })
    const channel = '-device virtio-serial -device virtserialport,name=org.qemu.guest_agent.0,chardev=ga0'
    expect(
      readStartCommand(
        `qemu-kvm -qmp tcp:localhost:4444,server=on -chardev socket,id=ga0,path=/tmp/g,,a,server=on ${channel}`,
      ),
    ).toEqual({ kind: 'qemu', qmp: 'localhost:4444', agent: '/tmp/g,a', options: [] })
    expect(readStartCommand(`qemu-kvm -qmp tcp::1 --chardev socket,port=77,host=,id=ga0,server=on ${channel}`)).toEqual(
      {
        kind: 'qemu',
        qmp: '127.0.0.1:1',
        agent: '127.0.0.1:77',
        options: [],
      },
    )
    expect(shellWords(`a 'b c' "d\te" f\\ g ''`)).toEqual(['a', 'b c', 'd\te', 'f g', ''])
  })
})

describe('adding a destination', () => {
  const suggestions = [
    { path: '/home/ann', name: 'Home', freeBytes: 1e9, external: false, warning: 'Same disk as the machine.' },
    { path: '/media/ann/T7', name: 'T7', freeBytes: 412e9, external: true, warning: null },
  ]

  it('offers places, the best one chosen already', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('destinations.suggest', () => ({ ok: true, value: suggestions }))
    bridge.answer('destinations.add', () => ({ ok: true, value: destination('T7') }))
    const { user, state } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-destination', path: null }))
    const best = await screen.findByRole<HTMLInputElement>('radio', { name: /^T7/ })
    expect(best.checked).toBe(true)
    expect(screen.getByRole('radio', { name: /Same disk as the machine\./ })).toBeTruthy()
    await user.click(screen.getByTestId('add-destination-confirm'))
    await waitFor(() => expect(screen.queryByTestId('sheet-add-destination')).toBeNull())
    expect(bridge.asked.at(-1)?.input).toEqual({ path: '/media/ann/T7', name: null })
  })

  it('takes any path, whatever is in its name, and stays open with the reason when it is refused', async () => {
    const bridge = createFakeBridge({ items: sampleItems })
    bridge.answer('destinations.suggest', () => ({ ok: true, value: [] }))
    bridge.answer('destinations.add', () => ({ ok: false, problem: { ...fullProblem, code: 'destination/read-only' } }))
    const { user, state } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-destination', path: null }))
    expect((await screen.findByTestId('add-destination-confirm')).getAttribute('aria-disabled')).toBe('true')
    fireEvent.change(screen.getByTestId('destination-path'), { target: { value: '/mnt/a "b", 100%: ü' } })
    await user.click(screen.getByTestId('add-destination-confirm'))
    expect(await screen.findByTestId('banner-destination/read-only')).toBeTruthy()
    expect(bridge.asked.at(-1)?.input).toEqual({ path: '/mnt/a "b", 100%: ü', name: null })
  })

  it('asks for a folder where the host can', async () => {
    const bridge = createFakeBridge({ items: sampleItems, host: 'desktop' })
    bridge.answer('destinations.suggest', () => ({ ok: true, value: suggestions }))
    bridge.answer('host.chooseFolder', () => ({ ok: true, value: { path: '/mnt/chosen' } }))
    const { user, state } = renderWindow(bridge)
    act(() => state.ui.openSheet({ kind: 'add-destination', path: null }))
    await user.click(await screen.findByTestId('choose-folder'))
    expect((await screen.findByTestId<HTMLInputElement>('destination-path')).value).toBe('/mnt/chosen')
  })
})
