import { type Context, type Given, textOption, type Verb } from '../context.ts'
import { valueIn, WrongUsage } from '../problem.ts'

async function serve({ output, dependencies, home }: Context, given: Given): Promise<number> {
  const portText = textOption(given, 'port')
  const port = portText === null ? null : Number(portText)
  if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new WrongUsage(`"${portText}" is not a port: use a number from 0 to 65535.`, 'serve')
  }
  const { signal } = dependencies
  const open = given.options.open === true
  const host = await dependencies.serve({ home, port, open, demo: given.options.demo === true })
  output.document({ url: host.url })
  output.line(`Floe is at ${host.url}`)
  output.line('The address works once, in a browser on this computer. Stop with Ctrl-C.')
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }
  await host.close()
  return 0
}

async function doctor({ output, client }: Context): Promise<number> {
  const diagnostics = valueIn(await (await client()).invoke('app.doctor', {}))
  output.document(diagnostics)
  const marks = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' } as const
  for (const diagnostic of diagnostics) {
    output.line(`${marks[diagnostic.result]}  ${diagnostic.title}: ${diagnostic.detail}`)
    if (diagnostic.fix !== null) output.line(`         ${diagnostic.fix}`)
  }
  return diagnostics.some((diagnostic) => diagnostic.result === 'failed') ? 2 : 0
}

export const systemVerbs: readonly Verb[] = [
  {
    name: 'serve',
    usage: '[--port N] [--open] [--demo]',
    summary: 'Show Floe in a browser on this computer, until Ctrl-C',
    help: [
      ['--port N', 'listen on this port (default: any free one)'],
      ['--open', 'open the browser'],
      ['--demo', 'also start the demo machine'],
    ],
    options: { port: { type: 'string' }, open: { type: 'boolean' }, demo: { type: 'boolean' } },
    words: [0, 0],
    run: serve,
  },
  {
    name: 'doctor',
    usage: '',
    summary: 'Check that everything Floe needs is there',
    help: [
      ['Exit status', '0 when nothing failed, warnings included; 2 when something Floe cannot work without failed'],
    ],
    options: {},
    words: [0, 0],
    run: doctor,
  },
]
