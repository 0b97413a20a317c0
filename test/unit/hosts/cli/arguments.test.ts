import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseArguments } from '../../../../electron/hosts/cli/arguments.ts'
import { parseRate } from '../../../../electron/hosts/cli/rate.ts'
import { verbs } from '../../../../electron/hosts/cli/verbs/index.ts'
import { cli, FakeFloe, machine } from './fake-floe.ts'

const parse = (...argv: string[]) => parseArguments(argv, verbs)

it('--home and --json stand before or after the verb, with or without an equals sign', () => {
  const expected = { kind: 'run', home: '/h', json: true, given: { verb: 'point', words: ['p1'] } }
  expect(parse('--home', '/h', '--json', 'point', 'p1')).toMatchObject(expected)
  expect(parse('point', 'p1', '--json', '--home', '/h')).toMatchObject(expected)
  expect(parse('point', '--home=/h', 'p1', '--json')).toMatchObject(expected)
})

it("the words of every verb are told from its options' values", () => {
  expect(parse('backup', '--to', 'T7', 'debian', '--disk', 'vda', '--disk', 'vdb', '--limit', '50M')).toMatchObject({
    given: { verb: 'backup', words: ['debian'], options: { to: 'T7', disk: ['vda', 'vdb'], limit: '50M' } },
  })
  expect(parse('machine', 'add', '--qmp', '/a b/qmp', '--name=--x')).toMatchObject({
    given: { options: { name: '--x' } },
  })
  expect(parse('delete', 'a', 'b', 'c', '--yes')).toMatchObject({ given: { words: ['a', 'b', 'c'] } })
  expect(parse('restore', '--', '-odd-')).toMatchObject({ given: { words: ['-odd-'] } })
})

it.each([
  [['frobnicate'], /There is no verb "frobnicate"[\s\S]*machine add/],
  [['machine'], /Which: machine add or machine remove\?/],
  [['machine', 'frob'], /There is no "machine frob"/],
  [['points', 'a', 'b'], /does not take "b"/],
  [['backup'], /needs to know which/],
  [['backup', 'm', '--frob'], /--frob[\s\S]*Usage: floe backup M/],
  [['backup', 'm', '--swap'], /--swap[\s\S]*Usage: floe backup M/],
  [['backup', 'm', '--to'], /--to[\s\S]*Usage: floe backup/],
  [['jobs', '--json=yes'], /--json/],
  [[], /What should Floe do\?/],
] as const)('%j is refused with status 2, and the nearest help is on standard error', async (argv, words) => {
  const result = await cli(new FakeFloe(), argv)
  expect(result).toMatchObject({ status: 2, stdout: '' })
  expect(result.stderr).toMatch(words)
})

it('help and version are on standard output with status 0', async () => {
  const floe = new FakeFloe()
  expect(await cli(floe, ['--version'])).toMatchObject({ status: 0, stdout: 'floe 1.2.3\n' })
  expect((await cli(floe, ['--help'])).stdout).toContain('Exit status: 0 done')
  expect((await cli(floe, ['help', 'machine', 'add'])).stdout).toContain('--qmp PATH|HOST:PORT')
  expect((await cli(floe, ['restore', '--help'])).stdout).toContain('--swap')
  for (const verb of verbs) expect((await cli(floe, ['help', ...verb.name.split(' ')])).status).toBe(0)
})

it('speed limits are decimal unless they say otherwise', () => {
  expect(parseRate('50M')).toBe(50_000_000)
  expect(parseRate('50MB/s')).toBe(50_000_000)
  expect(parseRate('1.5G')).toBe(1_500_000_000)
  expect(parseRate('52428800')).toBe(52_428_800)
  expect(parseRate('50MiB/s')).toBe(52_428_800)
  expect(parseRate('640k')).toBe(640_000)
  for (const wrong of ['', '0', '-1', 'fast', '50X', '5 0M', '1e9', 'iB', '5i', '99999999T']) {
    expect(() => parseRate(wrong), wrong).toThrow('is not a speed limit')
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (rate) => parseRate(`${rate}`) === rate))
})

it('no argument whatever makes the command throw or hang', async () => {
  const floe = new FakeFloe()
  floe.machines = [machine('debianaaaaaa', 'debian')]
  const word = fc.oneof(
    fc.constantFrom(
      'machines',
      'machine',
      'add',
      'point',
      '--json',
      '--home',
      '--qmp',
      '--yes',
      '--',
      '-h',
      '',
      'help',
    ),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (argv) => {
      const result = await cli(floe, argv, { ask: async () => 'n' })
      expect([0, 2, 3, 4, 5, 6, 130]).toContain(result.status)
    }),
    { numRuns: 200 },
  )
})
