// Whole numbers on a case page and on a pathology case: asked for with a reason, by keyboard alone, shown and hidden.
import { enter, look, task, told, visitor, walk } from './app.mjs'

const facts = (page) => page.locator('dl.facts', { hasText: '欧阳密语' }).first().innerText()
const ask = (page) => page.getByRole('button', { name: '显示完整号码' })

await walk({
  async referral() {
    const { page } = await visitor()
    await enter(page, task.doctor, '/app/worklist?box=OUT')
    await page.locator('.row-line').first().waitFor()
    told.list = await page.locator('main').innerText()
    await page.goto(`${task.base}/app/referral/${task.leg}`)
    await ask(page).waitFor()
    told.before = await facts(page)
    await look(page, 'unmask-before')
    await ask(page).focus()
    await page.keyboard.press('Enter')
    await page.locator('dialog select').waitFor()
    await look(page, 'unmask-dialog')
    await page.locator('dialog').getByRole('button', { name: '显示', exact: true }).click()
    told.without = await page.locator('dialog [aria-invalid]').count()
    await page.locator('dialog select').selectOption('OTHER')
    await page.locator('dialog select').focus()
    await page.keyboard.press('Tab')
    await page.keyboard.type('家属来电核对')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('dd', { hasText: task.phone }).first().waitFor()
    told.after = await facts(page)
    told.pressed = await ask(page).getAttribute('aria-pressed')
    told.focused = await page.evaluate(() => document.activeElement.textContent)
    await look(page, 'unmask-shown')
    await page.keyboard.press('Enter')
    await page.locator('dd', { hasText: task.phone }).first().waitFor({ state: 'detached' })
    told.hidden = await facts(page)
    await page.reload()
    await ask(page).waitFor()
    told.again = await facts(page)
  },

  async pathology() {
    const { page } = await visitor()
    await enter(page, task.lab, `/app/pathology/${task.row}`)
    await page.getByRole('button', { name: task.open }).click()
    await ask(page).click()
    await page.locator('dialog select').selectOption('CALL_PATIENT')
    await page.locator('dialog').getByRole('button', { name: '显示', exact: true }).click()
    await page.locator('dd', { hasText: task.phone }).first().waitFor()
    told.slides = await page.locator('dl.facts', { hasText: task.phone }).innerText()
    await look(page, 'unmask-pathology')
  },
})
