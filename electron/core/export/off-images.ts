import type { Disk } from '../../../shared/domain/disk.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { QmpSession } from '../qmp/types.ts'

/** The images of a machine that is off, opened read-only in a process that ends with Floe. */
export interface OffImages {
  readonly disks: readonly (Disk & { readonly node: string })[]
  readonly session: QmpSession
  /** Tells the first thing that shows that somebody else works on the images, and ends. */
  follow(signal: AbortSignal, onTrouble: (problem: Problem) => void): Promise<void>
  /** After `close`. @throws FloeError `backup/changed-while-off`, `backup/started-while-off` */
  assertUntouched(): Promise<void>
  close(): Promise<void>
}

/** @throws FloeError `backup/no-disks`, `backup/disk-*`, `backup/started-while-off`, `system/tool-*` */
export type OpenOffImages = (machine: Machine, wanted: readonly string[] | null) => Promise<OffImages>
