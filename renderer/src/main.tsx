// Starts the window: the bridge to the host, the state, the components.
import '@fontsource-variable/inter/wght.css'
import './design/tokens.css'
import './design/base.css'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { openBridge } from './bridge.ts'
import { createWindowState } from './state/window-state.tsx'

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no #root element.')
createRoot(root).render(<App state={createWindowState(openBridge(), window.localStorage)} />)
