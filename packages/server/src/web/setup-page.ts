import { hash } from 'node:crypto'
import { passwordLength } from '../accounts/account-input.ts'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center }
main { width: min(22rem, calc(100vw - 3rem)) }
h1 { font-size: 1.4rem; margin: 0 0 .25rem }
label { display: block; margin-top: 1rem; font-weight: 600 }
input { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .6rem .7rem; font: inherit; border: 1px solid #8a8f98; border-radius: .4rem }
button { margin-top: 1.25rem; width: 100%; padding: .65rem; font: inherit; font-weight: 600; border: 0; border-radius: .4rem; background: #1f5fd6; color: #fff; cursor: pointer }
button:disabled { opacity: .6 }
:focus-visible { outline: 3px solid #6aa1ff; outline-offset: 2px }
#outcome { min-height: 1.5rem; margin-top: 1rem }`

/** The token stays behind the `#`, which browsers send to nobody; it leaves the page in the body of one request. */
const script = `
const form = document.querySelector('form'), outcome = document.querySelector('#outcome'), button = form.querySelector('button')
const token = location.hash.slice(1)
if (!token) { outcome.textContent = 'This link is not complete: copy all of it, the part behind # too.'; button.disabled = true }
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  outcome.textContent = 'One moment …'
  const { email, password } = Object.fromEntries(new FormData(form))
  try {
    const response = await fetch('/api/console/setup', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token, email, password }),
    })
    const answer = await response.json()
    if (response.ok) {
      history.replaceState(null, '', '/setup')
      form.hidden = true
      outcome.textContent = answer.email + ' is the owner of this deployment.'
    } else {
      outcome.textContent = answer.error.message
      button.disabled = false
    }
  } catch {
    outcome.textContent = 'The server does not answer. Try again.'
    button.disabled = false
  }
})`

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Set up Xshathra</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Set up Xshathra</h1>
<p>Make the first account. It owns this deployment.</p>
<form>
<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="${passwordLength.min}" maxlength="${passwordLength.max}" required>
<button type="submit">Create the owner</button>
</form>
<p id="outcome" role="status"></p>
<noscript>This page needs JavaScript. Without it: xshathra account create --email you@example.com --role owner --password-stdin</noscript>
</main>
<script>${script}</script>
</body>
</html>
`

const sourceOf = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`

/** The page behind the setup link: it makes the first owner. Needs nothing but itself. */
export const setupPage = {
  body: page,
  headers: {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': [
      "default-src 'none'",
      `script-src ${sourceOf(script)}`,
      `style-src ${sourceOf(style)}`,
      "connect-src 'self'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  },
} as const
