import { expect, test } from 'vitest'
import {
  idleLatency,
  latencyBetween,
  readTotals,
  type WriteTotals,
} from '../../../../electron/core/backup/guest-stats.ts'
import type { QmpSession } from '../../../../electron/core/qmp/types.ts'

const totals = (writes: number, writeMs: number, flushes = 0, flushMs = 0): WriteTotals => ({
  writes,
  writeNs: writeMs * 1e6,
  flushes,
  flushNs: flushMs * 1e6,
})

test('a latency is what the writes since the last look took on average', () => {
  expect(latencyBetween(totals(100, 500), totals(110, 700, 4, 80))).toEqual({ writeMs: 20, flushMs: 20 })
})

test('too few writes say nothing, and counters that went back neither', () => {
  expect(latencyBetween(totals(100, 500), totals(104, 90_000))).toEqual({ writeMs: null, flushMs: null })
  expect(latencyBetween(totals(100, 500), totals(3, 1))).toEqual({ writeMs: null, flushMs: null })
})

test('few writes that took most of the time say enough', () => {
  expect(latencyBetween(totals(100, 0), totals(102, 1200), { withinMs: 2000 }).writeMs).toBe(600)
  expect(latencyBetween(totals(100, 0), totals(102, 900), { withinMs: 2000 }).writeMs).toBeNull()
  expect(latencyBetween(totals(100, 0), totals(100, 0), { withinMs: 2000 }).writeMs).toBeNull()
})

test('what the guest is used to comes from the time of preparing, else from its whole life, else from nowhere', () => {
  expect(idleLatency(totals(1000, 9000), totals(1050, 9100)).writeMs).toBe(2)
  expect(idleLatency(totals(1000, 9000), totals(1002, 9900)).writeMs).toBeCloseTo(9.88, 2)
  expect(idleLatency(totals(0, 0), totals(3, 5)).writeMs).toBeNull()
  expect(idleLatency(null, null)).toEqual({ writeMs: null, flushMs: null })
})

test('only the devices of the backup are counted, found by their node or by their path', async () => {
  const stats = (operations: number) => ({
    wr_operations: operations,
    wr_total_time_ns: operations * 10,
    flush_operations: 1,
    flush_total_time_ns: 7,
  })
  const answer = [
    { 'node-name': 'disk0', qdev: '/machine/peripheral/a', stats: stats(5) },
    { 'node-name': 'floe-filter', qdev: '/machine/peripheral/b', stats: stats(20) },
    { 'node-name': 'other', qdev: '/machine/peripheral/c', stats: stats(1000) },
    { stats: stats(3000) },
  ]
  const session = { execute: async () => answer } as unknown as QmpSession
  const names = { nodes: new Set(['disk0', 'disk1']), devices: new Set(['/machine/peripheral/b']) }
  expect(await readTotals(session, names)).toEqual({ writes: 25, writeNs: 250, flushes: 2, flushNs: 14 })
  expect(await readTotals(session, { nodes: new Set(['gone']), devices: new Set() })).toBeNull()
})
