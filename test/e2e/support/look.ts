// What every page and sheet must keep to, however it was reached: no violation axe can find, in light and dark, and
// nothing cut off in the smallest window and at 200 % zoom.
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const sizes = [
  { name: 'smallest window', width: 900, height: 600 },
  // A window of 1280 x 820 at 200 %.
  { name: '200 % zoom', width: 640, height: 410 },
] as const

/** Checks what is on the screen now; `name` says where in a failure. */
export async function lookAt(page: Page, name: string): Promise<void> {
  const usual = page.viewportSize()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // Legacy mode works without a second page, which an Electron app does not have. React Aria's announcer holds a
    // sentence for seconds that can name a button which is gone by then.
    const axe = new AxeBuilder({ page }).setLegacyMode().exclude('[data-live-announcer]')
    const { violations } = await axe.analyze()
    const found = violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.html} (${node.failureSummary ?? ''})`),
    )
    expect(found, `${name}, ${colorScheme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  if (usual === null) return
  for (const size of sizes) {
    await page.setViewportSize(size)
    await expect.poll(() => page.evaluate(cutOff), { message: `${name}, ${size.name}`, timeout: 3000 }).toEqual([])
  }
  await page.setViewportSize(usual)
}

/** In the page: what can be scrolled sideways, and buttons that reach out of the window or of what clips them. */
function cutOff(): string[] {
  const wrong: string[] = []
  const nameOf = (element: Element) => `${element.tagName} ${element.className} ${element.textContent?.slice(0, 40)}`
  for (const element of document.querySelectorAll<HTMLElement>('*')) {
    const overflow = getComputedStyle(element).overflowX
    const scrolls = element === document.documentElement || overflow === 'auto' || overflow === 'scroll'
    if (scrolls && element.scrollWidth > element.clientWidth + 1 && element.tagName !== 'PRE') {
      const edge = element.getBoundingClientRect().right
      const wide = [...element.querySelectorAll('*')].filter((inner) => inner.getBoundingClientRect().right > edge + 1)
      wrong.push(`scrolls sideways: ${nameOf(element)}, because of ${wide.map(nameOf).slice(0, 3).join(', ')}`)
    }
  }
  for (const button of document.querySelectorAll<HTMLElement>('button, [role="button"], input')) {
    const box = button.getBoundingClientRect()
    if (box.width <= 1 || getComputedStyle(button).visibility === 'hidden') continue
    if (box.left < -1 || box.right > innerWidth + 1) wrong.push(`outside the window: ${nameOf(button)}`)
    for (let parent = button.parentElement; parent !== null; parent = parent.parentElement) {
      const clip = parent.getBoundingClientRect()
      const hides = getComputedStyle(parent).overflowX === 'hidden' || getComputedStyle(parent).overflowX === 'clip'
      // Hidden inputs of radio buttons and the like are one pixel in a box of one pixel.
      if (hides && clip.width > 2 && (box.left < clip.left - 1 || box.right > clip.right + 1)) {
        wrong.push(`clipped: ${nameOf(button)}`)
      }
    }
    if (button.tagName === 'BUTTON' && button.scrollWidth > button.clientWidth + 1) {
      const hides = getComputedStyle(button).overflowX !== 'visible'
      if (hides) wrong.push(`text cut: ${nameOf(button)}`)
    }
  }
  return wrong
}
