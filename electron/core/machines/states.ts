// From what went wrong, or was found, to the state a person sees (ux.md 3.3, C1-C5), and back to an error that says
// what to do.
import { stat } from 'node:fs/promises'
import type { MachineState, QmpEndpoint } from '../../../shared/domain/machine.ts'
import { FloeError } from '../errors.ts'
import { shellQuote } from './shell-quote.ts'

/** A name that any file system, and QEMU's option syntax, take as it is. */
export function plainName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|-+$/g, '')
  return (plain || 'machine').slice(0, 40)
}

/** The exact option that gives a machine a socket of its own. The folder `~/.qmp` must exist. */
export function socketOption(name: string): string {
  return `-qmp unix:$HOME/.qmp/${plainName(name)}.sock,server=on,wait=off`
}

async function ownerOf(path: string): Promise<string | null> {
  const uid = (await stat(path).catch(() => null))?.uid
  return uid === undefined ? null : uid === 0 ? 'root' : String(uid)
}

/** @param user who runs QEMU, when the process list tells. Null when the error means that nothing runs there. */
export async function stateOfError(
  error: FloeError,
  endpoint: QmpEndpoint,
  user: string | null,
): Promise<MachineState | null> {
  switch (error.code) {
    case 'machine/busy': {
      const { program, pid } = error.params
      return {
        kind: 'busy',
        program: typeof program === 'string' ? program : null,
        pid: typeof pid === 'number' ? pid : null,
      }
    }
    case 'machine/no-permission': {
      const path = endpoint.kind === 'unix' ? endpoint.path : ''
      return {
        kind: 'no-permission',
        user: user ?? (await ownerOf(path)),
        command: `sudo chown "$USER" ${shellQuote(path)}`,
      }
    }
    case 'machine/speaks-hmp':
      return { kind: 'not-qmp', speaks: 'hmp' }
    case 'machine/speaks-garbage':
    case 'machine/line-too-long':
    case 'machine/closed-in-greeting':
    case 'machine/not-a-socket':
      return { kind: 'not-qmp', speaks: 'garbage' }
    case 'machine/socket-missing':
    case 'machine/refused':
    case 'machine/socket-path-too-long':
      return null
    default:
      return { kind: 'silent' }
  }
}

/** The error for using a machine in a state that does not allow it; null when the state does. */
export function errorOfState(name: string, state: MachineState): FloeError | null {
  const params = { machine: name }
  switch (state.kind) {
    case 'running':
    case 'guest-paused':
      return null
    case 'off':
      return new FloeError('machine/off', `${name} is off.`, { params, remedy: 'Start the machine and try again.' })
    case 'unplugged':
      return new FloeError('machine/off', `${name} is off, and ${state.path} is not there.`, {
        params: { ...params, path: state.path },
        remedy: 'Connect the drive with its images and try again.',
      })
    case 'busy':
      return new FloeError(
        'machine/busy',
        state.program === null
          ? `${name} is busy with another program, and QEMU talks to one program at a time.`
          : `${name} is busy with ${state.program} (pid ${state.pid}), and QEMU talks to one program at a time.`,
        {
          params: { ...params, program: state.program, pid: state.pid },
          remedy: 'Close that program, or start QEMU with a second -qmp socket for Floe.',
        },
      )
    case 'no-socket':
      return new FloeError('machine/no-socket', `${name} was started without a QMP socket that Floe could use.`, {
        params: { ...params, option: state.option },
        remedy: `Create the folder ~/.qmp, then add ${state.option} to its start command and restart the machine.`,
      })
    case 'no-permission':
      return new FloeError('machine/no-permission', `You have no permission to use the QMP socket of ${name}.`, {
        params: { ...params, user: state.user, command: state.command },
        remedy: `Run this command once: ${state.command}`,
      })
    case 'silent':
      return new FloeError('machine/silent', `${name} took the connection but does not answer.`, {
        params,
        remedy: 'QEMU may be stopped in a debugger or very busy. Try again.',
      })
    case 'not-qmp':
      return new FloeError(
        state.speaks === 'hmp' ? 'machine/speaks-hmp' : 'machine/speaks-garbage',
        `What answers at the socket of ${name} does not speak QMP.`,
        { params, remedy: 'Start QEMU with -qmp unix:PATH,server=on,wait=off and add that path.' },
      )
    case 'not-qemu':
      return new FloeError('machine/not-qemu', `${name} runs with ${state.engine}, which offers no online backup.`, {
        params: { ...params, engine: state.engine },
      })
  }
}
