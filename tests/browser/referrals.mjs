// The worklist and the case page: a referral's whole story by screens in four people's browsers, and what goes wrong on the way.
import { act, cost, enter, look, task, told, visitor, walk } from './app.mjs'

const open = (path) => `/app${path}`
const rows = (page) => page.locator('.row-line')
const toast = (page, text) => page.locator('.toast', { hasText: text }).last().waitFor()
const status = (page) => page.locator('.leg-head .marks').innerText()
const panel = (page) => page.locator('.step-panel')
const button = (page, name) => page.locator('.actions').getByRole('button', { name, exact: false }).first()

/** Presses keys as somebody without a mouse does, one after another. */
async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key)
}

/** A local date and time as a field wants it, some hours from now, by the hospitals' clock. */
function soon(hours) {
  return new Date(Date.now() + hours * 3600e3 + 8 * 3600e3).toISOString().slice(0, 16)
}

async function person(who, path, options) {
  const found = await visitor(options)
  await enter(found.page, who, path)
  return found
}

await walk({
  async story() {
    const { page: expert, context: there } = await person(task.expert, open('/'))
    await expert.locator('.empty').first().waitFor()
    told.empty = await expert.locator('.list .empty').innerText()
    await look(expert, 'worklist-empty')
    const { page: doctor } = await person(task.doctor, open(`/referral/${task.draft}`))
    await doctor.locator('.leg-head').waitFor()
    await look(doctor, 'case-draft')
    await button(doctor, '提交').click()
    await toast(doctor, '提交')

    // The expert's list hears of it by itself, says so and waits; from here on no mouse.
    await expert.locator('.fresh').waitFor()
    told.fresh = await expert.locator('.fresh').innerText()
    told.announced = await expert.locator('.worklist [role=status]').first().innerText()
    await press(expert, 'n')
    await rows(expert).first().waitFor()
    told.row = await rows(expert).first().innerText()
    await press(expert, 'j')
    await expert.locator('.preview .vitals').waitFor()
    await look(expert, 'worklist-preview')
    await doctor.locator('.leg-head', { hasText: '阅读' }).waitFor()
    await expert.locator('.preview .leg-head', { hasText: '由' }).waitFor() // the receipt, by itself
    await press(expert, 'c')
    await toast(expert, '认领')
    await expert.locator('.preview .leg-head', { hasText: '分诊中' }).waitFor()
    await press(expert, 'i')
    await panel(expert).locator('input[type=checkbox]').first().waitFor()
    await press(expert, 'Escape')
    await press(expert, 'a')
    await panel(expert).locator('textarea').first().waitFor()
    told.focused = await expert.evaluate(() => document.activeElement.tagName)
    await expert.keyboard.type('持续吸氧，备好既往影像')
    await look(expert, 'accept')
    await press(expert, 'Control+Enter')
    await toast(expert, '接受')
    await expert.locator('.preview .leg-head', { hasText: '已接受' }).waitFor()
    told.accepted = await rows(expert).first().innerText()

    // The office of the receiver books, the doctor departs, the office sees them arrive.
    const { page: office } = await person(task.office, open('/worklist'))
    await rows(office).first().waitFor()
    await press(office, 'j', 'b')
    await panel(office).getByLabel('号源或床位').fill('PICU 12 床')
    await panel(office).getByLabel('开始时间').fill(soon(1))
    await look(office, 'book')
    await panel(office).getByRole('button', { name: '预约' }).click()
    await toast(office, '预约')
    await doctor.locator('.leg-head', { hasText: '已预约' }).waitFor()
    await button(doctor, '出发').click()
    await panel(doctor).getByLabel('出发时病情').fill('神志清，鼻导管吸氧 2 L/min，SpO₂ 93%')
    await panel(doctor).getByLabel('车辆').fill('湘A·12345 急救车')
    await look(doctor, 'depart')
    await panel(doctor).getByRole('button', { name: '出发' }).click()
    await toast(doctor, '出发')
    await office.locator('.preview .leg-head', { hasText: '转运中' }).waitFor()
    await press(office, 'h')
    await panel(office).getByRole('button', { name: '到达' }).click()
    await toast(office, '到达')
    await doctor.locator('.leg-head', { hasText: '已到达' }).waitFor()
    await button(doctor, '送达完整病历').click()
    await panel(doctor).locator('textarea').fill('病历、影像、检验全部送达')
    await panel(doctor).getByRole('button', { name: '送达完整病历' }).click()
    await toast(doctor, '送达')

    // The outcome goes back, and is read. What the doctor sent has reached the expert's page before they decide on it.
    await expert.locator('.preview .timeline', { hasText: '送达完整病历' }).waitFor({ state: 'attached' })
    await press(expert, 'o')
    await panel(expert).getByRole('combobox', { name: '诊断（ICD-10）' }).fill('J18.9')
    await panel(expert).getByRole('option').first().waitFor()
    await press(expert, 'Enter')
    await panel(expert).getByLabel('治疗经过').fill('无创通气 3 天，抗感染 7 天，好转')
    await panel(expert).getByLabel('出院用药').fill('阿莫西林')
    await look(expert, 'outcome')
    await press(expert, 'Control+Enter')
    await toast(expert, '回传结果')
    await doctor.locator('.leg-head', { hasText: '已回传结果' }).waitFor()
    await button(doctor, '确认结果').click()
    await panel(doctor).getByRole('button', { name: '确认结果' }).click()
    await toast(doctor, '确认结果')
    await doctor.locator('.leg-head', { hasText: '已结束' }).waitFor()
    await doctor.locator('.timeline b', { hasText: '确认结果' }).waitFor()
    told.closed = await status(doctor)
    told.story = await doctor.locator('.timeline b').allInnerTexts()
    told.outcome = await doctor.locator('.outcome').first().innerText()
    await look(doctor, 'case-closed')
    await doctor.setViewportSize({ width: 360, height: 740 })
    await look(doctor, '360-case-closed')
    await doctor.setViewportSize({ width: 1280, height: 800 })
    await doctor.getByRole('button', { name: 'Switch to English' }).click()
    await doctor.locator('.timeline', { hasText: 'Acknowledge' }).waitFor()
    told.english = await doctor.locator('.case-body').innerText()
    await look(doctor, 'case-en')
    await expert.getByRole('button', { name: 'Switch to English' }).click()
    await expert.locator('h1', { hasText: 'Worklist' }).waitFor()
    await look(expert, 'worklist-en')
    told.cost = await cost(there, open('/worklist'), '.worklist')
  },

  async weather() {
    const { page, context, hear } = await person(task.expert, open('/worklist?sort=NEWEST'))
    await rows(page).nth(2).waitFor()
    // Filters stand in the address and outlive a new page.
    await page.getByRole('button', { name: '立即' }).click()
    await page.locator('.empty', { hasText: '没有符合筛选' }).waitFor()
    told.address = page.url().split('?')[1]
    await page.reload()
    await page.locator('.empty', { hasText: '没有符合筛选' }).waitFor()
    await page.getByRole('button', { name: '清除筛选' }).click()
    await rows(page).nth(2).waitFor()
    await page.locator('#find').fill(task.number)
    await page.waitForFunction(() => document.querySelectorAll('.row-line').length === 1)
    await page.locator('#find').fill('')
    await page.waitForFunction(() => document.querySelectorAll('.row-line').length > 2)

    // Somebody is faster: what was typed stays, and it is said.
    const { context: colleague } = await person(task.colleague, open('/profile'))
    await show(page, task.first)
    await press(page, 'a')
    await panel(page).locator('textarea').first().fill('我来收治')
    await act(colleague, 'acceptReferral', { id: task.first.id, expectedVersion: task.first.version }, 'referral { version }')
    await page.locator('.preview .leg-head', { hasText: '已接受' }).waitFor()
    await panel(page).locator('.banner.warn').first().waitFor()
    told.faster = [await panel(page).innerText(), await panel(page).locator('textarea').first().inputValue()]
    await press(page, 'Escape')

    // The record changes under an open form: it says so, and the newest version is sent.
    await show(page, task.second)
    await press(page, 'a')
    await panel(page).locator('textarea').first().fill('可以收治')
    await act(colleague, 'openReferral', { id: task.second.id, expectedVersion: task.second.version }, 'referral { version }').catch(() => null)
    await page.locator('.preview .leg-head', { hasText: '由' }).waitFor()
    told.changed = await panel(page).innerText()
    told.kept = await panel(page).locator('textarea').first().inputValue()
    await press(page, 'Escape')

    // The line is cut: the step is asked for again with the same key, and has one effect.
    hear.quiet = true
    await context.setOffline(true)
    await press(page, 'c')
    await page.locator('.preview .banner.warn').first().waitFor()
    told.cut = await page.locator('.preview .banner.warn').first().innerText()
    await context.setOffline(false)
    await press(page, 'c')
    await toast(page, '认领')

    // The session ends: one signs in over the page, and what was begun goes on.
    await context.clearCookies({ name: 'sessionid' })
    await press(page, 'u')
    const way = page.locator('.more-steps summary')
    if (await way.isVisible()) await way.click()
    await page.locator('.more-steps').getByRole('button', { name: '退回待认领' }).click()
    await page.locator('dialog[open] [name=password]').waitFor()
    await page.locator('dialog[open] [name=password]').fill(task.expert.password)
    await press(page, 'Enter')
    await toast(page, '退回待认领')
    await page.locator('.preview .leg-head', { hasText: '已送达' }).waitFor()
    told.after = await status(page)
    hear.quiet = false

    // Many at once: each row says what became of it.
    await act(colleague, 'claimReferral', { id: task.third.id, expectedVersion: task.third.version }, 'referral { version }')
    await page.reload()
    await rows(page).nth(2).waitFor()
    const boxes = page.locator('.pick-row input')
    told.claimable = await boxes.count()
    for (let n = 0; n < told.claimable; n += 1) await boxes.nth(n).check()
    await look(page, 'bulk')
    await page.getByRole('button', { name: '认领所选' }).click()
    await page.locator('.bulk', { hasText: '已认领' }).waitFor()
    told.bulk = await page.locator('.bulk').innerText()
    await page.setViewportSize({ width: 360, height: 740 })
    await rows(page).first().waitFor()
    await look(page, '360-worklist')
    told.overlaps = await overlaps(page)
    await page.goto(`${task.base}/app/referral/${task.second.id}`)
    await page.locator('.leg-head').waitFor()
    await button(page, '接受').click()
    await panel(page).waitFor()
    await look(page, '360-accept')

    // An office enters what a specialist decided, and names them.
    const { page: office } = await person(task.office, open('/worklist'))
    await rows(office).first().waitFor()
    await show(office, { id: task.stranger, number: task.number })
    await press(office, 'a')
    await panel(office).locator('li[role=option]').first().waitFor()
    told.specialists = await panel(office).locator('li[role=option]').allInnerTexts()
    await press(office, 'Enter', 'Control+Enter')
    await toast(office, '接受')
    await office.locator('.preview .leg-head', { hasText: '已接受' }).waitFor()
    hear.quiet = true
    await page.goto(`${task.base}/app/case/${task.stranger}`)
    await page.locator('.empty').waitFor()
    told.stranger = await page.locator('main').innerText()
  },
})

/** Shows a row of the list beside it. */
async function show(page, { id, number }) {
  await page.locator(`.row-line[data-id="${id}"] a`).click()
  await page.locator('.preview .leg-head', { hasText: number }).waitFor()
}

/** The parts of a row that lie upon each other. */
async function overlaps(page) {
  return page.locator('.row-line').first().evaluate((row) => {
    const parts = [...row.querySelectorAll('.upper > *, .lower > *')].map((one) => [one.className, one.getBoundingClientRect()])
    const found = []
    for (const [at, [name, a]] of parts.entries())
      for (const [other, b] of parts.slice(at + 1))
        if (a.width && b.width && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push(`${name} ${other}`)
    return found
  })
}
