// The window against a fake host with sample data; `?scene=` chooses what it shows. Used by shoot.ts.
import '@fontsource-variable/inter/wght.css'
import '../../../renderer/src/design/tokens.css'
import '../../../renderer/src/design/base.css'
import { createRoot } from 'react-dom/client'
import { App } from '../../../renderer/src/app/app.tsx'
import { createWindowState } from '../../../renderer/src/state/window-state.tsx'
import { scenes } from './scenes.ts'

const name = new URLSearchParams(location.search).get('scene') ?? 'overview'
const scene = scenes[name]
if (scene === undefined) throw new Error(`There is no scene “${name}”.`)
const bridge = scene.bridge()
const state = createWindowState(bridge, { getItem: () => null, setItem: () => {} })
scene.prepare?.(state, bridge)
const root = document.getElementById('root')
if (root === null) throw new Error('The page has no #root element.')
createRoot(root).render(<App state={state} />)
