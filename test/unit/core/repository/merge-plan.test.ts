import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Manifest, ManifestDisk } from '../../../../electron/core/repository/manifest.ts'
import { asMerged } from '../../../../electron/core/repository/merge-file.ts'
import { planMerges } from '../../../../electron/core/repository/merge-plan.ts'
import { DiskId, PointId } from '../../../../shared/domain/ids.ts'

const idOf = (number: number) => PointId.parse(number.toString(36).padStart(12, '0'))
const file = 'disk-vda.qcow2'

/** A point as far as a plan looks at it: on a chain its image lies over its parent's, as a clone it stands alone. */
function manifestOf(number: number, parent: number | null, isChain: boolean): Manifest {
  const parentId = parent === null ? null : idOf(parent)
  const disk: Partial<ManifestDisk> = {
    id: DiskId.parse('vda'),
    file,
    fileSize: 1000 + number,
    parentId,
    backing: isChain && parentId ? { pointId: parentId, file } : null,
    base: !isChain && parentId ? { pointId: parentId } : null,
    copiedFile: 'disk-vda.copied',
  }
  return {
    id: idOf(number),
    createdAt: '2026-01-01T00:00:00.000Z',
    sequence: number,
    parentId,
    ownBytes: 1000,
    disks: [disk],
    files: [{ name: file, size: 1000 + number }],
  } as unknown as Manifest
}

const worlds = fc
  .array(fc.record({ back: fc.constantFrom(1, 1, 1, 2, null), removed: fc.boolean(), isChain: fc.boolean() }), {
    maxLength: 12,
  })
  .map((steps) => ({
    manifests: new Map(
      steps.map(({ back, isChain }, at) => {
        const parent = back === null || at - back < 0 ? null : at - back
        return [idOf(at), manifestOf(at, parent, isChain)] as const
      }),
    ),
    removed: new Set(steps.flatMap((step, at) => (step.removed ? [idOf(at)] : []))),
  }))

const only = (manifest: Manifest | undefined) => manifest?.disks[0] as ManifestDisk

it('afterwards no point that stays names a deleted one, and each lies over the nearest that stays below it', () => {
  fc.assert(
    fc.property(worlds, ({ manifests, removed }) => {
      const planned = new Map(planMerges(manifests, removed).map((each) => [each.id, each]))
      for (const [id, manifest] of manifests) {
        if (removed.has(id)) {
          expect(planned.has(id)).toBe(false)
          continue
        }
        const plan = planned.get(id)
        const disk = plan?.disks[0] ?? only(manifest)
        for (const named of [disk.parentId, disk.backing?.pointId, disk.base?.pointId, plan?.parentId ?? null]) {
          if (named) expect(removed).not.toContain(named)
        }
        if (!plan)
          for (const named of [manifest.parentId, only(manifest).parentId]) expect(removed).not.toContain(named)
        const below: PointId[] = []
        let at = only(manifest).backing
        while (at && removed.has(at.pointId)) {
          below.push(at.pointId)
          at = only(manifests.get(at.pointId)).backing
        }
        expect(disk.backing).toEqual(at)
        expect(plan?.disks[0]?.merged ?? []).toEqual(below)
      }
    }),
  )
})

it('an image whose forebears cannot be followed keeps them from being deleted', () => {
  const manifests = new Map([0, 1, 2].map((at) => [idOf(at), manifestOf(at, at === 0 ? null : at - 1, true)]))
  manifests.delete(idOf(1))
  expect(() => planMerges(manifests, new Set([idOf(1)]))).toThrow(
    expect.objectContaining({ code: 'point/merge-failed' }),
  )
  expect(planMerges(manifests, new Set([idOf(2)]))).toEqual([])
})

it('the manifest tells the new files, and keeps what it does not know', () => {
  const raw = { ...manifestOf(2, 1, true), note: 'from later' }
  const swaps = [{ file, staged: 'disk-vda.merging-0123456789ab', size: 5000 }]
  const disk = { id: DiskId.parse('vda'), parentId: null, backing: null, base: null, copiedFile: null }
  const merged = asMerged(raw, { swaps, change: { parentId: null, ownBytes: 7000, disks: [disk] } })
  expect(merged).toMatchObject({
    note: 'from later',
    parentId: null,
    ownBytes: 7000,
    disks: [{ id: 'vda', fileSize: 5000, backing: null, parentId: null, copiedFile: null }],
    files: [{ name: file, size: 5000 }],
  })
})
