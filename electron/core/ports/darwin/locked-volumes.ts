import { z } from 'zod'

const ApfsList = z.object({
  Containers: z.array(
    z.object({
      Volumes: z.array(z.object({ Name: z.string().optional(), Locked: z.boolean().optional() })).optional(),
    }),
  ),
})

/** Volumes that wait for their password, from `diskutil apfs list -plist` as JSON. Empty when nothing can be read. */
export function parseLockedVolumes(text: string): string[] {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return []
  }
  const list = ApfsList.safeParse(answer)
  const volumes = list.success ? list.data.Containers.flatMap((container) => container.Volumes ?? []) : []
  return volumes.flatMap(({ Name, Locked }) => (Locked === true && Name !== undefined ? [Name] : []))
}

/** The name of the volume that a path under /Volumes belongs to; null for other paths. */
export function volumeNameOf(path: string): string | null {
  return /^\/Volumes\/([^/]+)/.exec(path)?.[1] ?? null
}
