import { expect, it } from 'vitest'
import { Linker, linksOf, type ScannedPoint } from '../../../../electron/core/repository/linking.ts'
import type { StoredPoint } from '../../../../electron/core/repository/scan.ts'
import { PointId } from '../../../../shared/domain/ids.ts'

const id = (letter: string) => PointId.parse(letter.repeat(12))
const file = 'disk-vda.qcow2'

/** A point whose image lies over that of `below`. */
function scanned(
  letter: string,
  below: string | null,
  change: { unreadable?: string; lack?: string } = {},
): ScannedPoint {
  const point = {
    id: id(letter),
    createdAt: `2026-01-0${letter.charCodeAt(0) - 96}T00:00:00.000Z`,
    path: `/drive/machines/m/20260101-000000-${id(letter)}`,
    unreadable: change.unreadable ?? null,
    needs: [],
  }
  const sound = { point, sequence: 1, backedBy: [], newer: false } as unknown as StoredPoint
  const backing = below === null ? null : { pointId: id(below), file }
  return { sound, images: [{ file, backing, lack: change.lack ?? null }] }
}

const links = (of: ScannedPoint, ...all: ScannedPoint[]) =>
  linksOf(of, new Map([of, ...all].map((one) => [`/drive/machines/m/${one.sound.point.id}`, one])))

it('a point needs all those below it, nearest first', () => {
  const [a, b, c] = [scanned('a', null), scanned('b', 'a'), scanned('c', 'b')]
  expect(links(c, a, b)).toEqual({ needs: [id('b'), id('a')], unreadable: null })
  expect(links(a, b, c)).toEqual({ needs: [], unreadable: null })
})

it('what is gone, not readable or cut off below makes a point unreadable, by a sentence that names the file', () => {
  const c = scanned('c', 'b')
  expect(links(c).unreadable).toBe(`It needs the image "${file}" of the restore point bbbbbbbbbbbb, which is gone.`)
  const cut = scanned('b', 'a', { lack: 'has 1 bytes instead of 2' })
  expect(links(c, cut, scanned('a', null)).unreadable).toBe(
    `It needs the image "${file}" of the restore point of 2026-01-02T00:00:00.000Z, which has 1 bytes instead of 2.`,
  )
  expect(links(c, scanned('b', 'a', { unreadable: 'Its manifest.json cannot be trusted.' })).unreadable).toContain(
    'Its manifest.json cannot be trusted.',
  )
  expect(links(c, scanned('b', 'a')).unreadable).toContain('aaaaaaaaaaaa, which is gone.')
})

it('images that lie over each other in a circle are not followed for ever', () => {
  expect(links(scanned('a', 'b'), scanned('b', 'a')).unreadable).toContain('that one needs it')
  expect(links(scanned('c', 'a'), scanned('a', 'b'), scanned('b', 'a')).unreadable).not.toBeNull()
})

it('a point about which nothing changed stays the same object', () => {
  const linker = new Linker()
  const [a, b] = [scanned('a', null), scanned('b', 'a')]
  const first = linker.link([a, b])
  expect(linker.link([a, b])).toEqual(first)
  expect(linker.link([a, b])[1]).toBe(first[1])
  const [alone] = linker.link([b])
  expect(alone?.point.unreadable).toContain('is gone')
  expect(linker.link([b])[0]).toBe(alone)
})
