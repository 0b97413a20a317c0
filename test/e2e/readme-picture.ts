// The README's pictures, from the real window on real machines: `npm run build && node test/e2e/readme-picture.ts`.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { launchWeb } from './support/launch.ts'
import { openWorld } from './support/world.ts'

const folder = join(import.meta.dirname, '..', '..', 'docs', 'images')
mkdirSync(folder, { recursive: true })

await using world = openWorld()
process.env.FLOE_MACHINES_UNDER = world.folder
const root = await world.disk('vda', 'debian-root.qcow2', 420, '2G')
const data = await world.disk('vdb', 'data.qcow2', 130, '1G')
await world.machine('debian-dev', { disks: [root, data], run: true })
await world.machine('ubuntu-ci', { disks: [await world.disk('vda', 'ubuntu-ci.qcow2', 160, '2G')], run: true })
const fedora = await world.machine('fedora-42', { disks: [await world.disk('vda', 'fedora-42.qcow2', 30)], run: true })

await using web = await launchWeb(world.home)
const page = await web.open(web.url)
await page.setViewportSize({ width: 1280, height: 820 })
await page.emulateMedia({ reducedMotion: 'reduce' })
const row = (name: string) => page.getByRole('treeitem', { name: new RegExp(`^${name}`) })
await row('fedora-42').waitFor()
await world.floe('destination', 'add', world.place('Backups'))
await world.floe('backup', 'fedora-42')
await world.floe('backup', 'ubuntu-ci')
for (let count = 0; count < 4; count += 1) await world.floe('backup', 'debian-dev')
const [listed] = (await world.floe('points', 'debian-dev')) as { id: string }[][]
for (const point of (listed ?? []).slice(1, 3)) await world.floe('verify', point.id)
await fedora.quit()

await row('debian-dev').click()
await page.getByTestId('points').locator('[data-testid^="point-"]').nth(1).click()
// The cards of what has ended go by themselves.
await page.locator('[data-testid^="job-"]').waitFor({ state: 'detached', timeout: 60_000 })
await page.getByTestId('back-up-now-menu').click()
await page.getByRole('menuitem', { name: /With Options/ }).click()
await page.getByRole('radio', { name: /^Full/ }).click({ force: true })
await page.getByTestId('more-options').click()
await page.getByRole('button', { name: /Speed limit/ }).click()
await page.getByRole('option', { name: /25(\.0)?\sMB\/s/ }).click()
await page.getByTestId('back-up').click()
await page.getByTestId('sheet-back-up-options').waitFor({ state: 'detached' })
await page.locator('[data-testid^="job-"]', { hasText: /4\d\s%.*left/ }).waitFor({ timeout: 120_000 })
// Nothing has the focus or the pointer.
await page.mouse.move(640, 815)
await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
for (const colorScheme of ['light', 'dark'] as const) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.screenshot({ path: join(folder, `main-${colorScheme}.png`) })
}
