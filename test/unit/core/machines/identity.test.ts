import { expect, it } from 'vitest'
import { findKnown, type KnownMachine } from '../../../../electron/core/machines/identity.ts'

const image = (path: string, key: string | null = `k${path}`) => ({ path, key })
const known = (fields: Partial<KnownMachine>): KnownMachine => ({
  images: [],
  uuid: null,
  name: null,
  endpoint: null,
  imagesExist: true,
  ...fields,
})

const byImage = known({ images: [image('/a')], uuid: 'u1', name: 'n1' })
const byUuid = known({ images: [image('/b')], uuid: 'u2', name: 'n2' })
const byName = known({ images: [image('/c')], imagesExist: false, name: 'n3' })
const all = [byName, byUuid, byImage]

it('images decide before the uuid, the uuid before the name', () => {
  expect(findKnown({ images: [image('/a')], uuid: 'u2', name: 'n3' }, [], all)).toBe(byImage)
  expect(findKnown({ images: [image('/x')], uuid: 'u2', name: 'n3' }, [], all)).toBe(byUuid)
  expect(findKnown({ images: [image('/x')], uuid: null, name: 'n3' }, [], all)).toBe(byName)
  expect(findKnown({ images: [image('/x')], uuid: null, name: 'nobody' }, [], all)).toBeNull()
})

it('an image is known by its inode after a move, and by its path after a restore', () => {
  expect(findKnown({ images: [image('/moved', 'k/a')], uuid: null, name: null }, [], all)).toBe(byImage)
  expect(findKnown({ images: [image('/a', 'new')], uuid: null, name: null }, [], all)).toBe(byImage)
  const gone = [known({ images: [image('/gone', null)] })]
  expect(findKnown({ images: [image('/x', null)], uuid: null, name: null }, [], gone)).toBeNull()
})

it('a copied name is another machine while the first one’s images are there', () => {
  const first = known({ images: [image('/a')], name: 'vm' })
  expect(findKnown({ images: [image('/b')], uuid: null, name: 'vm' }, [], [first])).toBeNull()
})

it('a machine added before it ever ran is known by its socket', () => {
  const endpoint = { kind: 'unix', path: '/q' } as const
  const added = known({ endpoint })
  expect(findKnown({ images: [image('/x')], uuid: null, name: null }, [endpoint], [added])).toBe(added)
})
