// Every screen there is, by somebody who may see it: in both languages, wide and on a phone.
import { enter, look, task, told, visitor, walk } from './app.mjs'

const SIZES = [[1280, 800], [360, 740]]

/** Counts what a page still waits for; streams, which never end, left out. */
function waiting(page) {
  const open = new Set()
  page.on('request', (request) => { if (!request.url().endsWith('/stream/')) open.add(request) })
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => open.delete(request))
  return open
}

/** Waits until a page stands: its heading is there, nothing is being fetched, and no part says that it is loading. */
async function settled(page, open) {
  await page.locator('main h1').first().waitFor()
  let calm = 0
  for (let times = 0; calm < 3; times += 1) {
    if (times > 400) throw new Error(`${page.url()} does not come to rest: ${[...open].map((one) => one.url())}`)
    const busy = open.size > 0 || (await page.locator('main .loading').count()) > 0
    calm = busy ? 0 : calm + 1
    await page.waitForTimeout(50)
  }
}

async function visit(page, open, name, path) {
  for (const tongue of ['zh', 'en']) {
    await page.evaluate((one) => localStorage.setItem('refnet.language', one === 'en' ? 'en' : 'zh-Hans'), tongue)
    await page.setViewportSize({ width: SIZES[0][0], height: SIZES[0][1] })
    await page.goto(task.base + path)
    await settled(page, open)
    told.seen.push({
      name,
      tongue,
      path: decodeURIComponent(new URL(page.url()).pathname),
      title: await page.title(),
      lang: await page.locator('html').getAttribute('lang'),
      headings: await page.locator('main h1').count(),
      broken: await page.locator('main .banner.bad').allInnerTexts(),
    })
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height })
      await settled(page, open)
      await look(page, `every-${name}-${tongue}-${width}`)
    }
  }
}

await walk({
  async every() {
    told.seen = []
    for (const { who, screens } of task.people) {
      const { context, page } = await visitor()
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))
      })
      const open = waiting(page)
      if (who) await enter(page, who, '/app/profile')
      else await page.goto(`${task.base}/app/`)
      for (const { name, path } of screens) await visit(page, open, name, path)
      await context.close()
    }
  },
})
