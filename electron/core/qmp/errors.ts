// What can go wrong between Floe and a QMP socket. One class per kind of failure, as in QEMU's own client:
//
//   FloeError
//    +- QmpConnectError      no negotiated connection came about (the code says why)
//    +- QmpStateError        the session was used in a state that does not allow it
//    +- QmpExecuteError      QEMU refused a command; keeps QEMU's class and text
//    +- QmpInterruptedError  no answer came: the connection ended, the deadline passed, or the caller called it off
//    +- QmpProtocolError     the other side broke the protocol on a connection that was negotiated
import type { ProblemCode } from '../../../shared/errors/codes.ts'
import type { ProblemParams } from '../../../shared/errors/problem.ts'
import { FloeError } from '../errors.ts'

type Details = { params?: ProblemParams; remedy?: string; cause?: unknown }

export class QmpConnectError extends FloeError {
  constructor(code: ProblemCode, message: string, details: Details = {}) {
    super(code, message, details)
    this.name = 'QmpConnectError'
  }
}

export class QmpStateError extends FloeError {
  readonly state: string

  constructor(action: string, state: string) {
    super('machine/interrupted', `Floe cannot ${action} while the QMP connection is ${state}.`, {
      params: { action, state },
    })
    this.name = 'QmpStateError'
    this.state = state
  }
}

export class QmpExecuteError extends FloeError {
  readonly command: string
  /** QEMU's error class, e.g. `GenericError`, `DeviceNotFound`, `CommandNotFound`. */
  readonly qmpClass: string
  /** QEMU's own words. For people: QEMU does not promise them to stay the same. */
  readonly text: string

  constructor(command: string, qmpClass: string, text: string) {
    super('machine/qemu-refused', `QEMU refused ${command}: ${text}`, { params: { command, qmpClass, text } })
    this.name = 'QmpExecuteError'
    this.command = command
    this.qmpClass = qmpClass
    this.text = text
  }
}

export class QmpInterruptedError extends FloeError {
  constructor(code: 'machine/interrupted' | 'machine/timeout', message: string, details: Details = {}) {
    super(code, message, details)
    this.name = 'QmpInterruptedError'
  }
}

export class QmpProtocolError extends FloeError {
  constructor(
    code: 'machine/speaks-garbage' | 'machine/line-too-long' | 'machine/qemu-refused',
    message: string,
    details: Details = {},
  ) {
    super(code, message, details)
    this.name = 'QmpProtocolError'
  }
}
