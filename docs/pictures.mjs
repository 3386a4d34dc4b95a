// The pictures of README: what people see of the demo network, as small files.
import { enter, task, told, visitor, walk } from './app.mjs'

told.pictures = {}

/** Keeps what a page shows. */
async function keep(page, name, quality) {
  await page.evaluate(() => document.activeElement?.blur()) // no ring of the keyboard's focus in a picture
  await page.waitForTimeout(800)
  const chromium = await page.context().newCDPSession(page)
  const { data } = await chromium.send('Page.captureScreenshot', { format: 'webp', quality })
  told.pictures[name] = data
}

async function at(who, path, ready, size = {}) {
  const { page } = await visitor({ width: 1200, height: 750, ...size })
  await enter(page, who, `/app${path}`)
  await page.locator(ready).first().waitFor()
  return page
}

await walk({
  async worklist() {
    const page = await at(task.expert, '/worklist', '.row-line')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.locator('.preview .leg-head').waitFor()
    await keep(page, 'worklist', 55)
  },

  async green() {
    const page = await at(task.doctor, '/green', '.kinds .button', { width: 360, height: 740 })
    await page.getByRole('button', { name: /危重儿童/ }).click()
    await page.locator('.target').first().waitFor()
    await page.getByText('女', { exact: true }).click()
    await page.locator('[name=age]').fill('4')
    await page.getByLabel('监护人', { exact: false }).fill('示例母')
    await page.getByLabel('病情一句话').fill('高热 2 天，意识模糊 1 小时')
    await page.getByRole('button', { name: /立即询问/ }).click()
    await page.locator('.offers .offer').first().waitFor()
    await keep(page, 'green', 60)
  },

  async coverage() {
    const page = await at(task.lead, '/coverage', 'path.county')
    await page.locator('.tile').first().waitFor()
    await page.locator('main .loading').waitFor({ state: 'detached' })
    await keep(page, 'coverage', 55)
  },

  async reading() {
    const page = await at(task.reader, '/pathology?box=MINE', '.case-row a')
    await page.locator('.case-row', { hasText: '阅片中' }).locator('a.case-link').first().click()
    await page.locator('.case-head').waitFor()
    await page.goto(`${page.url().replace(/\/read$/, '')}/read`)
    await page.locator('.viewer-tree .openseadragon-canvas canvas').first().waitFor()
    await page.waitForTimeout(3000) // until the tiles are sharp
    await keep(page, 'reading', 50)
  },
})
