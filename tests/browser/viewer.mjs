// Walks through the viewer as a pathologist would, and tells in JSON what was seen; the assertions are in Python.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const task = JSON.parse(readFileSync(0, 'utf8'))
const { base, person, other, slides, foreign, spots } = task
const told = { outside: [], failed: [], console: [], rendered: [] }
const browser = await chromium.launch({
  executablePath: task.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
})

/** A person's own browser, with everything it asks for and complains about on record unless `quiet`. */
async function visitor({ quiet = false } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: false, locale: 'zh-CN' })
  const page = await context.newPage()
  page.setDefaultTimeout(60000)
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) told.outside.push(request.url())
  })
  if (!quiet) {
    page.on('console', (message) => { if (message.type() === 'error') told.console.push(message.text()) })
    page.on('pageerror', (error) => told.console.push(String(error)))
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText
      // What is under way while the page is left is cut off, and no failure.
      if (why !== 'net::ERR_ABORTED') told.failed.push(`${request.url()} ${why}`)
    })
    page.on('response', (response) => { if (response.status() >= 400) told.failed.push(`${response.status()} ${response.url()}`) })
  }
  return { context, page }
}

async function signIn(context, who) {
  await context.request.get(`${base}/session/`)
  const token = (await context.cookies()).find((cookie) => cookie.name === 'csrftoken').value
  const answer = await context.request.post(`${base}/session/`, { data: who, headers: { 'X-CSRFToken': token } })
  if (!answer.ok()) throw new Error(`sign-in ${answer.status()}`)
}

const open = (page, slide, behind = '') => page.goto(`${base}/viewer/${slide}/${behind}`)
const title = (page) => page.locator('h1').innerText()
const shapes = (page) => page.locator('.shapes polygon').evaluateAll((all) => all.map((one) => one.getAttribute('points')))
const labels = (page) => page.locator('.annotations li button').allInnerTexts()
const stage = (page, n = 0) => page.locator('.stage').nth(n)

/** Waits until the middle of a pane shows something that is not white, and has not changed for a second. */
async function drawn(page, n = 0) {
  let before = ''
  for (let still = 0, end = Date.now() + 60000; still < 4; still += 1) {
    const [dark, now] = await page.evaluate((which) => {
      const canvas = document.querySelectorAll('.stage')[which]?.querySelector('.openseadragon-canvas canvas')
      if (!canvas) return [0, '']
      const { data } = canvas.getContext('2d').getImageData(canvas.width / 2 - 60, canvas.height / 2 - 60, 120, 120)
      let [count, sum] = [0, 0]
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] === 255 && data[at + 1] < 245) count += 1
        sum = (sum * 31 + data[at] + data[at + 1] * 7 + data[at + 2] * 3) % 1000003
      }
      return [count, `${sum}`]
    }, n)
    if (dark <= 20 || now !== before) still = -1
    before = now
    if (Date.now() > end) throw new Error(`nothing is drawn: ${dark} of 14400 at ${page.url()}`)
    await page.waitForTimeout(250)
  }
}

/** The mean colour of a square of the screen around the middle of the first pane. */
function middle(page, side) {
  return page.evaluate((size) => {
    const canvas = document.querySelector('.stage .openseadragon-canvas canvas')
    const ratio = canvas.width / canvas.clientWidth
    const [x, y] = [(canvas.width - size * ratio) / 2, (canvas.height - size * ratio) / 2]
    const { data } = canvas.getContext('2d').getImageData(Math.round(x), Math.round(y), size * ratio, size * ratio)
    const sum = [0, 0, 0]
    for (let at = 0; at < data.length; at += 4) for (let part = 0; part < 3; part += 1) sum[part] += data[at + part]
    return sum.map((part) => part / (data.length / 4))
  }, side)
}

/** Where the image lies on the screen: the numbers of the matrix of each pane. */
function matrices(page) {
  return page.locator('.shapes > g:first-child').evaluateAll((all) =>
    all.map((one) => one.getAttribute('transform').slice(7, -1).split(' ').map(Number)))
}

async function box(page, label) {
  const { x, y, width, height } = await stage(page).boundingBox()
  await page.keyboard.press('b')
  await page.mouse.move(x + width * 0.35, y + height * 0.35)
  await page.mouse.down()
  await page.mouse.move(x + width * 0.5, y + height * 0.5, { steps: 4 })
  await page.mouse.move(x + width * 0.6, y + height * 0.6, { steps: 4 })
  await page.mouse.up()
  await page.locator('#words').fill(label)
  await page.keyboard.press('Enter')
}

const walks = {
  async look() {
    const { context, page } = await visitor()
    await signIn(context, person)
    const began = Date.now()
    const response = await open(page, slides[0])
    told.policy = response.headers()['content-security-policy']
    await drawn(page)
    told.milliseconds = Date.now() - began
    told.title = await title(page)
    told.overview = await page.locator('.navigator canvas').count()
    for (const [x, y] of spots) {
      await open(page, slides[0], `#v=${x},${y},1,0`)
      await page.waitForTimeout(300)
      await drawn(page)
      told.rendered.push(await middle(page, 32))
    }
    told.bar = await page.locator('.bar').innerText()
    await page.keyboard.press('0')
    await page.waitForTimeout(800)

    await box(page, '测试灶')
    await page.locator('.annotations li', { hasText: '测试灶' }).waitFor()
    told.before = [await shapes(page), await labels(page)]
    await page.reload()
    await drawn(page)
    told.after = [await shapes(page), await labels(page)]
    // By the keyboard alone: a point, and a length between two places.
    await page.keyboard.press('d')
    await page.keyboard.press('Space')
    await page.keyboard.type('核分裂')
    await page.keyboard.press('Enter')
    await page.locator('.annotations li', { hasText: '核分裂' }).waitFor()
    await page.keyboard.press('m')
    await page.keyboard.press('Space')
    await page.keyboard.press('ArrowRight')
    await page.waitForTimeout(700)
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    told.length = await page.locator('.size').innerText()
    await page.keyboard.press('Escape')
    await page.keyboard.press('k')
    await page.keyboard.type('全景')
    await page.keyboard.press('Enter')
    await page.locator('.key-images img').waitFor()
    await page.waitForFunction(() => document.querySelector('.key-images img')?.naturalWidth > 0)
    told.picture = await page.locator('.key-images img').evaluate((one) => [one.naturalWidth, one.naturalHeight])
    await page.keyboard.press('?')
    told.keys = await page.locator('dialog .keys tr').count()
    await page.keyboard.press('Escape')
    if (task.screenshot) {
      await page.keyboard.press('j')
      await page.waitForTimeout(900)
      await page.screenshot({ path: task.screenshot })
    }

    await page.waitForTimeout(4500) // so long a batch of the trace may wait
    await page.keyboard.press('n')
    await page.waitForFunction((word) => document.querySelector('h1').textContent.includes(word), task.barcodes[1])
    await drawn(page)
    told.next = [await title(page), page.url().includes(slides[1])]
    await page.keyboard.press('p')
    await page.waitForFunction((word) => document.querySelector('h1').textContent.includes(word), task.barcodes[0])
    await drawn(page)
    told.previous = await title(page)
    await page.waitForTimeout(4500)
    told.seen = await page.locator('.slides li .small').allInnerTexts()
    await context.close()
  },

  async together() {
    const { context, page } = await visitor()
    await signIn(context, person)
    await open(page, slides[0])
    await drawn(page)
    await page.keyboard.press('c')
    await page.locator('.pane').nth(1).waitFor()
    await drawn(page, 1)
    told.steps = [await matrices(page)]
    for (const key of ['+', '+', 'ArrowRight', 'ArrowDown', 'r']) {
      await page.locator('.pane').nth(0).locator('.openseadragon-canvas').first().focus()
      await page.keyboard.press(key)
      await page.waitForTimeout(1100)
      told.steps.push(await matrices(page))
    }
    told.link = page.url()
    await page.keyboard.press('x')
    await page.keyboard.press('-')
    await page.waitForTimeout(1100)
    told.apart = await matrices(page)
    const guest = await visitor()
    await signIn(guest.context, other)
    await guest.page.goto(told.link)
    await drawn(guest.page, 1)
    told.shared = await matrices(guest.page)
    told.sharedLabels = await labels(guest.page)
    told.guestTools = (await guest.page.locator('.asking form').count())
    await guest.page.locator('.slides li .small', { hasText: /[1-9]\d*%/ }).first().waitFor() // what was before the eyes has arrived
    await guest.context.close()
    await context.close()
  },

  async refused() {
    const { context, page } = await visitor({ quiet: true })
    told.signedOut = (await open(page, slides[0])).status()
    await page.locator('dialog.sign-in').waitFor()
    await page.locator('#username').fill(person.username)
    await page.locator('#password').fill('wrong')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelector('.trouble').textContent.length > 0)
    told.wrong = await page.locator('dialog .trouble').innerText()
    await page.locator('#password').fill(person.password)
    await page.keyboard.press('Enter')
    await drawn(page)
    told.signedIn = await title(page)
    const absent = await open(page, foreign)
    told.foreign = [absent.status(), await absent.text()]

    // The session ends while something is drawn: nothing of it is lost.
    await open(page, slides[0])
    await drawn(page)
    await context.clearCookies({ name: 'sessionid' })
    await box(page, '断线时画的')
    await page.locator('dialog.sign-in').waitFor()
    await page.locator('#username').fill(person.username)
    await page.locator('#password').fill(person.password)
    await page.keyboard.press('Enter')
    await page.locator('.annotations li', { hasText: '断线时画的' }).waitFor()

    // A tile fails twice and then comes: nobody hears of it.
    const trouble = await visitor({ quiet: true })
    await signIn(trouble.context, person)
    const failures = new Map()
    await trouble.page.route('**/tiles/**', (route) => {
      const times = failures.get(route.request().url()) ?? 0
      failures.set(route.request().url(), times + 1)
      return times < 2 ? route.abort() : route.continue()
    })
    await open(trouble.page, slides[0])
    await drawn(trouble.page)
    told.retried = [failures.size > 0, await trouble.page.locator('.band').isVisible()]

    // None comes: a sentence with a remedy, and the remedy works.
    await trouble.page.unroute('**/tiles/**')
    await trouble.page.route('**/tiles/**', (route) => route.fulfill({ status: 500, body: '' }))
    await open(trouble.page, slides[1])
    await trouble.page.locator('.band:visible').waitFor()
    told.band = await trouble.page.locator('.band span').innerText()
    await trouble.page.unroute('**/tiles/**')
    await trouble.page.locator('.band button').click()
    await drawn(trouble.page)
    told.mended = await trouble.page.locator('.band').isVisible()

    // The line is cut and comes back by itself.
    await trouble.context.setOffline(true)
    await box(trouble.page, '线路恢复后保存')
    await trouble.page.locator('.band:visible').waitFor()
    told.cut = await trouble.page.locator('.band span').innerText()
    await trouble.context.setOffline(false)
    await trouble.page.locator('.annotations li', { hasText: '线路恢复后保存' }).waitFor()
    await trouble.context.close()

    // In English.
    await open(page, slides[0])
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('button', { name: '中文' }).waitFor()
    await drawn(page)
    told.english = await page.locator('.panel h2').allInnerTexts()
    await context.close()
  },
}

try {
  for (const walk of task.walks) await walks[walk]()
} finally {
  await browser.close()
}
console.log(JSON.stringify(told))
